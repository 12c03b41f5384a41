// Delete: puts back what was before this resource came, or keeps what is, and takes away what makes the VFs at boot. What is put
// back is read again; what could not be is said. It can stop anywhere, and the next delete goes on from there.
import { SriovError } from "../../base/errors.js";
import type { Context } from "../lifecycle.js";
import { mustBeSameMachine } from "../same-machine.js";
import type { Session } from "../session.js";
import { carryOut, refuse, remedyFor, structuralFailure } from "./apply.js";
import { isBootStep, restoreBoot } from "./boot-apply.js";
import type { Current } from "./current.js";
import { settleEarlier } from "./guards/confirmed-apply.js";
import type { VfConfigState } from "./model.js";
import { plan } from "./plan.js";
import { wantedBefore } from "./prior.js";
import { pfText, readCurrent, readExisting } from "./read.js";
import { type Step, describe, lineOf } from "./steps.js";

/** Idempotent: what is as it was before is not written again. */
export async function remove(context: Context, session: Session, state: VfConfigState): Promise<void> {
  mustBeSameMachine(session, state, "undo", `the VFs of ${state.pfName}`);
  let { reading, current } = await readCurrent(session, state.pfPciAddress, context.signal);
  if (current?.surroundings?.deadMan.now) {
    await settleEarlier(context, session, current);
    ({ reading, current } = await readCurrent(session, state.pfPciAddress, context.signal));
  }
  if (current && state.onDelete === "restore") await restore(context, session, current, state);
  if (!current && reading.found !== "nothing") {
    context.log.warn(
      `${state.pfName} on ${session.hostName} has no SR-IOV any more: only what makes its VFs at boot is removed`,
    );
  }
  for (const path of await restoreBoot(session, state.pfPciAddress, state.prior)) {
    context.log.warn(`${path} on ${session.hostName} was not written by pulumi-sriov, and is left as it is`);
  }
}

async function restore(context: Context, session: Session, current: Current, state: VfConfigState): Promise<void> {
  const steps = stepsBack(state, current);
  refuse(steps, current, session, state);
  if (steps.length === 0) return;
  const results = await carryOut(context, session, current, steps, state);
  const broken = structuralFailure(results);
  const after = await readExisting(session, state.pfPciAddress, context.signal);
  if (broken) {
    const wanted = state.prior.numVfs;
    const left = after.pf.numVfs === wanted ? "" : `${after.pf.numVfs} VFs in place of the ${wanted} of before, and `;
    const remedy = remedyFor(broken.said);
    throw new SriovError(
      broken.outcome === "refused" || broken.outcome === "timeout" ? broken.outcome : "remote-failure",
      `Failed to restore ${pfText(session, current.pf)}: "${broken.line}": ${broken.said.trim()}. Left: ${left}what makes the VFs at boot (${state.persistence}); deleting again goes on from here.`,
      remedy === undefined ? {} : { remedy },
    );
  }
  // Not only what failed: a driver can say yes and do nothing.
  for (const step of stepsBack(state, after)) {
    const said = results.find(({ outcome, line }) => outcome !== "same" && outcome !== "done" && line === lineOf(step));
    context.log.warn(
      `${pfText(session, after.pf)}: not restored: ${describe(step)}${said === undefined ? "" : `: ${said.said}`}`,
    );
  }
}

const stepsBack = (state: VfConfigState, current: Current): Step[] =>
  plan(wantedBefore(state, current), current).filter((step) => !isBootStep(step));
