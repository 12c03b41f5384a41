// libvirt's yes to a detach is believed when the interface is out of both definitions.
import assert from "node:assert/strict";
import type { SriovError } from "../../../../provider/base/errors.js";
import type { Values } from "../../../../provider/resources/lifecycle.js";
import { vmSriovInterface } from "../../../../provider/resources/vm-sriov-interface/index.js";
import { FakeKvm } from "../../../fakes/fake-libvirt-context.js";
import type { FakeDomain } from "../../../fakes/fake-libvirt-domains.js";

const host = { uri: "qemu+ssh://root@kvm1/system" };
const mac = "52:54:00:00:00:01";
const xml = `<interface type='network'><mac address='${mac}'/><source network='pool'/><alias name='ua-sriov-nic'/></interface>`;

describe("removing a VmSriovInterface", () => {
  let kvm: FakeKvm;
  let web: FakeDomain;
  beforeEach(async () => {
    kvm = new FakeKvm();
    await kvm.setNumVfs("eno49", 2);
    const pool = kvm.libvirt.networks.define(
      "<network><name>pool</name><forward mode='hostdev' managed='yes'><pf dev='eno49'/></forward></network>",
    );
    kvm.libvirt.networks.start(pool);
    web = kvm.libvirt.domains.add("web");
  });
  afterEach(() => kvm.dispose());

  async function create(news: Values = {}) {
    const asked = { host, domain: "web", network: "pool", mac, ...news };
    const { inputs, failures } = await vmSriovInterface.check(kvm.context, asked, undefined, "nic");
    assert.deepEqual(failures, []);
    const made = await vmSriovInterface.create(kvm.context, inputs);
    assert.ok(made.done);
    return made;
  }
  const remove = ({ id, state }: Awaited<ReturnType<typeof create>>) => vmSriovInterface.delete(kvm.context, id, state);
  const isLeftIn = (where: string, command: string) => (error: SriovError) => {
    assert.equal(error.kind, "mismatch");
    assert.equal(
      error.message,
      `libvirt said yes to detaching ua-sriov-nic (${mac}) from VM "web", but it is still in ${where}`,
    );
    assert.ok(error.remedy?.includes(command), error.remedy);
    return true;
  };

  it("fails when libvirt said yes and the interface is still in the definition; the next try takes it out", async () => {
    const made = await create();
    const detachDevice = kvm.libvirt.detachDevice.bind(kvm.libvirt);
    kvm.libvirt.detachDevice = async () => {};
    const command = "virsh detach-device-alias 'web' ua-sriov-nic --config";
    await assert.rejects(remove(made), isLeftIn("its definition", command));
    kvm.libvirt.detachDevice = detachDevice;
    await remove(made);
    assert.doesNotMatch(web.definition, /<interface/);
  });

  it("fails when somebody has plugged the interface into the running VM again by the time the guest let go", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create();
    const listNetworkPorts = kvm.libvirt.listNetworkPorts.bind(kvm.libvirt);
    kvm.libvirt.listNetworkPorts = async (network) => {
      const ports = await listNetworkPorts(network);
      if (ports.length === 0) kvm.libvirt.domains.attach(web, xml, { live: true });
      return ports;
    };
    const command = "virsh detach-device-alias 'web' ua-sriov-nic --live";
    await assert.rejects(remove(made), isLeftIn("the running VM", command));
  });

  it("fails when the VM comes back from its restart with the interface", async () => {
    kvm.libvirt.domains.start(web);
    const made = await create({ detachTimeout: 1, restartDomain: "ifNeeded" });
    web.guest = "ignores";
    const startDomain = kvm.libvirt.startDomain.bind(kvm.libvirt);
    kvm.libvirt.startDomain = async (domain) => {
      kvm.libvirt.domains.attach(web, xml, { config: true });
      await startDomain(domain);
    };
    const command = "virsh detach-device-alias 'web' ua-sriov-nic --config";
    await assert.rejects(remove(made), isLeftIn("its definition and in the running VM", command));
  });

  it("is done when the whole VM went meanwhile", async () => {
    const made = await create();
    kvm.libvirt.detachDevice = async () => void kvm.libvirt.domains.all.splice(0);
    await remove(made);
  });
});
