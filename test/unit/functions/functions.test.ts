// The read-only functions over a host of files and a libvirtd in memory that agree about the VFs.
import assert from "node:assert/strict";
import { callFunction, functions } from "../../../provider/functions/registry.js";
import type { Values } from "../../../provider/resources/lifecycle.js";
import { FakeKvm } from "../../fakes/fake-libvirt-context.js";
import type { FakeDomain } from "../../fakes/fake-libvirt-domains.js";
import { giveToVm } from "../../fakes/fake-host-context.js";
import { counting } from "../../fakes/round-trips.js";

const host = { uri: "qemu+ssh://root@kvm1/system" };
const mac = "52:54:00:00:00:01";

describe("a function", () => {
  let kvm: FakeKvm;
  let web: FakeDomain;
  beforeEach(async () => {
    kvm = new FakeKvm();
    await kvm.setNumVfs("eno49", 3);
    const { networks, domains } = kvm.libvirt;
    networks.start(
      networks.define(
        `<network><name>pool</name><forward mode='hostdev' managed='yes'><pf dev='eno49'/></forward><vlan><tag id='7'/></vlan>
         <portgroup name='a' default='yes'><vlan><tag id='8'/></vlan></portgroup></network>`,
      ),
    );
    web = domains.add("web");
    web.definition = web.definition.replace(
      "</devices>",
      `<interface type='network'><mac address='${mac}'/><source network='pool' portgroup='a'/><alias name='ua-data'/></interface></devices>`,
    );
    const db = domains.add("db");
    db.definition = db.definition.replace(
      "</devices>",
      "<interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br0'/></interface></devices>",
    );
  });
  afterEach(() => kvm.dispose());

  const call = (name: keyof typeof functions, args: Values = {}) =>
    callFunction(name, kvm.context, { host, ...args }) as Promise<Record<string, unknown>>;
  const startWeb = () => kvm.libvirt.domains.start(web);

  it("shows the PFs, with the number of their VFs", async () => {
    const { hostId, physicalFunctions } = await callFunction("getPhysicalFunctions", kvm.context, { host });
    assert.equal(hostId, kvm.machineId);
    assert.deepEqual(
      physicalFunctions.map(({ netdev, pciAddress, numVfs, totalVfs, driver, up, boot }) =>
        [netdev, pciAddress, `${numVfs}/${totalVfs}`, driver, up, boot].join(" "),
      ),
      ["eno49 0000:01:00.0 3/7 igb false false", "eno50 0000:02:00.0 0/7 igb false false"],
    );
  });

  it("joins each VF with its PF, IOMMU group, driver, netdev, pool and VM", async () => {
    startWeb();
    giveToVm(kvm.host, "0000:01:10.0", 90, "web");
    const { virtualFunctions } = await callFunction("getVirtualFunctions", kvm.context, { host });
    assert.deepEqual(virtualFunctions[0], {
      pciAddress: "0000:01:10.0",
      index: 0,
      pfPciAddress: "0000:01:00.0",
      pfName: "eno49",
      iommuGroup: 90,
      driver: "vfio-pci",
      mac: virtualFunctions[0]?.mac,
      vlan: 0,
      network: "pool",
      use: "vm",
      usedBy: "web",
    });
    assert.deepEqual(
      virtualFunctions.slice(1).map(({ driver, netdev, use }) => [driver, netdev, use]),
      [
        ["igbvf", "eno49v1", "free"],
        ["igbvf", "eno49v2", "free"],
      ],
    );
  });

  it("tells a VF of a bridge and one of a program that is no VM from a free one", async () => {
    kvm.host.put("sys/bus/pci/devices/0000:01:10.2/net/eno49v1/upper_br0/ifindex", "9");
    giveToVm(kvm.host, "0000:01:10.4", 92, "x");
    kvm.host.put("proc/4711/cmdline", "dpdk-testpmd\0");
    kvm.host.put("proc/4711/comm", "dpdk-testpmd");
    const { virtualFunctions } = await callFunction("getVirtualFunctions", kvm.context, { host, pf: "eno49" });
    assert.deepEqual(
      virtualFunctions.map(({ use, usedBy }) => [use, usedBy]),
      [
        ["free", undefined],
        ["host", "br0"],
        ["process", "dpdk-testpmd (4711)"],
      ],
    );
  });

  it("shows what a network has handed out: VF, VM, MAC, portgroup, VLAN", async () => {
    startWeb();
    const shown = await callFunction("getNetwork", kvm.context, { host, network: "pool" });
    const [port] = kvm.libvirt.networks.byName("pool").ports;
    assert.deepEqual(shown.allocations, [
      {
        pciAddress: "0000:01:10.0",
        domain: "web",
        domainUuid: web.uuid,
        mac,
        portgroup: "a",
        vlan: shown.allocations[0]?.vlan,
        portId: port?.uuid,
      },
    ]);
    assert.deepEqual(shown.vfs, ["0000:01:10.0", "0000:01:10.2", "0000:01:10.4"]);
    assert.deepEqual(shown.portgroups, [{ name: "a", default: true, vlan: 8 }]);
    const { name, mode, active, vlan, pf, stale, owner } = shown;
    assert.deepEqual(
      [name, mode, active, vlan, pf, stale, owner],
      ["pool", "hostdev", true, 7, "eno49", false, undefined],
    );
    assert.deepEqual(await call("getNetwork", { network: shown.uuid }), shown);
  });

  it("says of a pool whose VFs were made again that it is stale", async () => {
    await kvm.setNumVfs("eno49", 2);
    assert.equal((await callFunction("getNetwork", kvm.context, { host, network: "pool" })).stale, true);
  });

  it("joins an interface's two definitions, and the VF that the pool gave it", async () => {
    const off = await callFunction("getDomainInterfaces", kvm.context, { host, domain: "web" });
    assert.deepEqual(
      off.interfaces.map(({ type, config, live, vfPciAddress }) => [type, config, live, vfPciAddress]),
      [["network", true, false, undefined]],
    );
    startWeb();
    const { interfaces } = await callFunction("getDomainInterfaces", kvm.context, { host });
    const [bridge, data] = interfaces;
    assert.deepEqual([interfaces.length, bridge?.type, bridge?.running], [2, "bridge", false]);
    assert.deepEqual(
      [data?.domain, data?.running, data?.alias, data?.network, data?.portgroup, data?.vfPciAddress, data?.live],
      ["web", true, "ua-data", "pool", "a", "0000:01:10.0", true],
    );
    assert.equal(data?.portId, kvm.libvirt.networks.byName("pool").ports[0]?.uuid);
  });

  it("asked for what is not there says what is", async () => {
    await assert.rejects(call("getNetwork", { network: "pol" }), {
      kind: "not-found",
      message: /kvm1 \(pool\), got "pol"/,
    });
    await assert.rejects(call("getDomainInterfaces", { domain: "wbe" }), {
      kind: "not-found",
      message: /\(db, web\), got "wbe"/,
    });
    await assert.rejects(call("getVirtualFunctions", { pf: "eno5" }), {
      kind: "not-found",
      message: /\(eno49, eno50\), got "eno5"/,
    });
  });

  it("says everything that is wrong with its arguments at once", async () => {
    await assert.rejects(callFunction("getNetwork", kvm.context, { host: { uri: "no uri" }, nam: "x" }), {
      kind: "invalid-input",
      message: /^getNetwork: (?=[^]*host\.uri: )(?=[^]*network: )(?=[^]*nam: )/,
    });
  });

  it("asks in few round trips, however many PFs, networks and VMs there are", async () => {
    for (let i = 0; i < 5; i += 1) kvm.libvirt.domains.add(`vm${i}`);
    startWeb();
    const most = {
      getPhysicalFunctions: [0, 1],
      getVirtualFunctions: [3, 1],
      getNetwork: [3, 1],
      getDomainInterfaces: [3, 0],
    };
    for (const [name, [libvirt, shell]] of Object.entries(most)) {
      const args = name === "getNetwork" ? { network: "pool" } : {};
      const counted = counting(kvm.context);
      await callFunction(name as keyof typeof functions, counted.context, { host, ...args });
      assert.deepEqual([counted.libvirt, counted.shell], [libvirt, shell], name);
    }
  });

  it("answers what its model says, with every field described", async () => {
    startWeb();
    for (const [name, { args, result }] of Object.entries(functions)) {
      const more: Values = name === "getNetwork" ? { network: "pool" } : {};
      result.parse(await call(name as keyof typeof functions, more));
      for (const model of [args, result]) {
        assert.ok(model.description, name);
        for (const [field, schema] of Object.entries(model.shape as Record<string, { description?: string }>)) {
          assert.ok(schema.description, `${name} ${field}`);
        }
      }
    }
  });
});
