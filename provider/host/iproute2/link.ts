// What `ip -j -d link show dev PF` prints, over the versions of iproute2: ip/ipaddress.c, print_vfinfo.
// Unknown keys are ignored; a key that is absent means that the driver did not say.
import { z } from "zod";
import { SriovError } from "../../base/errors.js";

/** One VF's attributes as the PF's driver tells them. */
export type VfInfo = {
  index: number;
  mac?: string;
  vlan: number;
  qos: number;
  /** As `ip link` writes it: `802.1Q`, also where there is no VLAN, or `802.1ad`. */
  vlanProto: string;
  spoofchk?: boolean;
  trust?: boolean;
  linkState?: string;
  maxTxRate: number;
  minTxRate: number;
  queryRss?: boolean;
};

export type LinkInfo = {
  netdev: string;
  altnames: string[];
  mac?: string;
  /** Where it differs from `mac`: a bond gives its members its own. */
  permanentMac?: string;
  mtu?: number;
  /** What the driver says of it; iproute2 4.19 or newer. */
  minMtu?: number;
  maxMtu?: number;
  isUp: boolean;
  hasCarrier: boolean;
  /** Undefined when the driver has no VF attributes at all (no ndo_get_vf_config). */
  vfs: VfInfo[] | undefined;
};

const vlan = z.looseObject({
  vlan: z.int().optional(),
  qos: z.int().optional(),
  protocol: z.string().optional(),
});

const vfInfo = z.looseObject({
  vf: z.int(),
  // `mac` before iproute2 5.3.
  address: z.string().optional(),
  mac: z.string().optional(),
  // `[{}]` when there is no VLAN; at the top level on kernels before 4.9.
  vlan_list: z.array(vlan).optional(),
  vlan: z.int().optional(),
  qos: z.int().optional(),
  rate: z.looseObject({ max_tx: z.number(), min_tx: z.number() }).optional(),
  tx_rate: z.number().optional(),
  spoofchk: z.boolean().optional(),
  link_state: z.string().optional(),
  trust: z.boolean().optional(),
  query_rss_en: z.boolean().optional(),
});

const link = z.looseObject({
  ifname: z.string(),
  flags: z.array(z.string()).default([]),
  mtu: z.int().optional(),
  min_mtu: z.int().optional(),
  max_mtu: z.int().optional(),
  address: z.string().optional(),
  permaddr: z.string().optional(),
  altnames: z.array(z.string()).default([]),
  vfinfo_list: z.array(vfInfo).optional(),
});

/** Throws `remote-failure` for text that is not the JSON of one link. */
export function parseLink(text: string): LinkInfo {
  const found = one(text);
  return {
    netdev: found.ifname,
    altnames: found.altnames,
    ...given("mac", found.address?.toLowerCase()),
    ...given("permanentMac", found.permaddr?.toLowerCase()),
    ...given("mtu", found.mtu),
    ...given("minMtu", found.min_mtu),
    // 0 is "no limit".
    ...given("maxMtu", found.max_mtu === 0 ? undefined : found.max_mtu),
    isUp: found.flags.includes("UP"),
    hasCarrier: found.flags.includes("LOWER_UP"),
    vfs: found.vfinfo_list?.map(vfFrom),
  };
}

function one(text: string): z.infer<typeof link> {
  try {
    const [found] = z.array(link).length(1).parse(JSON.parse(text));
    if (found) return found;
  } catch (cause) {
    throw new SriovError("remote-failure", `Failed to understand what \`ip -j -d link show\` printed: ${head(text)}`, {
      cause,
      remedy: "iproute2 4.14 or newer is needed on the host.",
    });
  }
  throw new SriovError("bug", "one link, but none");
}

function vfFrom(info: z.infer<typeof vfInfo>): VfInfo {
  const tag = info.vlan_list?.[0] ?? info;
  const protocol = info.vlan_list?.[0]?.protocol;
  return {
    index: info.vf,
    ...given("mac", (info.address ?? info.mac)?.toLowerCase()),
    vlan: tag.vlan ?? 0,
    qos: tag.qos ?? 0,
    // Printed only where it is another one.
    vlanProto: protocol ?? "802.1Q",
    ...given("spoofchk", info.spoofchk),
    ...given("trust", info.trust),
    ...given("linkState", info.link_state),
    maxTxRate: info.rate?.max_tx ?? info.tx_rate ?? 0,
    minTxRate: info.rate?.min_tx ?? 0,
    ...given("queryRss", info.query_rss_en),
  };
}

const head = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}...` : text);

function given<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });
}
