// From the network as it is to the network as the program wants it, as data. Libvirt's inactive XML is what is compared; the
// running pool has a copy of its own, made at its start, that only a stop and a start renew.
import type { PciAddress } from "../../base/pci-address.js";
import type { Network, NetworkWanted, Portgroup } from "../../libvirt/xml/network.js";
import type { NetworkPort } from "../../libvirt/xml/port.js";
import type { PortgroupInputs, SriovNetworkInputs } from "./model.js";

/** A network of the host, as far as its own daemon knows it. */
export type NetworkNow = {
  name: string;
  uuid: string;
  isActive: boolean;
  isPersistent: boolean;
  autostart: boolean;
  /** The definition: what its next start will use. */
  inactive: Network;
  live?: Network;
  ports: NetworkPort[];
};

export type Current = {
  network?: NetworkNow;
  /** The VFs that the wanted PF has now; absent when nobody could tell, and for a pool of single VFs. */
  pfVfs?: readonly PciAddress[];
  /** What a network that somebody removed had: made again, it is the same one. */
  uuid?: string;
};

export type Step =
  | { do: "define"; wanted: NetworkWanted; was: string[] }
  | { do: "stop"; name: string; because: string[] }
  | { do: "start"; name: string }
  | { do: "set-autostart"; name: string; to: boolean };

/** What of a network the program can state. */
type Settings = Pick<SriovNetworkInputs, "name" | "pf" | "vfs" | "managed" | "vlan" | "portgroups" | "owner">;

export function plan(inputs: SriovNetworkInputs, current: Current): Step[] {
  const { network } = current;
  const { name } = inputs;
  const steps: Step[] = [];
  const wanted = definition(inputs, network, current.uuid);
  const was = network ? redefinedBecause(wanted, network.inactive) : [];
  if (!network || was.length > 0 || !network.isPersistent) steps.push({ do: "define", wanted, was });
  // What the next start would make: also what others have defined, and the running pool does not have yet.
  const because = network?.live
    ? staleBecause({ ...asWanted(network.inactive), ...wanted }, network.live, current.pfVfs)
    : [];
  if (network?.isActive && (!inputs.active || because.length > 0)) {
    steps.push({ do: "stop", name, because: inputs.active ? because : ["it is not to be active"] });
  }
  if (inputs.active && (!network?.isActive || because.length > 0)) steps.push({ do: "start", name });
  const autostart = network?.isPersistent ? network.autostart : false;
  if (autostart !== inputs.autostart) steps.push({ do: "set-autostart", name, to: inputs.autostart });
  return steps;
}

/** The whole definition. What the program leaves unset stays as the network has it. */
function definition(settings: Settings, network: NetworkNow | undefined, uuid = network?.uuid): NetworkWanted {
  const { name, pf, vfs, managed, vlan, portgroups, owner } = settings;
  return {
    name,
    ...(uuid === undefined ? {} : { uuid }),
    mode: "hostdev",
    managed,
    ...(pf === undefined ? {} : { source: { pf } }),
    ...(vfs === undefined ? {} : { source: { addresses: vfs as PciAddress[] } }),
    ...(vlan === undefined ? {} : { vlan: vlanOf(vlan) }),
    ...(portgroups === undefined
      ? {}
      : { portgroups: portgroups.map((group) => portgroupOf(group, network?.inactive.portgroups)) }),
    mark: { ...network?.inactive.mark, name: owner },
  };
}

/** A definition as if it were wanted: what a start of it would make. */
export const asWanted = (now: Network): NetworkWanted => ({
  name: now.name,
  mode: now.mode ?? "none",
  managed: now.managed,
  source: sourceOf(now),
  vlan: now.vlan ?? null,
  portgroups: now.portgroups,
});

const vlanOf = (id: number) => (id === 0 ? null : { tags: [{ id }] });

