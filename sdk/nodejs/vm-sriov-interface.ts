// VmSriovInterface for programs. What it does is in provider/resources/vm-sriov-interface/.
import type * as pulumi from "@pulumi/pulumi";
import { SriovResource } from "./resource.js";
import type { VmSriovInterfaceArgs, VmSriovInterfaceOutputs } from "./types.gen.js";

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type -- Pulumi sets the outputs at run time
export interface VmSriovInterface extends VmSriovInterfaceOutputs {}

/**
 * One VF in one VM, from a pool or an explicit one, in the VM's definition and, if it runs, at once.
 *
 * Equivalent to: `virsh attach-device VM interface.xml --config --live`; but a detach waits until the guest has let go.
 * See https://libvirt.org/formatdomain.html#network-interfaces.
 *
 * ```ts
 * new sriov.VmSriovInterface("web-data", { host, domain: "web", network: pool.name, vlan: 42 });
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class VmSriovInterface extends SriovResource {
  constructor(name: string, args: VmSriovInterfaceArgs, options?: pulumi.CustomResourceOptions) {
    super("VmSriovInterface", name, args, options);
  }
}
