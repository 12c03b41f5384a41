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

  it("wants either pf or vfs", () => {
    assert.deepEqual(said({}), ["pf: expected either pf or vfs, got neither"]);
    assert.deepEqual(said({ pf: "eno49", vfs: ["01:10.0"] }), ["vfs: expected either pf or vfs, got both"]);
    assert.deepEqual(said({ pf: unknown }), []);
  });

  it("says everything at once", () => {
    const all = said({
      ...{ name: "a/b", pf: "eno49", vlan: 4095, active: "yes", colour: 1, hostId: "x" },
      portgroups: [{ name: "a", default: true }, { name: "a", default: true }, { vlan: -1 }],
    });
    assert.deepEqual(all.sort(), [
      'active: expected true or false, got "yes" (string)',
      "colour: no such property; expected host, name, pf, vfs, managed, vlan, portgroups, autostart or active",
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

  it("asks nothing of a host that is not known yet", async () => {
    kvm.connectError = new Error("must not connect");
    const { failures } = await sriovNetwork.check(kvm.context, { host: unknown, pf: "eno49" }, undefined, "pool");
    assert.deepEqual(failures, []);
  });
});
