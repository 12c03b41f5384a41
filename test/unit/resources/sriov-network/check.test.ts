// What check says of a program's inputs, alone and on a host.
import assert from "node:assert/strict";
import { hostKey } from "../../../../provider/resources/host-inputs.js";
import { type Values, unknown } from "../../../../provider/resources/lifecycle.js";
import { sriovNetwork } from "../../../../provider/resources/sriov-network/index.js";
import { checkInputs } from "../../../../provider/resources/sriov-network/check.js";
import { FakeKvm } from "../../../fakes/fake-libvirt-context.js";

const host = { uri: "qemu:///system" };
const said = (news: Values) =>
  checkInputs({ host, ...news }, "pool").failures.map(({ property, reason }) => `${property}: ${reason}`);

describe("check of a SriovNetwork's inputs", () => {
  it("names the network after the resource, in letters that libvirt takes", () => {
    assert.equal(checkInputs({ host, pf: "eno49" }, "pool-eno49").inputs.name, "pool-eno49");
    assert.equal(checkInputs({ host, pf: "eno49" }, "my pool/1").inputs.name, "my-pool-1");
  });

  it("fills in the defaults, and writes PCI addresses in their one spelling", () => {
    const { inputs } = checkInputs({ host, vfs: ["01:10.0", "0000:01:1F.2"] }, "pool");
    assert.deepEqual(inputs.vfs, ["0000:01:10.0", "0000:01:1f.2"]);
    assert.deepEqual([inputs.managed, inputs.autostart, inputs.active], [true, true, true]);
  });

  it("wants one of pf, vfs and netdevs", () => {
    assert.deepEqual(said({}), ["pf: expected one of pf, vfs and netdevs, got none"]);
    const both = "vfs: expected one of pf, vfs and netdevs, got pf and vfs";
    assert.deepEqual(said({ pf: "eno49", vfs: ["01:10.0"] }), [both]);
    assert.deepEqual(said({ pf: unknown }), []);
  });

  it("takes PCI devices for hostdev and netdevs for macvtaps", () => {
    assert.match(said({ netdevs: ["eno49v0"] }).join(), /^netdevs: expected pf or vfs for mode "hostdev"/);
    assert.deepEqual(said({ netdevs: ["eno49v0"], mode: "bridge" }), []);
    assert.deepEqual(said({ pf: "eno49", mode: "passthrough" }), []);
    const wrong = said({ vfs: ["01:10.0"], mode: "passthrough", managed: true, driver: {} });
    assert.match(wrong.join("\n"), /^vfs: expected pf or netdevs.*\nmanaged: .*\ndriver: expected no value for mode/);
    const groups = [{ name: "a", vlan: 7 }];
    assert.deepEqual(said({ pf: "eno49", mode: "passthrough", vlan: 4, portgroups: groups }), []);
    const vlans = said({ pf: "eno49", mode: "vepa", vlan: 4, portgroups: groups }).join("\n");
    assert.match(vlans, /^vlan: expected none for mode "vepa".*\nportgroups\[0\]\.vlan: expected none/);
    assert.match(said({ netdevs: ["a/b"], mode: "vepa" }).join(), /netdevs\[0\]: expected the name of a network/);
    assert.match(said({ netdevs: ["a", "a"], mode: "vepa" }).join(), /netdevs\[1\]: expected each one once/);
    assert.match(said({ pf: "eno49", mode: "nat" }).join(), /mode: expected "hostdev", "passthrough", .*got "nat"/);
  });

  it("knows what a virtualport needs, and that it excludes a VLAN", () => {
    const of = (virtualport: Values, more: Values = {}) => said({ pf: "eno49", virtualport, ...more }).join("\n");
    assert.equal(of({ type: "802.1Qbh", profileId: "web" }), "");
    assert.equal(of({ type: "none" }, { vlan: 42 }), "");
    assert.match(of({ type: "802.1Qbg", typeId: 1 }), /managerId: required .*\n.*typeIdVersion: required/);
    assert.match(of({ type: "802.1Qbh", profileId: "web", typeId: 1 }), /typeId: expected profileId for type/);
    assert.match(of({ type: "802.1Qbh", profileId: "web" }, { vlan: 42 }), /expected either a virtualport or a VLAN/);
    assert.match(of({ type: "openvswitch" }), /expected "802.1Qbg", "802.1Qbh" or "none"/);
    const groups = [{ name: "a", virtualport: { type: "802.1Qbh", profileId: "web" } }];
    assert.match(said({ pf: "eno49", vlan: 42, portgroups: groups }).join(), /portgroups\[0\]\.virtualport: .*\(42\)/);
  });

  it("takes metadata that is one element in its namespace", () => {
    const of = (uri: string, xml: string) => said({ pf: "eno49", metadata: [{ uri, xml }] }).join();
    assert.equal(of("urn:rack", "<r:at xmlns:r='urn:rack' row='7'/>"), "");
    assert.equal(of("urn:rack", ""), "");
    assert.match(of("urn:rack", "<r:at"), /metadata\[0\]\.xml: expected one element .*got no XML/);
    assert.match(of("urn:rack", "<at/>"), /got one without a namespace/);
    assert.match(of("urn:rack", "<r:at xmlns:r='urn:other'/>"), /got one in "urn:other"/);
    assert.match(of("urn:pulumi-sriov:network:1", ""), /our own mark/);
  });

  it("says everything at once", () => {
    const all = said({
      ...{ name: "a/b", pf: "eno49", vlan: 4095, active: "yes", colour: 1, hostId: "x" },
      portgroups: [{ name: "a", default: true }, { name: "a", default: true }, { vlan: -1 }],
    });
    assert.deepEqual(all.sort(), [
      'active: expected true or false, got "yes" (string)',
      "colour: no such property; expected host, name, pf, vfs, netdevs, mode, managed, vlan, virtualport, driver, portgroups, title, description, metadata, autostart or active",
      'hostId: expected no value here: "hostId" is found out by the provider',
      'name: expected a name without spaces and slashes, got "a/b"',
      "portgroups[1].default: expected one default portgroup, and portgroups[0] is it",
      'portgroups[1]: expected each one once, got "a" as in portgroups[0]',
      "portgroups[2].name: required: Name of the portgroup: what a VM's interface asks for.",
      "portgroups[2].vlan: expected a whole number from 0 to 4094, got -1 (number)",
      "vlan: expected a whole number from 0 to 4094, got 4095 (number)",
    ]);
  });

  it("sees one VF twice through its spellings", () => {
    assert.deepEqual(said({ vfs: ["0000:01:10.0", "01:10.0"] }), [
      'vfs[1]: expected each one once, got "0000:01:10.0" as in vfs[0]',
    ]);
    assert.match(said({ vfs: ["eno49v0"] }).join(), /vfs\[0\]: expected a PCI address .*"eno49v0"/);
  });

  it("keeps what is not known yet", () => {
    const { inputs, failures } = checkInputs({ host, pf: unknown, vlan: unknown, portgroups: [unknown] }, "pool");
    assert.deepEqual(failures, []);
    assert.equal(inputs.pf, unknown);
    assert.deepEqual(inputs.portgroups, [unknown]);
  });
});

