// Makes the host so, reads again, and undoes it.
import { addRule, removeRule } from "../../host/apparmor/rule.js";
import type { Context, Outcome } from "../lifecycle.js";
import { mustBeSameMachine } from "../same-machine.js";
import type { Session } from "../session.js";
import type { HostSetupArgs, HostSetupState } from "./model.js";
import { type Current, type Step, plan } from "./plan.js";
import { readCurrent, stateOf } from "./read.js";

export async function converge(
  context: Context,
  session: Session,
  inputs: HostSetupArgs,
): Promise<Outcome<HostSetupState>> {
  const before = await readCurrent(session, context.signal);
  for (const step of plan(inputs, before)) await carryOut(session, step, before);
  const after = await readCurrent(session, context.signal);
  const state = stateOf(inputs, after, session);
  const id = idOf(session);
  if (state.apparmorVfioRule === inputs.apparmorVfioRule) return { done: true, id, state };
  const reason = `apparmorVfioRule: declared ${inputs.apparmorVfioRule}, read ${state.apparmorVfioRule}: ${after.apparmor.ruleFile} did not stay as it was written`;
  return { done: false, id, state, reasons: [reason] };
}

/** Idempotent. Only what is marked as ours goes. */
export async function remove(context: Context, session: Session, state: HostSetupState): Promise<void> {
  mustBeSameMachine(session, state, "undo", "the setup of a host");
  if (state.apparmorVfioRule === undefined) return;
  const current = await readCurrent(session, context.signal);
  await removeRule(session.shell, current.apparmor);
}

async function carryOut(session: Session, step: Step, { apparmor }: Current): Promise<void> {
  switch (step.do) {
    case "add-apparmor-rule":
      return addRule(session.shell, apparmor);
    case "remove-apparmor-rule":
      return removeRule(session.shell, apparmor);
  }
}

export const idOf = (session: Session): string => `${session.hostName}/setup`;
