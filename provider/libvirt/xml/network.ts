// libvirt's network XML, as far as it hands out VFs: read, made, and changed without losing what is not ours.
// Compare the inactive XML only: live, a <pf> becomes an address list, and after a restart of libvirtd it is gone.
import type { PciAddress } from "../../base/pci-address.js";
import {
  type XmlElement,
  attribute,
  compact,
  element,
  elementsOf,
  find,
  formatXml,
  numberOf,
  parseXml,
  requiredText,
  textElement,
  textOf,
} from "./element.js";
import { type MetadataElement, parseMetadata, withElements } from "./metadata.js";
import { type OwnershipMark, markElement, ownershipNamespace, parseMark } from "./ownership.js";
import {
  type Virtualport,
  type Vlan,
  formatAddress,
  formatVirtualport,
  formatVlan,
  parseAddress,
  parseVirtualport,
  parseVlan,
} from "./parts.js";
import { rememberingRecent } from "./recent.js";

export type Portgroup = { name: string; isDefault?: boolean; vlan?: Vlan; virtualport?: Virtualport };
export type NetworkDriver = { name: string; model?: string };

export type Network = {
  name: string;
  uuid?: string;
  title?: string;
  description?: string;
  /** `hostdev`, `passthrough`, `nat`, ...; undefined for an isolated network. */
  mode?: string;
  managed: boolean;
  driver?: NetworkDriver;
  pf?: string;
  addresses: PciAddress[];
  /** The netdevs of a macvtap network. */
  netdevs: string[];
  vlan?: Vlan;
  virtualport?: Virtualport;
  portgroups: Portgroup[];
  /** How many VFs are handed out. In live XML only; 0 elsewhere. */
  connections: number;
  /** What the one who made it has written in it; see ownership.ts. */
  mark?: OwnershipMark;
  /** What other tools have written in it. */
  metadata: MetadataElement[];
};

/** What a network shall be. Undefined leaves it alone, null takes it away. `pf`, `addresses` and `netdevs` exclude each other. */
export type NetworkWanted = {
  name: string;
  uuid?: string | undefined;
  title?: string | null | undefined;
  description?: string | null | undefined;
  mode: string;
  managed?: boolean | undefined;
  driver?: NetworkDriver | null | undefined;
  source?: { pf: string } | { addresses: readonly PciAddress[] } | { netdevs: readonly string[] } | undefined;
  vlan?: Vlan | null | undefined;
  virtualport?: Virtualport | null | undefined;
  portgroups?: readonly Portgroup[] | undefined;
  mark?: OwnershipMark | undefined;
  /** Of the namespaces that it names; the others stay. */
  metadata?: readonly MetadataElement[] | undefined;
};

export const parseNetworkXml = rememberingRecent((xml): Network => {
  const root = parseXml(xml, "network");
  const forward = find(root, "forward");
  const driver = find(forward, "driver");
  return compact({
    name: requiredText(root, "name"),
    uuid: textOf(find(root, "uuid")),
    title: textOf(find(root, "title")),
    description: textOf(find(root, "description")),
    mode: forward && (attribute(forward, "mode") ?? "nat"),
    managed: attribute(forward, "managed") === "yes",
    driver: driver && compact({ name: attribute(driver, "name") ?? "vfio", model: attribute(driver, "model") }),
    pf: attribute(find(forward, "pf"), "dev"),
    addresses: elementsOf(forward, "address").flatMap((address) => parseAddress(address) ?? []),
    netdevs: elementsOf(forward, "interface").flatMap((netdev) => attribute(netdev, "dev") ?? []),
    vlan: parseVlan(find(root, "vlan")),
    virtualport: parseVirtualport(find(root, "virtualport")),
    portgroups: elementsOf(root, "portgroup").map(parsePortgroup),
    connections: numberOf(attribute(root, "connections")) ?? 0,
    mark: parseMark(find(root, "metadata"), root),
    metadata: parseMetadata(find(root, "metadata"), root).filter(({ uri }) => uri !== ownershipNamespace),
  });
});

const parsePortgroup = (from: XmlElement): Portgroup =>
  compact({
    name: attribute(from, "name") ?? "",
    isDefault: attribute(from, "default") === "yes" ? true : undefined,
    vlan: parseVlan(find(from, "vlan")),
    virtualport: parseVirtualport(find(from, "virtualport")),
  });

