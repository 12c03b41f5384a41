// A domain's XML, as far as an interface of it needs to know: machine, interfaces, security labels, free slots.
import { splitPciAddress } from "../../base/pci-address.js";
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
import { type DomainInterface, parseInterfaces } from "./interface.js";
import { parseAddress } from "./parts.js";
import { rememberingRecent } from "./recent.js";

export type SecurityLabel = { model?: string; type?: string; relabel?: boolean };
export type Domain = {
  name: string;
  uuid: string;
  /** While it runs. */
  id?: number;
  /** `kvm`, `qemu`. */
  type: string;
  arch?: string;
  /** `pc-q35-7.2`, ... */
  machine?: string;
  /** `<os><boot>`: per-device boot orders are refused beside it. */
  hasOsBoot: boolean;
  securityLabels: SecurityLabel[];
  interfaces: DomainInterface[];
  memoryKiB?: number;
  /** `<memtune><hard_limit>`: also how much memory QEMU may lock, which a VF needs all of. */
  hardLimitKiB?: number;
  /** Of every device that has one: disks too. */
  bootOrders: { order: number; alias?: string }[];
  /** pcie-root-port controllers with nothing behind them: where a hot-plugged VF can go. Absent without PCI Express. */
  freeRootPorts?: number;
};

export const parseDomainXml = rememberingRecent((xml): Domain => {
  const root = parseXml(xml, "domain");
  const osType = find(root, "os", "type");
  return compact({
    name: requiredText(root, "name"),
    uuid: requiredText(root, "uuid"),
    id: numberOf(attribute(root, "id")),
    type: attribute(root, "type") ?? "",
    arch: attribute(osType, "arch"),
    machine: attribute(osType, "machine"),
    hasOsBoot: find(root, "os", "boot") !== undefined,
    securityLabels: elementsOf(root, "seclabel").map(parseSecurityLabel),
    interfaces: parseInterfaces(root),
    memoryKiB: kibibytes(find(root, "memory")),
    hardLimitKiB: kibibytes(find(root, "memtune", "hard_limit")),
    bootOrders: elementsOf(find(root, "devices")).flatMap((device) => {
      const order = numberOf(attribute(find(device, "boot"), "order"));
      return order === undefined ? [] : [compact({ order, alias: attribute(find(device, "alias"), "name") })];
    }),
    freeRootPorts: isPcie(root) ? countFreeRootPorts(root) : undefined,
  });
});

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

/** On the older `pc` machine a NIC goes into any slot of its one bus. */
const isPcie = (root: XmlElement): boolean =>
  /q35|virt/.test(attribute(find(root, "os", "type"), "machine") ?? "") ||
  elementsOf(find(root, "devices"), "controller").some(({ attributes }) =>
    ["pcie-root", "pcie-root-port"].includes(attributes["model"] ?? ""),
  );

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
      name === "controller" &&
      attributes["type"] === "pci" &&
      ["pcie-root-port", "pcie-switch-downstream-port"].includes(attributes["model"] ?? ""),
  );
  return ports.filter((port) => !usedBuses.has(numberOf(attribute(port, "index")) ?? 0)).length;
}

// libvirt's default unit is KiB; `KB` is 1000 bytes, `KiB` and `K` 1024 (virScaleInteger).
const units: { [unit: string]: number } = {
  b: 1 / 1024,
  bytes: 1 / 1024,
  kb: 1000 / 1024,
  k: 1,
  kib: 1,
  mb: 1e6 / 1024,
  m: 1024,
  mib: 1024,
  gb: 1e9 / 1024,
  g: 1024 ** 2,
  gib: 1024 ** 2,
  tb: 1e12 / 1024,
  t: 1024 ** 3,
  tib: 1024 ** 3,
};

function kibibytes(from: XmlElement | undefined): number | undefined {
  const value = numberOf(textOf(from));
  const unit = units[(attribute(from, "unit") ?? "KiB").toLowerCase()];
  return value === undefined || unit === undefined ? undefined : Math.floor(value * unit);
}
