// Puts in place what makes the VFs again at boot, and takes it away: the steps that boot.ts decided on.
import { SriovError, explain, isSriovError } from "../../base/errors.js";
import { type BootFiles, installBoot, removeBoot } from "../../host/persistence/install.js";
import type { Session } from "../session.js";
import { type BootStep, choices } from "./boot.js";
import { bootFailuresOnHost } from "./boot-check.js";
import type { Current } from "./current.js";
import type { Prior, VfConfigInputs } from "./model.js";

type AnyStep = BootStep | { do: string };

export const isBootStep = (step: AnyStep): step is BootStep => /^(install|remove)-boot-/.test(step.do);

/** As `check` does it; asked again before anything is written, as the host may have changed. */
export function refuseBoot(inputs: VfConfigInputs, current: Current, hostName: string): void {
  const [impossible] = bootFailuresOnHost(inputs, current, hostName);
  if (impossible) throw new SriovError("conflict", `${impossible.property}: ${impossible.reason}`);
}

/** What went wrong, if anything: the VFs are made by now, and an exception would forget them. */
export async function setUpBoot(session: Session, steps: readonly AnyStep[]): Promise<string[]> {
  try {
    for (const step of steps.filter(isBootStep)) await carryOut(session, step);
    return [];
  } catch (error) {
    if (!isSriovError(error) || error.kind === "unreachable") throw error;
    return [`The VFs are made, but how they come back after a reboot is not: ${explain(error)}`];
  }
}

async function carryOut({ shell }: Session, step: BootStep): Promise<void> {
  switch (step.do) {
    case "install-boot-plan":
      return installBoot(shell, step.pf, { persistence: "systemd-unit", lines: step.lines });
    case "install-boot-file":
      return installBoot(shell, step.pf, step);
    case "remove-boot-plan":
      return void (await removeBoot(shell, step.pf, ["systemd-unit"]));
    case "remove-boot-file":
      return void (await removeBoot(shell, step.pf, [step.persistence]));
  }
}

/** Puts back the files of ours that were there before, and removes all others. Answers the paths of what was left. */
export async function restoreBoot(session: Session, pf: string, prior: Prior): Promise<string[]> {
  const before = (prior.boot ?? []).map(filesOf);
  for (const files of before) await installBoot(session.shell, pf, files);
  const gone = choices.filter((choice) => !before.some(({ persistence }) => persistence === choice));
  return removeBoot(session.shell, pf, gone);
}

const filesOf = ({ persistence, text }: NonNullable<Prior["boot"]>[number]): BootFiles =>
  persistence === "systemd-unit" ? { persistence, lines: text.split("\n") } : { persistence, text };
