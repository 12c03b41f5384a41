// From the host as it is to the host that was asked for, as data.
import type { SetupFacts } from "../../host/setup-facts.js";
import type { HostSetupArgs } from "./model.js";

/** What read.ts has made of the facts: what each part is, and what it would be with it, and without. */
export type Current = SetupFacts & {
  hasOurRule: boolean;
  /** The arguments that the IOMMU needs, and those of them that have to be ours. */
  iommu?: { wanted: string[]; own: string[]; isConfigured: boolean };
  conf: { [part in ConfInput]: { isBroken: boolean; isOurs: boolean } };
};

export const confInputs = ["dynamicOwnership", "cgroupDeviceAcl"] as const;
export type ConfInput = (typeof confInputs)[number];

export type Step =
  | { do: "add-apparmor-rule"; file: string }
  | { do: "remove-apparmor-rule"; file: string }
  | { do: "set-kernel-arguments"; to: string[]; from: string[] }
  | { do: "add-modules" }
  | { do: "remove-modules" }
  | { do: "mend-qemu-conf"; part: ConfInput }
  | { do: "restore-qemu-conf"; part: ConfInput };

export type Wanted = Omit<HostSetupArgs, "host">;

const allParts = ["iommu", "vfioModules", "apparmorVfioRule", ...confInputs] as const satisfies (keyof Wanted)[];

export function plan(wanted: Wanted, current: Current): Step[] {
  const { apparmor, hasOurRule, kernel, iommu, modules } = current;
  const steps: Step[] = [];
  // Also when somebody took away what our record says we added.
  if (wanted.iommu && iommu && (!iommu.isConfigured || iommu.own.join(" ") !== kernel.ours.join(" "))) {
    steps.push({ do: "set-kernel-arguments", to: iommu.own, from: kernel.ours });
  }
  if (wanted.vfioModules === true && modules === undefined) steps.push({ do: "add-modules" });
  if (wanted.vfioModules === false && modules !== undefined) steps.push({ do: "remove-modules" });
  for (const part of confInputs) {
    if (wanted[part] === true && current.conf[part].isBroken) steps.push({ do: "mend-qemu-conf", part });
    if (wanted[part] === false && current.conf[part].isOurs) steps.push({ do: "restore-qemu-conf", part });
  }
  // Without rules for QEMU on this host nothing denies anything.
  const file = apparmor.ruleFile;
  if (file !== undefined && wanted.apparmorVfioRule === true && !apparmor.hasRule)
    steps.push({ do: "add-apparmor-rule", file });
  if (file !== undefined && wanted.apparmorVfioRule === false && hasOurRule)
    steps.push({ do: "remove-apparmor-rule", file });
  return steps;
}

/** What undoes the parts that a state has. */
export function planRemoval(state: Wanted, { apparmor, hasOurRule, kernel, modules, conf }: Current): Step[] {
  const steps: Step[] = [];
  const file = apparmor.ruleFile;
  if (state.apparmorVfioRule !== undefined && hasOurRule && file !== undefined)
    steps.push({ do: "remove-apparmor-rule", file });
  for (const part of confInputs) {
    if (state[part] !== undefined && conf[part].isOurs) steps.push({ do: "restore-qemu-conf", part });
  }
  if (state.vfioModules !== undefined && modules !== undefined) steps.push({ do: "remove-modules" });
  if (state.iommu && kernel.ours.length > 0) steps.push({ do: "set-kernel-arguments", to: [], from: kernel.ours });
  return steps;
}

/** Those of these parts. */
export const only = (wanted: Wanted, parts: readonly (keyof Wanted)[]): Wanted =>
  Object.fromEntries(Object.entries(wanted).filter(([part]) => parts.includes(part as keyof Wanted)));

/** The parts that a state has and a program no longer names. */
export const leftOut = (state: Wanted, wanted: Wanted): Wanted =>
  only(
    state,
    allParts.filter((part) => wanted[part] === undefined),
  );

/** The inputs that hold on the host now: one that does not is absent, or the other way round. */
export function holding(wanted: Wanted, current: Current): Wanted {
  const left = plan(wanted, current);
  const now: Wanted = {};
  if (wanted.iommu && !left.some((step) => step.do === "set-kernel-arguments")) now.iommu = wanted.iommu;
  const flags = ["vfioModules", "apparmorVfioRule", ...confInputs] as const;
  for (const flag of flags) {
    const value = wanted[flag];
    if (value !== undefined) now[flag] = left.some((step) => inputOf(step) === flag) ? !value : value;
  }
  return now;
}

export function inputOf(step: Step): keyof Wanted {
  switch (step.do) {
    case "add-apparmor-rule":
    case "remove-apparmor-rule":
      return "apparmorVfioRule";
    case "set-kernel-arguments":
      return "iommu";
    case "add-modules":
    case "remove-modules":
      return "vfioModules";
    case "mend-qemu-conf":
    case "restore-qemu-conf":
      return step.part;
  }
}

/** Why the host has to boot before all of it counts; undefined when it need not. */
export function rebootReason(
  wanted: Wanted,
  { iommu, kernel }: Current,
  isInForce: (argument: string) => boolean,
): string | undefined {
  if (!wanted.iommu || !iommu) return undefined;
  const missing = iommu.wanted.filter((argument) => !isInForce(argument));
  if (missing.length === 0) return undefined;
  return `${missing.join(" ")} ${missing.length === 1 ? "is" : "are"} set for the next boot; the kernel that runs was started with "${kernel.cmdline}"`;
}

export function describe(step: Step): string {
  switch (step.do) {
    case "add-apparmor-rule":
      return `add "/dev/vfio/[0-9]* rw," to ${step.file}`;
    case "remove-apparmor-rule":
      return `remove our rule from ${step.file}`;
    case "set-kernel-arguments":
      return step.to.length === 0
        ? `take ${step.from.join(" ")} from the kernel's arguments`
        : `add ${step.to.join(" ")} to the kernel's arguments`;
    case "add-modules":
      return "load the VFIO modules, now and at boot";
    case "remove-modules":
      return "no longer load the VFIO modules at boot";
    case "mend-qemu-conf":
      return `mend ${step.part} in /etc/libvirt/qemu.conf and restart libvirt's daemon`;
    case "restore-qemu-conf":
      return `put ${step.part} in /etc/libvirt/qemu.conf back and restart libvirt's daemon`;
  }
}
