// Makes the host so, reads again, and undoes it.
import { SriovError, explain, isSriovError } from "../../base/errors.js";
import { addRule, removeRule } from "../../host/apparmor/rule.js";
import { replaceText, setupLock } from "../../host/files.js";
import { setArguments } from "../../host/kernel-arguments/script.js";
import { confFile, mended, restartLibvirt, restored } from "../../host/qemu-conf/edit.js";
import { needRoot, runScript, scriptHead } from "../../host/script.js";
import { loadModules, modulesFile, modulesText } from "../../host/vfio/modules.js";
import type { Context, Outcome } from "../lifecycle.js";
import { mustBeSameMachine } from "../same-machine.js";
import type { Session } from "../session.js";
import type { HostSetupArgs, HostSetupState } from "./model.js";
import { type Current, type Step, type Wanted, describe, inputOf, leftOut, only, plan, planRemoval } from "./plan.js";
import { confParts, readCurrent, stateOf } from "./read.js";

/** update-grub asks every disk for other systems, kernel-install copies every kernel. */
const bootLoaderMs = 300_000;

/** `old` is the state before an update: what it has and the inputs leave out is taken back. */
export async function converge(
  context: Context,
  session: Session,
  inputs: HostSetupArgs,
  old: Wanted = {},
): Promise<Outcome<HostSetupState>> {
  const wanted = wantedOf(inputs);
  const gone = leftOut(old, wanted);
  const stepsFrom = (current: Current): Step[] => [...planRemoval(gone, current), ...plan(wanted, current)];
  const before = await readCurrent(session, wanted, context.signal);
  if (wanted.iommu && before.kernel.way === undefined && before.iommu?.own.length !== 0) throw noBootLoader(session);
  const done: string[] = [];
  let failed: string | undefined;
  for (const step of stepsFrom(before)) {
    context.log.debug(`${session.hostName}: ${describe(step)}`);
    try {
      await carryOut(session, step, wanted, context.signal);
      done.push(describe(step));
    } catch (error) {
      if (!isSriovError(error) || done.length === 0) throw error;
      failed = `${explain(error)}\nDone before: ${done.join("; ")}.`;
      break;
    }
  }
  const after = await readCurrent(session, wanted, context.signal);
  // What could not be taken back stays in the state, so that the next update or delete does it.
  const left = planRemoval(gone, after).map(inputOf);
  const state = { ...stateOf(inputs, after, session), ...only(gone, left) };
  const id = idOf(session);
  const reasons = failed === undefined ? stepsFrom(after).map(unmet) : [failed];
  if (state.rebootRequired) context.log.warn(`${session.hostName} has to boot: ${state.rebootReason}`);
  return reasons.length === 0 ? { done: true, id, state } : { done: false, id, state, reasons };
}

const wantedOf = ({ host: _host, ...wanted }: HostSetupArgs): Wanted => wanted;

/** A write that was not read back did not happen. */
const unmet = (step: Step): string =>
  `${inputOf(step)}: it was written and is not so when read again; still to do: ${describe(step)}`;

const noBootLoader = (session: Session): SriovError =>
  new SriovError(
    "unsupported",
    `iommu: ${session.hostName} has no boot loader whose arguments we know to set: expected update-grub with /etc/default/grub, grubby, or kernel-install with /etc/kernel/cmdline`,
    {
      remedy:
        "Set the arguments in the boot loader's own configuration (intel_iommu=on iommu=pt), and leave iommu unset.",
    },
  );

/** Idempotent. Only what is marked as ours goes, and what we kept of the lines before comes back. */
export async function remove(context: Context, session: Session, state: HostSetupState): Promise<void> {
  mustBeSameMachine(session, state, "undo", "the setup of a host");
  const wanted = wantedOf(state);
  const steps = planRemoval(wanted, await readCurrent(session, wanted, context.signal));
  for (const step of steps) await carryOut(session, step, wanted, context.signal);
  if (steps.length === 0) return;
  const left = planRemoval(wanted, await readCurrent(session, wanted, context.signal));
  if (left.length === 0) return;
  throw new SriovError("mismatch", `The setup of ${session.hostName} is not undone: ${left.map(unmet).join("; ")}`, {
    remedy: "Look for who puts it back (a configuration management, an overlay of /etc), and delete again.",
  });
}

/** Each step reads what it edits again: the one before it may have changed the same file. */
async function carryOut(session: Session, step: Step, wanted: Wanted, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { shell } = session;
  const { apparmor, qemuConf, modules } = await readCurrent(session, wanted, signal);
  switch (step.do) {
    case "add-apparmor-rule":
      return addRule(shell, apparmor);
    case "remove-apparmor-rule":
      return removeRule(shell, apparmor);
    case "set-kernel-arguments": {
      const script = `${scriptHead}${needRoot}${setupLock}${setArguments(step.to)}`;
      await runScript(shell, describe(step), script, { timeoutMs: bootLoaderMs });
      return;
    }
    case "add-modules":
      return replaceText(shell, modulesFile, { before: modules, after: modulesText, then: loadModules });
    case "remove-modules":
      return replaceText(shell, modulesFile, { before: modules, after: undefined });
    case "mend-qemu-conf":
    case "restore-qemu-conf": {
      if (qemuConf === undefined) return;
      const edit = step.do === "mend-qemu-conf" ? mended : restored;
      const after = edit(qemuConf, confParts[step.part]);
      return replaceText(shell, confFile, { before: qemuConf, after, then: restartLibvirt });
    }
  }
}

export const idOf = (session: Session): string => `${session.hostName}/setup`;
