// VmSriovInterface on a real libvirtd: the VM's definition. A live VFIO attach needs the emulated host; the fake libvirtd of the
// unit tests and the end-to-end tests have it.
import assert from "node:assert/strict";
import { hostKey } from "../../../provider/resources/host-inputs.js";
import type { Outcome, Values } from "../../../provider/resources/lifecycle.js";
import { vmSriovInterface } from "../../../provider/resources/vm-sriov-interface/index.js";
import type {
  VmSriovInterfaceInputs,
  VmSriovInterfaceState,
} from "../../../provider/resources/vm-sriov-interface/model.js";
import { defineDomain, mustRun } from "../libvirtd.js";
import { Program } from "../../../provider/resources/program.js";
import { type World, host, startWorld } from "./world.js";

type Made = { id: string; state: VmSriovInterfaceState };

describe("VmSriovInterface on a real libvirtd", function () {
  this.timeout(60_000);
  let world: World;
  const virsh = async (command: string) => (await mustRun(world.fixture, `virsh ${command}`)).trim();

  before(async () => {
    world = await startWorld();
    // A disk with an order: where no device has one, libvirt writes <os><boot>, and takes no orders beside it.
    const disk = `<disk type='file' device='disk'><source file='/run/web.img'/><target dev='vda' bus='virtio'/><boot order='1'/></disk>`;
    await defineDomain(world.fixture, "web", disk);
    await mustRun(
      world.fixture,
      `echo "<network><name>pool</name><forward mode='hostdev' managed='yes'><pf dev='ens1f0'/></forward>
         <portgroup name='a'><vlan><tag id='10'/></vlan></portgroup></network>" > /run/net.xml
       virsh net-define /run/net.xml && virsh net-start pool`,
    );
  });
  after(() => world?.close());
  // Each test is a program of its own.
  beforeEach(() => void (world.context = { ...world.context, program: new Program() }));

  const check = (news: Values, olds?: Values) =>
    vmSriovInterface.check(world.context, { host, domain: "web", ...news }, olds, "nic");
  async function checked(news: Values, olds?: Values): Promise<VmSriovInterfaceInputs> {
    const { inputs, failures } = await check(news, olds);
    assert.deepEqual(failures, []);
    return inputs;
  }
  async function said(news: Values): Promise<string> {
    const { failures } = await check(news);
    return failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
  }
  function done(outcome: Outcome<VmSriovInterfaceState>): Made {
    assert.ok(outcome.done, JSON.stringify(outcome));
    return outcome;
  }
  const create = async (news: Values) => done(await vmSriovInterface.create(world.context, await checked(news)));
  const update = async ({ id, state }: Made, news: Values) =>
    done(await vmSriovInterface.update(world.context, id, state, await checked(news, state)));
  const remove = ({ id, state }: Made) => vmSriovInterface.delete(world.context, id, state);
  async function refreshed({ id, state }: Made) {
    const observed = await vmSriovInterface.read(world.context, id, state);
    assert.ok(observed.here);
    return observed;
  }
  const definition = async () => (await virsh("dumpxml --inactive web")).match(/<interface[^]*?<\/interface>/g) ?? [];

  it("is in the definition with its MAC, alias and VLAN; read is a fixed point; deleting it twice is fine", async () => {
    const news = { network: "pool", portgroup: "a", vlan: 42 };
    const made = await create(news);
    assert.equal(made.id, "kvm1/web/ua-sriov-nic");
    const [xml = ""] = await definition();
    for (const part of [made.state.mac, "ua-sriov-nic", "network='pool'", "portgroup='a'", "<tag id='42'/>"]) {
      assert.ok(xml.includes(part), `${part} in ${xml}`);
    }
    // A VM with a network that exists gets no rtl8139 on a conventional PCI bus.
    assert.match(xml, /<address type='pci' domain='0x0000' bus='0x0\d' slot='0x00'/);

    const observed = await refreshed(made);
    assert.deepEqual(observed.inputs, await checked(news, made.state));
    assert.deepEqual(vmSriovInterface.diff(made.id, observed.state, observed.inputs).changes, []);
    await remove(made);
    await remove(made);
    assert.deepEqual(await definition(), []);
    assert.deepEqual(await vmSriovInterface.read(world.context, made.id, made.state), { here: false });
  });

  const settings: [what: string, news: Values, xml: RegExp, other: Values, otherXml: RegExp][] = [
    ["a boot order", { bootOrder: 2 }, /<boot order='2'\/>/, { bootOrder: 3 }, /<boot order='3'\/>/],
    [
      "an address in the guest",
      { address: "0000:03:00.0" },
      /<address type='pci' domain='0x0000' bus='0x03' slot='0x00' function='0x0'\/>/,
      { address: "0000:04:00.0" },
      /<address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'\/>/,
    ],
    [
      "a port profile of the switch",
      { virtualport: { type: "802.1Qbh", profileId: "finance" } },
      /<virtualport type='802.1Qbh'>\s*<parameters profileid='finance'\/>/,
      { virtualport: { type: "802.1Qbh", profileId: "research" } },
      /<parameters profileid='research'\/>/,
    ],
    [
      "a VSI of the switch",
      { virtualport: { type: "802.1Qbg", managerId: 11, typeId: 1193047, typeIdVersion: 2 } },
      /<parameters managerid='11' typeid='1193047' typeidversion='2' instanceid='[-0-9a-f]{36}'\/>/,
      { virtualport: { type: "802.1Qbg", managerId: 12, typeId: 1193047, typeIdVersion: 2 } },
      /<parameters managerid='12'/,
    ],
  ];
  for (const [what, news, xml, other, otherXml] of settings) {
    it(`has ${what}, and another one after an update; read is a fixed point of both`, async () => {
      const made = await create({ network: "pool", ...news });
      assert.match((await definition()).join(), xml);
      assert.deepEqual((await refreshed(made)).state, made.state);
      const changed = await update(made, { network: "pool", ...other });
      const now = await definition();
      assert.equal(now.length, 1);
      assert.match(now.join(), otherXml);
      assert.deepEqual((await refreshed(changed)).state, changed.state);
      await remove(changed);
      assert.deepEqual(await definition(), []);
    });
  }

  it("is adopted when it is there as asked, with the same MAC", async () => {
    const first = await create({ network: "pool" });
    const second = await create({ network: "pool" });
    assert.equal(second.state.mac, first.state.mac);
    assert.equal((await definition()).length, 1);
    await remove(first);
  });

  it("changes VLAN, portgroup, MAC and source, and keeps the guest's slot and what others added", async () => {
    const made = await create({ network: "pool", vlan: 42 });
    const guestAddress = made.state.guestAddress;
    await mustRun(
      world.fixture,
      `virsh dumpxml --inactive web | sed "s|<vlan>|<rom enabled='no'/><vlan>|" > /run/web.xml && virsh define /run/web.xml`,
    );
    const tagged = await update(made, { network: "pool", vlan: 43, portgroup: "a" });
    const [xml = ""] = await definition();
    assert.match(xml, /<tag id='43'\/>/);
    assert.match(xml, /portgroup='a'/);
    assert.match(xml, /<rom enabled='no'\/>/);
    assert.equal(tagged.state.guestAddress, guestAddress);

    const moved = await update(tagged, { vf: "0000:03:10.2", mac: "52:54:00:00:00:77" });
    const [explicit = ""] = await definition();
    assert.match(explicit, /<interface type='hostdev' managed='yes'>/);
    assert.match(explicit, /slot='0x10' function='0x2'/);
    assert.match(explicit, /52:54:00:00:00:77/);
    assert.equal((await definition()).length, 1);
    await remove(moved);
  });

  it("taken out by hand is gone; another VLAN by hand is drift that an update mends", async () => {
    const made = await create({ network: "pool", vlan: 42 });
    await mustRun(
      world.fixture,
      `virsh dumpxml --inactive web | sed "s|<tag id='42'/>|<tag id='7'/>|" > /run/web.xml && virsh define /run/web.xml`,
    );
    const observed = await refreshed(made);
    const inputs = await checked({ network: "pool", vlan: 42 }, made.state);
    assert.deepEqual(vmSriovInterface.diff(made.id, observed.state, inputs).changes, [
      { property: "vlan", kind: "update", drift: true },
    ]);
    await update(observed, { network: "pool", vlan: 42 });
    assert.match((await definition()).join(), /<tag id='42'\/>/);
    await mustRun(world.fixture, `virsh detach-interface web network --config`);
    assert.deepEqual(await vmSriovInterface.read(world.context, made.id, made.state), { here: false });
    await remove(made);
  });

  it("says at check what is wrong: no such VM, network, portgroup, VF; a MAC twice", async () => {
    assert.match(await said({ domain: "wbe", network: "pool" }), /^domain: .*kvm1.*"wbe".*web/);
    assert.match(await said({ network: "pol" }), /^network: .*"pol".*pool/);
    assert.match(await said({ network: "pool", portgroup: "b" }), /^portgroup: .*has a, got "b"/);
    assert.match(await said({ vf: "0000:03:00.0" }), /^vf: .*0000:03:00\.0/);
    assert.match(await said({}), /^network: required, unless vf is given/);
    const made = await create({ network: "pool", mac: "52:54:00:00:00:42" });
    assert.match(
      await said({ network: "pool", mac: "52:54:00:00:00:42", alias: "ua-other" }),
      /^mac: another interface/,
    );
    await remove(made);
  });

  it("lets a network pass that the same program makes", async () => {
    world.context.program.declareNetwork(hostKey(host), { resource: "coming", name: "coming", numVfs: 4 });
    await checked({ network: "coming" });
  });

  it("live in a VM that does not run is refused at check", async () => {
    assert.match(await said({ network: "pool", apply: "live" }), /^apply: .*shut off/);
  });
});
