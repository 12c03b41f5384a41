// What a program would have to say of a PF as it is: read back from the boot plan that we left there, else from what differs
// from a VF that nobody has touched. Pure.
import type { VfFacts } from "../../host/sysfs/pf.js";
import type { Current, Holder } from "./current.js";
import type { VfInputs } from "./model.js";

export type Stated = { numVfs?: number; pfUp: boolean; vfs: VfInputs[]; persistence: "systemd-unit" | "none" };

export function statedBy({ pf, holders, persistence }: Current): Stated {
  if (persistence.planLines !== undefined) return statedInPlan(persistence.planLines);
  const vfs = pf.vfs.map((vf) =>
    touched(
      vf,
      holders.find(({ vfIndex }) => vfIndex === vf.index),
    ),
  );
  return {
    numVfs: pf.numVfs,
    pfUp: pf.isUp,
    vfs: vfs.filter((vf) => Object.keys(vf).length > 1),
    persistence: "none",
  };
}

/** A VF is made with these; whether it is spoof-checked is the driver's choice, and nearly all say yes. */
function touched(vf: VfFacts, holder: Holder | undefined): VfInputs {
  const isOurs = holder?.ownsMacAndVlan !== true;
  // Several drivers show the VF's own choice of a MAC where none is set.
  const hasMac = vf.mac !== undefined && vf.mac !== "00:00:00:00:00:00" && vf.mac !== vf.netdevMac;
  return {
    index: vf.index,
    ...(isOurs && hasMac && vf.mac !== undefined ? { mac: vf.mac } : {}),
    ...(isOurs && vf.vlan !== 0 ? { vlan: vf.vlan, ...(vf.qos === 0 ? {} : { qos: vf.qos }) } : {}),
    ...(vf.spoofchk === false ? { spoofchk: false } : {}),
    ...(vf.trust === true ? { trust: true } : {}),
    ...(vf.maxTxRate === 0 ? {} : { maxTxRate: vf.maxTxRate }),
  };
}

const isOn = (word: string | undefined): boolean => word === "on";

/** Each word of a plan's `vf N ...` line, and what it says: the other way round than `lineOf` of plan.ts. */
const words: { [word: string]: (values: string[]) => Omit<VfInputs, "index"> } = {
  mac: ([mac = ""]) => ({ mac }),
  vlan: ([vlan, , qos]) => ({ vlan: Number(vlan), ...(qos === "0" ? {} : { qos: Number(qos) }) }),
  spoofchk: ([state]) => ({ spoofchk: isOn(state) }),
  trust: ([state]) => ({ trust: isOn(state) }),
  "max-tx-rate": ([rate]) => ({ maxTxRate: Number(rate) }),
};

/** What the VfConfig said whose boot plan this is. */
export function statedInPlan(lines: readonly string[]): Stated {
  const vfs = new Map<number, VfInputs>();
  let numVfs: number | undefined;
  for (const line of lines) {
    const [word, first, attribute = "", ...values] = line.split(" ");
    if (word === "num-vfs") numVfs = Number(first);
    if (word !== "vf") continue;
    const index = Number(first);
    vfs.set(index, { index, ...vfs.get(index), ...words[attribute]?.(values) });
  }
  return {
    ...(numVfs === undefined ? {} : { numVfs }),
    pfUp: lines.includes("pf-up"),
    vfs: [...vfs.values()].sort((a, b) => a.index - b.index),
    persistence: "systemd-unit",
  };
}
