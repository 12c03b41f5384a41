// Seven VFs on each PF, a libvirt pool a PF, and a VM on a VF of the pool each: z-k8s-n-1 and z-k8s-n-2, in one VLAN.
import * as pulumi from "@pulumi/pulumi";
import * as sriov from "pulumi-sriov";

const config = new pulumi.Config();
const host = { uri: config.require("uri") }; // qemu+ssh://root@kvm1/system
const pfs = config.getObject<string[]>("pfs") ?? ["eno49", "eno50"];

// With AppArmor, QEMU may open /dev/vfio for a VF of a pool only by this rule.
const setup = new sriov.HostSetup("kvm", { host, apparmorVfioRule: true });

const pools = pfs.map((pf) => {
  const vfs = new sriov.VfConfig(pf, {
    host,
    pf,
    numVfs: 7,
    // The last VF is for the host itself: an address and a VLAN of its own, also after a reboot.
    vfs: [{ index: 6, vlan: 100, spoofchk: true }],
  });
  return new sriov.SriovNetwork(`pool-${pf}`, { host, pf: vfs.pfName }, { dependsOn: [setup] });
});

const [pool] = pools;
if (!pool) throw new Error("pfs: expected at least one PF");

const node1 = new sriov.VmSriovInterface("node1-data", {
  host,
  domain: "z-k8s-n-1",
  network: pool.name,
  vlan: config.getNumber("vlan1") ?? 42,
});
const node2 = new sriov.VmSriovInterface("node2-data", {
  host,
  domain: "z-k8s-n-2",
  network: pool.name,
  vlan: config.getNumber("vlan2") ?? 42,
});

export const networks = pools.map((network) => network.name);
export const macs = [node1.mac, node2.mac];