describe("check of a SriovNetwork on a host", () => {
  let kvm: FakeKvm;
  beforeEach(() => void (kvm = new FakeKvm()));
  afterEach(() => kvm.dispose());
  const onHost = async (news: Values, name = "pool") => {
    const { failures } = await sriovNetwork.check(kvm.context, { host, ...news }, undefined, name);
    return failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
  };

  it("refuses a PF without VFs, and says what makes them", async () => {
    assert.match(await onHost({ pf: "eno49" }), /^pf: PF eno49 has no VFs: .*VfConfig with numVfs/);
    kvm.context.program.declareVfs(hostKey(host), { pfPciAddress: "0000:01:00.0", pfName: "eno49", numVfs: 2 });
    assert.equal(await onHost({ pf: "eno49" }), "");
    kvm.context.program.declareVfs(hostKey(host), { pfPciAddress: "0000:01:00.0", pfName: "eno49", numVfs: 0 });
    assert.match(await onHost({ pf: "eno49" }), /has no VFs/);
  });

  it("warns of a PF that is down, unless a VfConfig brings it up", async () => {
    await kvm.setNumVfs("eno49", 2);
    await onHost({ pf: "eno49" });
    assert.match(kvm.warnings.join(), /PF eno49 on kvm1 is down/);
    kvm.warnings.length = 0;
    await onHost({ pf: "eno49", active: false });
    kvm.context.program.declareVfs(hostKey(host), { pfPciAddress: "0000:01:00.0", pfName: "eno49", numVfs: undefined });
    await onHost({ pf: "eno49" });
    assert.deepEqual(kvm.warnings, []);
  });

  it("lets a VF pass that this program is about to make", async () => {
    assert.match(await onHost({ vfs: ["0000:01:10.0"] }), /vfs\[0\]: .*no such PCI device/);
    kvm.context.program.declareVfs(hostKey(host), { pfPciAddress: "0000:01:00.0", pfName: "eno49", numVfs: 2 });
    assert.equal(await onHost({ vfs: ["0000:01:10.0"] }), "");
    assert.match(await onHost({ vfs: ["0000:02:00.0"] }), /vfs\[0\]: .*no VF/);
  });

  it("refuses a PF whose VFs another active network hands out, and its own old name is no other", async () => {
    await kvm.setNumVfs("eno49", 2);
    const { inputs } = await sriovNetwork.check(kvm.context, { host, pf: "eno49" }, undefined, "pool");
    await sriovNetwork.create(kvm.context, inputs);
    assert.match(await onHost({ pf: "eno49" }, "second"), /^pf: PF eno49 is in the active network "pool" of kvm1/);
    assert.match(await onHost({ vfs: ["0000:01:10.2"] }, "second"), /^vfs: 0000:01:10\.2 is in the active network/);
    assert.equal(await onHost({ pf: "eno49", name: "renamed" }), "");
  });

  it("finds two networks of one name in one program, and one checked again is no other", async () => {
    await kvm.setNumVfs("eno49", 2);
    assert.equal(await onHost({ pf: "eno49", name: "data" }, "first"), "");
    assert.equal(await onHost({ pf: "eno49", name: "data" }, "first"), "");
    assert.match(
      await onHost({ vfs: ["0000:02:10.0"], name: "data" }, "second"),
      /^name: expected a name for this network alone, got "data", .*resource "first"/m,
    );
  });

  it("finds two networks of one program that would hand out the same VFs, unless one is not to be active", async () => {
    await kvm.setNumVfs("eno49", 2);
    assert.equal(await onHost({ pf: "eno49" }, "first"), "");
    assert.match(await onHost({ pf: "eno49" }, "second"), /^pf: PF eno49 is also in network "first" of this program/);
    assert.equal(await onHost({ pf: "eno49", active: false }, "third"), "");
    kvm.context.program.declareVfs(hostKey(host), { pfPciAddress: "0000:02:00.0", pfName: "eno50", numVfs: 2 });
    assert.equal(await onHost({ pf: "eno50", mode: "bridge" }, "bridge"), "");
    assert.equal(await onHost({ pf: "eno50", mode: "private" }, "private"), "");
    assert.match(await onHost({ pf: "eno50", mode: "passthrough" }, "alone"), /^pf: PF eno50 is also in network/);
  });

  it("refuses a VF that a running VM holds, and warns of one among a PF's", async () => {
    await kvm.setNumVfs("eno49", 2);
    const web = kvm.libvirt.domains.add("web");
    kvm.libvirt.domains.start(web);
    kvm.libvirt.domains.attach(
      web,
      "<interface type='hostdev' managed='yes'><mac address='52:54:00:00:00:01'/><source><address type='pci' domain='0x0000' bus='0x01' slot='0x10' function='0x2'/></source></interface>",
      { live: true },
    );
    const vfs = ["0000:01:10.0", "0000:01:10.2"];
    assert.match(
      await onHost({ vfs }, "listed"),
      /^vfs\[1\]: VM web holds 0000:01:10\.2 already, and not from this pool/,
    );
    assert.equal(await onHost({ vfs, active: false }, "idle"), "");
    assert.equal(await onHost({ pf: "eno49" }, "all"), "");
    assert.match(kvm.warnings.join(), /VM web holds 0000:01:10\.2 on kvm1, and not from network "all"/);
  });

  it("refuses the one VF of a VmSriovInterface of the same program", async () => {
    await kvm.setNumVfs("eno49", 2);
    const nic = { resource: "nic", domain: "web", alias: "ua-nic", mac: "52:54:00:00:00:01", network: undefined };
    kvm.context.program.declareInterface(hostKey(host), { ...nic, vf: "0000:01:10.2" });
    assert.match(
      await onHost({ vfs: ["01:10.0", "01:10.2"] }),
      /^vfs\[1\]: 0000:01:10\.2 is the VF of ua-nic in VM "web"/,
    );
  });

  it("refuses to keep a trunk of VLANs that somebody defined: libvirt would start no VM on it", async () => {
    await kvm.setNumVfs("eno49", 2);
    const { inputs } = await sriovNetwork.check(kvm.context, { host, pf: "eno49" }, undefined, "pool");
    const { state } = await sriovNetwork.create(kvm.context, inputs);
    const [made] = kvm.libvirt.networks.all;
    assert.ok(made);
    const trunk = "<vlan trunk='yes'><tag id='4'/><tag id='5'/></vlan>";
    made.definition = made.definition.replace(
      "</network>",
      `${trunk}<portgroup name='a'>${trunk}</portgroup></network>`,
    );
    const said = async (news: Values) => {
      const { failures } = await sriovNetwork.check(kvm.context, { host, pf: "eno49", ...news }, state, "pool");
      return failures.map(({ property }) => property);
    };
    assert.deepEqual(await said({}), ["vlan", "portgroups"]);
    assert.deepEqual(await said({ vlan: 4, portgroups: [{ name: "a" }] }), ["portgroups[0].vlan"]);
    assert.deepEqual(await said({ vlan: 0, portgroups: [] }), []);
  });

  it("says which libvirt a driver's model and a title need", async () => {
    await kvm.setNumVfs("eno49", 2);
    const news = { pf: "eno49", title: "data", driver: { model: "mlx5_vfio_pci" } };
    assert.match(await onHost(news), /driver\.model: libvirt 9\.0\.0 on kvm1 .*10\.0.*\ntitle: .*9\.7/);
    assert.equal(await onHost({ pf: "eno49", driver: {} }, "other").then((text) => text.includes("driver")), false);
  });

  it("wants the netdevs of a macvtap pool to be there, or made by the same program", async () => {
    assert.match(await onHost({ mode: "bridge", netdevs: ["eno49", "eno51"] }), /^netdevs\[1\]: .*got "eno51"/);
    kvm.context.program.declareVfs(hostKey(host), { pfPciAddress: "0000:01:00.0", pfName: "eno49", numVfs: 2 });
    assert.equal(await onHost({ mode: "bridge", netdevs: ["eno49", "eno49v0"] }), "");
  });

  it("asks nothing of a host that is not known yet", async () => {
    kvm.connectError = new Error("must not connect");
    const { failures } = await sriovNetwork.check(kvm.context, { host: unknown, pf: "eno49" }, undefined, "pool");
    assert.deepEqual(failures, []);
  });
});
