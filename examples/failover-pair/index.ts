// A VM with a VF that can be migrated while it runs: a virtio NIC with the VF's MAC address takes over while the VF is away. Both
// come from one PF, so that the switch sees the MAC address behind one port.
import * as pulumi from "@pulumi/pulumi";
import * as sriov from "pulumi-sriov";

const config = new pulumi.Config();
const host = { uri: config.require("uri") }; // qemu+ssh://root@kvm1/system
const pf = config.get("pf") ?? "eno49";

const vfs = new sriov.SriovNetwork("vfs", { host, name: `${pf}-vfs`, pf });
// Macvtaps on the PF itself.
const lan = new sriov.SriovNetwork("lan", { host, name: `${pf}-lan`, mode: "bridge", netdevs: [pf] });

const pair = new sriov.VmFailoverPair("data", {
  host,
  domain: config.get("domain") ?? "web",
  primary: { network: vfs.name, vlan: config.getNumber("vlan") ?? 42 },
  standby: { network: lan.name },
});

export const mac = pair.mac;
