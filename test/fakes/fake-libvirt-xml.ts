// What the fake libvirtd does to XML as libvirt does: make live XML of a definition, hand devices around.
import { randomUUID } from "node:crypto";
import type { PciAddress } from "../../provider/base/pci-address.js";
import { LibvirtError } from "../../provider/libvirt/errors.js";
import { type XmlElement, element, elementsOf, find, formatXml, parseXml } from "../../provider/libvirt/xml/element.js";
import { parseDomainInterfaces } from "../../provider/libvirt/xml/domain.js";
import type { DomainInterface } from "../../provider/libvirt/xml/interface.js";
import { formatAddress, formatVlan } from "../../provider/libvirt/xml/parts.js";
import type { Vlan } from "../../provider/libvirt/xml/parts.js";

export function libvirtError(code: number, message: string, doing = "fake"): LibvirtError {
  const nothing = { str1: undefined, str2: undefined, str3: undefined, int1: 0, int2: 0 };
  return new LibvirtError(doing, { code, errorDomain: 0, message, level: 2, ...nothing });
}

/** Without an uuid of its own a network gets one. */
export function withUuid(networkXml: string, uuid: string = randomUUID()): string {
  const root = parseXml(networkXml, "network");
  if (find(root, "uuid")) return networkXml;
  const [name, ...rest] = elementsOf(root);
  return formatXml(element("network", root.attributes, [name, element("uuid", {}, [uuid]), ...rest]));
}

/** A definition as libvirt stores it: where it has both, the address list wins and `<pf>` is dropped. */
export function stored(networkXml: string): string {
  return mapForward(networkXml, (forward) => {
    const children = elementsOf(forward);
    return children.some(({ name }) => name === "address") ? children.filter(({ name }) => name !== "pf") : children;
  });
}

/** The XML of a started network: the PF's VFs at that moment are listed beside it, for good. */
export const started = (networkXml: string, vfs: readonly PciAddress[]): string =>
  mapForward(networkXml, (forward) => [
    ...elementsOf(forward).filter(({ name }) => name !== "address"),
    ...vfs.map(formatAddress),
  ]);

export function withConnections(networkXml: string, connections: number): string {
  const root = parseXml(networkXml, "network");
  const attributes = connections === 0 ? root.attributes : { ...root.attributes, connections };
  return formatXml(element("network", attributes, root.children));
}

function mapForward(networkXml: string, map: (forward: XmlElement) => XmlElement[]): string {
  const root = parseXml(networkXml, "network");
  const children = root.children.map((child) =>
    typeof child === "object" && child.name === "forward" ? element("forward", child.attributes, map(child)) : child,
  );
  return formatXml(element("network", root.attributes, children));
}

/** The live XML of an interface of a pool: type hostdev, the VF, no network any more. */
export function resolved(
  wanted: DomainInterface,
  vf: PciAddress,
  { vlan, alias, slot }: { vlan: Vlan | undefined; alias: string; slot: PciAddress },
): string {
  return formatXml(
    element("interface", { type: "hostdev", managed: "yes" }, [
      element("mac", { address: wanted.mac }),
      element("driver", { name: "vfio" }),
      element("source", {}, [formatAddress(vf)]),
      vlan && formatVlan(vlan),
      element("alias", { name: alias }),
      formatAddress(slot),
    ]),
  );
}

export function withDevice(domainXml: string, deviceXml: string): string {
  const device = parseXml(deviceXml, "interface");
  return mapDevices(domainXml, (devices) => [...devices, device]);
}

/** `replacement` undefined takes the interface away. */
export function withoutDevice(domainXml: string, gone: DomainInterface, replacement?: string): string {
  const places = parseDomainInterfaces(domainXml).filter(({ element: kind }) => kind === "interface");
  const place = places.findIndex(({ xml }) => xml === gone.xml);
  let at = -1;
  return mapDevices(domainXml, (devices) =>
    devices.flatMap((device) => {
      if (device.name !== "interface") return device;
      at += 1;
      if (at !== place) return device;
      return replacement === undefined ? [] : parseXml(replacement, "interface");
    }),
  );
}

function mapDevices(domainXml: string, map: (devices: XmlElement[]) => XmlElement[]): string {
  const root = parseXml(domainXml, "domain");
  const children = root.children.map((child) =>
    typeof child === "object" && child.name === "devices"
      ? element("devices", child.attributes, map(elementsOf(child)))
      : child,
  );
  return formatXml(element("domain", root.attributes, children));
}
