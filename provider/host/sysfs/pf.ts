// One PF and its VFs as the host shows them: types, and the reader of what the reader script printed.
import { SriovError } from "../../base/errors.js";
import { type NetdevsimName, type PciAddress, isNetdevsim, parsePciAddress } from "../../base/pci-address.js";
import { type LinkInfo, type VfInfo, parseLink } from "../iproute2/link.js";
import { eswitchModeOf } from "../iproute2/devlink.js";
import { type PersistenceFacts, parsePersistence } from "../persistence/reader.js";
import { parseFields, present } from "../script.js";
import { type Surroundings, parseSurroundings } from "../surroundings.js";
import type { VfioHolder } from "../vfio/holders.js";

export type PfAddress = PciAddress | NetdevsimName;

const parsePfAddress = (text: string): PfAddress => (isNetdevsim(text) ? text : parsePciAddress(text));

export type VfFacts = Omit<VfInfo, "index"> & {
  index: number;
  /** Empty on netdevsim, whose VFs are no devices. */
  pciAddress: PciAddress | "";
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
  pciAddress: PfAddress;
  netdev?: string;
  altnames: string[];
  driver?: string;
  /** PCI vendor and device, as sysfs writes them: `0x8086`, `0x10c9`. */
  vendorId?: string;
  deviceId?: string;
  totalVfs: number;
  numVfs: number;
  /** `sriov_drivers_autoprobe`; absent on netdevsim and on kernels before 4.12. */
  driversAutoprobe?: boolean;
  /** Absent when the driver has no eswitch, and without devlink on the host. */
  eswitchMode?: string;
  mtu?: number;
  minMtu?: number;
  maxMtu?: number;
  /** Absent while the PF is down or has no link. */
  speedMbps?: number;
  isUp: boolean;
  hasCarrier: boolean;
  vfs: VfFacts[];
};

export type KnownPf = { pciAddress: string; netdev?: string; totalVfs: number };

/** `pfs`: the SR-IOV PFs that the host has, to choose from. */
/** A MAC address that is in use on the host, for `duplicate MAC`. `vf` is absent for the PF's own. */
export type MacInUse = { pfPciAddress: string; netdev: string; vf?: number; mac: string };

export type PfReading = { pfs: KnownPf[] } & (
  | { found: "pf"; pf: PfFacts; persistence: PersistenceFacts; macsInUse: MacInUse[]; surroundings: Surroundings }
  | { found: "nothing" }
  | { found: "several"; matches: KnownPf[] }
  | { found: "no-pci-device"; netdev: string }
  | { found: "vf"; pciAddress: PciAddress; pfPciAddress: PciAddress }
  | { found: "no-sriov"; pciAddress: PfAddress; driver?: string }
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
    totalVfs: Number(present(total) ?? 0),
  }));
  if (one("missing")) return { pfs, found: "nothing" };
  const several = all("match").map(([address]) => address);
  if (several.length > 1) {
    return { pfs, found: "several", matches: pfs.filter((pf) => several.includes(pf.pciAddress)) };
  }
  const notPci = one("not-pci");
  if (notPci) return { pfs, found: "no-pci-device", netdev: notPci[0] ?? "" };
  const device = one("device");
  if (!device || !one("end")) throw halfWay(records.map((fields) => fields.join("\t")).join("\n"));

  const [address = "", netdev, driver, total, num, physfn, vendor, deviceId, autoprobe, speed] = device;
  const pciAddress = parsePfAddress(address);
  if (present(physfn))
    return { pfs, found: "vf", pciAddress: parsePciAddress(address), pfPciAddress: parsePciAddress(physfn ?? "") };
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
    ...optional("vendorId", present(vendor)),
    ...optional("deviceId", present(deviceId)),
    totalVfs: Number(total),
    numVfs: Number(num),
    ...(present(autoprobe) ? { driversAutoprobe: autoprobe === "1" } : {}),
    ...optional("eswitchMode", eswitchModeOf(one("eswitch")?.[0])),
    ...optional("mtu", link?.mtu),
    ...optional("minMtu", link?.minMtu),
    ...optional("maxMtu", link?.maxMtu),
    // -1 is "not known".
    ...(Number(speed) > 0 ? { speedMbps: Number(speed) } : {}),
    isUp: link?.isUp ?? false,
    hasCarrier: link?.hasCarrier ?? false,
    vfs: slots.map((slot) => vfFrom(slot, infos, holders)).sort((a, b) => a.index - b.index),
  };
  const macsInUse = [...(link ? macsOf(address, link) : []), ...all("other").flatMap(otherMacs)];
  const surroundings = parseSurroundings(records, pf, link);
  return { pfs, found: "pf", pf, persistence: parsePersistence(records, pciAddress), macsInUse, surroundings };
}

function macsOf(pfPciAddress: string, { netdev, mac, vfs }: LinkInfo): MacInUse[] {
  const at = { pfPciAddress, netdev };
  const own = mac === undefined ? [] : [{ ...at, mac }];
  return [...own, ...(vfs ?? []).flatMap((vf) => (vf.mac === undefined ? [] : [{ ...at, vf: vf.index, mac: vf.mac }]))];
}

/** Another PF whose link cannot be read is no reason to fail: this is only for a warning about its MACs. */
function otherMacs([address = "", code, ...text]: string[]): MacInUse[] {
  const printed = text.join("\t");
  return code === "0" ? macsOf(address, parseLink(printed.slice(Math.max(0, printed.indexOf("["))))) : [];
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
  const info = infos.get(Number(index)) ?? {
    vlan: 0,
    qos: 0,
    vlanProto: "802.1Q",
    maxTxRate: 0,
    minTxRate: 0,
  };
  const files = [`/dev/vfio/${group}`, `/dev/vfio/devices/${present(vfioDevice) ?? "none"}`];
  const isVfio = driver?.includes("vfio") ?? false;
  return {
    ...info,
    index: Number(index),
    pciAddress: present(address) ? parsePciAddress(address) : "",
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
