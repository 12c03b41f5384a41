// Bad input of VfConfig: one clear failure each, all at once, and unknown values judged by nobody.
import assert from "node:assert/strict";
import { SriovError } from "../../../../provider/base/errors.js";
import { hostKey } from "../../../../provider/resources/host-inputs.js";
import { type Values, unknown } from "../../../../provider/resources/lifecycle.js";
import { checkInputs } from "../../../../provider/resources/vf-config/check.js";
import { vfConfig } from "../../../../provider/resources/vf-config/index.js";
import { FakeHost, pfTree } from "../../../fakes/fake-host.js";
import { type FakeWorld, fakeWorld } from "../../../fakes/fake-host-context.js";

const host = { uri: "qemu+ssh://root@kvm1/system" };
const base = { host, pf: "eno49", numVfs: 4 };

describe("VfConfig's inputs alone", () => {
  const cases: [claim: string, news: Values, property: string, reason: RegExp][] = [
    ["a VLAN of 5000", { vfs: [{ index: 1, vlan: 5000 }] }, "vfs[0].vlan", /0 to 4094, got 5000/],
    ["a priority of 8", { vfs: [{ index: 1, vlan: 1, qos: 8 }] }, "vfs[0].qos", /0 to 7, got 8/],
    [
      "a priority without a VLAN",
      { vfs: [{ index: 1, qos: 3 }] },
      "vfs[0].qos",
      /expected a vlan from 1 to 4094 beside qos, got none/,
    ],
    ["a priority with VLAN 0", { vfs: [{ index: 1, vlan: 0, qos: 3 }] }, "vfs[0].qos", /got 0/],
    ["a multicast MAC", { vfs: [{ index: 1, mac: "ff:ff:ff:ff:ff:ff" }] }, "vfs[0].mac", /unicast/],
    ["no MAC at all", { vfs: [{ index: 1, mac: "52:54" }] }, "vfs[0].mac", /expected a MAC address/],
    [
      "one MAC for two VFs, in two spellings",
      {
        vfs: [
          { index: 1, mac: "52:54:00:00:00:0a" },
          { index: 3, mac: "52-54-00-00-00-0A" },
        ],
      },
      "vfs[1].mac",
      /^52:54:00:00:00:0a is also the MAC address of vfs\[0\]$/,
    ],
    ["one VF twice", { vfs: [{ index: 1 }, { index: 1 }] }, "vfs[1].index", /each VF once, got index 1 as in vfs\[0\]/],
    ["a VF beyond numVfs", { vfs: [{ index: 4 }] }, "vfs[0].index", /below 4 \(numVfs\), got 4/],
    ["a VF of no VFs", { numVfs: 0, vfs: [{ index: 0 }] }, "vfs[0].index", /no VF with numVfs 0, got 0/],
    ["an index below 0", { vfs: [{ index: -1 }] }, "vfs[0].index", /at least 0, got -1/],
    ["no index", { vfs: [{ vlan: 1 }] }, "vfs[0].index", /required/],
    ["half a VF", { numVfs: 1.5 }, "numVfs", /whole number.*got 1\.5/],
    ["a number in words", { numVfs: "seven" }, "numVfs", /whole number.*got "seven"/],
    ["a negative rate", { vfs: [{ index: 0, maxTxRate: -5 }] }, "vfs[0].maxTxRate", /at least 0, got -5/],
    ["yes for true", { pfUp: "yes" }, "pfUp", /true or false, got "yes"/],
    ["an unknown persistence", { persistence: "rc.local" }, "persistence", /"systemd-link" or "none", got "rc.local"/],
    ["an unknown property", { numVf: 3 }, "numVf", /did you mean "numVfs"/],
    ["an unknown attribute", { vfs: [{ index: 0, trusted: true }] }, "vfs[0].trusted", /did you mean "trust"/],
    ["a fact", { pfPciAddress: "0000:01:00.0" }, "pfPciAddress", /expected no value here/],
    ["an empty PF", { pf: "" }, "pf", /some text/],
  ];
  for (const [claim, news, property, reason] of cases) {
    it(`refuses ${claim}`, () => {
      const { failures } = checkInputs({ ...base, ...news });
      assert.deepEqual(
        failures.map((failure) => failure.property),
        [property],
      );
      assert.match(failures[0]?.reason ?? "", reason);
    });
  }

  it("fills in the defaults, and writes MACs in one spelling", () => {
    const { inputs, failures } = checkInputs({ ...base, vfs: [{ index: 0, mac: "52-54-00-00-00-0A" }] });
    assert.deepEqual(failures, []);
    assert.deepEqual(inputs, {
      ...base,
      vfs: [{ index: 0, mac: "52:54:00:00:00:0a" }],
      pfUp: true,
      persistence: "systemd-unit",
      externallyManaged: false,
      allowDisruption: false,
      confirmTimeout: 120,
      onDelete: "restore",
    });
  });

  it("takes zeros for a MAC, on as many VFs as it likes", () => {
    const zero = "00:00:00:00:00:00";
    const { failures } = checkInputs({
      ...base,
      vfs: [
        { index: 0, mac: zero },
        { index: 1, mac: zero },
      ],
    });
    assert.deepEqual(failures, []);
  });

  it("hands unknown values through at any depth, and still judges the others", () => {
    const news: Values = { host, pf: unknown, numVfs: unknown, vfs: [{ index: 0, mac: unknown, vlan: 5000 }, unknown] };
    const { inputs, failures } = checkInputs(news);
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["vfs[0].vlan"],
    );
    assert.equal(inputs.numVfs, unknown);
    assert.equal(inputs.vfs?.[0]?.mac, unknown);
    assert.equal(inputs.vfs?.[1], unknown);
  });
});

