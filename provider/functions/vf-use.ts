// Each VF with what the host and libvirt know of it together: its PF, the pool that hands it out, who has it. Pure.
import type { PfFacts, VfFacts } from "../host/sysfs/pf.js";
import type { ReadNetwork } from "../resources/sriov-network/read.js";
import { devicesIn } from "../resources/vf-config/holders.js";
import type { Inventory } from "./inventory.js";

export type VfUser =
  /** A running VM, as libvirt says, or as QEMU's command line does. */
  | { use: "vm"; domain: string; mac?: string }
  /** Another process has its VFIO device open. */
  | { use: "process"; process: string }
  /** Its netdev is in a bridge, a bond, a macvtap. */
  | { use: "host"; uppers: string[] }
  | { use: "free" };

export type VfUse = { pf: PfFacts; vf: VfFacts; pool: ReadNetwork | undefined; user: VfUser };

/** By PF, and by index. */
export const vfUses = (inventory: Pick<Inventory, "pfs" | "networks" | "domains">): VfUse[] =>
  inventory.pfs.flatMap(({ pf }) =>
    pf.vfs.map((vf) => ({ pf, vf, pool: poolOf(vf, pf, inventory.networks), user: userOf(vf, inventory.domains) })),
  );

/** An active pool hands out what it listed when it started; the others would by their definition. */
function poolOf(vf: VfFacts, pf: PfFacts, networks: readonly ReadNetwork[]): ReadNetwork | undefined {
  const has = (addresses: readonly string[] | undefined) => addresses?.includes(vf.pciAddress) === true;
  const running = networks.find(({ live }) => has(live?.addresses));
  if (running) return running;
  return networks.find(
    ({ live, inactive }) =>
      (!live && has(inactive.addresses)) ||
      (inactive.addresses.length === 0 && inactive.pf !== undefined && inactive.pf === pf.netdev),
  );
}

function userOf(vf: VfFacts, domains: Inventory["domains"]): VfUser {
  for (const { domain, live } of domains) {
    for (const device of live?.interfaces ?? []) {
      const [host] = devicesIn([device]);
      const isIt = host?.pciAddress === vf.pciAddress || (host?.netdev !== undefined && host.netdev === vf.netdev);
      if (isIt) return { use: "vm", domain: domain.name, ...(device.mac === undefined ? {} : { mac: device.mac }) };
    }
  }
  const [holder] = vf.vfioHolders;
  if (holder?.guest !== undefined) return { use: "vm", domain: holder.guest };
  if (holder) return { use: "process", process: `${holder.process} (${holder.pid})` };
  return vf.uppers.length > 0 ? { use: "host", uppers: vf.uppers } : { use: "free" };
}
