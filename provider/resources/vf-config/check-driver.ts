// What the PF's driver, its link and the addresses of the host have against the inputs: failures where it cannot work, and
// warnings where it works in a way that a person should know. Pure; the drivers are data (capabilities.ts).
import { zeroMac } from "../../base/mac.js";
import type { MacInUse, PfFacts, VfFacts } from "../../host/sysfs/pf.js";
import type { Failure } from "../lifecycle.js";
import { type Driver, type Limit, driverNamed } from "./capabilities.js";
import { describeMismatch, overridden } from "./compare.js";
import type { Current } from "./current.js";
import { named } from "./guard.js";
import { type VfConfigInputs, type VfInputs, pfSettings, vfAttributes } from "./model.js";
import { plan, wantedBy } from "./plan.js";

export type Verdict = { failures: Failure[]; warnings: string[] };

type Entry = { place: number; vf: VfInputs; now: VfFacts | undefined };
type Subject = {
  inputs: VfConfigInputs;
  pf: PfFacts;
  /** Undefined for one that is not in the table. */
  driver: Driver | undefined;
  /** The program's VFs, with what is there now; nothing where they are made anew. */
  entries: Entry[];
  remade: boolean;
};

/** `inputs` without what is not known yet. */
export function checkDriver(inputs: VfConfigInputs, current: Current, macsInUse: readonly MacInUse[]): Verdict {
  const { pf } = current;
  const remade = plan(wantedBy(inputs), current).some((step) => step.do === "set-num-vfs");
  const entries = (inputs.vfs ?? []).map((vf, place) => ({
    place,
    vf,
    now: remade ? undefined : pf.vfs.find(({ index }) => index === vf.index),
  }));
  const subject = { inputs, pf, driver: driverNamed(pf.driver), entries, remade };
  const verdicts = [limits(subject), rates(subject), macs(subject, macsInUse)];
  return {
    failures: [...pfFailures(subject), ...verdicts.flatMap(({ failures }) => failures)],
    warnings: [
      ...unknownDriver(subject),
      ...verdicts.flatMap(({ warnings }) => warnings),
      ...overridden(subject.entries, current).map(describeMismatch),
    ],
  };
}

function pfFailures({ inputs, pf, driver }: Subject): Failure[] {
  const failures: Failure[] = [];
  const { numVfs, mtu } = inputs;
  if (inputs.externallyManaged && numVfs !== undefined && numVfs !== pf.numVfs) {
    failures.push({
      property: "numVfs",
      reason: `expected ${pf.numVfs}, which is what PF ${named(pf)} has and what externallyManaged leaves to somebody else, got ${numVfs}`,
    });
  }
  if (inputs.driversAutoprobe !== undefined && pf.driversAutoprobe === undefined) {
    failures.push({
      property: "driversAutoprobe",
      reason: `PF ${named(pf)} has no sriov_drivers_autoprobe: expected none`,
    });
  }
  if (inputs.eswitchMode !== undefined && pf.eswitchMode === undefined) {
    failures.push({
      property: "eswitchMode",
      reason: `the driver ${pf.driver ?? "of the PF"} shows no eswitch (\`devlink dev eswitch show\`): expected none`,
    });
  }
  if (mtu !== undefined && (mtu < (pf.minMtu ?? 0) || mtu > (pf.maxMtu ?? mtu))) {
    failures.push({
      property: "mtu",
      reason: `expected from ${pf.minMtu ?? 68} to ${pf.maxMtu ?? "the driver's limit"}, which is what PF ${named(pf)} takes, got ${mtu}`,
    });
  }
  if (driver?.needsPfUp && !inputs.pfUp && !pf.isUp && (numVfs ?? 0) > pf.numVfs) {
    failures.push({
      property: "pfUp",
      reason: `expected true: the driver ${pf.driver} makes no VFs while its PF is down, and ${named(pf)} is`,
    });
  }
  return failures;
}

function limits({ inputs, pf, driver, entries }: Subject): Verdict {
  const failures: Failure[] = [];
  const warnings: string[] = [];
  const mode = inputs.eswitchMode ?? pf.eswitchMode;
  for (const { place, vf, now } of entries) {
    for (const limit of driver?.limits ?? []) {
      const value = vf[limit.attribute];
      if (value === undefined || !isMeant(limit, value, pf, mode)) continue;
      // What is so already is not written.
      if (value === now?.[limit.attribute]) continue;
      const property = `vfs[${place}].${limit.attribute}`;
      const reason = `${JSON.stringify(value)} on the driver ${pf.driver}: ${limit.reason}`;
      if (limit.kind === "refused") failures.push({ property, reason: `cannot be ${reason}` });
      else warnings.push(`${property}: ${reason}`);
    }
  }
  return { failures, warnings };
}

