// How a PF was before this resource touched it: remembered in state, and what deleting and a failed change go back to. Pure.
import type { PfFacts, VfFacts } from "../../host/sysfs/pf.js";
import { type Prior, type VfConfigInputs, type VfConfigState, type VfInputs, vfAttributes } from "./model.js";
import { installedFiles } from "./boot.js";
import type { Current } from "./current.js";
import type { Wanted } from "./plan.js";

/** `earlier` wins: it is from before our first change. What is touched for the first time now is added. */
export function priorOf(inputs: VfConfigInputs, current: Current, earlier: Prior | undefined): Prior {
  const { pf } = current;
  const isRemade = inputs.numVfs !== undefined && inputs.numVfs !== pf.numVfs;
  const now = isRemade ? everything(pf) : touched(inputs, current);
  const prior = earlier ?? { numVfs: pf.numVfs, pfUp: pf.isUp, vfs: [], ...bootBefore(current) };
  const merged = new Map(now.filter(({ index }) => index < prior.numVfs).map((vf) => [vf.index, vf]));
  for (const vf of prior.vfs) merged.set(vf.index, { ...merged.get(vf.index), ...vf });
  return { ...prior, vfs: [...merged.values()].sort((a, b) => a.index - b.index) };
}

/** Left by a VfConfig that is in no state any more: it was there before us. */
function bootBefore({ persistence }: Current): Pick<Prior, "boot"> {
  const boot = installedFiles(persistence).map((files) =>
    files.persistence === "systemd-unit"
      ? { persistence: files.persistence, text: files.lines.join("\n") }
      : { persistence: files.persistence, text: files.text },
  );
  return boot.length === 0 ? {} : { boot };
}

/** Before VFs are destroyed: whatever is set on them. */
const everything = (pf: PfFacts): VfInputs[] => pf.vfs.map(attributesOf);

function attributesOf(vf: VfFacts): VfInputs {
  return {
    index: vf.index,
    ...(vf.mac === undefined || vf.mac === "00:00:00:00:00:00" ? {} : { mac: vf.mac }),
    ...(vf.vlan === 0 ? {} : { vlan: vf.vlan, qos: vf.qos }),
    ...(vf.spoofchk === undefined ? {} : { spoofchk: vf.spoofchk }),
    ...(vf.trust === true ? { trust: true } : {}),
    ...(vf.maxTxRate === 0 ? {} : { maxTxRate: vf.maxTxRate }),
  };
}

/** Where only attributes are set: those, as they are now. What libvirt put there for a VM is not remembered. */
function touched(inputs: VfConfigInputs, { pf, holders }: Current): VfInputs[] {
  return (inputs.vfs ?? []).flatMap((declared) => {
    const now = pf.vfs.find(({ index }) => index === declared.index);
    if (!now) return [];
    const isLibvirts = holders.some((holder) => holder.vfIndex === now.index && holder.ownsMacAndVlan);
    const values = vfAttributes
      .filter((attribute) => declared[attribute] !== undefined && now[attribute] !== undefined)
      .filter((attribute) => !isLibvirts || !["mac", "vlan", "qos"].includes(attribute))
      .map((attribute) => [attribute, now[attribute]]);
    const vf: VfInputs = { index: now.index, ...(Object.fromEntries(values) as Partial<VfInputs>) };
    // VLAN and priority are set together, so they are remembered together.
    return [vf.vlan === undefined ? vf : { ...vf, qos: now.qos }];
  });
}

/** What deleting asks for: the number only when the program stated it. */
export function wantedBefore(state: VfConfigState, current: Current): Wanted {
  const { prior, declared } = state;
  const count = declared.numVfs === undefined ? current.pf.numVfs : prior.numVfs;
  return {
    ...(declared.numVfs === undefined ? {} : { numVfs: prior.numVfs }),
    vfs: prior.vfs.filter(({ index }) => index < count),
    // Down only when nobody has a VF of it: a VM would lose its link.
    pf: declared.pfUp && !prior.pfUp && current.holders.length === 0 ? "down" : undefined,
    persistence: "none",
  };
}

/** What a change that failed half-way goes back to. */
export const wantedAgain = (before: Current): Wanted => ({
  numVfs: before.pf.numVfs,
  vfs: everything(before.pf),
  pf: before.pf.isUp ? "up" : "down",
  persistence: "none",
});
