// What a host has, read at once: its PFs with their VFs in one command, its pools and VMs in pipelined questions to libvirt.
import { type PfWithBoot, readAllPfs } from "../host/sysfs/read-pf.js";
import type { Context } from "../resources/lifecycle.js";
import type { Session } from "../resources/session.js";
import { type ReadNetwork, readNetworks } from "../resources/sriov-network/read.js";
import { libvirtOf } from "../resources/vf-config/holders.js";
import type { Current } from "../resources/vm-sriov-interface/current.js";
import { readDomains } from "../resources/vm-sriov-interface/read.js";

export type Inventory = {
  hostName: string;
  hostId: string;
  pfs: PfWithBoot[];
  /** Those of libvirt that can hand out VFs and those that cannot. */
  networks: ReadNetwork[];
  domains: Current[];
  hasLibvirt: boolean;
};

/** A host without libvirt has no networks and no domains. */
export async function readInventory(session: Session, { signal }: Pick<Context, "signal">): Promise<Inventory> {
  const [pfs, libvirt] = await Promise.all([readAllPfs(session.shell, signal), readLibvirt(session)]);
  return { hostName: session.hostName, hostId: session.machineId, pfs, ...libvirt };
}

async function readLibvirt(session: Session): Promise<Pick<Inventory, "networks" | "domains" | "hasLibvirt">> {
  const client = await libvirtOf(session);
  if (!client) return { networks: [], domains: [], hasLibvirt: false };
  const [networks, domains] = await Promise.all([readNetworks(client), readDomains(client)]);
  networks.sort((a, b) => compare(a.name, b.name));
  domains.sort((a, b) => compare(a.domain.name, b.domain.name));
  return { networks, domains, hasLibvirt: true };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
