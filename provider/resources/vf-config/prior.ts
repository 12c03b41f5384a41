// How a PF was before this resource touched it: remembered in state, and what deleting and a failed change go back to. Pure.
import { zeroMac } from "../../base/mac.js";
import type { PfFacts, VfFacts } from "../../host/sysfs/pf.js";
import {
  type Prior,
  type VfConfigInputs,
  type VfConfigState,
  type VfInputs,
  eswitchModes,
  libvirtOwned,
  linkStates,
  pfSettings,
  vfAttributes,
  vlanProtos,
} from "./model.js";
import { installedFiles } from "./boot.js";
import type { Current } from "./current.js";
import { type Wanted, given, plan, wantedBy } from "./plan.js";

/** `earlier` wins: it is from before our first change. What is touched for the first time now is added. */
export function priorOf(inputs: VfConfigInputs, current: Current, earlier: Prior | undefined): Prior {
  const { pf } = current;
  // Not only where the number changes: an eswitch mode can cost all VFs too.
  const isRemade = plan(wantedBy(inputs), current).some((step) => step.do === "set-num-vfs");
  const now = isRemade ? everything(pf) : touched(inputs, current);
  const first = { numVfs: pf.numVfs, pfUp: pf.isUp, vfs: [], ...bootBefore(current) };
  const prior = { ...given(pf, pfSettings), ...(earlier ?? first) };
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
  const { mac, vlan, qos, spoofchk, trust, maxTxRate, minTxRate, queryRss } = vf;
  const vlanProto = oneOf(vlanProtos, vf.vlanProto);
  const linkState = oneOf(linkStates, vf.linkState);
  return {
    index: vf.index,
    ...(mac === undefined || mac === zeroMac ? {} : { mac }),
    ...(vlan === 0 ? {} : { vlan, qos, ...(vlanProto === "802.1ad" ? { vlanProto } : {}) }),
    ...(spoofchk === undefined ? {} : { spoofchk }),
    ...(trust === true ? { trust } : {}),
    ...(linkState === undefined || linkState === "auto" ? {} : { linkState }),
    ...(maxTxRate === 0 ? {} : { maxTxRate }),
    ...(minTxRate === 0 ? {} : { minTxRate }),
    ...(queryRss === true ? { queryRss } : {}),
  };
}

function oneOf<T extends string>(known: readonly T[], text: string | undefined): T | undefined {
  return known.find((one) => one === text);
}

/** Where only attributes are set: those, as they are now. What libvirt put there for a VM is not remembered. */
function touched(inputs: VfConfigInputs, { pf, holders }: Current): VfInputs[] {
  return (inputs.vfs ?? []).flatMap((declared) => {
    const now = pf.vfs.find(({ index }) => index === declared.index);
    if (!now) return [];
    const isLibvirts = holders.some((holder) => holder.vfIndex === now.index && holder.ownsMacAndVlan);
    const values = vfAttributes
      .filter((attribute) => declared[attribute] !== undefined && now[attribute] !== undefined)
      .filter((attribute) => !isLibvirts || !libvirtOwned.includes(attribute))
      .map((attribute) => [attribute, now[attribute]]);
    const vf: VfInputs = { index: now.index, ...(Object.fromEntries(values) as Partial<VfInputs>) };
    // VLAN, priority and protocol are set together, so they are remembered together.
    if (vf.vlan === undefined) return [vf];
    return [{ ...vf, qos: now.qos, ...given({ vlanProto: oneOf(vlanProtos, now.vlanProto) }, ["vlanProto"]) }];
  });
}

/** What deleting asks for: the number only when the program stated it. */
export function wantedBefore(state: VfConfigState, current: Current): Wanted {
  const { prior, declared } = state;
  const isOurs = declared.numVfs !== undefined && state.externallyManaged !== true;
  return {
    ...(isOurs ? { numVfs: prior.numVfs } : {}),
    ...settingsBefore(prior, declared),
    vfs: prior.vfs.filter(({ index }) => index < (isOurs ? prior.numVfs : current.pf.numVfs)),
    // Down only when nobody has a VF of it: a VM would lose its link.
    pf: declared.pfUp && !prior.pfUp && current.holders.length === 0 ? "down" : undefined,
    persistence: "none",
  };
}

/** Those settings of the PF that the program stated. */
function settingsBefore(prior: Prior, declared: VfConfigState["declared"]): Partial<Wanted> {
  const eswitchMode = oneOf(eswitchModes, prior.eswitchMode);
  return given(
    { ...prior, eswitchMode },
    pfSettings.filter((setting) => declared[setting] !== undefined),
  );
}

/** What a change that failed half-way goes back to. */
export const wantedAgain = (before: Current): Wanted => ({
  numVfs: before.pf.numVfs,
  ...given({ ...before.pf, eswitchMode: oneOf(eswitchModes, before.pf.eswitchMode) }, pfSettings),
  vfs: everything(before.pf),
  pf: before.pf.isUp ? "up" : "down",
  persistence: "none",
});
