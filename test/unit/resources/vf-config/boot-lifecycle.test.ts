// The ways back after a reboot over the fake host, through VfConfig's whole life: the real scripts run.
import assert from "node:assert/strict";
import { lateUnitOf, ratesUnitOf, unitOf } from "../../../../provider/host/persistence/paths.js";
import type { Outcome, Values } from "../../../../provider/resources/lifecycle.js";
import { vfConfig } from "../../../../provider/resources/vf-config/index.js";
import type { VfConfigState } from "../../../../provider/resources/vf-config/model.js";
import { FakeHost, pfTree, udevTree } from "../../../fakes/fake-host.js";
import { type FakeWorld, domainHolding, fakeWorld, giveToVm } from "../../../fakes/fake-host-context.js";

const pf = "0000:01:00.0";
const device = `sys/bus/pci/devices/${pf}`;
const plan = `etc/pulumi-sriov/vf-plans/${pf}.plan`;
const rule = `etc/udev/rules.d/90-pulumi-sriov-${pf}.rules`;
const link = `etc/systemd/network/05-pulumi-sriov-${pf}.link`;
const applier = "usr/local/lib/pulumi-sriov/apply-vf-plan";
const host = { uri: "qemu+ssh://root@kvm1/system" };

const filesOf: { [choice: string]: string[] } = {
  "systemd-unit": [
    plan,
    `etc/systemd/system/multi-user.target.wants/${unitOf(pf)}`,
    "etc/systemd/system/pulumi-sriov-vf-rates@.service",
    "etc/systemd/system/pulumi-sriov-vfs-late@.service",
    "etc/systemd/system/pulumi-sriov-vfs@.service",
    applier,
  ],
  udev: [rule],
  "systemd-link": [link],
  none: [],
};
const choices = Object.keys(filesOf);

