// VfConfig's guards over the fake host: what is refused and how it is said, and the dead-man timer of what is allowed.
import assert from "node:assert/strict";
import { SriovError } from "../../../../provider/base/errors.js";
import type { Shell } from "../../../../provider/host/shell.js";
import type { Outcome, Values } from "../../../../provider/resources/lifecycle.js";
import { vfConfig } from "../../../../provider/resources/vf-config/index.js";
import type { VfConfigState } from "../../../../provider/resources/vf-config/model.js";
import { FakeHost, pfTree } from "../../../fakes/fake-host.js";
import { type FakeWorld, domainHolding, fakeWorld, giveToVm } from "../../../fakes/fake-host-context.js";

const pf = "0000:01:00.0";
const device = `sys/bus/pci/devices/${pf}`;
const host = { uri: "qemu+ssh://root@kvm1/system" };

describe("VfConfig's guards", () => {
  let fake: FakeHost;
  let world: FakeWorld;
  beforeEach(() => {
    fake = new FakeHost(pfTree());
    world = fakeWorld(fake);
  });
  afterEach(() => fake.dispose());

  const check = async (news: Values) => {
    const { inputs, failures } = await vfConfig.check(world.context, { host, pf: "eno49", ...news }, undefined);
    return { inputs, reasons: failures.map(({ property, reason }) => `${property}: ${reason}`) };
  };
  const inputsOf = async (news: Values) => {
    const { inputs, reasons } = await check(news);
    assert.deepEqual(reasons, []);
    return inputs;
  };
  const stateOf = (outcome: Outcome<VfConfigState>): VfConfigState => {
    assert.deepEqual(outcome.done ? [] : outcome.reasons, []);
    return outcome.state;
  };
  const create = async (news: Values) => stateOf(await vfConfig.create(world.context, await inputsOf(news)));
  const update = async (state: VfConfigState, news: Values) =>
    stateOf(await vfConfig.update(world.context, "", state, await inputsOf(news)));
  const overBridge = () => {
    fake.environment["SSH_CONNECTION"] = "10.9.0.2 50000 10.9.0.15 22";
    fake.put("fake/route", "10.9.0.2 from 10.9.0.15 dev br0 uid 0");
    fake.put("sys/class/net/br0/lower_eno49", "-> ../eno49");
  };
  const withSystemd = () => fake.put("run/systemd/system/.keep", "");
  const numVfs = () => fake.text(`${device}/sriov_numvfs`);

  describe("of VFs that somebody uses as netdevs", () => {
    const refused = (who: string) => [
      `numVfs: Refused to change PF eno49 (0000:01:00.0) on kvm1 from 3 VFs to 5: ${who} holds VF 1 (0000:01:10.2). Detach it first, or set allowDisruption.`,
    ];

    it("refuses to destroy a VF that is in a bridge", async () => {
      await create({ numVfs: 3 });
      fake.put("sys/class/net/br1/bridge/bridge_id", "8000");
      fake.put("sys/bus/pci/devices/0000:01:10.2/net/eno49v1/upper_br1", "-> ../br1");
      assert.deepEqual((await check({ numVfs: 5 })).reasons, refused("bridge br1"));
    });

    it("refuses to destroy a VF that has an address", async () => {
      await create({ numVfs: 3 });
      fake.put("fake/addresses", "8: eno49v1    inet 10.0.0.5/24 scope global eno49v1");
      assert.deepEqual((await check({ numVfs: 5 })).reasons, refused("the host itself (10.0.0.5/24 on eno49v1)"));
    });

    it("refuses to destroy a VF whose netdev is in another network namespace", async () => {
      const state = await create({ numVfs: 3 });
      fake.remove("sys/bus/pci/devices/0000:01:10.2/net");
      fake.put("run/netns/red", "");
      fake.put("fake/netns/red", "9: eth0: <UP> mtu 1500 parentbus pci parentdev 0000:01:10.2 ");
      assert.deepEqual((await check({ numVfs: 5 })).reasons, refused("network namespace red"));
      await assert.rejects(() => vfConfig.delete(world.context, "", state), { kind: "refused", message: /red/ });
    });

    it("names the VM, not its macvtap, where libvirt knows whose it is", async () => {
      await create({ numVfs: 3 });
      fake.put("sys/bus/pci/devices/0000:01:10.2/net/eno49v1/upper_macvtap0", "");
      world.domains = {
        web: `<domain type='kvm' id='1'><name>web</name><devices><interface type='direct'><mac address='52:54:00:aa:bb:cc'/><source dev='eno49v1' mode='passthrough'/></interface></devices></domain>`,
      };
      assert.deepEqual((await check({ numVfs: 5 })).reasons, refused('running VM "web"'));
    });

    it("lets attributes of such a VF be changed", async () => {
      const state = await create({ numVfs: 3 });
      fake.put("fake/addresses", "8: eno49v1    inet 10.0.0.5/24 scope global eno49v1");
      await update(state, { numVfs: 3, vfs: [{ index: 1, vlan: 42 }] });
      assert.equal(fake.text(`${device}/vf-1/vlan`), "42");
    });
  });

  it("cost no round trip: a refresh of 7 VFs is one command, and so is an up without changes", async () => {
    const news = { numVfs: 7, vfs: [{ index: 1, vlan: 42 }] };
    const state = await create(news);
    overBridge();
    withSystemd();
    fake.runs = 0;
    await vfConfig.read(world.context, "", state);
    assert.equal(fake.runs, 1);
    const inputs = await inputsOf(news);
    assert.deepEqual(vfConfig.diff("", state, inputs).changes, []);
    assert.equal(fake.runs, 2);
  });

  it("warns of a VM that is shut off and defined with a VF that will be gone", async () => {
    await create({ numVfs: 7 });
    world.shutOff = { db: domainHolding("11", "2", "hostdev"), other: domainHolding("10", "2") };
    world.warnings = [];
    await inputsOf({ numVfs: 4 });
    assert.deepEqual(world.warnings, [
      'VM "db", which is shut off, is defined with VF 5 (0000:01:11.2) on kvm1: that VF will not be there any more, so that the VM cannot start.',
      'VM "other", which is shut off, is defined with VF 1 (0000:01:10.2) on kvm1: that VF is made anew.',
    ]);
  });

  describe("of the management link", () => {
    const said =
      "Refused to change PF eno49 (0000:01:00.0) on kvm1: the SSH connection from 10.9.0.2 comes in over br0, eno49 (0000:01:00.0), and changing from 0 VFs to 4 takes that link down for a moment.";

    it("refuses at check to change the number of VFs of igb, naming the way", async () => {
      overBridge();
      withSystemd();
      assert.deepEqual((await check({ numVfs: 4 })).reasons, [
        `numVfs: ${said} Reach the host over another interface, or set allowDisruption: the host then puts back by itself what was before, unless we come back within 120 s.`,
      ]);
    });

    it("refuses again right before writing", async () => {
      const inputs = await inputsOf({ numVfs: 4 });
      overBridge();
      withSystemd();
      await assert.rejects(() => vfConfig.create(world.context, inputs), { kind: "refused", message: said });
      assert.equal(numVfs(), "0");
    });

    it("refuses an MTU, and what deleting would take down", async () => {
      const state = await create({ numVfs: 4 });
      overBridge();
      withSystemd();
      const { reasons } = await check({ numVfs: 4, mtu: 9000 });
      assert.match(reasons.join(), /^mtu: Refused .* an MTU of 9000 takes that link down for a moment/);
      await assert.rejects(() => vfConfig.delete(world.context, "", state), {
        kind: "refused",
        message: /changing from 4 VFs to 0 and bringing it down takes that link down\./,
      });
    });

    it("lets everything else pass: attributes, the boot plan, another PF, a driver that keeps its link", async () => {
      overBridge();
      withSystemd();
      fake.put(`${device}/driver`, "-> ../../drivers/ice");
      const state = await create({ numVfs: 4 });
      fake.put(`${device}/driver`, "-> ../../drivers/igb");
      await update(state, { numVfs: 4, vfs: [{ index: 1, vlan: 42 }], persistence: "none" });
      for (const [path, text] of Object.entries(pfTree("0000:02:00.0", "eno50"))) fake.put(path, text);
      await create({ pf: "eno50", numVfs: 2 });
    });

    it("takes a driver that nobody has read for one that loses its link", async () => {
      overBridge();
      withSystemd();
      fake.put(`${device}/driver`, "-> ../../drivers/newcard");
      assert.equal((await check({ numVfs: 4 })).reasons.length, 1);
    });

    it("refuses to touch the VF that carries it, and only that one", async () => {
      await create({ numVfs: 4 });
      fake.environment["SSH_CONNECTION"] = "10.9.0.2 50000 10.9.0.15 22";
      fake.put("fake/route", "10.9.0.2 from 10.9.0.15 dev eno49v1 uid 0");
      fake.put("sys/class/net/eno49v1", "-> ../../bus/pci/devices/0000:01:10.2/net/eno49v1");
      fake.put("sys/bus/pci/devices/0000:01:10.2/net/eno49v1/device", "-> ../../../0000:01:10.2");
      const { reasons } = await check({ numVfs: 4, vfs: [{ index: 1, vlan: 42 }] });
      assert.match(
        reasons.join(),
        /^vfs: Refused .* over eno49v1 \(0000:01:10\.2\), and changing the VF that carries it/,
      );
      await inputsOf({ numVfs: 4, vfs: [{ index: 2, vlan: 42 }] });
    });

    it("is not overridden where no timer can be had, and says so", async () => {
      overBridge();
      const { reasons } = await check({ numVfs: 4, allowDisruption: true });
      assert.match(reasons.join(), /allowDisruption is not enough here: without systemd-run/);
    });

    it("changes nothing when the timer cannot be set", async () => {
      overBridge();
      withSystemd();
      fake.put("fake/no-timers", "");
      const inputs = await inputsOf({ numVfs: 4, allowDisruption: true });
      await assert.rejects(() => vfConfig.create(world.context, inputs), {
        kind: "unsupported",
        message: /no dead-man timer can be set there: Failed to start transient timer unit: no bus/,
      });
      assert.equal(numVfs(), "0");
      assert.deepEqual(fake.files("run/pulumi-sriov"), []);
    });

    it("warns where a tunnel hides what the connection runs over", async () => {
      fake.environment["SSH_CONNECTION"] = "10.9.0.2 50000 10.9.0.15 22";
      fake.put("fake/route", "10.9.0.2 from 10.9.0.15 dev wg0 uid 0");
      await inputsOf({ numVfs: 4 });
      assert.match(world.warnings.join(), /comes in over wg0, and what that runs over is not known here/);
    });
  });

  describe("with allowDisruption: the dead-man timer", () => {
    const prior = { numVfs: 3, vfs: [{ index: 1, vlan: 42, qos: 3, trust: true }], allowDisruption: true };
    const wanted = { numVfs: 5, vfs: [{ index: 1, vlan: 7 }], allowDisruption: true, confirmTimeout: 15 };
    let state: VfConfigState;
    beforeEach(async () => {
      state = await create(prior);
      overBridge();
      withSystemd();
    });

    it("is set before the change and taken away after it, over the same connection", async () => {
      const after = await update(state, wanted);
      assert.equal(after.virtualFunctions.length, 5);
      assert.equal(fake.text("fake/on-active"), "15s");
      assert.deepEqual([...fake.files("fake/timers"), ...fake.files("run/pulumi-sriov"), ...fake.files("tmp")], []);
    });

    it("is not needed for a change that takes nothing down", async () => {
      fake.remove("fake/on-active");
      await update(state, { ...prior, vfs: [{ index: 1, vlan: 43 }] });
      assert.equal(fake.text("fake/on-active"), undefined);
    });

    it("also goes with VFs that somebody holds", async () => {
      delete fake.environment["SSH_CONNECTION"];
      giveToVm(fake, "0000:01:10.4", 92, "web");
      world.domains = { web: domainHolding("10", "4") };
      await update(state, wanted);
      assert.equal(fake.text("fake/on-active"), "15s");
    });

    it("puts back what was before when nobody comes back, and the error tells what happened", async () => {
      const inputs = await inputsOf(wanted);
      world.shell = cutUntil(fake, 2, () => fake.fireTimers());
      await assert.rejects(
        () => vfConfig.update(world.context, "", state, inputs),
        (error: SriovError) => {
          assert.match(
            error.message,
            /^Failed to set up PF eno49 \(0000:01:00\.0\) on kvm1: the connection was lost, and nobody came back within 15 s\. So the host put back what was before \(3 VFs and their attributes\), at \d{4}-/,
          );
          assert.match(error.remedy ?? "", /another interface, or raise confirmTimeout/);
          return true;
        },
      );
      assert.match(world.warnings.join("\n"), /the connection was lost while it was being set up\. Coming back/);
      assert.equal(numVfs(), "3");
      assert.equal(fake.text(`${device}/vf-1/vlan`), "42");
      assert.equal(fake.text(`${device}/vf-1/qos`), "3");
      assert.equal(fake.text(`${device}/vf-1/trust`), "on");
      assert.deepEqual([...fake.files("fake/timers"), ...fake.files("run/pulumi-sriov"), ...fake.files("tmp")], []);
      // The boot is set up for what is there.
      assert.match(fake.text("etc/pulumi-sriov/vf-plans/0000:01:00.0.plan") ?? "", /^num-vfs 3$/m);
      const observed = await vfConfig.read({ ...world.context }, "", state);
      assert.deepEqual(observed.here && observed.state, state);
    }).timeout(60_000);

    it("puts an attribute back too, that had its default before, under the VF that carries the link", async () => {
      fake.put("fake/route", "10.9.0.2 from 10.9.0.15 dev eno49v2 uid 0");
      fake.put("sys/class/net/eno49v2", "-> ../../bus/pci/devices/0000:01:10.4/net/eno49v2");
      fake.put("sys/bus/pci/devices/0000:01:10.4/net/eno49v2/device", "-> ../../../0000:01:10.4");
      const inputs = await inputsOf({ ...prior, vfs: [{ index: 2, vlan: 99 }] });
      world.shell = cutUntil(fake, 2, () => fake.fireTimers());
      await assert.rejects(() => vfConfig.update(world.context, "", state, inputs), /put back what was before/);
      assert.equal(fake.text(`${device}/vf-2/vlan`), "0");
      assert.deepEqual(
        fake.writes.filter((write) => write.includes("sriov_numvfs") && !write.startsWith("3 ")),
        [],
      );
    }).timeout(60_000);

    it("is taken away when a new connection comes in time, and the change stays", async () => {
      const inputs = await inputsOf(wanted);
      world.shell = cutUntil(fake, 2, async () => undefined);
      const after = stateOf(await vfConfig.update(world.context, "", state, inputs));
      assert.equal(after.virtualFunctions.length, 5);
      assert.deepEqual([...fake.files("fake/timers"), ...fake.files("run/pulumi-sriov")], []);
    }).timeout(60_000);

    it("shows at the next preview that it fired while nobody was there, and the next update goes on from that", async () => {
      const inputs = await inputsOf(wanted);
      // The program ends with its connection.
      world.shell = cutUntil(fake, 2, () => Promise.reject(new SriovError("bug", "killed")));
      await assert.rejects(() => vfConfig.update(world.context, "", state, inputs), { message: "killed" });
      await fake.fireTimers();
      world.shell = fake.shell;
      world.warnings = [];
      assert.equal(numVfs(), "3");
      await inputsOf(wanted);
      assert.match(world.warnings.join(), /was not confirmed, because its connection was lost: the host put back/);
      const after = await update(state, wanted);
      assert.equal(after.virtualFunctions.length, 5);
      assert.deepEqual(fake.files("run/pulumi-sriov"), []);
    }).timeout(60_000);

    it("of an update that died is taken away by the next one", async () => {
      const inputs = await inputsOf(wanted);
      world.shell = cutUntil(fake, 2, () => Promise.reject(new SriovError("bug", "killed")));
      await assert.rejects(() => vfConfig.update(world.context, "", state, inputs), { message: "killed" });
      world.shell = fake.shell;
      assert.equal(fake.files("fake/timers").length, 1);
      await update(state, wanted);
      assert.deepEqual([...fake.files("fake/timers"), ...fake.files("run/pulumi-sriov")], []);
      assert.match(world.warnings.join(), /an earlier change had lost its connection; what it did stays/);
    }).timeout(60_000);
  });

  describe("of a second owner", () => {
    const rule = (count: number) =>
      fake.put(
        "etc/udev/rules.d/80-vfs.rules",
        `ACTION=="add", SUBSYSTEM=="net", KERNELS=="${pf}", ATTR{device/sriov_numvfs}="${count}"`,
      );

    it("refuses another number, naming file and line", async () => {
      rule(4);
      const { reasons } = await check({ numVfs: 7 });
      assert.deepEqual(reasons, [
        'numVfs: PF eno49 (0000:01:00.0) on kvm1 has a second owner: udev rule /etc/udev/rules.d/80-vfs.rules:1 makes 4 VFs (ACTION=="add", SUBSYSTEM=="net", KERNELS=="0000:01:00.0", ATTR{device/sriov_numvfs}="4"). This program asks for 7, and at the next boot one would undo the other. Take that away, or leave the number to it: unset numVfs, or set persistence to "none".',
      ]);
    });

    it("warns of the same number", async () => {
      rule(7);
      await inputsOf({ numVfs: 7 });
      assert.match(world.warnings.join(), /80-vfs\.rules:1 makes 7 VFs .* One owner is enough/);
    });

    it("warns, and tells what a boot brings, where the program leaves the boot to others", async () => {
      rule(4);
      await inputsOf({ numVfs: 7, persistence: "none" });
      assert.match(world.warnings.join(), /After a boot there are its 4, until the next `pulumi up`/);
    });

    it("says nothing where the program leaves the number alone", async () => {
      rule(4);
      await inputsOf({});
      await fake.shell.run("printf 4 | tee $SRIOV_ROOT/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs");
      await inputsOf({ externallyManaged: true, numVfs: 4 });
      assert.deepEqual(world.warnings, []);
    });

    it("refuses a NetworkManager profile that is active on the PF, also with the same number", async () => {
      fake.put(
        "etc/NetworkManager/system-connections/up.nmconnection",
        "[connection]\nuuid=5c0c9a1e\ntype=ethernet\n\n[sriov]\ntotal-vfs=7",
      );
      fake.put("run/NetworkManager/devices/5", "[device]\nconnection-uuid=5c0c9a1e");
      const { reasons } = await check({ numVfs: 7 });
      assert.match(reasons.join(), /up\.nmconnection:6 makes 7 VFs .* destroys the VFs and makes them anew/);
    });

    it("only warns of what may mean another PF, and says nothing of what is switched off", async () => {
      fake.put("etc/cron.d/vfs", '@reboot root echo 3 > "/sys/class/net/$PF/device/sriov_numvfs"');
      fake.put("etc/rc.local", "echo 3 > /sys/class/net/eno49/device/sriov_numvfs");
      await inputsOf({ numVfs: 7 });
      assert.equal(world.warnings.length, 1);
      assert.match(world.warnings.join(), /cron \/etc\/cron\.d\/vfs:1, if it means this PF, makes 3 VFs/);
    });

    it("is not what we have installed ourselves", async () => {
      for (const persistence of ["systemd-unit", "udev"]) {
        const state = await create({ numVfs: 3, persistence });
        await inputsOf({ numVfs: 4, persistence });
        await vfConfig.delete(world.context, "", state);
      }
      assert.deepEqual(world.warnings, []);
    });
  });
});

/** The connection is lost in the middle of the N-th command, which goes on. The next one finds the host as `meanwhile` left it. */
function cutUntil(fake: FakeHost, at: number, meanwhile: () => Promise<void>): Shell {
  const lost = () => new SriovError("unreachable", "Cannot reach root@kvm1: the connection is lost");
  let runs = 0;
  let rest: Promise<unknown> | undefined;
  return {
    ...fake.shell,
    run: async (command, options) => {
      runs += 1;
      if (runs === at) {
        rest = fake.shell.run(command, options);
        throw lost();
      }
      if (rest) {
        await rest;
        rest = undefined;
        await meanwhile();
      }
      return fake.shell.run(command, options);
    },
  };
}
