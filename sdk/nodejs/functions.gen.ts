// Made from the models of provider/functions by sdk/generate (`npm run schema`). Do not edit.
import type * as pulumi from "@pulumi/pulumi";
import { ask, askOutput } from "./ask.js";
import type {
  GetDomainInterfacesArgs,
  GetDomainInterfacesOutputArgs,
  GetDomainInterfacesResult,
  GetHostArgs,
  GetHostOutputArgs,
  GetHostResult,
  GetNetworkArgs,
  GetNetworkOutputArgs,
  GetNetworkResult,
  GetPhysicalFunctionsArgs,
  GetPhysicalFunctionsOutputArgs,
  GetPhysicalFunctionsResult,
  GetVirtualFunctionsArgs,
  GetVirtualFunctionsOutputArgs,
  GetVirtualFunctionsResult,
} from "./types.gen.js";

/** The network interfaces and passed-through PCI devices of VMs, in the definition and live, with the VF that each has. Equivalent to: `virsh dumpxml` and `virsh dumpxml --inactive` of each VM, joined with `virsh net-port-list`. */
export function getDomainInterfaces(args: GetDomainInterfacesArgs): Promise<GetDomainInterfacesResult> {
  return ask("getDomainInterfaces", args);
}

/** `getDomainInterfaces` for arguments that may be outputs: asks when they are known. */
export function getDomainInterfacesOutput(
  args: GetDomainInterfacesOutputArgs,
): pulumi.Output<GetDomainInterfacesResult> {
  return askOutput("getDomainInterfaces", args);
}

/** Whether VMs of a host can have VFs, and if not, why: IOMMU, firmware, modules, AppArmor, SELinux, libvirt and its settings, PFs, pools and VMs. Changes nothing. Equivalent to: `dmesg`, `virt-host-validate`, `aa-status`, `virsh net-dumpxml` and a long evening. */
export function getHost(args: GetHostArgs): Promise<GetHostResult> {
  return ask("getHost", args);
}

/** `getHost` for arguments that may be outputs: asks when they are known. */
export function getHostOutput(args: GetHostOutputArgs): pulumi.Output<GetHostResult> {
  return askOutput("getHost", args);
}

/** A libvirt network: its settings, its VFs, and which VM has which of them. Equivalent to: `virsh net-info`, `virsh net-dumpxml`, `virsh net-port-list` and `virsh net-port-dumpxml` of each port. */
export function getNetwork(args: GetNetworkArgs): Promise<GetNetworkResult> {
  return ask("getNetwork", args);
}

/** `getNetwork` for arguments that may be outputs: asks when they are known. */
export function getNetworkOutput(args: GetNetworkOutputArgs): pulumi.Output<GetNetworkResult> {
  return askOutput("getNetwork", args);
}

/** The physical functions (PFs) of a host: network cards that can have VFs. Equivalent to: `ls -d /sys/bus/pci/devices/*\/sriov_totalvfs` and `ip -d link show` of each; one round trip. */
export function getPhysicalFunctions(args: GetPhysicalFunctionsArgs): Promise<GetPhysicalFunctionsResult> {
  return ask("getPhysicalFunctions", args);
}

/** `getPhysicalFunctions` for arguments that may be outputs: asks when they are known. */
export function getPhysicalFunctionsOutput(
  args: GetPhysicalFunctionsOutputArgs,
): pulumi.Output<GetPhysicalFunctionsResult> {
  return askOutput("getPhysicalFunctions", args);
}

/** The virtual functions (VFs) of a host: of which PF each is, its IOMMU group, driver and netdev, the pool that hands it out, and the VM that has it. Takes the place of `ls -l /sys/class/net/PF/device/virtfn*`, `ip link show`, `virsh net-port-list` and `virsh dumpxml` of every VM. */
export function getVirtualFunctions(args: GetVirtualFunctionsArgs): Promise<GetVirtualFunctionsResult> {
  return ask("getVirtualFunctions", args);
}

/** `getVirtualFunctions` for arguments that may be outputs: asks when they are known. */
export function getVirtualFunctionsOutput(
  args: GetVirtualFunctionsOutputArgs,
): pulumi.Output<GetVirtualFunctionsResult> {
  return askOutput("getVirtualFunctions", args);
}