describe("the way back after a reboot", () => {
  let fake: FakeHost;
  let world: FakeWorld;
  let found: string[];
  beforeEach(() => {
    fake = new FakeHost({ ...pfTree(), ...udevTree() });
    world = fakeWorld(fake);
    found = installed();
  });
  afterEach(() => fake.dispose());

  const installed = () => [...fake.files("etc"), ...fake.files("usr")].sort();
  const added = () => installed().filter((file) => !found.includes(file));
  const check = (news: Values) => vfConfig.check(world.context, { host, pf: "eno49", ...news }, undefined);
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
  const by = (persistence: string): Values => ({ numVfs: 3, pfUp: persistence !== "systemd-link", persistence });
  const reboot = () => {
    for (let i = 0; i < 7; i += 1) for (const one of [`virtfn${i}`, `vf-${i}`]) fake.remove(`${device}/${one}`);
    for (const [path, text] of Object.entries(pfTree())) if (path.startsWith(device)) fake.put(path, text);
  };
  const boot = (mode: string) => fake.shell.run(`sh $SRIOV_ROOT/${applier} ${mode} $SRIOV_ROOT/${plan}`);

  for (const choice of choices) {
    it(`is ${choice}: its files and no others, a fixed point, and nothing left after delete`, async () => {
      const state = await create(by(choice));
      assert.deepEqual(added(), filesOf[choice]);
      const observed = await read(state);
      assert.deepEqual(observed.state, state);
      assert.deepEqual(observed.inputs, await inputsOf(by(choice)));
      assert.deepEqual(vfConfig.diff("", observed.state, observed.inputs).changes, []);
      await vfConfig.delete(world.context, "", state);
      assert.deepEqual(installed(), found);
      fake.forget();
      await vfConfig.delete(world.context, "", state);
      assert.deepEqual([...fake.writes, ...fake.commands], []);
    });
  }

  it("waits for VFs of somebody else's in a unit that is late enough for NetworkManager, and only in that one", async () => {
    const wants = () => fake.files("etc/systemd/system/multi-user.target.wants").map((path) => path.split("/").at(-1));
    const made = await create({ numVfs: 3, persistence: "none", onDelete: "keep" });
    await vfConfig.delete(world.context, "", made);
    const others = { numVfs: 3, externallyManaged: true, vfs: [{ index: 1, vlan: 42 }] };
    const state = await create(others);
    assert.deepEqual(wants(), [lateUnitOf(pf)]);
    assert.match(fake.text(plan) ?? "", /put in place at boot by pulumi-sriov-vfs-late@[^]*^wait-vfs 3$/m);
    assert.deepEqual((await read(state)).state, state);

    const own = await update(state, { ...others, externallyManaged: false });
    assert.deepEqual(wants(), [unitOf(pf)]);
    const back = await update(own, others);
    assert.deepEqual(wants(), [lateUnitOf(pf)]);

    fake.remove(`etc/systemd/system/multi-user.target.wants/${lateUnitOf(pf)}`);
    assert.equal((await read(back)).inputs.persistence, "systemd-unit, but the unit is disabled");
    await update(back, others);
    assert.deepEqual(wants(), [lateUnitOf(pf)]);
    await vfConfig.delete(world.context, "", back);
    assert.deepEqual(installed(), found);
  });

  it("changes from each choice to each other, and leaves no file of the former", async () => {
    // A round in which each of the twelve changes comes once.
    const [unit = "", udev = "", link = "", none = ""] = choices;
    const round = [unit, udev, link, none, unit, link, unit, none, udev, none, link, udev, unit];
    let state = await create(by(unit));
    for (const next of round.slice(1)) {
      state = await update(state, by(next));
      assert.deepEqual(added(), filesOf[next], next);
      assert.equal(state.persistence, next);
    }
    assert.equal(fake.text(`${device}/sriov_numvfs`), "3");
    const changes = round.slice(1).map((next, i) => `${round[i]} ${next}`);
    assert.equal(new Set(changes).size, 12);
  }).timeout(60_000);

  it("keeps the name that another .link file gives the PF, before and after a change of choice", async () => {
    const state = await create(by("systemd-link"));
    assert.match(
      fake.text(link) ?? "",
      /^# Repeats \/etc\/systemd\/network\/10-eno49\.link\n\[Match\]\nPath=pci-0000:01:00\.0\n/m,
    );
    assert.match(fake.text(link) ?? "", /^Name=eno49\nMACAddressPolicy=none\nSR-IOVVirtualFunctions=3$/m);
    const again = await update(await update(state, by("none")), by("systemd-link"));
    assert.match(fake.text(link) ?? "", /^Name=eno49$/m);
    assert.equal(again.persistence, "systemd-link");
  });

  it("follows the .link file that it repeats when that is changed", async () => {
    const state = await create(by("systemd-link"));
    fake.put("etc/systemd/network/10-eno49.link", "[Match]\nPath=pci-0000:01:00.0\n[Link]\nName=eno49\nMTUBytes=9000");
    const observed = await read(state);
    assert.match(
      observed.inputs.persistence,
      /^systemd-link, but .*"MACAddressPolicy=none" instead of "MTUBytes=9000"$/,
    );
    await update(observed.state, by("systemd-link"));
    assert.match(fake.text(link) ?? "", /^MTUBytes=9000$/m);
  });

  const drifts: [claim: string, choice: string, spoil: () => void, words: RegExp][] = [
    [
      "a masked unit",
      "systemd-unit",
      () => fake.put(`etc/systemd/system/${unitOf(pf)}`, "-> /dev/null"),
      /but the unit is masked$/,
    ],
    [
      "a unit that failed at boot",
      "systemd-unit",
      () => fake.put(`fake/failed/${unitOf(pf)}`, ""),
      /but pulumi-sriov-vfs@\S+ failed/,
    ],
    [
      "rates that failed at boot",
      "systemd-unit",
      () => fake.put(`fake/failed/${ratesUnitOf(pf)}`, ""),
      /but pulumi-sriov-vf-rates@\S+ failed/,
    ],
    ["a removed applier", "systemd-unit", () => fake.remove(applier), /but the applier is missing$/],
    [
      "a removed unit for VFs of others",
      "systemd-unit",
      () => fake.remove("etc/systemd/system/pulumi-sriov-vfs-late@.service"),
      /but the unit for VFs that something else makes is missing$/,
    ],
    [
      "a removed unit for the rates",
      "systemd-unit",
      () => fake.remove("etc/systemd/system/pulumi-sriov-vf-rates@.service"),
      /but the unit for the rates is missing$/,
    ],
    [
      "an edited plan",
      "systemd-unit",
      () => fake.put(plan, (fake.text(plan) ?? "").replace("num-vfs 3", "num-vfs 5")),
      /"num-vfs 5" instead of "num-vfs 3"$/,
    ],
    [
      "a plan whose comments are gone",
      "systemd-unit",
      () => fake.put(plan, `pf ${pf}\nnum-vfs 3\n`),
      /"num-vfs 3" instead of "pf-up"$/,
    ],
    ["a removed plan", "systemd-unit", () => fake.remove(plan), /^systemd-unit, but no plan file$/],
    [
      "an edited rule",
      "udev",
      () => fake.put(rule, (fake.text(rule) ?? "").replace('="3"', '="5"')),
      /but its rule was edited/,
    ],
    ["a removed rule", "udev", () => fake.remove(rule), /^none$/],
    [
      "an edited .link file",
      "systemd-link",
      () => fake.put(link, (fake.text(link) ?? "").replace("=3", "=5")),
      /"SR-IOVVirtualFunctions=5" instead of/,
    ],
    [
      "a removed .link file",
      "systemd-link",
      () => {
        fake.remove(link);
        fake.put("run/udev/data/n5", udevTree()["run/udev/data/n5"] ?? "");
      },
      /^none$/,
    ],
  ];
  for (const [claim, choice, spoil, words] of drifts) {
    it(`shows as drift, and update mends it: ${claim}`, async () => {
      const state = await create(by(choice));
      spoil();
      const observed = await read(state);
      assert.match(observed.inputs.persistence, words);
      const inputs = await inputsOf(by(choice));
      const { changes, notes } = vfConfig.diff("", observed.state, inputs);
      assert.deepEqual(changes, [{ property: "persistence", kind: "update", drift: true }]);
      assert.ok(
        notes.some((note) => note.includes("persistence")),
        notes.join(),
      );
      await update(observed.state, by(choice));
      assert.deepEqual(added(), filesOf[choice]);
      assert.deepEqual((await read(state)).state, state);
    });
  }

  for (const [choice, path] of [
    ["udev", rule],
    ["systemd-link", link],
    ["systemd-unit", applier],
  ] as const) {
    it(`is refused where somebody else's file is at ${path}, at check and at create, and nothing is made`, async () => {
      const inputs = await inputsOf(by(choice));
      fake.put(path, "# mine\n");
      const { failures } = await check(by(choice));
      assert.deepEqual(
        failures.map(({ property }) => property),
        ["persistence"],
      );
      assert.match(failures[0]?.reason ?? "", new RegExp(`${path} on kvm1.* was not written by pulumi-sriov`));
      await assert.rejects(() => vfConfig.create(world.context, inputs), { kind: "conflict" });
      assert.equal(fake.text(path), "# mine");
      assert.equal(fake.text(`${device}/sriov_numvfs`), "0");
    });
  }

  it("is put back at delete as it was before, where a VfConfig had left it that nobody deleted", async () => {
    await create({ numVfs: 2 });
    const left = fake.text(plan);
    const state = await create(by("udev"));
    assert.deepEqual(added(), [rule]);
    await vfConfig.delete(world.context, "", state);
    assert.deepEqual(added(), filesOf["systemd-unit"]);
    assert.equal(fake.text(plan), left);
    assert.equal(fake.text(`${device}/sriov_numvfs`), "2");
  });

  describe("by the unit", () => {
    const news = { numVfs: 3, vfs: [{ index: 2, vlan: 42, maxTxRate: 100 }] };

    it("makes the VFs without waiting for link, and sets the rates when there is one", async () => {
      const state = await create(news);
      reboot();
      fake.put("fake/no-cable", "");
      const early = await boot("--boot");
      assert.equal(early.exitCode, 0, early.stdout + early.stderr);
      assert.equal(fake.text(`${device}/vf-2/vlan`), "42");
      assert.equal(fake.text(`${device}/vf-2/max_tx_rate`), "0");
      const rates = await boot("--boot-rates");
      assert.equal(rates.exitCode, 1);
      assert.match(rates.stdout, /^failed\tvf 2 max-tx-rate 100\t.*no link/m);
      fake.put(`${device}/net/eno49/carrier`, "1");
      assert.equal((await boot("--boot-rates")).exitCode, 0);
      assert.deepEqual((await read(state)).state, state);
    });

    it("fails, and destroys nothing, where something else has made another number of VFs", async () => {
      await create(news);
      reboot();
      await fake.shell.run(`echo 5 | tee $SRIOV_ROOT/${device}/sriov_numvfs`);
      fake.forget();
      const { exitCode, stdout } = await boot("--boot");
      assert.equal(exitCode, 1);
      assert.match(stdout, /^refused\tnum-vfs 3\tthere are 5 VFs already, and at boot none is destroyed$/m);
      assert.deepEqual(fake.writes, []);
    });

    it("sets nothing of a VF that a VM holds when somebody starts it by hand", async () => {
      await create({
        numVfs: 3,
        vfs: [
          { index: 1, vlan: 42 },
          { index: 2, vlan: 43 },
        ],
      });
      giveToVm(fake, "0000:01:10.2", 91, "web");
      fake.put(`${device}/vf-1/vlan`, "7");
      fake.put(`${device}/vf-2/vlan`, "7");
      const { exitCode, stdout } = await boot("--boot");
      assert.equal(exitCode, 0, stdout);
      assert.equal(fake.text(`${device}/vf-1/vlan`), "7");
      assert.equal(fake.text(`${device}/vf-2/vlan`), "43");
    });
  });

  describe("and delete", () => {
    it("says what is left when the number cannot be restored, and goes on where it stopped", async () => {
      const state = await create({ numVfs: 3 });
      const four = { ...state, prior: { ...state.prior, numVfs: 2 } };
      fake.put("fake/enomem-2", "");
      await assert.rejects(() => vfConfig.delete(world.context, "", four), {
        kind: "remote-failure",
        message:
          /^Failed to restore PF eno49 .*"num-vfs 2": .*Cannot allocate memory\. Left: 0 VFs in place of the 2 of before, and what makes the VFs at boot \(systemd-unit\); deleting again goes on from here\.$/,
      });
      assert.deepEqual(added(), filesOf["systemd-unit"]);
      fake.remove("fake/enomem-2");
      await vfConfig.delete(world.context, "", four);
      assert.equal(fake.text(`${device}/sriov_numvfs`), "2");
      assert.deepEqual(installed(), found);
    });

    it("names what the driver did not take back, although it said yes", async () => {
      await create({ numVfs: 2, persistence: "none" });
      const state = await create({ vfs: [{ index: 1, trust: true }], persistence: "none" });
      fake.put("fake/ignored-trust", "");
      await vfConfig.delete(world.context, "", state);
      assert.equal(world.warnings.length, 1);
      assert.match(world.warnings[0] ?? "", /not restored: .*vf 1 trust off/);
    });

    it("takes no VF from a running VM, and leaves everything as it is", async () => {
      const state = await create({ numVfs: 7 });
      giveToVm(fake, "0000:01:11.2", 95, "web");
      world.domains = { web: domainHolding("11", "2") };
      await assert.rejects(() => vfConfig.delete(world.context, "", state), { kind: "refused" });
      assert.equal(fake.text(`${device}/sriov_numvfs`), "7");
      assert.deepEqual(added(), filesOf["systemd-unit"]);
    });

    it("removes the files of a PF that is gone from the host", async () => {
      const state = await create(by("udev"));
      fake.remove(device);
      await vfConfig.delete(world.context, "", state);
      assert.deepEqual(installed(), found);
    });

    it("says which file of somebody else's it left", async () => {
      const state = await create(by("udev"));
      fake.put(rule, "# mine now\n");
      await vfConfig.delete(world.context, "", state);
      assert.equal(fake.text(rule), "# mine now");
      assert.match(world.warnings.join(), new RegExp(`/${rule} .*was not written by pulumi-sriov.*left`));
    });
  });
});
