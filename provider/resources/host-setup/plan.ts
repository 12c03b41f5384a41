// From the host's rules to those that were asked for, as data.
import type { AppArmorFacts } from "../../host/apparmor/facts.js";
import type { HostSetupArgs } from "./model.js";

export type Current = {
  apparmor: AppArmorFacts;
  /** Our block is there. */
  hasOurRule: boolean;
};

export type Step = { do: "add-apparmor-rule"; file: string } | { do: "remove-apparmor-rule"; file: string };

export function plan(wanted: Pick<HostSetupArgs, "apparmorVfioRule">, { apparmor, hasOurRule }: Current): Step[] {
  const file = apparmor.ruleFile;
  // No rules for QEMU on this host: nothing denies anything.
  if (file === undefined) return [];
  if (wanted.apparmorVfioRule === true && !apparmor.hasRule) return [{ do: "add-apparmor-rule", file }];
  if (wanted.apparmorVfioRule === false && hasOurRule) return [{ do: "remove-apparmor-rule", file }];
  return [];
}

/** Whether it is as asked: true means that some rule is there, false that none of ours is. */
export function ruleNow(wanted: boolean, current: Current): boolean {
  const steps = plan({ apparmorVfioRule: wanted }, current);
  return steps.length === 0 ? wanted : !wanted;
}

export function describe(step: Step): string {
  switch (step.do) {
    case "add-apparmor-rule":
      return `add "/dev/vfio/[0-9]* rw," to ${step.file}`;
    case "remove-apparmor-rule":
      return `remove our rule from ${step.file}`;
  }
}
