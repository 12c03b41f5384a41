// HostSetup for programs. What it does is in provider/resources/host-setup/.
import type * as pulumi from "@pulumi/pulumi";
import { SriovResource } from "./resource.js";
import type { HostSetupArgs, HostSetupOutputs } from "./types.gen.js";

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type -- Pulumi sets the outputs at run time
export interface HostSetup extends HostSetupOutputs {}

/**
 * What a KVM host needs before a VM can use a VF.
 *
 * ```ts
 * new sriov.HostSetup("kvm1", { host, apparmorVfioRule: true });
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class HostSetup extends SriovResource {
  constructor(name: string, args: HostSetupArgs, options?: pulumi.CustomResourceOptions) {
    super("HostSetup", name, args, options);
  }
}
