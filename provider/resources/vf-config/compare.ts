// After an apply: what the program declared against what the host shows, and why they differ where they do. Pure.
import type { LineResult } from "../../host/applier/run.js";
import type { Current } from "./current.js";
import {
  type VfConfigInputs,
  type VfConfigState,
  type VfInputs,
  libvirtOwned,
  pfSettings,
  vfAttributes,
} from "./model.js";
import { type Step, lineOf } from "./steps.js";

/**
 * Why what was declared is not what is read. `unsupported`: the driver said so; `failed`: it said something else; `not-tried`:
 * an earlier step failed; `ignored`: the write succeeded and changed nothing, or something else set it again; `overridden`:
 * libvirt has put another value there for the VM that holds the VF. That one is no failure: the
 * state has what is declared, and `check` warns.
 */
export type Mismatch = {
  property: string;
  declared: unknown;
  read: unknown;
  kind: "unsupported" | "failed" | "not-tried" | "ignored" | "overridden";
  /** For people. */
  reason: string;
};

/** One sentence a mismatch: the property, what was declared, what is read, and the reason. */
export const describeMismatch = ({ property, declared, read, reason }: Mismatch): string =>
  `${property}: declared ${text(declared)}, read ${text(read)}: ${reason}`;

export function mismatches(
  inputs: VfConfigInputs,
  state: VfConfigState,
  steps: readonly Step[],
  results: readonly LineResult[],
): Mismatch[] {
  const found: Mismatch[] = [];
  const say = (property: string, declared: unknown, read: unknown, why: Pick<Mismatch, "kind" | "reason">) =>
    found.push({ property, declared, read, ...why });
  const ignored = (reason: string) => ({ kind: "ignored" as const, reason });

  if (inputs.numVfs !== undefined && state.numVfs !== inputs.numVfs) {
    say("numVfs", inputs.numVfs, state.numVfs, ignored("the driver did not keep it"));
  }
  for (const setting of pfSettings) {
    const declared = inputs[setting];
    if (declared === undefined || declared === state[setting]) continue;
    const result = results.find(({ line }) =>
      steps.some((step) => step.do === settingSteps[setting] && lineOf(step) === line),
    );
    say(setting, declared, state[setting], why(result, state.driver));
  }
  if (inputs.pfUp && !state.pfUp) say("pfUp", true, false, ignored("the PF did not stay up"));
  (inputs.vfs ?? []).forEach((vf, place) => {
    const now = state.vfs?.find(({ index }) => index === vf.index);
    for (const attribute of vfAttributes) {
      const declared = vf[attribute];
      const result = resultOf(vf.index, attribute, steps, results);
      const didFail = result !== undefined && result.outcome !== "done" && result.outcome !== "same";
      if (declared === undefined || (declared === now?.[attribute] && !didFail)) continue;
      say(`vfs[${place}].${attribute}`, declared, now?.[attribute], why(result, state.driver));
    }
  });
  if (state.persistence !== inputs.persistence) {
    const reason = ignored("what was installed did not stay as it was written");
    say("persistence", inputs.persistence, state.persistence, reason);
  }
  return found;
}

/**
 * The MACs and VLANs of VFs that VMs have now, where they are not those that are declared: libvirt sets both of a VF that it
 * gives to a VM, and puts them back afterwards. `place`: of the entry in the program's list.
 */
export function overridden(entries: readonly { place: number; vf: VfInputs }[], { pf, holders }: Current): Mismatch[] {
  return entries.flatMap(({ place, vf }) => {
    const holder = holders.find(({ vfIndex, ownsMacAndVlan }) => vfIndex === vf.index && ownsMacAndVlan);
    const now = pf.vfs.find(({ index }) => index === vf.index);
    if (!holder || !now) return [];
    const differing = libvirtOwned.filter((name) => vf[name] !== undefined && vf[name] !== now[name]);
    return differing.map((name): Mismatch => ({
      property: `vfs[${place}].${name}`,
      declared: vf[name],
      read: now[name],
      kind: "overridden",
      reason: `overridden by ${holder.who}, which holds VF ${vf.index} (${holder.pciAddress}): libvirt owns MAC and VLAN of such a VF, so declare them on the SriovNetwork or the VmSriovInterface`,
    }));
  });
}

function resultOf(
  vf: number,
  attribute: (typeof vfAttributes)[number],
  steps: readonly Step[],
  results: readonly LineResult[],
): LineResult | undefined {
  const step = steps.find((step) => step.do === doing[attribute] && "vf" in step && step.vf === vf);
  const line = step && lineOf(step);
  return results.find((result) => result.line === line);
}

const doing = {
  mac: "set-vf-mac",
  vlan: "set-vf-vlan",
  qos: "set-vf-vlan",
  vlanProto: "set-vf-vlan",
  spoofchk: "set-vf-spoofchk",
  trust: "set-vf-trust",
  linkState: "set-vf-link-state",
  maxTxRate: "set-vf-max-tx-rate",
  minTxRate: "set-vf-min-tx-rate",
  queryRss: "set-vf-query-rss",
} as const;

const settingSteps = {
  driversAutoprobe: "set-drivers-autoprobe",
  eswitchMode: "set-eswitch-mode",
  mtu: "set-mtu",
} as const;

function why(result: LineResult | undefined, driver: string): Pick<Mismatch, "kind" | "reason"> {
  switch (result?.outcome) {
    case "unsupported":
      return { kind: "unsupported", reason: `not supported by the driver ${driver} (${result.said})` };
    case "failed":
    case "refused":
    case "timeout":
      return { kind: "failed", reason: result.said };
    case "skipped":
      return { kind: "not-tried", reason: "not tried, because an earlier step failed" };
    case "same":
    case "done":
    case undefined:
      return {
        kind: "ignored",
        reason: `not taken: the driver ${driver} said yes and did not do it, or something else set it again`,
      };
  }
}

const text = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));
