// What the program states, as a libvirt network, and whether a definition is that already. Pure.
import type { PciAddress } from "../../base/pci-address.js";
import type { Network, NetworkWanted, Portgroup } from "../../libvirt/xml/network.js";
import type { Vlan } from "../../libvirt/xml/parts.js";
import { isVirtualport, vfioDriver, virtualportOf } from "../libvirt-parts.js";
import { isSame } from "../same.js";
import { isMetadata } from "./metadata.js";
import type { PortgroupInputs, SriovNetworkInputs } from "./model.js";

/** What of a network the program can state. */
export type Settings = Pick<
  SriovNetworkInputs,
  | (
      | "name"
      | "mode"
      | "pf"
      | "vfs"
      | "netdevs"
      | "managed"
      | "vlan"
      | "virtualport"
      | "driver"
      | "portgroups"
      | "owner"
    )
  | ("title" | "description" | "metadata")
>;

/** The whole definition. What the program leaves unset stays as the network has it. */
export function definition(settings: Settings, now: Network | undefined, uuid: string | undefined): NetworkWanted {
  const { name, mode, pf, vfs, netdevs, managed, vlan, virtualport, driver, portgroups, owner } = settings;
  const { title, description, metadata } = settings;
  return {
    name,
    ...(uuid === undefined ? {} : { uuid }),
    ...(title === undefined ? {} : { title: title === "" ? null : title }),
    ...(description === undefined ? {} : { description: description === "" ? null : description }),
    mode,
    // Of a macvtap there is nothing to manage: libvirt prints it for VFs alone.
    ...(mode === "hostdev" ? { managed } : {}),
    ...(driver === undefined ? {} : { driver: vfioDriver(driver) }),
    ...(pf === undefined ? {} : { source: { pf } }),
    ...(vfs === undefined ? {} : { source: { addresses: vfs as PciAddress[] } }),
    ...(netdevs === undefined ? {} : { source: { netdevs } }),
    ...(vlan === undefined ? {} : { vlan: vlanOf(vlan) }),
    ...(virtualport === undefined ? {} : { virtualport: virtualportOf(virtualport) }),
    ...(portgroups === undefined ? {} : { portgroups: portgroups.map((group) => portgroupOf(group, now?.portgroups)) }),
    mark: { ...now?.mark, name: owner },
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** A definition as if it were wanted: what a start of it would make. */
export const asWanted = (now: Network): NetworkWanted => ({
  name: now.name,
  mode: now.mode ?? "none",
  ...(now.mode === "hostdev" ? { managed: now.managed } : {}),
  driver: now.driver ?? null,
  source: sourceOf(now),
  vlan: now.vlan ?? null,
  virtualport: now.virtualport ?? null,
  portgroups: now.portgroups,
});

const vlanOf = (id: number): Vlan | null => (id === 0 ? null : { tags: [{ id }] });

/** What the program does not state of a portgroup, and what it cannot, stays. */
function portgroupOf(group: PortgroupInputs, before: Portgroup[] | undefined): Portgroup {
  const old = before?.find(({ name }) => name === group.name);
  const vlan = group.vlan === undefined ? old?.vlan : vlanOf(group.vlan);
  const virtualport = group.virtualport === undefined ? old?.virtualport : virtualportOf(group.virtualport);
  return {
    name: group.name,
    ...((group.default ?? old?.isDefault) ? { isDefault: true } : {}),
    ...(vlan ? { vlan } : {}),
    ...(virtualport ? { virtualport } : {}),
  };
}

/** In words: what the definition has now where it differs from what is wanted. */
export function redefinedBecause(wanted: NetworkWanted, now: Network): string[] {
  const was = runningOtherwise(wanted, now);
  if (now.mode !== wanted.mode) was.unshift(`mode ${now.mode ?? "none"}`);
  if (sourceText(sourceOf(now)) !== sourceText(wanted.source)) was.push(sourceText(sourceOf(now)));
  for (const text of ["title", "description"] as const) {
    if (wanted[text] !== undefined && (wanted[text] ?? undefined) !== now[text]) was.push(`another ${text}`);
  }
  const others = (wanted.metadata ?? []).filter((one) => !isMetadata(now.metadata, [one]));
  if (others.length > 0) was.push(`other metadata of ${others.map(({ uri }) => uri).join(" and ")}`);
  return was;
}

/** In words: where a network, defined or running, differs in what a VF of it gets. */
export function runningOtherwise(wanted: NetworkWanted, now: Network): string[] {
  const was: string[] = [];
  if (wanted.managed !== undefined && now.managed !== wanted.managed) was.push(now.managed ? "managed" : "unmanaged");
  if (wanted.driver !== undefined && !isSame(wanted.driver ?? undefined, now.driver)) was.push(driverText(now.driver));
  if (wanted.vlan !== undefined && !isSame(wanted.vlan ?? undefined, now.vlan)) was.push(vlanText(now.vlan));
  if (wanted.virtualport !== undefined && !isVirtualport(now.virtualport, wanted.virtualport)) {
    was.push(virtualportText(now.virtualport));
  }
  if (wanted.portgroups && !arePortgroups(wanted.portgroups, now.portgroups)) was.push("other portgroups");
  return was;
}

function arePortgroups(wanted: readonly Portgroup[], now: readonly Portgroup[]): boolean {
  if (wanted.length !== now.length) return false;
  return wanted.every(({ virtualport, ...group }, place) => {
    const { virtualport: other, ...same } = now[place] ?? { name: "" };
    return isSame(group, same) && isVirtualport(other, virtualport ?? null);
  });
}

/** The address list wins in libvirt where a network has both. */
export function sourceOf({ mode, pf, addresses, netdevs }: Network): NonNullable<NetworkWanted["source"]> {
  if (addresses.length > 0) return { addresses };
  if (pf !== undefined) return { pf };
  return mode === "hostdev" || netdevs.length === 0 ? { addresses } : { netdevs };
}

export function sourceText(source: NetworkWanted["source"]): string {
  if (!source) return "no VFs";
  if ("pf" in source) return `PF ${source.pf}`;
  return "addresses" in source ? `VFs ${listText(source.addresses)}` : `netdevs ${listText(source.netdevs)}`;
}

export const listText = (items: readonly string[]): string => (items.length === 0 ? "none" : items.join(" "));

export const vlanText = (vlan: Vlan | null | undefined): string =>
  vlan && vlan.tags.length > 0 ? `VLAN ${vlan.tags.map(({ id }) => id).join("+")}` : "no VLAN";

export const driverText = (driver: NetworkWanted["driver"]): string =>
  driver ? `driver ${[driver.name, driver.model].filter((part) => part !== undefined).join(" ")}` : "no driver";

export const virtualportText = (virtualport: NetworkWanted["virtualport"]): string =>
  virtualport ? `virtualport ${virtualport.type}` : "no virtualport";