/** The XML to define a network that does not exist yet. */
export function formatNetworkXml(wanted: NetworkWanted): string {
  return formatXml(updated(element("network"), wanted));
}

/** The XML to define the network again as `wanted`: foreign elements and attributes of its inactive XML stay. */
export function updateNetworkXml(inactiveXml: string, wanted: NetworkWanted): string {
  return formatXml(updated(parseXml(inactiveXml, "network"), wanted));
}

// libvirt prints in this order, whatever order it is given.
const order = ["name", "uuid", "title", "description", "metadata", "forward", "vlan", "virtualport", "portgroup"];

function updated(network: XmlElement, wanted: NetworkWanted): XmlElement {
  const { name, uuid, title, description, vlan, virtualport, portgroups, mark } = wanted;
  const kept = (child: string) => elementsOf(network, child);
  const one = <T>(child: string, value: T | null | undefined, format: (value: T) => XmlElement | undefined) =>
    value === undefined ? kept(child) : value === null ? [] : [format(value)];
  const metadata = [...(wanted.metadata ?? []), ...(mark === undefined ? [] : [markOf(mark)])];
  const foreign = elementsOf(network).filter((child) => !order.includes(child.name));
  const attributes = { ...network.attributes };
  delete attributes["connections"]; // Live only.
  return element("network", attributes, [
    textElement("name", name),
    ...one("uuid", uuid, (text) => textElement("uuid", text)),
    ...one("title", title, (text) => textElement("title", text)),
    ...one("description", description, (text) => textElement("description", text)),
    withElements(find(network, "metadata"), network, metadata),
    updatedForward(find(network, "forward"), wanted),
    ...one("vlan", vlan, formatVlan),
    ...one("virtualport", virtualport, formatVirtualport),
    ...(portgroups === undefined
      ? kept("portgroup")
      : portgroups.map((group) => formatPortgroup(group, portgroupIn(network, group.name)))),
    ...foreign,
  ]);
}

function updatedForward(forward: XmlElement | undefined, wanted: NetworkWanted): XmlElement {
  const { mode, managed, driver, source } = wanted;
  // libvirt repeats a macvtap network's first netdev as `dev`, and refuses one that is not in the list.
  const { dev, ...kept } = forward?.attributes ?? {};
  const attributes = {
    ...kept,
    dev: source === undefined ? dev : undefined,
    mode,
    ...(managed === undefined ? {} : { managed: managed ? "yes" : "no" }),
  };
  const ours = ["driver", "pf", "address", "interface"];
  const sources = elementsOf(forward).filter(({ name }) => ours.includes(name) && name !== "driver");
  return element("forward", attributes, [
    ...(driver === undefined ? elementsOf(forward, "driver") : driver === null ? [] : [element("driver", driver)]),
    ...(source === undefined ? sources : formatSource(source)),
    ...elementsOf(forward).filter(({ name }) => !ours.includes(name)),
  ]);
}

function formatSource(source: NonNullable<NetworkWanted["source"]>): XmlElement[] {
  if ("pf" in source) return [element("pf", { dev: source.pf })];
  if ("addresses" in source) return source.addresses.map(formatAddress);
  return source.netdevs.map((dev) => element("interface", { dev }));
}

const portgroupIn = (network: XmlElement, name: string): XmlElement | undefined =>
  elementsOf(network, "portgroup").find((group) => attribute(group, "name") === name);

/** What a group of that name has beside a VLAN and a virtualport (a bandwidth, say) stays. */
function formatPortgroup({ name, isDefault, vlan, virtualport }: Portgroup, current?: XmlElement): XmlElement {
  const { default: _default, ...kept } = current?.attributes ?? {};
  return element("portgroup", { ...kept, name, default: isDefault === true ? "yes" : undefined }, [
    vlan && formatVlan(vlan),
    virtualport && formatVirtualport(virtualport),
    ...elementsOf(current).filter((child) => child.name !== "vlan" && child.name !== "virtualport"),
  ]);
}

const markOf = (mark: OwnershipMark): MetadataElement => ({
  uri: ownershipNamespace,
  xml: formatXml(markElement(mark)),
});
