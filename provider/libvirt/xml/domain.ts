// A domain's XML, as far as an interface of it needs to know: machine, interfaces, security labels, free slots.
import { splitPciAddress } from "../../base/pci-address.js";
import { type XmlElement, attribute, compact, elementsOf, find, numberOf, parseXml, requiredText } from "./element.js";
import { type DomainInterface, parseInterfaces } from "./interface.js";
import { parseAddress } from "./parts.js";

export type SecurityLabel = { model?: string; type?: string; relabel?: boolean };
export type Domain = {
  name: string;
  uuid: string;
  /** `kvm`, `qemu`. */
  type: string;
  arch?: string;
  /** `pc-q35-7.2`, ... */
  machine?: string;
  /** `<os><boot>`: per-device boot orders are refused beside it. */
  hasOsBoot: boolean;
  securityLabels: SecurityLabel[];
  interfaces: DomainInterface[];
  /** pcie-root-port controllers with nothing behind them: where a hot-plugged VF can go. */
  freeRootPorts: number;
};

export function parseDomainXml(xml: string): Domain {
  const root = parseXml(xml, "domain");
  const osType = find(root, "os", "type");
  return compact({
    name: requiredText(root, "name"),
    uuid: requiredText(root, "uuid"),
    type: attribute(root, "type") ?? "",
    arch: attribute(osType, "arch"),
    machine: attribute(osType, "machine"),
    hasOsBoot: find(root, "os", "boot") !== undefined,
    securityLabels: elementsOf(root, "seclabel").map(parseSecurityLabel),
    interfaces: parseInterfaces(root),
    freeRootPorts: countFreeRootPorts(root),
  });
}

/** Equivalent to: `virsh dumpxml --xpath "//devices/interface|//devices/hostdev"` */
export const parseDomainInterfaces = (xml: string): DomainInterface[] => parseInterfaces(parseXml(xml, "domain"));

function parseSecurityLabel(from: XmlElement): SecurityLabel {
  const relabel = attribute(from, "relabel");
  return compact({
    model: attribute(from, "model"),
    type: attribute(from, "type"),
    relabel: relabel === undefined ? undefined : relabel === "yes",
  });
}

function countFreeRootPorts(root: XmlElement): number {
  const devices = elementsOf(find(root, "devices"));
  const usedBuses = new Set(
    devices.flatMap((device) => {
      const address = parseAddress(find(device, "address"));
      return address === undefined ? [] : splitPciAddress(address).bus;
    }),
  );
  const ports = devices.filter(
    ({ name, attributes }) =>
      name === "controller" && attributes["type"] === "pci" && attributes["model"] === "pcie-root-port",
  );
  return ports.filter((port) => !usedBuses.has(numberOf(attribute(port, "index")) ?? 0)).length;
}
