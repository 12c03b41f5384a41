// A host for tests of what decides: the lab's PF eno49, as far as a case does not say otherwise.
import { parse } from "yaml";
import { parsePciAddress } from "../../../../provider/base/pci-address.js";
import type { Current } from "../../../../provider/resources/vf-config/current.js";

/** A case names only what is special about it. */
export function currentFrom(text: string): Current {
  const { pf, holders, persistence, whyNotInstalled } = (parse(text) ?? {}) as Partial<Current>;
  const vfs = Array.from({ length: pf?.numVfs ?? 0 }, (_, index) => ({
    index,
    pciAddress: parsePciAddress(`0000:01:${(16 + Math.floor(index / 4)).toString(16)}.${(index % 4) * 2}`),
    driver: "igbvf",
    mac: "00:00:00:00:00:00",
    vlan: 0,
    qos: 0,
    vlanProto: "802.1Q",
    spoofchk: true,
    trust: false,
    linkState: "auto",
    maxTxRate: 0,
    minTxRate: 0,
    uppers: [],
    vfioHolders: [],
    ...(pf?.vfs?.find((vf) => vf.index === index) as object | undefined),
  }));
  return {
    pf: {
      pciAddress: parsePciAddress("0000:01:00.0"),
      netdev: "eno49",
      altnames: [],
      driver: "igb",
      totalVfs: 7,
      numVfs: 0,
      isUp: true,
      hasCarrier: true,
      ...pf,
      vfs,
    },
    holders: holders ?? [],
    persistence: persistence ?? { isEnabled: false },
    ...(whyNotInstalled === undefined ? {} : { whyNotInstalled }),
  };
}
