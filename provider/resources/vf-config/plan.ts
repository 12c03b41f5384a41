// From what is to what should be, as data: check asks the guard about it, apply runs it, the boot plan is made of it.
// Only what differs is in a plan: writing an attribute of a VF resets it under its user on some drivers (i40e, ice).
import type { PfFacts, VfFacts } from "../../host/sysfs/pf.js";
import { zeroMac } from "../../base/mac.js";
import { type BootWanted, bootSteps } from "./boot.js";
import { driverNamed } from "./capabilities.js";
import type { Current } from "./current.js";
import { type VfConfigArgs, type VfInputs, pfSettings } from "./model.js";
import { type Step, type Tag, type VfPlace, planLines } from "./steps.js";

/** What a plan is made for: a program's inputs, or what was before them. */
export type Wanted = Pick<VfConfigArgs, "numVfs" | "vfs" | (typeof pfSettings)[number]> & {
  /** Undefined leaves it alone. */
  pf: "up" | "down" | undefined;
  persistence: BootWanted["persistence"];
  /** The number of VFs is somebody else's: never written. */
  externallyManaged?: boolean;
};

export const wantedBy = (
  inputs: Pick<VfConfigArgs, "numVfs" | "vfs" | "pfUp" | "persistence" | (typeof pfSettings)[number]> & {
    externallyManaged?: boolean;
  },
): Wanted => ({
  ...given(inputs, ["numVfs", "vfs", ...pfSettings]),
  pf: inputs.pfUp ? "up" : undefined,
  persistence: inputs.persistence,
  ...(inputs.externallyManaged ? { externallyManaged: true } : {}),
});

/** What is set of `names`: with exactOptionalPropertyTypes, unset is not there. */
export function given<T extends object, K extends keyof T>(
  values: T,
  names: readonly K[],
): { [P in K]?: Exclude<T[P], undefined> } {
  const entries = names.filter((name) => values[name] !== undefined).map((name) => [name, values[name]]);
  return Object.fromEntries(entries) as { [P in K]?: Exclude<T[P], undefined> };
}

/** A VF nobody has said anything about yet. Whether it is spoof-checked and trusted is the driver's choice. */
const untouched = { vlan: 0, qos: 0, vlanProto: "802.1Q", linkState: "auto", maxTxRate: 0, minTxRate: 0 };
type VfNow = Partial<VfFacts>;

/**
 * The steps, in order: what VFs are made by, the number and the eswitch mode as the driver wants them, attributes by VF,
 * rates (they need link), boot.
 */
export function plan(wanted: Wanted, current: Current): Step[] {
  const { pf } = current;
  const netdev = pf.netdev ?? pf.pciAddress;
  const driver = driverNamed(pf.driver);
  const { before, steps: vfSteps, remade } = vfCountSteps(wanted, pf);
  const settings = settingSteps(wanted, pf, netdev);
  // mlx5 makes another netdev when its eswitch mode changes, which is down again.
  const isNewNetdev = vfSteps.some((step) => step.do === "set-eswitch-mode" && step.unbind);
  if (isNewNetdev && wanted.pf === "up" && pf.isUp) settings.push({ do: "set-pf-up", netdev });
  const steps: Step[] = [...before, ...(isNewNetdev ? [...vfSteps, ...settings] : [...settings, ...vfSteps])];

  const vfs = [...(wanted.vfs ?? [])].sort((a, b) => a.index - b.index);
  const nows = vfs.map((vf): VfStep => ({
    vf,
    at: { netdev, vf: vf.index },
    now:
      (remade && !driver?.keepsAttributes ? undefined : pf.vfs.find(({ index }) => index === vf.index)) ??
      (driver?.keepsAttributes ? {} : untouched),
    // libvirt sets MAC and VLAN when it gives the VF to a VM, and puts them back afterwards: not ours to fight.
    isLibvirts: !remade && current.holders.some((holder) => holder.vfIndex === vf.index && holder.ownsMacAndVlan),
  }));
  const isReset = driver?.forgetsSpoofchkOff === true && steps.some(({ do: what }) => resetsPf.includes(what));
  for (const vf of nows) steps.push(...attributeSteps(vf, { isReset }));
  steps.push(...rateSteps(nows));
  if (wanted.pf === "down" && pf.isUp) steps.push({ do: "set-pf-down", netdev });
  const inPlan = tagsIn(current.persistence.planLines);
  const kept = new Map(
    nows.map(({ vf, now, isLibvirts }) => [vf.index, isLibvirts ? inPlan.get(vf.index) : tagOf(vf, now)]),
  );
  steps.push(...bootSteps(wanted, current, () => bootLines(wanted, pf, kept)));
  return steps;
}

