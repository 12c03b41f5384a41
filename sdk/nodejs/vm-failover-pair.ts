// VmFailoverPair for programs: two interfaces of one MAC address, so that a VM with a VF can be migrated while it runs.
import * as pulumi from "@pulumi/pulumi";
import type { VmSriovInterfaceArgs } from "./types.gen.js";
import { VmSriovInterface } from "./vm-sriov-interface.js";

type Primary = "network" | "portgroup" | "vf" | "vlan" | "virtualport" | "driver" | "address";
type Standby = "network" | "portgroup" | "vlan" | "model" | "bootOrder" | "address";
type Both = "host" | "domain" | "mac" | "apply" | "detachTimeout" | "restartDomain";

export interface VmFailoverPairArgs extends Pick<VmSriovInterfaceArgs, Both> {
  /** The VF: the pool that it is from, or the one to use, and how it is attached. */
  readonly primary: Pick<VmSriovInterfaceArgs, Primary>;

  /** The virtio NIC that stays while the VM migrates: from a libvirt network that reaches the same LAN as the VF. */
  readonly standby: Pick<VmSriovInterfaceArgs, Standby>;
}

/**
 * A failover pair: a virtio NIC (`standby`) and a VF (`primary`) with one MAC address. The guest's `net_failover` driver makes
 * one interface of them and sends through the VF while it is there; libvirt takes it away for a migration and brings it back after.
 *
 * Equivalent to: two `virsh attach-device`, with `<teaming type='persistent'/>` and `<teaming type='transient' persistent='ua-...'/>`.
 * See https://libvirt.org/formatdomain.html#teaming-a-virtio-hostdev-nic-pair.
 *
 * ```ts
 * new sriov.VmFailoverPair("web", { host, domain: "web", primary: { network: pool.name }, standby: { network: lan.name } });
 * ```
 */
export class VmFailoverPair extends pulumi.ComponentResource {
  /** The virtio NIC. */
  readonly standby: VmSriovInterface;
  /** The VF. */
  readonly primary: VmSriovInterface;
  /** MAC address of both. */
  readonly mac: pulumi.Output<string>;

  constructor(name: string, args: VmFailoverPairArgs, options?: pulumi.ComponentResourceOptions) {
    super("sriov:index:VmFailoverPair", name, {}, options);
    const { primary, standby, ...both } = args;
    this.standby = new VmSriovInterface(
      `${name}-standby`,
      { ...both, ...standby, teaming: { type: "persistent" } },
      { parent: this },
    );
    // The persistent half comes first and goes last: libvirt refuses a VF that teams with nobody.
    this.primary = new VmSriovInterface(
      `${name}-primary`,
      {
        ...both,
        ...primary,
        mac: this.standby.mac,
        teaming: { type: "transient", persistent: this.standby.alias },
      },
      { parent: this, dependsOn: [this.standby] },
    );
    this.mac = this.standby.mac;
    this.registerOutputs({ mac: this.mac });
  }
}
