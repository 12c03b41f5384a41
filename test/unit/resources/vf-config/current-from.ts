// A host's PF out of a golden folder's current.yaml: a case names only what is special about it.
import { parse } from "yaml";
import { parsePciAddress } from "../../../../provider/base/pci-address.js";
import type { Current } from "../../../../provider/resources/vf-config/current.js";
import { newVf } from "../../../fakes/pf-model.js";

export function currentFrom(text: string): Current {
  const { pf, holders, persistence, whyNotInstalled } = (parse(text) ?? {}) as Partial<Current>;
  const vfs = Array.from({ length: pf?.numVfs ?? 0 }, (_, index) => {
    const { queryRss: _unreported, ...vf } = newVf(index);
    const special = Object.entries(pf?.vfs?.find((one) => one.index === index) ?? {});
    // null: what the host does not tell.
    const entries = [...Object.entries(vf).filter(([key]) => !special.some(([other]) => other === key)), ...special];
    return Object.fromEntries(entries.filter(([, value]) => value !== null)) as Current["pf"]["vfs"][number];
  });
  return {
    pf: {
      pciAddress: parsePciAddress("0000:01:00.0"),
      netdev: "eno49",
      altnames: [],
      driver: "igb",
      deviceId: "0x10c9",
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
