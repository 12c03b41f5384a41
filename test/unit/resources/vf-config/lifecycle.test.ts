// VfConfig's whole life over the fake host: the real scripts run.
import assert from "node:assert/strict";
import { SriovError } from "../../../../provider/base/errors.js";
import type { Outcome, Values } from "../../../../provider/resources/lifecycle.js";
import { vfConfig } from "../../../../provider/resources/vf-config/index.js";
import type { VfConfigState } from "../../../../provider/resources/vf-config/model.js";
import { fakeCommands } from "../../../fakes/fake-host-commands.js";
import { FakeHost, pfTree } from "../../../fakes/fake-host.js";
import { type FakeWorld, domainHolding, fakeWorld, giveToVm } from "../../../fakes/fake-host-context.js";

const pf = "0000:01:00.0";
const device = `sys/bus/pci/devices/${pf}`;
const numVfsFile = `/${device}/sriov_numvfs`;
const host = { uri: "qemu+ssh://root@kvm1/system" };

describe("VfConfig", () => {
  let fake: FakeHost;
  let world: FakeWorld;
  beforeEach(() => {
    fake = new FakeHost(pfTree());
    world = fakeWorld(fake);
  });
  afterEach(() => fake.dispose());

  const check = async (news: Values) => vfConfig.check(world.context, { host, pf: "eno49", ...news }, undefined);
  const inputsOf = async (news: Values) => {
    const { inputs, failures } = await check(news);
    assert.deepEqual(failures, []);
    return inputs;
  };
  const stateOf = (outcome: Outcome<VfConfigState>): VfConfigState => {
    assert.deepEqual(outcome.done ? [] : outcome.reasons, []);
    return outcome.state;
  };
  const create = async (news: Values) => stateOf(await vfConfig.create(world.context, await inputsOf(news)));
  const update = async (state: VfConfigState, news: Values) =>
    stateOf(await vfConfig.update(world.context, "kvm1/" + pf, state, await inputsOf(news)));
  const read = async (state: VfConfigState) => {
    const observed = await vfConfig.read(world.context, "kvm1/" + pf, state);
    assert.ok(observed.here);
    return observed;
  };

  it("makes the VFs, sets their attributes, installs the boot unit, and reads it all back", async () => {
    const state = await create({
      numVfs: 7,
      vfs: [{ index: 2, mac: "52:54:00:00:00:02", vlan: 42, qos: 3, maxTxRate: 500 }],
    });
    assert.equal(fake.text(`${device}/sriov_numvfs`), "7");
    assert.equal(state.virtualFunctions.length, 7);
    assert.deepEqual(state.virtualFunctions[2], {
      index: 2,
      pciAddress: "0000:01:10.4",
      iommuGroup: 92,
      netdev: "eno49v2",
      driver: "igbvf",
      mac: "52:54:00:00:00:02",
      vlan: 42,
      qos: 3,
      maxTxRate: 500,
    });
    assert.equal(state.pfName, "eno49");
    assert.deepEqual(state.prior, {
      numVfs: 0,
      pfUp: false,
      driversAutoprobe: true,
      mtu: 1500,
      vfs: [],
    });
    assert.deepEqual(fake.files("etc"), [
      "etc/pulumi-sriov/vf-plans/0000:01:00.0.plan",
      "etc/systemd/system/multi-user.target.wants/pulumi-sriov-vfs@0000:01:00.0.service",
      "etc/systemd/system/pulumi-sriov-vf-rates@.service",
      "etc/systemd/system/pulumi-sriov-vfs-late@.service",
      "etc/systemd/system/pulumi-sriov-vfs@.service",
    ]);
  });

  it("needs four round trips to create: the PF, the plan, the boot unit, and the PF again", async () => {
    const inputs = await inputsOf({ numVfs: 7 });
    fake.runs = 0;
    await vfConfig.create(world.context, inputs);
    assert.equal(fake.runs, 4);
  });

  it("reads a fixed point: the inputs as check makes them, and no difference", async () => {
    const inputs = await inputsOf({ numVfs: 3, vfs: [{ index: 1, vlan: 7, spoofchk: false, trust: true }] });
    const state = stateOf(await vfConfig.create(world.context, inputs));
    const observed = await read(state);
    assert.deepEqual(observed.inputs, inputs);
    assert.deepEqual(observed.state, state);
    assert.deepEqual(vfConfig.diff("", observed.state, inputs).changes, []);
  });

  it("writes nothing for a PF that is as asked already", async () => {
    await create({ numVfs: 3, persistence: "none" });
    fake.forget();
    await create({ numVfs: 3, persistence: "none" });
    assert.deepEqual([...fake.writes, ...fake.commands], []);
  });

  it("goes through 0 from one number to another", async () => {
    const state = await create({ numVfs: 7 });
    fake.forget();
    const next = await update(state, { numVfs: 3 });
    assert.deepEqual(fake.writes, [`0 ${numVfsFile}`, `3 ${numVfsFile}`]);
    assert.equal(next.virtualFunctions.length, 3);
    assert.deepEqual(next.prior, state.prior);
  });

  it("brings the PF up before it makes VFs, as bnxt_en needs it", async () => {
    fake.dispose();
    fake = new FakeHost(pfTree(pf, "eno49", { driver: "bnxt_en", totalVfs: 16 }));
    world = fakeWorld(fake);
    const state = await create({ numVfs: 8 });
    assert.equal(state.virtualFunctions.length, 8);
  });

  it("puts the prior number and attributes back when the new number cannot be had", async () => {
    const state = await create({ numVfs: 7, vfs: [{ index: 1, vlan: 42 }] });
    fake.put("fake/enomem-3", "");
    const inputs = await inputsOf({ numVfs: 3, vfs: [{ index: 1, vlan: 42 }] });
    await assert.rejects(
      () => vfConfig.update(world.context, "", state, inputs),
      (error: SriovError) => {
        assert.equal(error.kind, "remote-failure");
        assert.match(
          error.message,
          /"num-vfs 3": tee: .*Cannot allocate memory\. What was before has been put back: 7 VFs/,
        );
        assert.match(error.remedy ?? "", /BIOS/);
        return true;
      },
    );
    assert.equal(fake.text(`${device}/sriov_numvfs`), "7");
    assert.equal(fake.text(`${device}/vf-1/vlan`), "42");
  });

  it("reports an attribute that the driver does not support, keeps the rest, and does not call it done", async () => {
    fake.put("fake/unsupported-trust", "");
    const inputs = await inputsOf({ numVfs: 2, vfs: [{ index: 0, vlan: 5, trust: true }] });
    const outcome = await vfConfig.create(world.context, inputs);
    assert.deepEqual(outcome.done ? [] : outcome.reasons, [
      "vfs[0].trust: declared true, read false: not supported by the driver igb (RTNETLINK answers: Operation not supported)",
    ]);
    assert.equal(fake.text(`${device}/vf-0/vlan`), "5");
    assert.equal(outcome.id, "kvm1/0000:01:00.0");
  });

  it("does not believe a write that succeeds and changes nothing", async () => {
    fake.put("fake/ignored-spoofchk", "");
    const inputs = await inputsOf({ numVfs: 1, vfs: [{ index: 0, spoofchk: false }] });
    const outcome = await vfConfig.create(world.context, inputs);
    assert.match(
      outcome.done ? "" : (outcome.reasons[0] ?? ""),
      /^vfs\[0\]\.spoofchk: declared false, read true: not taken/,
    );
  });

  it("says that a rate needs link when there is no cable", async () => {
    fake.put("fake/no-cable", "");
    const inputs = await inputsOf({ numVfs: 1, vfs: [{ index: 0, maxTxRate: 100 }] });
    const outcome = await vfConfig.create(world.context, inputs);
    assert.match(
      outcome.done ? "" : (outcome.reasons[0] ?? ""),
      /vfs\[0\]\.maxTxRate: declared 100, read 0: .*the PF has no link/,
    );
  });

  it("gives up on a write that never ends, and says so", async () => {
    const state = await create({ numVfs: 7 });
    fake.put("fake/hang", "");
    const inputs = await inputsOf({ numVfs: 3 });
    await assert.rejects(() => vfConfig.update(world.context, "", state, inputs), { kind: "timeout" });
  }).timeout(60_000);

  it("finds drift of a VLAN, of the number, and of the boot plan, and update mends it", async () => {
    const news = { numVfs: 3, vfs: [{ index: 2, vlan: 42 }] };
    const state = await create(news);
    fake.put(`${device}/vf-2/vlan`, "7");
    fake.put("etc/pulumi-sriov/vf-plans/0000:01:00.0.plan", "pf 0000:01:00.0\nnum-vfs 1\n");
    const observed = await read(state);
    assert.deepEqual(observed.inputs.vfs, [{ index: 2, vlan: 7 }]);
    const { changes, notes } = vfConfig.diff("", observed.state, await inputsOf(news));
    assert.deepEqual(changes, [
      { property: "persistence", kind: "update", drift: true },
      { property: "vfs[0].vlan", kind: "update", drift: true },
    ]);
    assert.deepEqual(notes, ["changed on the host since the last update: persistence, vfs[0].vlan"]);
    fake.forget();
    await update(observed.state, news);
    assert.deepEqual(fake.writes, []);
    assert.equal(fake.text(`${device}/vf-2/vlan`), "42");
    assert.match(fake.text("etc/pulumi-sriov/vf-plans/0000:01:00.0.plan") ?? "", /^num-vfs 3$/m);
  });

  it("keeps the VFs in the state when their way back after a reboot cannot be set up, and the next up does the rest", async () => {
    fake.put("bin/systemctl", "#!/bin/sh\necho 'Failed to enable unit: Read-only file system' >&2\nexit 1");
    const inputs = await inputsOf({ numVfs: 3, vfs: [{ index: 1, vlan: 42 }] });
    const outcome = await vfConfig.create(world.context, inputs);
    assert.ok(!outcome.done);
    assert.equal(outcome.state.numVfs, 3);
    assert.equal(outcome.state.virtualFunctions[1]?.vlan, 42);
    const [first, second] = outcome.reasons;
    assert.match(
      first ?? "",
      /^The VFs are made, but how they come back after a reboot is not: .*Read-only file system/,
    );
    assert.match(second ?? "", /^persistence: declared "systemd-unit", read "systemd-unit, but /);
    assert.equal(fake.text(`${device}/sriov_numvfs`), "3");

    fake.put("bin/systemctl", fakeCommands.systemctl);
    const state = stateOf(await vfConfig.update(world.context, outcome.id, outcome.state, inputs));
    assert.equal(state.persistence, "systemd-unit");
  });

  it("finds that the boot unit was disabled", async () => {
    const state = await create({ numVfs: 3 });
    fake.remove("etc/systemd/system/multi-user.target.wants/pulumi-sriov-vfs@0000:01:00.0.service");
    assert.equal((await read(state)).inputs.persistence, "systemd-unit, but the unit is disabled");
  });

  it("refuses at check, and again at update, to destroy VFs that a running VM holds", async () => {
    const state = await create({ numVfs: 7 });
    const inputs = await inputsOf({ numVfs: 3 });
    giveToVm(fake, "0000:01:11.2", 95, "web");
    world.domains = { web: domainHolding("11", "2") };
    const said =
      'Refused to change PF eno49 (0000:01:00.0) on kvm1 from 7 VFs to 3: running VM "web" holds VF 5 (0000:01:11.2).';
    const { failures } = await check({ numVfs: 3 });
    assert.deepEqual(failures, [{ property: "numVfs", reason: `${said} Detach it first, or set allowDisruption.` }]);
    await assert.rejects(() => vfConfig.update(world.context, "", state, inputs), { kind: "refused", message: said });
    assert.equal(fake.text(`${device}/sriov_numvfs`), "7");
  });

  it("knows the VM by its open VFIO group on a host without libvirt", async () => {
    const state = await create({ numVfs: 7 });
    giveToVm(fake, "0000:01:11.2", 95, "web");
    world.domains = undefined;
    await assert.rejects(() => vfConfig.delete(world.context, "", state), {
      kind: "refused",
      message: /running VM "web" holds VF 5 \(0000:01:11\.2\)/,
    });
  });

  it("does not take a libvirt that fails for a host without VMs", async () => {
    const state = await create({ numVfs: 7 });
    giveToVm(fake, "0000:01:11.2", 95, "web");
    world.libvirtError = new SriovError("remote-failure", "libvirt does not answer");
    await assert.rejects(() => vfConfig.delete(world.context, "", state), { message: "libvirt does not answer" });
  });

  it("destroys held VFs where the program allows it", async () => {
    const state = await create({ numVfs: 7, allowDisruption: true });
    giveToVm(fake, "0000:01:11.2", 95, "web");
    world.domains = { web: domainHolding("11", "2") };
    const next = await update(state, { numVfs: 3, allowDisruption: true });
    assert.equal(next.virtualFunctions.length, 3);
  });

  it("does not call the MAC and the VLAN that libvirt set for a VM drift, and does not fight them", async () => {
    const news = { numVfs: 7, vfs: [{ index: 5, mac: "52:54:00:00:00:05", vlan: 42, trust: true }] };
    const state = await create(news);
    giveToVm(fake, "0000:01:11.2", 95, "web");
    world.domains = { web: domainHolding("11", "2") };
    fake.put(`${device}/vf-5/mac`, "52:54:00:aa:bb:cc");
    fake.put(`${device}/vf-5/vlan`, "0");
    const observed = await read(state);
    assert.deepEqual(observed.state, state);
    fake.forget();
    await update(observed.state, news);
    assert.deepEqual(fake.commands, []);
    assert.equal(world.warnings.length, 2);
    assert.match(
      world.warnings[1] ?? "",
      /vfs\[0\]\.vlan: declared 42, read 0: overridden by running VM "web", which holds VF 5/,
    );
  });

  it("keeps fighting for a VLAN where the VM has the VF as a plain hostdev", async () => {
    const state = await create({ numVfs: 7, vfs: [{ index: 5, vlan: 42 }] });
    giveToVm(fake, "0000:01:11.2", 95, "web");
    world.domains = { web: domainHolding("11", "2", "hostdev") };
    fake.put(`${device}/vf-5/vlan`, "0");
    assert.deepEqual((await read(state)).inputs.vfs, [{ index: 5, vlan: 0 }]);
  });

  it("restores number, attributes and PF at delete, leaves no file, and can be deleted again", async () => {
    const state = await create({ numVfs: 7, vfs: [{ index: 1, vlan: 42 }] });
    await vfConfig.delete(world.context, "", state);
    assert.equal(fake.text(`${device}/sriov_numvfs`), "0");
    assert.equal(fake.text(`${device}/net/eno49/flags`), "0x1002");
    assert.deepEqual([...fake.files("etc"), ...fake.files("usr"), ...fake.files("run")], []);
    fake.forget();
    await vfConfig.delete(world.context, "", state);
    assert.deepEqual([...fake.writes, ...fake.commands], []);
  });

  it("restores the attributes it touched when the number was never its own", async () => {
    await create({ numVfs: 3, vfs: [{ index: 1, vlan: 9, qos: 2 }], persistence: "none" });
    const state = await create({ vfs: [{ index: 1, vlan: 42 }], persistence: "none" });
    await vfConfig.delete(world.context, "", state);
    assert.equal(fake.text(`${device}/sriov_numvfs`), "3");
    assert.equal(fake.text(`${device}/vf-1/vlan`), "9");
    assert.equal(fake.text(`${device}/vf-1/qos`), "2");
  });

  it("keeps the VFs at delete where the program says so", async () => {
    const state = await create({ numVfs: 3, onDelete: "keep" });
    await vfConfig.delete(world.context, "", state);
    assert.equal(fake.text(`${device}/sriov_numvfs`), "3");
    assert.deepEqual(fake.files("etc"), []);
  });

  it("leaves the applier where another PF still needs it", async () => {
    for (const [path, text] of Object.entries(pfTree("0000:02:00.0", "eno50"))) fake.put(path, text);
    const state = await create({ numVfs: 3 });
    await create({ pf: "eno50", numVfs: 2 });
    await vfConfig.delete(world.context, "", state);
    assert.ok(fake.text("usr/local/lib/pulumi-sriov/apply-vf-plan"));
    assert.deepEqual(fake.files("etc/pulumi-sriov"), ["etc/pulumi-sriov/vf-plans/0000:02:00.0.plan"]);
  });

  it("takes a PF that sysfs no longer shows for gone, and nothing else", async () => {
    const state = await create({ numVfs: 3 });
    world.machineId = "another";
    await assert.rejects(() => vfConfig.read(world.context, "", state), { kind: "conflict" });
    world.machineId = state.hostId;
    world.connectError = new SriovError("unreachable", "no route");
    await assert.rejects(() => vfConfig.read(world.context, "", state), { kind: "unreachable" });
    world.connectError = undefined;
    fake.remove(device);
    assert.deepEqual(await vfConfig.read(world.context, "", state), { here: false });
    await vfConfig.delete(world.context, "", state);
    assert.deepEqual(fake.files("etc"), []);
  });

  it("does at boot what up did, with the script that up installed", async () => {
    const state = await create({ numVfs: 3, vfs: [{ index: 2, vlan: 42, maxTxRate: 100 }] });
    await vfConfig.delete(world.context, "", { ...state, onDelete: "keep" });
    await update(state, { numVfs: 3, vfs: [{ index: 2, vlan: 42, maxTxRate: 100 }] });
    // A reboot: the PF is down, without VFs.
    for (const [path, text] of Object.entries(pfTree())) if (path.startsWith(device)) fake.put(path, text);
    for (let i = 0; i < 3; i += 1) fake.remove(`${device}/virtfn${i}`);
    for (let i = 0; i < 3; i += 1) fake.remove(`${device}/vf-${i}`);
    const boot =
      "sh $SRIOV_ROOT/usr/local/lib/pulumi-sriov/apply-vf-plan $SRIOV_ROOT/etc/pulumi-sriov/vf-plans/0000:01:00.0.plan";
    const result = await fake.shell.run(boot);
    assert.equal(result.exitCode, 0, result.stdout + result.stderr);
    assert.deepEqual((await read(state)).state, state);
  });
});