describe("VfConfig's inputs on a host", () => {
  let fake: FakeHost;
  let world: FakeWorld;
  beforeEach(() => {
    fake = new FakeHost(pfTree());
    world = fakeWorld(fake);
  });
  afterEach(() => fake.dispose());
  const check = (news: Values, olds?: Values) => vfConfig.check(world.context, { ...base, ...news }, olds);

  it("knows the stable facts, and tells the program's other resources", async () => {
    const { inputs, failures } = await check({});
    assert.deepEqual(failures, []);
    const { hostId, pfPciAddress, pfName, driver, totalVfs } = inputs;
    assert.deepEqual(
      { hostId, pfPciAddress, pfName, driver, totalVfs },
      { hostId: world.machineId, pfPciAddress: "0000:01:00.0", pfName: "eno49", driver: "igb", totalVfs: 7 },
    );
    assert.equal(world.context.program.vfsOf(hostKey(host), "eno49")?.numVfs, 4);
  });

  it("finds the same PF by address, in any spelling, and by altname", async () => {
    fake.put("fake/altnames/enp1s0f0-long", "eno49");
    for (const pf of ["0000:01:00.0", "01:00.0", "enp1s0f0-long"]) {
      const { inputs, failures } = await check({ pf });
      assert.deepEqual(failures, []);
      assert.equal(inputs.pfPciAddress, "0000:01:00.0");
    }
  });

  it("offers the PFs that there are for one that there is not", async () => {
    const { failures } = await check({ pf: "eno99" });
    assert.deepEqual(failures, [
      {
        property: "pf",
        reason:
          'expected the netdev, altname or PCI address of a PF of kvm1, got "eno99". The SR-IOV PFs of kvm1: eno49 (0000:01:00.0, up to 7 VFs).',
      },
    ]);
  });

  it("says more than sriov_totalvfs together with what else is wrong", async () => {
    const { failures } = await check({ numVfs: 8, pfUp: "yes", vfs: [{ index: 1, vlan: 5000 }] });
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["pfUp", "vfs[0].vlan", "numVfs"],
    );
    assert.match(failures[2]?.reason ?? "", /expected at most 7, .* PF eno49 \(0000:01:00\.0\) on kvm1 .*, got 8/);
  });

  it("explains a card without SR-IOV, a VF, and a netdev that is no PCI device", async () => {
    fake.put("sys/bus/pci/devices/0000:03:00.0/vendor", "0x10ec");
    fake.put("sys/bus/pci/devices/0000:01:10.0/physfn", "-> ../0000:01:00.0");
    fake.put("sys/class/net/br0/address", "52:54:00:00:00:01");
    const reason = async (pf: string) => (await check({ pf })).failures[0]?.reason ?? "";
    assert.match(await reason("0000:03:00.0"), /no sriov_totalvfs.*BIOS/);
    assert.match(await reason("0000:01:10.0"), /is a VF of PF 0000:01:00\.0/);
    assert.match(await reason("br0"), /br0 is no PCI device/);
  });

  it("explains a PF without a driver", async () => {
    fake.remove("sys/bus/pci/devices/0000:01:00.0/driver");
    assert.match((await check({})).failures[0]?.reason ?? "", /has none bound/);
  });

  it("holds an index against the VFs there are where the number is left alone", async () => {
    const { failures } = await vfConfig.check(world.context, { host, pf: "eno49", vfs: [{ index: 2 }] }, undefined);
    assert.match(failures[0]?.reason ?? "", /the VFs of eno49 \(0000:01:00\.0\) now 0, got 2/);
  });

  it("only warns about a host that cannot be reached, and keeps the facts it knew", async () => {
    const { inputs } = await check({});
    world.connectError = new SriovError("unreachable", "no route to kvm1");
    const again = await check({ numVfs: 5 }, inputs);
    assert.deepEqual(again.failures, []);
    assert.equal(again.inputs.pfPciAddress, "0000:01:00.0");
    assert.match(world.warnings[0] ?? "", /qemu\+ssh:\/\/root@kvm1\/system cannot be asked now.*no route to kvm1/);
  });

  it("fails on a host that refuses us", async () => {
    world.connectError = new SriovError("refused", "the host key of kvm1 is unknown", { remedy: "ssh-keyscan" });
    const { failures } = await check({});
    assert.deepEqual(failures, [{ property: "host", reason: "the host key of kvm1 is unknown\nssh-keyscan" }]);
  });

  it("asks no host that is not known yet", async () => {
    world.connectError = new Error("asked");
    assert.deepEqual((await check({ host: { uri: unknown } })).failures, []);
    assert.deepEqual((await check({ pf: unknown })).failures, []);
  });
});
