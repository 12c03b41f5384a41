// Carries out a change that may cut us off: the host gets a timer that puts back what was before, and we come back to take it
// away, over the same connection when it still works, or over a new one.
import { setTimeout as sleep } from "node:timers/promises";
import { SriovError, explain, kindOf } from "../../../base/errors.js";
import type { LineResult } from "../../../host/applier/run.js";
import { type DeadMan, applyUnderDeadMan, newDeadMan } from "../../../host/dead-man/apply.js";
import { type Settled, settleDeadMan } from "../../../host/dead-man/settle.js";
import type { Context } from "../../lifecycle.js";
import type { Session } from "../../session.js";
import type { Current } from "../current.js";
import { named } from "../guard.js";
import type { Step } from "../steps.js";
import { priorLines } from "./dead-man.js";

/** For the host to have put back what was before, after its timer has fired: then it can be asked what it did. */
const restoreMs = 120_000;
const pauseMs = 1_000;

/** As `applyPlan`; rejects when the host has put back what was before, or when that cannot be told. */
export async function applyConfirmed(
  context: Context,
  session: Session,
  before: Current,
  steps: readonly Step[],
  lines: readonly string[],
  seconds: number,
): Promise<LineResult[]> {
  const deadMan = newDeadMan(before.pf.pciAddress, seconds);
  const what = `PF ${named(before.pf)} on ${session.hostName}`;
  context.log.info(`${what}: the host puts back what was before, unless this is confirmed within ${seconds} s`);
  let isCut = false;
  try {
    await applyUnderDeadMan(session.shell, deadMan, lines, priorLines(before, steps));
  } catch (error) {
    if (!isLoss(error)) throw error;
    isCut = true;
    context.log.warn(`${what}: the connection was lost while it was being set up. Coming back: ${explain(error)}`);
  }
  const settled = await comeBack(context, session, deadMan, what);
  return resultsOf(settled, { what, seconds, isCut, numVfs: before.pf.numVfs });
}

const isLoss = (error: unknown): boolean => ["unreachable", "timeout"].includes(kindOf(error) ?? "");

/** Asks until the host answers, and until it has put back what was before if it has to. */
async function comeBack(context: Context, session: Session, deadMan: DeadMan, what: string): Promise<Settled> {
  const until = Date.now() + deadMan.seconds * 1000 + restoreMs;
  for (;;) {
    try {
      const settled = await settleDeadMan(session.shell, deadMan.pf, {
        token: deadMan.token,
        waitSeconds: deadMan.seconds + restoreMs / 1000,
      });
      if (settled.was !== "busy" || Date.now() > until) return settled;
    } catch (error) {
      if (!isLoss(error) || context.signal.aborted) throw error;
      if (Date.now() > until) throw lost(what, deadMan.seconds, error);
    }
    await sleep(pauseMs, undefined, { signal: context.signal });
  }
}

const lost = (what: string, seconds: number, cause: unknown): SriovError =>
  new SriovError(
    "unreachable",
    `Failed to set up ${what}: the connection was lost, and the host does not answer any more. Unless it is down, it put back what was before by itself, ${seconds} s after the change began.`,
    { cause, remedy: "Look at the host. The next `pulumi up` tells what became of the change." },
  );

type Attempt = { what: string; seconds: number; isCut: boolean; numVfs: number };

function resultsOf(settled: Settled, { what, seconds, isCut, numVfs }: Attempt): LineResult[] {
  const again = "Run `pulumi up` again: it starts from what is there now.";
  switch (settled.was) {
    case "confirmed":
      if (settled.hasEnded) return settled.results;
      throw new SriovError(
        "unreachable",
        `Failed to set up ${what}: the change was ended half-way by something else.`,
        {
          remedy: again,
        },
      );
    case "fired": {
      const why = isCut
        ? `the connection was lost, and nobody came back within ${seconds} s`
        : `it was not done within ${seconds} s (confirmTimeout)`;
      const left = settled.restored.filter(({ outcome }) => outcome !== "same" && outcome !== "done");
      const restored =
        left.length === 0
          ? `put back what was before (${numVfs} VFs and their attributes)`
          : `tried to put back what was before, and could not: ${left.map(({ line, said }) => `"${line}": ${said}`).join(", ")}`;
      throw new SriovError(
        "timeout",
        `Failed to set up ${what}: ${why}. So the host ${restored}, at ${settled.at}. A VM that lost its NIC does not get it back by itself.`,
        { remedy: "Reach the host over another interface, or raise confirmTimeout." },
      );
    }
    case "gone":
      throw new SriovError(
        "unreachable",
        `Failed to set up ${what}: the connection was lost, and the host no longer knows of the change. It was rebooted, or another update has settled it.`,
        { remedy: again },
      );
    case "busy":
      throw new SriovError(
        "timeout",
        `Failed to set up ${what}: the host has not ended the change, nor put back what was before.`,
        {
          remedy: "Look at the kernel log (dmesg) of the host: a driver may hang. Then run `pulumi up` again.",
        },
      );
  }
}

/** A timer that an earlier change has left: its connection broke. We are back, so it goes, and what it did is said. */
export async function settleEarlier(context: Context, session: Session, current: Current): Promise<void> {
  const what = `PF ${named(current.pf)} on ${session.hostName}`;
  const settled = await settleDeadMan(session.shell, current.pf.pciAddress);
  switch (settled.was) {
    case "confirmed":
      return context.log.warn(`${what}: an earlier change had lost its connection; what it did stays`);
    case "fired":
      return context.log.warn(
        `${what}: an earlier change had lost its connection, and at ${settled.at} the host put back what was before`,
      );
    case "gone":
      return;
    case "busy":
      throw new SriovError("conflict", `Refused to set up ${what}: an earlier change of it has not ended yet`, {
        remedy: "Wait for it. If it never ends, look at the kernel log (dmesg) of the host: a driver may hang.",
      });
  }
}