const resetsPf: Step["do"][] = ["set-pf-up", "set-mtu"];

function settingSteps(wanted: Wanted, pf: PfFacts, netdev: string): Step[] {
  const steps: Step[] = [];
  if (wanted.mtu !== undefined && wanted.mtu !== pf.mtu) {
    steps.push({ do: "set-mtu", netdev, from: pf.mtu, to: wanted.mtu });
  }
  if (wanted.pf === "up" && !pf.isUp) steps.push({ do: "set-pf-up", netdev });
  return steps;
}

/** `remade`: the VFs that there are afterwards are new ones. */
function vfCountSteps(wanted: Wanted, pf: PfFacts): { before: Step[]; steps: Step[]; remade: boolean } {
  const at = { pf: pf.pciAddress };
  const to = wanted.externallyManaged ? undefined : wanted.numVfs;
  const before: Step[] = [];
  if (wanted.driversAutoprobe !== undefined && wanted.driversAutoprobe !== pf.driversAutoprobe) {
    before.push({ do: "set-drivers-autoprobe", ...at, from: pf.driversAutoprobe, to: wanted.driversAutoprobe });
  }
  const isOther = to !== undefined && to !== pf.numVfs;
  const order = driverNamed(pf.driver)?.eswitch ?? "without-vfs";
  // Taking the VFs away may take the mode back to legacy: what nobody asked to change has to be put back.
  const isLost = order === "after-vfs" && isOther && pf.numVfs > 0 && pf.eswitchMode === "switchdev";
  const mode = wanted.eswitchMode ?? (isLost ? pf.eswitchMode : undefined);
  const isOtherMode = mode !== undefined && (mode !== pf.eswitchMode || isLost);
  const from = isLost && mode === "switchdev" ? "legacy" : pf.eswitchMode;
  const setMode = (unbind: boolean): Step[] =>
    isOtherMode ? [{ do: "set-eswitch-mode", ...at, from, to: mode, unbind }] : [];
  const setCount = (start: number, end: number): Step[] =>
    start === end ? [] : [{ do: "set-num-vfs", ...at, from: start, to: end }];
  const end = to ?? pf.numVfs;

  if (order !== "without-vfs") {
    const unbind = order === "unbound-vfs" && end > 0;
    const counts = setCount(pf.numVfs, end);
    // Back to legacy first, while it is still what it says it is.
    const isBack = order === "after-vfs" && mode === "legacy";
    const steps = isBack ? [...setMode(false), ...counts] : [...counts, ...setMode(unbind)];
    return { before, steps, remade: isOther };
  }
  if (!isOtherMode) return { before, steps: setCount(pf.numVfs, end), remade: isOther };
  const steps = [...setCount(pf.numVfs, 0), ...setMode(false), ...setCount(0, end)];
  return { before, steps, remade: isOther || pf.numVfs > 0 };
}

type VfStep = { vf: VfInputs; at: VfPlace; now: VfNow; isLibvirts: boolean };

function attributeSteps({ vf, at, now, isLibvirts }: VfStep, { isReset }: { isReset: boolean }): Step[] {
  const steps: Step[] = [];
  if (!isLibvirts && vf.mac !== undefined && !isMac(vf.mac, now)) {
    steps.push({ do: "set-vf-mac", ...at, from: now.mac, to: vf.mac });
  }
  const tag = tagOf(vf, now);
  if (!isLibvirts && tag && !isSameTag(tag, now)) {
    steps.push({ do: "set-vf-vlan", ...at, from: fullTag(now), to: tag });
  }
  // igb turns the check on again when its PF comes up or changes its MTU, and still says off.
  if (vf.spoofchk !== undefined && (vf.spoofchk !== now.spoofchk || (isReset && !vf.spoofchk))) {
    steps.push({ do: "set-vf-spoofchk", ...at, from: now.spoofchk, to: vf.spoofchk });
  }
  if (vf.trust !== undefined && vf.trust !== now.trust) {
    steps.push({ do: "set-vf-trust", ...at, from: now.trust, to: vf.trust });
  }
  if (vf.linkState !== undefined && vf.linkState !== now.linkState) {
    steps.push({ do: "set-vf-link-state", ...at, from: now.linkState, to: vf.linkState });
  }
  if (vf.queryRss !== undefined && vf.queryRss !== now.queryRss) {
    steps.push({ do: "set-vf-query-rss", ...at, from: now.queryRss, to: vf.queryRss });
  }
  return steps;
}

/**
 * What is sure to a VF goes down before it goes up elsewhere, so that the sum never passes the link's speed; and the limit of
 * a VF is never below it.
 */
