// VfConfig's life with everything a PF and its VFs can have, over the fake host: the real scripts run.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Outcome, Values } from "../../../../provider/resources/lifecycle.js";
import { vfConfig } from "../../../../provider/resources/vf-config/index.js";
import type { VfConfigState } from "../../../../provider/resources/vf-config/model.js";
import { FakeHost, netdevsimTree, pfTree } from "../../../fakes/fake-host.js";
import { type FakeWorld, fakeWorld } from "../../../fakes/fake-host-context.js";

const host = { uri: "qemu+ssh://root@kvm1/system" };

describe("VfConfig, attribute by attribute", () => {
  let fake: FakeHost;
  let world: FakeWorld;
  const use = (tree: { [path: string]: string }) => {
    fake = new FakeHost(tree);
    world = fakeWorld(fake);
  };
  afterEach(() => fake.dispose());

  const check = async (news: Values) => vfConfig.check(world.context, { host, ...news }, undefined);
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
    stateOf(await vfConfig.update(world.context, "", state, await inputsOf(news)));
  const read = async (state: VfConfigState) => {
    const observed = await vfConfig.read(world.context, "", state);
    assert.ok(observed.here);
    return observed;
  };
  const noDifference = async (state: VfConfigState, news: Values) => {
    const observed = await read(state);
    const inputs = await inputsOf(news);
    assert.deepEqual(observed.inputs, inputs);
    assert.deepEqual(vfConfig.diff("", observed.state, inputs).changes, []);
  };

  const simulated = "sys/bus/netdevsim/devices/netdevsim7";
  const everything = {
    pf: "eni7np1",
    numVfs: 3,
    mtu: 3000,
    eswitchMode: "legacy",
    persistence: "none",
    vfs: [
      {
        index: 1,
        mac: "52:54:00:00:00:01",
        vlan: 42,
        qos: 3,
        vlanProto: "802.1ad",
        spoofchk: true,
        trust: true,
        linkState: "enable",
        maxTxRate: 500,
        minTxRate: 100,
        queryRss: true,
      },
    ],
  };

  it("sets, reads, and takes back every attribute there is: a netdevsim PF, which is on no PCI bus", async () => {
    use(netdevsimTree());
    const state = await create(everything);
    assert.equal(state.pfPciAddress, "netdevsim7");
    assert.equal(state.totalVfs, 4);
    const { pciAddress, ...vf } = state.virtualFunctions[1] ?? { pciAddress: undefined };
    assert.equal(pciAddress, "");
    assert.deepEqual(vf, everything.vfs[0]);
    await noDifference(state, everything);
    fake.forget();
    await update(state, everything);
    assert.deepEqual([...fake.writes, ...fake.commands], []);
    await vfConfig.delete(world.context, "", state);
    assert.equal(fake.text(`${simulated}/sriov_numvfs`), "0");
    assert.equal(fake.text(`${simulated}/net/eni7np1/mtu`), "1500");
  });

  it("keeps switchdev mode through another number of VFs, which takes netdevsim back to legacy", async () => {
    use(netdevsimTree());
    const news = { pf: "netdevsim7", numVfs: 2, eswitchMode: "switchdev", persistence: "none" };
    const state = await create(news);
    const next = await update(state, { ...news, numVfs: 4 });
    assert.equal(next.eswitchMode, "switchdev");
    assert.equal(fake.text("fake/eswitch-netdevsim7"), "switchdev");
    await vfConfig.delete(world.context, "", next);
    assert.equal(fake.text("fake/eswitch-netdevsim7"), "legacy");
  });

  it("changes ice's eswitch mode while it has no VFs, and sets their attributes again", async () => {
    use({ ...pfTree("0000:01:00.0", "eno49", { driver: "ice", totalVfs: 64 }), "fake/eswitch-0000:01:00.0": "legacy" });
    const news = { pf: "eno49", numVfs: 2, vfs: [{ index: 1, vlan: 5 }] };
    const state = await create(news);
    fake.forget();
    const next = await update(state, { ...news, eswitchMode: "switchdev" });
    assert.deepEqual(
      fake.writes.map((write) => write.split(" ")[0]),
      ["0", "2"],
    );
    assert.deepEqual(next.vfs, [{ index: 1, vlan: 5 }]);
    await noDifference(next, { ...news, eswitchMode: "switchdev" });
  });

  it("finds drift of the MTU, of the mode and of autoprobe, and update mends it", async () => {
    use({ ...pfTree("0000:01:00.0", "eno49", { driver: "bnxt_en" }), "fake/eswitch-0000:01:00.0": "legacy" });
    const news = { pf: "eno49", numVfs: 2, mtu: 9000, driversAutoprobe: false, eswitchMode: "switchdev" };
    const state = await create(news);
    const device = "sys/bus/pci/devices/0000:01:00.0";
    assert.equal(state.virtualFunctions[0]?.driver, undefined);
    fake.put(`${device}/net/eno49/mtu`, "1500");
    fake.put(`${device}/sriov_drivers_autoprobe`, "1");
    fake.put("fake/eswitch-0000:01:00.0", "legacy");
    const observed = await read(state);
    const { changes } = vfConfig.diff("", observed.state, await inputsOf(news));
    assert.deepEqual(changes, [
      { property: "driversAutoprobe", kind: "update", drift: true },
      { property: "eswitchMode", kind: "update", drift: true },
      { property: "mtu", kind: "update", drift: true },
    ]);
    await noDifference(await update(observed.state, news), news);
  });

  it("never writes a number that is somebody else's, and restores only what it touched", async () => {
    use(pfTree());
    const made = await create({ pf: "eno49", numVfs: 3, persistence: "none", onDelete: "keep" });
    await vfConfig.delete(world.context, "", made);
    fake.forget();
    const news = {
      pf: "eno49",
      externallyManaged: true,
      numVfs: 3,
      persistence: "none",
      vfs: [{ index: 1, trust: true }],
    };
    const state = await create(news);
    await noDifference(state, news);
    await vfConfig.delete(world.context, "", state);
    assert.deepEqual(fake.writes, []);
    assert.equal(fake.text("sys/bus/pci/devices/0000:01:00.0/sriov_numvfs"), "3");
    assert.equal(fake.text("sys/bus/pci/devices/0000:01:00.0/vf-1/trust"), "off");
    const { failures } = await check({ ...news, numVfs: 4 });
    assert.match(failures[0]?.reason ?? "", /expected 3/);
  });

  it("keeps a priority that nobody declared through a reboot", async () => {
    use(pfTree());
    const device = "sys/bus/pci/devices/0000:01:00.0";
    await create({ pf: "eno49", numVfs: 2, vfs: [{ index: 0, vlan: 5, qos: 3 }], persistence: "none" });
    const news = { pf: "eno49", numVfs: 2, vfs: [{ index: 0, vlan: 6 }] };
    const state = await create(news);
    assert.equal(fake.text(`${device}/vf-0/qos`), "3");
    assert.match(fake.text("etc/pulumi-sriov/vf-plans/0000:01:00.0.plan") ?? "", /^vf 0 vlan 6 qos 3$/m);
    await noDifference(state, news);
    // A later priority that nobody declared is no drift either.
    fake.put(`${device}/vf-0/qos`, "1");
    await noDifference(state, news);
  });

  describe("a PF by its MAC address", () => {
    beforeEach(() => use({ ...pfTree(), ...pfTree("0000:02:00.0", "eno50") }));
    const address = (netdev: string, mac: string) =>
      fake.put(
        `sys/bus/pci/devices/${netdev === "eno49" ? "0000:01:00.0" : "0000:02:00.0"}/net/${netdev}/address`,
        mac,
      );

    it("is that PF, whatever its name, in any spelling", async () => {
      address("eno50", "52:54:00:00:50:0a");
      const state = await create({ pf: { mac: "52-54-00-00-50-0A" }, numVfs: 2 });
      assert.equal(state.pfPciAddress, "0000:02:00.0");
      await noDifference(state, { pf: { mac: "52:54:00:00:50:0a" }, numVfs: 2 });
    });

    it("that none has is refused with those there are", async () => {
      const { failures } = await check({ pf: { mac: "52:54:00:00:99:99" }, numVfs: 2 });
      assert.match(failures[0]?.reason ?? "", /expected the MAC address of a PF.*eno49.*eno50/);
    });

    it("that two have, a bond's, is refused with both", async () => {
      const { failures } = await check({ pf: { mac: "52:54:00:00:49:00" }, numVfs: 2 });
      assert.match(failures[0]?.reason ?? "", /which matches eno49 \(0000:01:00\.0.*eno50 \(0000:02:00\.0/);
    });

    it("with an address that is none is refused as that", async () => {
      const { failures } = await check({ pf: { mac: "52:54" }, numVfs: 2 });
      assert.deepEqual(
        [failures[0]?.property, /expected a MAC address/.test(failures[0]?.reason ?? "")],
        ["pf.mac", true],
      );
    });
  });

  it("refuses the MAC of another VF of the PF, and warns of one of another PF", async () => {
    use({ ...pfTree(), ...pfTree("0000:02:00.0", "eno50") });
    for (const pf of ["eno49", "eno50"]) {
      await create({ pf, numVfs: 2, persistence: "none", vfs: [{ index: 1, mac: `52:54:00:00:${pf.slice(3)}:01` }] });
    }
    const news = { pf: "eno49", numVfs: 2 };
    const { failures } = await check({ ...news, vfs: [{ index: 0, mac: "52:54:00:00:49:01" }] });
    assert.match(failures[0]?.reason ?? "", /also the MAC address of VF 1 of PF eno49/);
    world.warnings.length = 0;
    await inputsOf({ ...news, vfs: [{ index: 0, mac: "52:54:00:00:50:01" }] });
    assert.match(world.warnings.join("\n"), /also the MAC address of VF 1 of PF eno50/);
  });

  describe("on a PF with 7 VFs", () => {
    const news = {
      pf: "eno49",
      numVfs: 7,
      vfs: Array.from({ length: 7 }, (_, index) => ({ index, vlan: 10 + index, mac: `52:54:00:00:00:1${index}` })),
    };
    let state: VfConfigState;
    beforeEach(async () => {
      use(pfTree());
      state = await create(news);
      fake.runs = 0;
    });

    it("needs one round trip for a refresh", async () => {
      await read(state);
      assert.equal(fake.runs, 1);
    });

    it("needs one round trip for an unchanged update: that of check, which finds no difference", async () => {
      const inputs = await inputsOf(news);
      assert.deepEqual(vfConfig.diff("", state, inputs).changes, []);
      assert.ok(fake.runs <= 2, `${fake.runs} round trips`);
    });
  });

  it("goes from any state to any other by the real script, and then has nothing to write", async () => {
    const vf = fc.record(
      {
        vlan: fc.constantFrom(0, 5, 6),
        spoofchk: fc.boolean(),
        trust: fc.boolean(),
        linkState: fc.constantFrom("auto", "enable", "disable"),
        maxTxRate: fc.constantFrom(0, 100, 200),
      },
      { requiredKeys: [] },
    );
    const wanted = fc
      .record({
        numVfs: fc.integer({ min: 0, max: 3 }),
        mtu: fc.constantFrom(1500, 9000),
        eswitchMode: fc.constantFrom("legacy", "switchdev"),
        vfs: fc.array(vf, { maxLength: 3 }),
      })
      .map(({ numVfs, vfs, ...rest }) => ({
        ...rest,
        pf: "eno49",
        numVfs,
        persistence: "none",
        vfs: vfs.slice(0, numVfs).map((one, index) => ({ index, ...one })),
      }));
    await fc.assert(
      fc.asyncProperty(wanted, wanted, async (first, second) => {
        use({
          ...pfTree("0000:01:00.0", "eno49", { driver: "bnxt_en", totalVfs: 8 }),
          "fake/eswitch-0000:01:00.0": "legacy",
        });
        try {
          const state = await update(await create(first), second);
          await noDifference(state, second);
          fake.forget();
          await update(state, second);
          assert.deepEqual([...fake.writes, ...fake.commands], []);
        } finally {
          fake.dispose();
        }
      }),
      { numRuns: 6 },
    );
  }).timeout(120_000);
});