function isMeant(limit: Limit, value: string | number | boolean, pf: PfFacts, mode: string | undefined): boolean {
  const device = pf.deviceId ?? "";
  if (limit.devices && !limit.devices.includes(device)) return false;
  if (limit.exceptDevices?.includes(device)) return false;
  if (limit.mode && limit.mode !== mode) return false;
  if (limit.values && (typeof value === "number" || !limit.values.includes(value))) return false;
  if (limit.above !== undefined && !(typeof value === "number" && value > limit.above)) return false;
  return limit.below === undefined || (typeof value === "number" && value < limit.below);
}

function unknownDriver({ inputs, pf, driver, entries }: Subject): string[] {
  const isAsked =
    pfSettings.some((setting) => inputs[setting] !== undefined) ||
    entries.some(({ vf }) => vfAttributes.some((attribute) => vf[attribute] !== undefined));
  if (driver || !isAsked) return [];
  return [
    `PF ${named(pf)}: what the driver ${pf.driver ?? "(none)"} can do is not known here, so what it refuses shows only at \`pulumi up\``,
  ];
}

function rates({ pf, driver, entries }: Subject): Verdict {
  const failures: Failure[] = [];
  const warnings: string[] = [];
  const { speedMbps: speed } = pf;
  for (const { place, vf, now } of entries) {
    const [max, min] = [vf.maxTxRate ?? now?.maxTxRate ?? 0, vf.minTxRate ?? now?.minTxRate ?? 0];
    if (max !== 0 && min > max) {
      const property = `vfs[${place}].${vf.minTxRate === undefined ? "maxTxRate" : "minTxRate"}`;
      failures.push({ property, reason: `expected minTxRate (${min}) to be at most maxTxRate (${max})` });
    }
    if (speed !== undefined && vf.maxTxRate !== undefined && vf.maxTxRate > speed) {
      const reason = `expected at most ${speed}, the speed of the link of ${named(pf)} in Mbit/s, got ${vf.maxTxRate}`;
      if (driver?.limitsRateToSpeed) failures.push({ property: `vfs[${place}].maxTxRate`, reason });
      else warnings.push(`vfs[${place}].maxTxRate: ${reason}`);
    }
  }
  const sure = entries.filter(({ vf }) => vf.minTxRate !== undefined);
  const last = sure.at(-1);
  if (speed === undefined || !last) return { failures, warnings };
  const others = pf.vfs.filter(({ index }) => !sure.some(({ vf }) => vf.index === index) && last.now !== undefined);
  const sum =
    sure.reduce((total, { vf }) => total + (vf.minTxRate ?? 0), 0) +
    others.reduce((total, { minTxRate }) => total + minTxRate, 0);
  if (sum > speed) {
    const reason = `expected the minTxRate of all VFs of ${named(pf)} to be at most ${speed} together, the speed of its link in Mbit/s, got ${sum}`;
    failures.push({ property: `vfs[${last.place}].minTxRate`, reason });
  }
  return { failures, warnings };
}

/** On one PF two of a MAC cannot work; on two PFs it may be meant: a VM that bonds two VFs. */
function macs({ pf, entries, remade }: Subject, macsInUse: readonly MacInUse[]): Verdict {
  const failures: Failure[] = [];
  const warnings: string[] = [];
  for (const { place, vf } of entries) {
    if (vf.mac === undefined || vf.mac === zeroMac) continue;
    for (const other of macsInUse.filter(({ mac }) => mac === vf.mac)) {
      const isHere = other.pfPciAddress === pf.pciAddress;
      // That one is given another address too, or is made anew.
      const isToChange =
        other.vf !== undefined && (remade || entries.some((entry) => entry.vf.index === other.vf && entry.vf.mac));
      if (isHere && isToChange) continue;
      const who = `${other.vf === undefined ? "" : `VF ${other.vf} of `}PF ${other.netdev} (${other.pfPciAddress})`;
      if (isHere)
        failures.push({ property: `vfs[${place}].mac`, reason: `${vf.mac} is also the MAC address of ${who}` });
      else warnings.push(`vfs[${place}].mac: ${vf.mac} is also the MAC address of ${who} on this host`);
    }
  }
  return { failures, warnings };
}
