// A domain's <interface>: made, read, and changed. Live, an interface from a pool looks different (type hostdev, the VF's
// address, no network name): it is the `ua-` alias and the MAC address that say it is the same.
import { type MacAddress, parseMac } from "../../base/mac.js";
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
} from "./element.js";
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

export type Teaming = { type: "persistent" } | { type: "transient"; persistent: string };

/** A device of a domain that is a network interface or a PCI device passed through. */
export type DomainInterface = {
  /** `hostdev` is a plain `<hostdev type='pci'>`: it may hold a VF too, without a MAC address. */
  element: "interface" | "hostdev";
  /** `network`, `hostdev`, `direct`, `bridge`, ...; `pci` for a plain hostdev. */
  type: string;
  mac?: MacAddress;
  alias?: string;
  network?: string;
  portgroup?: string;
  /** The device on the host: the VF. */
  sourceAddress?: PciAddress;
  managed: boolean;
  driver?: string;
  driverModel?: string;
  vlan?: Vlan;
  virtualport?: Virtualport;
  model?: string;
  bootOrder?: number;
  teaming?: Teaming;
  guestAddress?: PciAddress;
  /** The element itself, as detach and update need it. */
  xml: string;
};

type Common = {
  mac?: MacAddress | undefined;
  vlan?: Vlan | null | undefined;
  virtualport?: Virtualport | null | undefined;
  alias?: string | undefined;
  /** Of a VF: `vfio`, and the kernel's variant of it. */
  driver?: { name: string; model?: string } | null | undefined;
  /** The NIC that the guest sees, where it is an emulated one. */
  model?: string | undefined;
  bootOrder?: number | null | undefined;
  teaming?: Teaming | null | undefined;
  guestAddress?: PciAddress | null | undefined;
};
/** From a pool, or one VF of the host. Undefined leaves a part alone, null takes it away. */
export type InterfaceWanted = Common &
  (
    | { kind: "pool"; network: string; portgroup?: string | null | undefined }
    | { kind: "vf"; vf: PciAddress; managed?: boolean | undefined }
  );

export function formatInterfaceXml(wanted: InterfaceWanted): string {
  return formatXml(updated(undefined, wanted));
}

/** All of the element, as update-device needs it: what `wanted` does not mention, and elements we do not know, stay. */
export function updateInterfaceXml(elementXml: string, wanted: InterfaceWanted): string {
  return formatXml(updated(parseXml(elementXml, "interface"), wanted));
}

const ours = ["mac", "source", "driver", "model", "vlan", "virtualport", "alias", "boot", "teaming", "address"];

function updated(current: XmlElement | undefined, wanted: InterfaceWanted): XmlElement {
  const { mac, vlan, virtualport, alias, driver, model, bootOrder, teaming, guestAddress } = wanted;
  const one = <T>(child: string, value: T | null | undefined, format: (value: T) => XmlElement) =>
    value === undefined ? find(current, child) : value === null ? undefined : format(value);
  const kept = { ...current?.attributes };
  delete kept["managed"]; // A pool says it for its VFs.
  const attributes =
    wanted.kind === "pool"
      ? { ...kept, type: "network" }
      : { ...kept, type: "hostdev", managed: wanted.managed === false ? "no" : "yes" };
  return element("interface", attributes, [
    one("mac", mac, (address) => element("mac", { address })),
    one("driver", driver, (of) => element("driver", of)),
    formatSource(find(current, "source"), wanted),
    one("model", model, (type) => element("model", { type })),
    one("vlan", vlan, formatVlan),
    one("virtualport", virtualport, formatVirtualport),
    one("alias", alias, (name) => element("alias", { name })),
    one("boot", bootOrder, (order) => element("boot", { order })),
    one("teaming", teaming, (team) => element("teaming", team)),
    one("address", guestAddress, formatAddress),
    ...elementsOf(current).filter(({ name }) => !ours.includes(name)),
  ]);
}

function formatSource(current: XmlElement | undefined, wanted: InterfaceWanted): XmlElement {
  if (wanted.kind === "vf") return element("source", {}, [formatAddress(wanted.vf)]);
  const { network, portgroup = attribute(current, "portgroup") } = wanted;
  return element("source", { network, portgroup: portgroup ?? undefined });
}

/** One `<interface>` on its own. */
export const parseInterfaceXml = (xml: string): DomainInterface => parseInterface(parseXml(xml, "interface"));

/** All interfaces and passed-through PCI devices of a domain's XML, live or inactive, in its order. */
export function parseInterfaces(domain: XmlElement): DomainInterface[] {
  return elementsOf(find(domain, "devices")).flatMap((device) => {
    if (device.name === "interface") return parseInterface(device);
    return device.name === "hostdev" && attribute(device, "type") === "pci" ? parseHostdev(device) : [];
  });
}

function parseInterface(from: XmlElement): DomainInterface {
  const source = find(from, "source");
  const mac = attribute(find(from, "mac"), "address");
  return compact({
    ...parseCommon(from),
    element: "interface" as const,
    type: attribute(from, "type") ?? "",
    mac: mac === undefined ? undefined : parseMac(mac),
    network: attribute(source, "network"),
    portgroup: attribute(source, "portgroup"),
    vlan: parseVlan(find(from, "vlan")),
    virtualport: parseVirtualport(find(from, "virtualport")),
    model: attribute(find(from, "model"), "type"),
  });
}

const parseHostdev = (from: XmlElement): DomainInterface =>
  compact({ ...parseCommon(from), element: "hostdev" as const, type: "pci" });

const parseCommon = (from: XmlElement) => ({
  alias: attribute(find(from, "alias"), "name"),
  sourceAddress: parseAddress(find(from, "source", "address")),
  managed: attribute(from, "managed") === "yes",
  driver: attribute(find(from, "driver"), "name"),
  driverModel: attribute(find(from, "driver"), "model"),
  bootOrder: numberOf(attribute(find(from, "boot"), "order")),
  teaming: parseTeaming(find(from, "teaming")),
  guestAddress: parseAddress(find(from, "address")),
  xml: formatXml(from),
});

function parseTeaming(from: XmlElement | undefined): Teaming | undefined {
  if (from === undefined) return undefined;
  const persistent = attribute(from, "persistent");
  return persistent === undefined ? { type: "persistent" } : { type: "transient", persistent };
}