/** What the program does not state of a portgroup, and what it cannot, stays. */
function portgroupOf(group: PortgroupInputs, before: Portgroup[] | undefined): Portgroup {
  const { vlan: oldVlan, isDefault: wasDefault, ...kept } = before?.find(({ name }) => name === group.name) ?? {};
  const vlan = group.vlan === undefined ? oldVlan : vlanOf(group.vlan);
  return {
    ...kept,
    name: group.name,
    ...((group.default ?? wasDefault) ? { isDefault: true } : {}),
    ...(vlan ? { vlan } : {}),
  };
}

/** In words: what the definition has now where it differs from what is wanted. */
function redefinedBecause(wanted: NetworkWanted, now: Network): string[] {
  const was: string[] = [];
  if (now.mode !== wanted.mode) was.push(`mode ${now.mode ?? "none"}`);
  if (now.managed !== wanted.managed) was.push(now.managed ? "managed" : "not managed");
  if (sourceText(sourceOf(now)) !== sourceText(wanted.source)) was.push(sourceText(sourceOf(now)));
  if (wanted.vlan !== undefined && !isSame(wanted.vlan ?? undefined, now.vlan)) was.push(vlanText(now.vlan));
  if (wanted.portgroups && !isSame(wanted.portgroups, now.portgroups)) was.push("other portgroups");
  return was;
}

/** In words: how the running pool differs from what a start of `wanted` would make. */
export function staleBecause(wanted: NetworkWanted, live: Network, pfVfs: readonly PciAddress[] | undefined): string[] {
  const because: string[] = [];
  const { source } = wanted;
  const vfs = source && "addresses" in source ? source.addresses : pfVfs;
  const isOtherPf = source && "pf" in source && live.pf !== undefined && live.pf !== source.pf;
  if (vfs && !isSame([...vfs].sort(), [...live.addresses].sort())) {
    because.push(`its list of VFs is ${listText(live.addresses)}, and they are ${listText(vfs)}`);
  } else if (isOtherPf) {
    because.push(`it runs on PF ${live.pf}`);
  }
  if (wanted.managed !== undefined && live.managed !== wanted.managed) {
    because.push(live.managed ? "it runs managed" : "it runs unmanaged");
  }
  if (wanted.vlan !== undefined && !isSame(wanted.vlan ?? undefined, live.vlan)) {
    because.push(`it runs with ${vlanText(live.vlan)}`);
  }
  if (wanted.portgroups && !isSame(wanted.portgroups, live.portgroups)) because.push("it runs with other portgroups");
  return because;
}

/** The address list wins in libvirt where a network has both. */
const sourceOf = ({ pf, addresses }: Network): NetworkWanted["source"] =>
  addresses.length > 0 || pf === undefined ? { addresses } : { pf };

function sourceText(source: NetworkWanted["source"]): string {
  if (!source) return "no VFs";
  if ("pf" in source) return `PF ${source.pf}`;
  return "addresses" in source ? `VFs ${listText(source.addresses)}` : "netdevs";
}

const listText = (addresses: readonly string[]): string => (addresses.length === 0 ? "none" : addresses.join(" "));

const vlanText = (vlan: Network["vlan"]): string =>
  vlan && vlan.tags.length > 0 ? `VLAN ${vlan.tags.map(({ id }) => id).join("+")}` : "no VLAN";

/** The order of an object's keys is not the values' business. */
export const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}

export function describe(step: Step): string {
  switch (step.do) {
    case "define": {
      const { name, managed, source, vlan, portgroups } = step.wanted;
      const groups = portgroups?.map((group) => `portgroup ${group.name} ${vlanText(group.vlan)}`) ?? [];
      const parts = [
        sourceText(source),
        ...(managed ? [] : ["not managed"]),
        ...(vlan ? [vlanText(vlan)] : []),
        ...groups,
      ];
      const was = step.was.length === 0 ? "" : `; was ${step.was.join(", ")}`;
      return `virsh net-define ${name}.xml   # ${parts.join(", ")}${was}`;
    }
    case "stop":
      return `virsh net-destroy ${step.name}   # ${step.because.join("; ")}`;
    case "start":
      return `virsh net-start ${step.name}`;
    case "set-autostart":
      return `virsh net-autostart ${step.name}${step.to ? "" : " --disable"}`;
  }
}
