// SriovNetwork for programs. What it does is in provider/resources/sriov-network/.
import type * as pulumi from "@pulumi/pulumi";
import { SriovResource } from "./resource.js";
import type { SriovNetworkArgs, SriovNetworkOutputs } from "./types.gen.js";

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type -- Pulumi sets the outputs at run time
export interface SriovNetwork extends SriovNetworkOutputs {}

/**
 * A libvirt network that hands out VFs to VMs: a pool of `<forward mode="hostdev">`.
 *
 * Equivalent to: `virsh net-define`, `virsh net-autostart` and `virsh net-start`; but a pool that VMs take VFs from is never stopped.
 * See https://libvirt.org/formatnetwork.html.
 *
 * ```ts
 * const pool = new sriov.SriovNetwork("pool-eno49", { host, pf: vfs.pfName });
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class SriovNetwork extends SriovResource {
  constructor(name: string, args: SriovNetworkArgs, options?: pulumi.CustomResourceOptions) {
    super("SriovNetwork", name, args, options);
  }
}