function rateSteps(vfs: readonly VfStep[]): Step[] {
  const lower: Step[] = [];
  const rest: Step[] = [];
  for (const { vf, at, now } of vfs) {
    const max: Step[] =
      vf.maxTxRate === undefined || vf.maxTxRate === now.maxTxRate
        ? []
        : [{ do: "set-vf-max-tx-rate", ...at, from: now.maxTxRate, to: vf.maxTxRate }];
    const min: Step[] =
      vf.minTxRate === undefined || vf.minTxRate === now.minTxRate
        ? []
        : [{ do: "set-vf-min-tx-rate", ...at, from: now.minTxRate, to: vf.minTxRate }];
    const isLower = vf.minTxRate !== undefined && vf.minTxRate < (now.minTxRate ?? 0);
    if (isLower) lower.push(...min);
    rest.push(...max, ...(isLower ? [] : min));
  }
  return [...lower, ...rest];
}

/** Several drivers show the VF's own choice where no MAC is set (igb, i40e, ice): it is then its netdev's address. */
export function isMac(declared: string, now: Pick<Partial<VfFacts>, "mac" | "netdevMac">): boolean {
  return declared === now.mac || (declared === zeroMac && now.mac !== undefined && now.mac === now.netdevMac);
}

/** VLAN, priority and protocol are one message, and what is left out of it is reset: undeclared ones are sent as they are. */
function tagOf(vf: VfInputs, now: VfNow): Tag | undefined {
  if (vf.vlan === undefined) return undefined;
  if (vf.vlan === 0) return { vlan: 0, qos: 0, vlanProto: "802.1Q" };
  return { vlan: vf.vlan, qos: vf.qos ?? now.qos ?? 0, vlanProto: vf.vlanProto ?? now.vlanProto ?? "802.1Q" };
}

const isSameTag = (tag: Tag, now: VfNow): boolean =>
  tag.vlan === now.vlan && tag.qos === now.qos && (tag.vlan === 0 || tag.vlanProto === now.vlanProto);

const fullTag = ({ vlan, qos, vlanProto }: VfNow): Tag | undefined =>
  vlan === undefined || qos === undefined ? undefined : { vlan, qos, vlanProto: vlanProto ?? "802.1Q" };

/** By VF: the tags that a declared VLAN is part of, with a priority and a protocol that nobody declared. */
export type Tags = ReadonlyMap<number, Tag | undefined>;

/** The tags that a plan file puts back. */
export function tagsIn(lines: readonly string[] = []): Tags {
  return new Map(
    lines.flatMap((line): [number, Tag][] => {
      const match = /^vf (\d+) vlan (\d+) qos (\d+)(?: proto (\S+))?$/.exec(line);
      if (!match) return [];
      return [[Number(match[1]), { vlan: Number(match[2]), qos: Number(match[3]), vlanProto: match[4] ?? "802.1Q" }]];
    }),
  );
}

/**
 * What has to be done after a boot, when the PF is down and has no VFs, or none yet. New VFs have no priority: one that was
 * kept beside a declared VLAN is in `kept`, or it would be 0 after a reboot.
 */
export function bootLines(wanted: Wanted, pf: PfFacts, kept: Tags): string[] {
  const { mtu: _mtu, eswitchMode: _mode, driversAutoprobe: _autoprobe, ...same } = pf;
  const booted: Current = {
    pf: { ...same, numVfs: 0, isUp: false, hasCarrier: false, vfs: [] },
    holders: [],
    persistence: { isEnabled: false },
  };
  const vfs = (wanted.vfs ?? []).map((vf) => {
    const tag = kept.get(vf.index);
    return tag && tag.vlan !== 0 && tag.vlan === vf.vlan ? { ...vf, ...tagInputs(tag), ...vf } : vf;
  });
  const steps = plan({ ...wanted, vfs, persistence: "none" }, booted);
  const count = Math.max(wanted.numVfs ?? 0, ...vfs.map(({ index }) => index + 1));
  if (!wanted.externallyManaged || count === 0) return planLines(pf.pciAddress, steps);
  const first = steps.findIndex((step) => "vf" in step);
  const place = first === -1 ? steps.length : first;
  const wait: Step = { do: "wait-for-vfs", pf: pf.pciAddress, count };
  return planLines(pf.pciAddress, [...steps.slice(0, place), wait, ...steps.slice(place)]);
}

const tagInputs = ({ qos, vlanProto }: Tag): Partial<VfInputs> => ({
  qos,
  ...(vlanProto === "802.1ad" ? { vlanProto } : {}),
});
