// SriovHost for programs: the usual three resources of a host from one description, for fleets of hosts that are alike.
import * as pulumi from "@pulumi/pulumi";
import { HostSetup } from "./host-setup.js";
import { SriovNetwork } from "./sriov-network.js";
import type { HostArgs, HostSetupArgs, SriovNetworkArgs, VfConfigArgs } from "./types.gen.js";
import { VfConfig } from "./vf-config.js";

export interface SriovHostPf extends Omit<VfConfigArgs, "host" | "pf"> {
  /** The PF, where its key is not its netdev: a PCI address, an altname, `{ mac }`. Default: the key. */
  readonly pf?: VfConfigArgs["pf"];

  /**
   * The libvirt network that hands out the PF's VFs; its name is `pool-KEY` unless it says another. Default: a pool of all VFs.
   * `false`: none. A pool with `vfs` of its own has only those.
   */
  readonly pool?: Omit<SriovNetworkArgs, "host" | "pf"> | false;
}

export interface SriovHostArgs {
  /** The KVM host: a libvirt URI and how to log in. */
  readonly host: pulumi.Input<HostArgs>;

  /** The host's PFs, each by its netdev: `{ eno49: { numVfs: 7 }, eno50: { numVfs: 7 } }`. */
  readonly pfs: Readonly<Record<string, SriovHostPf>>;

  /** What the host needs before VMs can have VFs, as of `HostSetup`. Unset leaves the host as it is. */
  readonly setup?: Omit<HostSetupArgs, "host">;
}

/**
 * A KVM host with SR-IOV: VFs on its PFs, a libvirt network a PF, and what the host needs for them; `VfConfig`, `SriovNetwork` and
 * `HostSetup` of one description. The resources are named after the host and the PF, so that a program has as many hosts as it likes.
 *
 * ```ts
 * const kvm1 = new sriov.SriovHost("kvm1", {
 *   host: { uri: "qemu+ssh://root@kvm1/system" },
 *   setup: { apparmorVfioRule: true },
 *   pfs: { eno49: { numVfs: 7 }, eno50: { numVfs: 7, pool: { name: "storage", vlan: 100 } } },
 * });
 * export const networks = [kvm1.pools.eno49?.name, kvm1.pools.eno50?.name];
 * ```
 */
export class SriovHost extends pulumi.ComponentResource {
  /** Where `setup` is given. */
  readonly setup: HostSetup | undefined;
  /** By the PFs' keys. */
  readonly vfConfigs: Readonly<Record<string, VfConfig>>;
  /** By the PFs' keys; not of those with `pool: false`. */
  readonly pools: Readonly<Record<string, SriovNetwork>>;

  constructor(name: string, args: SriovHostArgs, options?: pulumi.ComponentResourceOptions) {
    super("sriov:index:SriovHost", name, {}, options);
    const { host, pfs, setup } = args;
    const own = { parent: this };
    this.setup = setup && new HostSetup(name, { host, ...setup }, own);
    const vfConfigs: Record<string, VfConfig> = {};
    const pools: Record<string, SriovNetwork> = {};
    for (const [key, { pf = key, pool, ...vfs }] of Object.entries(pfs)) {
      const vfConfig = new VfConfig(`${name}-${key}`, { host, pf, ...vfs }, own);
      vfConfigs[key] = vfConfig;
      if (pool === false) continue;
      const of = pool?.vfs === undefined ? { pf: vfConfig.pfName } : {};
      // A VM that starts on the pool needs the setup; the pool goes before the VFs that it hands out.
      const dependsOn = [vfConfig, ...(this.setup ? [this.setup] : [])];
      pools[key] = new SriovNetwork(
        `${name}-${key}`,
        { host, name: `pool-${key}`, ...of, ...pool },
        { ...own, dependsOn },
      );
    }
    this.vfConfigs = vfConfigs;
    this.pools = pools;
    this.registerOutputs({ networks: Object.values(pools).map((pool) => pool.name) });
  }
}
