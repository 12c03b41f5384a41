// VfConfig for programs. What it does is in provider/resources/vf-config/.
import type * as pulumi from "@pulumi/pulumi";
import { SriovResource } from "./resource.js";
import type { VfConfigArgs, VfConfigOutputs } from "./types.gen.js";

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type -- Pulumi sets the outputs at run time
export interface VfConfig extends VfConfigOutputs {}

/**
 * The virtual functions (VFs) of one physical function (PF): how many there are, and what each is allowed to do; now and
 * after every reboot of the host.
 *
 * Equivalent to: `echo 7 > /sys/class/net/eno49/device/sriov_numvfs`, `ip link set eno49 up`, `ip link set eno49 vf 6 vlan 100`
 * and a systemd unit that does the same at boot; but VFs that a running VM holds are never destroyed.
 *
 * ```ts
 * const vfs = new sriov.VfConfig("eno49", {
 *   host: { uri: "qemu+ssh://root@kvm1/system" },
 *   pf: "eno49",
 *   numVfs: 7,
 *   vfs: [{ index: 6, vlan: 100, maxTxRate: 500 }],
 * });
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class VfConfig extends SriovResource {
  constructor(name: string, args: VfConfigArgs, options?: pulumi.CustomResourceOptions) {
    super("VfConfig", name, args, options);
  }
}
