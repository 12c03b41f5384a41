// Makes the host so; remove.ts undoes it. Reads right before writing, asks the guard again, reads again afterwards. The number of
// VFs is all or nothing: when it cannot be had, what was before is put back. A single attribute that does not take leaves the
// rest in place and is reported.
import { CommandError, SriovError, explain, kindOf } from "../../base/errors.js";
import { type LineResult, applyPlan } from "../../host/applier/run.js";
import type { Context, Outcome } from "../lifecycle.js";
import type { Session } from "../session.js";
import { isBootStep, refuseBoot, setUpBoot } from "./boot-apply.js";
import { describeMismatch, mismatches } from "./compare.js";
import type { Current } from "./current.js";
import { applyConfirmed, settleEarlier } from "./guards/confirmed-apply.js";
import { isDisruptive } from "./guards/dead-man.js";
import { refusals } from "./guards/refusals.js";
import type { VfConfigInputs, VfConfigState } from "./model.js";
import { type Wanted, plan, wantedBy } from "./plan.js";
import { priorOf, wantedAgain } from "./prior.js";
import { declaredBy, idOf, pfText, readExisting, stateOf } from "./read.js";
import { type Step, describe, planLines } from "./steps.js";

/** Create and update: `old` is the state so far. */
export async function converge(
  context: Context,
  session: Session,
  inputs: VfConfigInputs,
  old: VfConfigState | undefined,
): Promise<Outcome<VfConfigState>> {
  const selector = inputs.pfPciAddress ?? inputs.pf;
  let before = await readExisting(session, selector, context.signal);
  if (before.surroundings?.deadMan.now) {
    await settleEarlier(context, session, before);
    before = await readExisting(session, selector, context.signal);
  }
  const steps = plan(wantedBy(inputs), before);
  refuse(steps, before, session, inputs);
  refuseBoot(inputs, before, session.hostName);

  const prior = priorOf(inputs, before, old?.prior);
  try {
    const results = await carryOut(context, session, before, steps, inputs);
    const broken = structuralFailure(results);
    const failed = broken ? await goBack(context, session, before, broken) : [];
    if (!broken) failed.push(...(await setUpBoot(session, steps)));

    const after = await readExisting(session, before.pf.pciAddress, context.signal);
    const state = stateOf(inputs, after, session.machineId, prior, old, declaredBy(inputs));
    const reasons = [...failed, ...mismatches(inputs, state, steps, results).map(describeMismatch)];
    const id = idOf(session, after.pf);
    return reasons.length === 0 ? { done: true, id, state } : { done: false, id, state, reasons };
  } catch (error) {
    if (!leavesUnknown(error)) throw error;
    // What the host is like now, the next refresh reads. What it was like before us would be lost with this error.
    const state = stateOf(inputs, before, session.machineId, prior, old, declaredBy(inputs));
    return { done: false, id: idOf(session, before.pf), state, reasons: [explain(error)] };
  }
}

/** The connection broke, or a script was ended from outside: some of the steps may have been done. */
const leavesUnknown = (error: unknown): boolean => kindOf(error) === "unreachable" || error instanceof CommandError;

/** What a program allows, and how long the host waits for us. */
export type Allowed = Pick<VfConfigInputs, "allowDisruption" | "confirmTimeout">;

export function refuse(steps: Step[], current: Current, session: Session, allowed: Allowed): void {
  const [refused] = refusals(steps, current, {
    hostName: session.hostName,
    allowDisruption: allowed.allowDisruption,
    confirmTimeout: allowed.confirmTimeout,
  });
  if (refused) throw new SriovError("refused", refused.message, { remedy: refused.remedy });
}

export async function carryOut(
  context: Context,
  session: Session,
  before: Current,
  steps: readonly Step[],
  { allowDisruption, confirmTimeout }: Allowed,
): Promise<LineResult[]> {
  const { pf } = before;
  for (const step of steps) context.log.debug(`${session.hostName}: ${describe(step)}`);
  const lines = planLines(pf.pciAddress, steps, { allowDisruption });
  const hasWork = planLines(pf.pciAddress, steps).length > 1;
  if (!hasWork) return [];
  context.signal.throwIfAborted();
  if (allowDisruption && isDisruptive(steps, before)) {
    if (before.surroundings?.deadMan.isPossible) {
      return applyConfirmed(context, session, before, steps, lines, confirmTimeout);
    }
    context.log.warn(`${pfText(session, pf)}: without systemd-run there, no timer puts back what was before`);
  }
  return applyPlan(session.shell, pf.pciAddress, lines);
}

/** The first line that leaves the PF without what all the rest builds on. */
export const structuralFailure = (results: readonly LineResult[]): LineResult | undefined =>
  results.find(
    ({ outcome, line }) => outcome !== "same" && outcome !== "done" && !/^(vf|mtu|drivers-autoprobe) /.test(line),
  );

/**
 * Puts back what was before the change that failed, and throws. Only where that fails too, it answers what to say: the
 * host is neither as it was nor as it should be then, and the state has to tell.
 */
async function goBack(context: Context, session: Session, before: Current, broken: LineResult): Promise<string[]> {
  if (broken.outcome === "refused") {
    throw new SriovError(
      "refused",
      `Refused to change the number of VFs of ${pfText(session, before.pf)}: ${broken.said.trim()}`,
      { remedy: "Detach the VFs first, or set allowDisruption." },
    );
  }
  // The kernel is still at it, and holds the PF: nothing can be put back now.
  if (broken.outcome === "timeout") {
    throw failure(session, before, broken, "It may still be going on; nothing else was changed.", "timeout");
  }
  const now = await readExisting(session, before.pf.pciAddress, context.signal);
  const back: Wanted = wantedAgain(before);
  const steps = plan(back, now).filter((step) => !isBootStep(step));
  if (steps.length === 0) throw failure(session, before, broken, "Everything is as it was before.");
  const results = await carryOut(context, session, now, steps, { allowDisruption: false, confirmTimeout: 0 });
  const left = results.filter(({ outcome }) => outcome !== "same" && outcome !== "done");
  const what = `${before.pf.numVfs} VFs and their attributes`;
  if (left.length === 0) throw failure(session, before, broken, `What was before has been put back: ${what}.`);
  const error = failure(session, before, broken, `Putting back ${what} failed too.`);
  return [error.message, ...left.map(({ line, said }) => `not put back: "${line}": ${said}`)];
}

function failure(
  session: Session,
  { pf }: Current,
  { line, said }: LineResult,
  after: string,
  kind: "remote-failure" | "timeout" = "remote-failure",
): SriovError {
  const remedy = remedyFor(said);
  return new SriovError(
    kind,
    `Failed to set up ${pfText(session, pf)}: "${line}": ${said}. ${after}`,
    remedy === undefined ? {} : { remedy },
  );
}

/** What the kernel's errno for sriov_numvfs means to a person (drivers/pci/iov.c). */
export function remedyFor(said: string): string | undefined {
  if (said.includes("Cannot allocate memory")) {
    return "The firmware left too little room for VFs: enable SR-IOV and Above 4G Decoding in the BIOS setup, or boot with pci=realloc.";
  }
  if (said.includes("Device or resource busy")) {
    return "Something else is changing this PF (NetworkManager, netplan, a udev rule): let only one of them own its VFs.";
  }
  if (said.includes("Operation not permitted")) {
    return "The driver takes fewer VFs just now: look at the kernel log (dmesg) of the host for its reason.";
  }
  return undefined;
}
