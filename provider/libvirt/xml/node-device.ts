// A node device: a PCI device with its SR-IOV side, or a netdev. Equivalent to: `virsh nodedev-dumpxml`
import { type MacAddress, parseMac, whyNotUnicastMac } from "../../base/mac.js";
import { type PciAddress, joinPciAddress } from "../../base/pci-address.js";
import {
  type XmlElement,
  attribute,
  compact,
  elementsOf,
  find,
  numberOf,
  parseXml,
  requiredText,
  textOf,
} from "./element.js";
import { parseAddress } from "./parts.js";

export type PciNodeDevice = {
  address: PciAddress;
  /** `0x020000` is an Ethernet controller. Since libvirt 5.2. */
  class?: string;
  vendor?: string;
  product?: string;
  /** Of a PF: sriov_totalvfs, and the VFs it has now. */
  virtualFunctions?: { max?: number; addresses: PciAddress[] };
  /** Of a VF: its PF. */
  physicalFunction?: PciAddress;
  iommuGroup?: { number: number; addresses: PciAddress[] };
  numaNode?: number;
};
export type NetNodeDevice = { netdev: string; mac?: MacAddress; linkState?: string; speedMbps?: number };

export type NodeDevice = {
  name: string;
  path?: string;
  /** The name of the PCI device that a netdev belongs to. */
  parent?: string;
  /** `vfio-pci` means: passed to a domain, or detached from the host. */
  driver?: string;
  pci?: PciNodeDevice;
  net?: NetNodeDevice;
};

export function parseNodeDeviceXml(xml: string): NodeDevice {
  const root = parseXml(xml, "device");
  const capability = (type: string) => elementsOf(root, "capability").find((one) => attribute(one, "type") === type);
  const pci = capability("pci");
  const net = capability("net");
  return compact({
    name: requiredText(root, "name"),
    path: textOf(find(root, "path")),
    parent: textOf(find(root, "parent")),
    driver: textOf(find(root, "driver", "name")),
    pci: pci && parsePci(pci),
    net: net && parseNet(net),
  });
}

function parsePci(from: XmlElement): PciNodeDevice {
  const part = (name: string) => numberOf(textOf(find(from, name))) ?? 0;
  const capability = (type: string) => elementsOf(from, "capability").find((one) => attribute(one, "type") === type);
  const addressesOf = (parent: XmlElement) =>
    elementsOf(parent, "address").flatMap((address) => parseAddress(address) ?? []);
  const vfs = capability("virt_functions");
  const pf = capability("phys_function");
  const group = find(from, "iommuGroup");
  return compact({
    address: joinPciAddress({
      pciDomain: part("domain"),
      bus: part("bus"),
      slot: part("slot"),
      function: part("function"),
    }),
    class: textOf(find(from, "class")),
    vendor: nameOf(find(from, "vendor")),
    product: nameOf(find(from, "product")),
    virtualFunctions: vfs && compact({ max: numberOf(attribute(vfs, "maxCount")), addresses: addressesOf(vfs) }),
    physicalFunction: pf && addressesOf(pf)[0],
    iommuGroup: group && { number: numberOf(attribute(group, "number")) ?? 0, addresses: addressesOf(group) },
    numaNode: numberOf(attribute(find(from, "numa"), "node")),
  });
}

function parseNet(from: XmlElement): NetNodeDevice {
  const link = find(from, "link");
  const mac = textOf(find(from, "address"));
  return compact({
    netdev: requiredText(from, "interface"),
    mac: mac === undefined || whyNotUnicastMac(mac) !== undefined ? undefined : parseMac(mac),
    linkState: attribute(link, "state"),
    speedMbps: numberOf(attribute(link, "speed")),
  });
}

/** The words for it, or its number where the host has no words. */
const nameOf = (from: XmlElement | undefined): string | undefined => textOf(from) || attribute(from, "id");
