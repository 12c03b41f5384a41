// The facts that the rules decide on: what a host and its libvirt show at one moment. Plain data, so that a test can write it down.
import type { AppArmorFacts } from "../host/apparmor/facts.js";
import type { HostFacts } from "../host/doctor/facts.js";
import type { Owner } from "../host/owners/owner.js";
import type { PfFacts } from "../host/sysfs/pf.js";
import type { Domain } from "../libvirt/xml/domain.js";
import type { Network } from "../libvirt/xml/network.js";
import type { NetworkPort } from "../libvirt/xml/port.js";

export type NetworkFacts = {
  name: string;
  isActive: boolean;
  /** The definition. */
  inactive: Network;
  live?: Network;
  /** What it has handed out. */
  ports: NetworkPort[];
};

export type DomainFacts = {
  name: string;
  isActive: boolean;
  /** The definition: what its next start uses. */
  inactive: Domain;
  live?: Domain | undefined;
};

export type LibvirtFacts =
  | { answers: true; version: number; securityModels: string[]; networks: NetworkFacts[]; domains: DomainFacts[] }
  /** `why` is what the attempt to connect said. */
  | { answers: false; isDenied: boolean; why: string };

export type PfInventory = PfFacts & {
  /** What in the host's configuration makes or sets up its VFs; ours is not among them. */
  owners?: Owner[];
  /** Our own plan for the boot is installed. */
  hasBootPlan?: boolean;
};

export type HostInventory = {
  /** Absent where the URI gives no shell. */
  host?: HostFacts;
  apparmor?: AppArmorFacts;
  pfs: PfInventory[];
  libvirt: LibvirtFacts;
  /** What libvirt said when something failed just now. */
  failure?: string;
};

export const networksOf = ({ libvirt }: HostInventory): NetworkFacts[] => (libvirt.answers ? libvirt.networks : []);
export const domainsOf = ({ libvirt }: HostInventory): DomainFacts[] => (libvirt.answers ? libvirt.domains : []);

export const isPool = ({ inactive }: NetworkFacts): boolean => inactive.mode === "hostdev";
export const poolsOf = (inventory: HostInventory): NetworkFacts[] => networksOf(inventory).filter(isPool);

/** The pools that a domain's next start takes VFs from. */
export const poolsForStart = ({ inactive }: DomainFacts, pools: readonly NetworkFacts[]): NetworkFacts[] =>
  pools.filter(({ name }) => inactive.interfaces.some(({ network }) => network === name));

/** For people: the netdev's name, or the address of a PF without one. */
export const nameOf = ({ netdev, pciAddress }: Pick<PfFacts, "netdev" | "pciAddress">): string => netdev ?? pciAddress;
