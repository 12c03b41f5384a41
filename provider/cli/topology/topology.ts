// What the picture and the tree show, as data: host, PFs, VFs, pools, VMs, and what hangs on what. Pure.
import { interfacesOf } from "../../functions/domain-interfaces.js";
import type { Inventory } from "../../functions/inventory.js";
import { type VfUser, vfUses } from "../../functions/vf-use.js";
import { asWanted } from "../../resources/sriov-network/definition.js";
import { staleBecause } from "../../resources/sriov-network/plan.js";
import { type ReadNetwork, vfsOf } from "../../resources/sriov-network/read.js";

/** Each state has a shape of its own: colour alone says nothing to many. */
export type State =
  "pf-up" | "pf-no-link" | "pf-down" | "vf-free" | "vf-vm" | "vf-host" | "vf-process" | "running" | "stopped" | "stale";

export type VfNode = {
  index: number;
  address: string;
  iommuGroup?: number;
  driver?: string;
  vlan: number;
  state: State;
  user: VfUser;
  pool?: string;
};
export type PfNode = {
  address: string;
  name: string;
  driver?: string;
  state: State;
  numVfs: number;
  totalVfs: number;
  vfs: VfNode[];
};
export type PoolNode = { name: string; state: State; vfs: number; used: number };
export type NicNode = {
  mac?: string;
  vlan?: number;
  pool?: string;
  /** The VF that it has now, or always asks for. */
  vf?: string;
  live: boolean;
};
export type VmNode = { name: string; state: State; nics: NicNode[] };

export type Topology = {
  host: string;
  hasLibvirt: boolean;
  pfs: PfNode[];
  pools: PoolNode[];
  vms: VmNode[];
  /** VMs without a VF, which are not shown. */
  otherVms: number;
};

export function topologyOf(inventory: Inventory): Topology {
  const uses = vfUses(inventory);
  const vfAddresses = new Set<string>(uses.map(({ vf }) => vf.pciAddress));
  const pools = inventory.networks.filter((network) => isPool(network, uses));
  const poolNames = new Set(pools.map(({ name }) => name));
  const vms = inventory.domains.flatMap((current): VmNode[] => {
    const nics = interfacesOf(current, inventory.networks).filter(
      ({ vfPciAddress, network }) =>
        (vfPciAddress !== undefined && vfAddresses.has(vfPciAddress)) ||
        (network !== undefined && poolNames.has(network)),
    );
    if (nics.length === 0) return [];
    const state = current.isActive ? "running" : "stopped";
    return [{ name: current.domain.name, state, nics: nics.map(nicOf) }];
  });
  return {
    host: inventory.hostName,
    hasLibvirt: inventory.hasLibvirt,
    pfs: inventory.pfs.map(({ pf }) => ({
      address: pf.pciAddress,
      name: pf.netdev ?? pf.pciAddress,
      ...(pf.driver === undefined ? {} : { driver: pf.driver }),
      state: pf.isUp ? (pf.hasCarrier ? "pf-up" : "pf-no-link") : "pf-down",
      numVfs: pf.numVfs,
      totalVfs: pf.totalVfs,
      vfs: uses.filter((use) => use.pf === pf).map(vfNode),
    })),
    pools: pools.map((network) => poolNode(network, inventory)),
    vms,
    otherVms: inventory.domains.length - vms.length,
  };
}

const isPool = (network: ReadNetwork, uses: ReturnType<typeof vfUses>): boolean =>
  network.inactive.mode === "hostdev" || uses.some(({ pool }) => pool === network);

function vfNode({ vf, pool, user }: ReturnType<typeof vfUses>[number]): VfNode {
  return {
    index: vf.index,
    address: vf.pciAddress,
    ...(vf.iommuGroup === undefined ? {} : { iommuGroup: vf.iommuGroup }),
    ...(vf.driver === undefined ? {} : { driver: vf.driver }),
    vlan: vf.vlan,
    state: `vf-${user.use}`,
    user,
    ...(pool ? { pool: pool.name } : {}),
  };
}

function poolNode(network: ReadNetwork, { pfs }: Inventory): PoolNode {
  const { inactive, live, ports } = network;
  const found = pfs.find(({ pf }) => inactive.pf !== undefined && pf.netdev === inactive.pf);
  const pfVfs = found && vfsOf(found.pf);
  const isStale = live !== undefined && staleBecause(asWanted(inactive), live, pfVfs).length > 0;
  const vfs = live?.addresses ?? (inactive.addresses.length > 0 ? inactive.addresses : (pfVfs ?? []));
  const state = !network.isActive ? "stopped" : isStale ? "stale" : "running";
  return { name: network.name, state, vfs: vfs.length, used: ports.length };
}

function nicOf({ mac, vlan, network, vfPciAddress, live }: ReturnType<typeof interfacesOf>[number]): NicNode {
  return {
    ...(mac === undefined ? {} : { mac }),
    ...(vlan === undefined ? {} : { vlan }),
    ...(network === undefined ? {} : { pool: network }),
    ...(vfPciAddress === undefined ? {} : { vf: vfPciAddress }),
    live,
  };
}
