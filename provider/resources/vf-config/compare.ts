// After an apply: what the program declared against what the host shows, and why they differ where they do. Pure.
import type { LineResult } from "../../host/applier/run.js";
import { type VfConfigInputs, type VfConfigState, pfSettings, vfAttributes } from "./model.js";
import { type Step, lineOf } from "./steps.js";

/** One sentence a mismatch: the property, what was declared, what is read, and the reason. */
export function mismatches(
  inputs: VfConfigInputs,
  state: VfConfigState,
  steps: readonly Step[],
  results: readonly LineResult[],
): string[] {
  const reasons: string[] = [];
  const say = (property: string, declared: unknown, read: unknown, reason: string) =>
    reasons.push(`${property}: declared ${text(declared)}, read ${text(read)}: ${reason}`);

  if (inputs.numVfs !== undefined && state.numVfs !== inputs.numVfs) {
    say("numVfs", inputs.numVfs, state.numVfs, "the driver did not keep it");
  }
  for (const setting of pfSettings) {
    const declared = inputs[setting];
    if (declared === undefined || declared === state[setting]) continue;
    const result = results.find(({ line }) =>
      steps.some((step) => step.do === settingSteps[setting] && lineOf(step) === line),
    );
    say(setting, declared, state[setting], why(result, state.driver));
  }
  if (inputs.pfUp && !state.pfUp) say("pfUp", true, false, "the PF did not stay up");
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
    say("persistence", inputs.persistence, state.persistence, "what was installed did not stay as it was written");
  }
  return reasons;
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

function why(result: LineResult | undefined, driver: string): string {
  if (result?.outcome === "unsupported") return `not supported by the driver ${driver} (${result.said})`;
  if (result?.outcome === "failed" || result?.outcome === "timeout") return result.said;
  if (result?.outcome === "skipped") return "not tried, because an earlier step failed";
  return `not taken: the driver ${driver} said yes and did not do it, or something else set it again`;
}

const text = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));
