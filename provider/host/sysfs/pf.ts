// One PF and its VFs as the host shows them: types, and the reader of what the reader script printed.
import { SriovError } from "../../base/errors.js";
import { type PciAddress, parsePciAddress } from "../../base/pci-address.js";
import { type LinkInfo, type VfInfo, parseLink } from "../iproute2/link.js";
import { type PersistenceFacts, parsePersistence } from "../persistence/reader.js";
import { parseFields, present } from "../script.js";
import type { VfioHolder } from "../vfio/holders.js";

export type VfFacts = Omit<VfInfo, "index"> & {
  index: number;
  pciAddress: PciAddress;
  driver?: string;
  /** Changes over reboots. */
  iommuGroup?: number;
  /** Absent while the VF has no host driver, and in another network namespace. */
  netdev?: string;
  netdevMac?: string;
  /** What is stacked on the netdev: a bridge, a bond, a macvtap. */
  uppers: string[];
  /** Processes that have its VFIO device open. */
  vfioHolders: VfioHolder[];
};

export type PfFacts = {
  pciAddress: PciAddress;
  netdev?: string;
  altnames: string[];
  driver?: string;
  totalVfs: number;
  numVfs: number;
  isUp: boolean;
  hasCarrier: boolean;
  vfs: VfFacts[];
};

export type KnownPf = { pciAddress: string; netdev?: string; totalVfs: number };

/** `pfs`: the SR-IOV PFs that the host has, to choose from. */
export type PfReading = { pfs: KnownPf[] } & (
  | { found: "pf"; pf: PfFacts; persistence: PersistenceFacts }
  | { found: "nothing" }
  | { found: "no-pci-device"; netdev: string }
  | { found: "vf"; pciAddress: PciAddress; pfPciAddress: PciAddress }
  | { found: "no-sriov"; pciAddress: PciAddress; driver?: string }
  /** The kernel left a VF out of its list: a driver call failed just now (i40e EAGAIN, ice in reset). Read again. */
  | { found: "short-vf-list"; reason: string }
);

export const parsePfReading = (output: string): PfReading => readingFrom(parseFields(output));

/** What `allReaderScript` printed, PF by PF. */
export function parseAllPfReadings(output: string): PfReading[] {
  const records = parseFields(output);
  const isAt = (key: string) => records.findIndex(([name]) => name === key);
  const starts = records.flatMap(([name], at) => (name === "device" ? [at] : []));
  const common = isAt("common");
  if (common === -1) throw halfWay(output);
  const head = records.slice(0, starts[0] ?? common);
  return starts.map((start, i) =>
    readingFrom([...head, ...records.slice(start, starts[i + 1] ?? common), ...records.slice(common)]),
  );
}

const halfWay = (output: string) =>
  new SriovError("remote-failure", `The reader ended half-way: ${output.slice(-200)}`);

function readingFrom(records: string[][]): PfReading {
  const all = (key: string) => records.filter(([name]) => name === key).map(([, ...fields]) => fields);
  const one = (key: string) => all(key)[0];

  const pfs = all("pf").map(([address = "", netdev, total]): KnownPf => ({
    pciAddress: address,
    ...optional("netdev", present(netdev)),
    totalVfs: Number(total),
  }));
  if (one("missing")) return { pfs, found: "nothing" };
  const notPci = one("not-pci");
  if (notPci) return { pfs, found: "no-pci-device", netdev: notPci[0] ?? "" };
  const device = one("device");
  if (!device || !one("end")) throw halfWay(records.map((fields) => fields.join("\t")).join("\n"));

  const [address = "", netdev, driver, total, num, physfn] = device;
  const pciAddress = parsePciAddress(address);
  if (present(physfn)) return { pfs, found: "vf", pciAddress, pfPciAddress: parsePciAddress(physfn ?? "") };
  if (!present(total)) return { pfs, found: "no-sriov", pciAddress, ...optional("driver", present(driver)) };

  const link = linkOf(one("ip"));
  const holders = all("holder").map(([path = "", pid, guest, process = ""]): VfioHolder => ({
    path,
    pid: Number(pid),
    ...optional("guest", present(guest)),
    process,
  }));
  const slots = all("vf");
  const infos = new Map(link?.vfs?.map((info) => [info.index, info]));
  if (link?.vfs && link.vfs.length < slots.length) {
    return { pfs, found: "short-vf-list", reason: `ip shows ${link.vfs.length} of ${slots.length} VFs` };
  }
  if (Number(num) !== slots.length) {
    return { pfs, found: "short-vf-list", reason: `sysfs shows ${slots.length} of ${num} VFs` };
  }
  const pf: PfFacts = {
    pciAddress,
    ...optional("netdev", link?.netdev ?? present(netdev)),
    altnames: link?.altnames ?? [],
    ...optional("driver", present(driver)),
    totalVfs: Number(total),
    numVfs: Number(num),
    isUp: link?.isUp ?? false,
    hasCarrier: link?.hasCarrier ?? false,
    vfs: slots.map((slot) => vfFrom(slot, infos, holders)).sort((a, b) => a.index - b.index),
  };
  return { pfs, found: "pf", pf, persistence: parsePersistence(records) };
}

function linkOf(record: string[] | undefined): LinkInfo | undefined {
  if (!record) return undefined;
  const [code, ...text] = record;
  const printed = text.join("\t");
  if (code !== "0") {
    throw new SriovError("remote-failure", `Failed to read the PF's link: \`ip -j -d link show\` said: ${printed}`, {
      remedy: "iproute2 4.14 or newer is needed on the host.",
    });
  }
  // `Truncated VF list` and other warnings go to standard error, which the script keeps with the rest.
  return parseLink(printed.slice(Math.max(0, printed.indexOf("["))));
}

function vfFrom(slot: string[], infos: Map<number, VfInfo>, holders: VfioHolder[]): VfFacts {
  const [index, address = "", driver, group, netdev, mac, uppers, vfioDevice] = slot;
  const info = infos.get(Number(index)) ?? { vlan: 0, qos: 0, maxTxRate: 0, minTxRate: 0 };
  const files = [`/dev/vfio/${group}`, `/dev/vfio/devices/${present(vfioDevice) ?? "none"}`];
  const isVfio = driver?.includes("vfio") ?? false;
  return {
    ...info,
    index: Number(index),
    pciAddress: parsePciAddress(address),
    ...optional("driver", present(driver)),
    ...(present(group) ? { iommuGroup: Number(group) } : {}),
    ...optional("netdev", present(netdev)),
    ...optional("netdevMac", present(mac)),
    uppers: present(uppers)?.split(" ") ?? [],
    vfioHolders: isVfio ? holders.filter((holder) => files.includes(holder.path)) : [],
  };
}

function optional<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });
}
