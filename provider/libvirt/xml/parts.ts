// Parts that networks, interfaces and ports share: PCI addresses, VLANs, virtualports.
import { type PciAddress, joinPciAddress, splitPciAddress } from "../../base/pci-address.js";
import { type XmlElement, attribute, compact, element, elementsOf, find, numberOf } from "./element.js";

/** SR-IOV takes exactly one tag; libvirt accepts more, and `trunk`, until somebody wants a VF. */
export type Vlan = { trunk?: boolean; tags: VlanTag[] };
export type VlanTag = { id: number; nativeMode?: string };
/** `802.1Qbh` and `802.1Qbg` are those a VF can have. Parameters by their attribute names. */
export type Virtualport = { type?: string; parameters: { [name: string]: string } };

export const singleVlan = (id: number): Vlan => ({ tags: [{ id }] });
/** The id of the only tag, or undefined for none and for what is more than one tag. */
export const vlanId = (vlan: Vlan | undefined): number | undefined =>
  vlan?.tags.length === 1 && vlan.trunk !== true ? vlan.tags[0]?.id : undefined;

/** `<address domain= bus= slot= function=/>`, or undefined when it is none of a PCI device (`type='drive'`, or no bus yet). */
export function parseAddress(from: XmlElement | undefined): PciAddress | undefined {
  const type = attribute(from, "type") ?? "pci";
  const bus = numberOf(attribute(from, "bus"));
  const slot = numberOf(attribute(from, "slot"));
  if (from === undefined || type !== "pci" || bus === undefined || slot === undefined) return undefined;
  const pciDomain = numberOf(attribute(from, "domain")) ?? 0;
  return joinPciAddress({ pciDomain, bus, slot, function: numberOf(attribute(from, "function")) ?? 0 });
}

export function formatAddress(address: PciAddress): XmlElement {
  const { pciDomain, bus, slot, function: fn } = splitPciAddress(address);
  const hex = (value: number, width: number) => `0x${value.toString(16).padStart(width, "0")}`;
  return element("address", {
    type: "pci",
    domain: hex(pciDomain, 4),
    bus: hex(bus, 2),
    slot: hex(slot, 2),
    function: hex(fn, 1),
  });
}

export function parseVlan(from: XmlElement | undefined): Vlan | undefined {
  if (from === undefined) return undefined;
  const tags = elementsOf(from, "tag").map((tag) =>
    compact({ id: numberOf(attribute(tag, "id")) ?? 0, nativeMode: attribute(tag, "nativeMode") }),
  );
  return compact({ trunk: attribute(from, "trunk") === "yes" ? true : undefined, tags });
}

export const formatVlan = ({ trunk, tags }: Vlan): XmlElement =>
  element(
    "vlan",
    { trunk: trunk === true ? "yes" : undefined },
    tags.map(({ id, nativeMode }) => element("tag", { id, nativeMode })),
  );

export function parseVirtualport(from: XmlElement | undefined): Virtualport | undefined {
  if (from === undefined) return undefined;
  return compact({ type: attribute(from, "type"), parameters: { ...find(from, "parameters")?.attributes } });
}

export const formatVirtualport = ({ type, parameters }: Virtualport): XmlElement =>
  element("virtualport", { type }, [
    Object.keys(parameters).length === 0 ? undefined : element("parameters", parameters),
  ]);
