// What a program would have to say of a PF as it is: read back from the boot plan, the rule or the .link file that we left
// there, else from what differs from a VF that nobody has touched. Pure.
import { wantsOfLink } from "../../host/persistence/link-file.js";
import { wantsOfRule } from "../../host/persistence/udev-rule.js";
import type { VfFacts } from "../../host/sysfs/pf.js";
import type { Current, Holder } from "./current.js";
import { type VfConfigInputs, type VfInputs, eswitchModes, linkStates, vlanProtos } from "./model.js";

export type Stated = Pick<
  VfConfigInputs,
  "numVfs" | "driversAutoprobe" | "eswitchMode" | "mtu" | "pfUp" | "externallyManaged"
> & { vfs: VfInputs[]; persistence: VfConfigInputs["persistence"] };

export function statedBy({ pf, holders, persistence }: Current): Stated {
  if (persistence.planLines !== undefined) return statedInPlan(persistence.planLines);
  if (persistence.rule !== undefined) {
    return { ...wantsOfRule(persistence.rule), vfs: [], externallyManaged: false, persistence: "udev" };
  }
  if (persistence.link !== undefined) {
    const wants = wantsOfLink(persistence.link, persistence.baseLink);
    const vfs = [...wants.vfs] as VfInputs[];
    return { ...wants, vfs, pfUp: false, externallyManaged: false, persistence: "systemd-link" };
  }
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
    externallyManaged: false,
    persistence: "none",
  };
}

/** A VF is made with these; whether it is spoof-checked is the driver's choice, and nearly all say yes. */
function touched(vf: VfFacts, holder: Holder | undefined): VfInputs {
  const isOurs = holder?.ownsMacAndVlan !== true;
  const linkState = linkStates.find((state) => state === vf.linkState && state !== "auto");
  // Several drivers show the VF's own choice of a MAC where none is set.
  const hasMac = vf.mac !== undefined && vf.mac !== "00:00:00:00:00:00" && vf.mac !== vf.netdevMac;
  return {
    index: vf.index,
    ...(isOurs && hasMac && vf.mac !== undefined ? { mac: vf.mac } : {}),
    ...(isOurs && vf.vlan !== 0
      ? { vlan: vf.vlan, ...(vf.qos === 0 ? {} : { qos: vf.qos }), ...protoOf(vf.vlanProto) }
      : {}),
    ...(vf.spoofchk === false ? { spoofchk: false } : {}),
    ...(vf.trust === true ? { trust: true } : {}),
    ...(linkState === undefined ? {} : { linkState }),
    ...(vf.maxTxRate === 0 ? {} : { maxTxRate: vf.maxTxRate }),
    ...(vf.minTxRate === 0 ? {} : { minTxRate: vf.minTxRate }),
    ...(vf.queryRss === true ? { queryRss: true } : {}),
  };
}

/** 802.1Q is what a VLAN is where nothing is said. */
function protoOf(text: string | undefined): Pick<VfInputs, "vlanProto"> {
  const vlanProto = vlanProtos.find((proto) => proto === text && proto !== "802.1Q");
  return vlanProto === undefined ? {} : { vlanProto };
}

const isOn = (word: string | undefined): boolean => word === "on";

/** Each word of a plan's `vf N ...` line, and what it says: the other way round than `lineOf` of steps.ts. */
const words: { [word: string]: (values: string[]) => Omit<VfInputs, "index"> } = {
  mac: ([mac = ""]) => ({ mac }),
  vlan: ([vlan, , qos, , proto]) => ({
    vlan: Number(vlan),
    ...(qos === "0" ? {} : { qos: Number(qos) }),
    ...protoOf(proto),
  }),
  spoofchk: ([state]) => ({ spoofchk: isOn(state) }),
  trust: ([state]) => ({ trust: isOn(state) }),
  "link-state": ([state]) => ({ linkState: linkStates.find((known) => known === state) ?? "auto" }),
  "query-rss": ([state]) => ({ queryRss: isOn(state) }),
  "max-tx-rate": ([rate]) => ({ maxTxRate: Number(rate) }),
  "min-tx-rate": ([rate]) => ({ minTxRate: Number(rate) }),
};

/** What the VfConfig said whose boot plan this is. */
export function statedInPlan(lines: readonly string[]): Stated {
  const vfs = new Map<number, VfInputs>();
  const ofPf: Pick<Stated, "numVfs" | "mtu" | "driversAutoprobe" | "eswitchMode"> = {};
  let awaited: number | undefined;
  for (const line of lines) {
    const [word, first, attribute = "", ...values] = line.split(" ");
    if (word === "num-vfs") ofPf.numVfs = Number(first);
    if (word === "wait-vfs") awaited = Number(first);
    if (word === "mtu") ofPf.mtu = Number(first);
    if (word === "drivers-autoprobe") ofPf.driversAutoprobe = isOn(first);
    const mode = eswitchModes.find((known) => word === "eswitch-mode" && known === first);
    if (mode !== undefined) ofPf.eswitchMode = mode;
    if (word !== "vf") continue;
    const index = Number(first);
    vfs.set(index, { index, ...vfs.get(index), ...words[attribute]?.(values) });
  }
  // No more than the VFs that are listed ask for: then nobody has said a number.
  const isSaid = awaited !== undefined && Math.max(...[...vfs.keys()].map((index) => index + 1), 0) < awaited;
  return {
    ...ofPf,
    ...(isSaid && awaited !== undefined ? { numVfs: awaited } : {}),
    pfUp: lines.includes("pf-up"),
    vfs: [...vfs.values()].sort((a, b) => a.index - b.index),
    externallyManaged: awaited !== undefined,
    persistence: "systemd-unit",
  };
}
