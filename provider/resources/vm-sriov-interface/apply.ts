// Makes the VM so; remove.ts undoes it. Reads right before acting and again afterwards; what was done stays in the state, also
// when a later step fails.
import { explain, isSriovError, kindOf } from "../../base/errors.js";
import { isLibvirtError, virErr } from "../../libvirt/errors.js";
import { formatInterfaceXml, updateInterfaceXml } from "../../libvirt/xml/interface.js";
import type { Context, Outcome } from "../lifecycle.js";
import { examineHost } from "../examine-host.js";
import { mustBeSameMachine } from "../same-machine.js";
import type { Session } from "../session.js";
import { withRemedy } from "./attach-remedies.js";
import { type Current, halvesOf } from "./current.js";
import { detachLive } from "./detach.js";
import type { VmSriovInterfaceInputs, VmSriovInterfaceState } from "./model.js";
import { type Step, describe, interfaceWanted, mayRestart, plan, targetsOf, wantedAgain, withRestart } from "./plan.js";
import { type KnownDomain, idOf, readExisting, stateAfter } from "./read.js";
import { inTurn, restartDomain } from "./restart.js";
import { withAddress } from "./vf.js";

type Work = {
  context: Context;
  session: Session;
  inputs: VmSriovInterfaceInputs;
  old: VmSriovInterfaceState | undefined;
  done: string[];
};

/** Create and update: `old` is the state so far. */
export async function converge(
  context: Context,
  session: Session,
  asked: VmSriovInterfaceInputs,
  old: VmSriovInterfaceState | undefined,
): Promise<Outcome<VmSriovInterfaceState>> {
  if (old) mustBeSameMachine(session, old, "update", `interface ${asked.alias}`);
  const inputs = await withAddress(session, asked, context.signal);
  const domain = await knownDomain(session, inputs);
  const work: Work = { context, session, inputs, old, done: [] };
  const { done } = work;
  let after: Current;
  let failed: string | undefined;
  try {
    after = await untilSettled(work, domain);
  } catch (error) {
    if (!isSriovError(error) || (done.length === 0 && !old)) throw error;
    failed = `${explain(error)}\nDone before: ${done.join("; ") || "nothing"}.`;
    after = await readExisting(session, domain);
  }
  const state = stillOn(await stateAfter(session, inputs, after), failed === undefined ? undefined : old);
  const reasons = failed === undefined ? mismatches(inputs, after) : [failed];
  const id = idOf(session, after.domain.name, inputs.alias);
  return reasons.length === 0 ? { done: true, id, state } : { done: false, id, state, reasons };
}

/** A VM that starts or stops in the middle makes another plan. */
const rounds = 3;

/** Answers the VM as it is then. */
async function untilSettled(work: Work, domain: KnownDomain): Promise<Current> {
  const { session, inputs, old, done } = work;
  const read = () => readExisting(session, domain);
  let mustRestart: string | undefined;
  for (let round = 1; ; round += 1) {
    const look = async () => {
      const before = await read();
      // What a finished round has moved is moved.
      const steps = plan(inputs, before, old && done.length === 0 ? wantedAgain(old) : undefined);
      return { before, steps };
    };
    const first = await look();
    const alone = mustRestart !== undefined || first.steps.some((step) => step.do === "restart");
    const end = await inTurn(domain.uuid, { alone }, async (): Promise<Current | "again" | { restart: string }> => {
      // Somebody else may have restarted it while this one waited.
      const { before, steps } = alone ? await look() : first;
      const isLeft = steps.some((step) => step.do === "detach-live" || step.do === "attach");
      const now = mustRestart !== undefined && isLeft ? withRestart(steps, mustRestart) : steps;
      try {
        await carryOutAll(work, before, now);
      } catch (error) {
        const after = await read();
        if (after.isActive !== before.isActive && isLibvirtError(causeOf(error), virErr.operationInvalid))
          return "again";
        const isStuck = kindOf(error) === "timeout" && mustRestart === undefined && after.isActive;
        if (isStuck && mayRestart(inputs, after)) return { restart: "its guest did not let go of the VF" };
        throw error;
      }
      const after = await read();
      const isOther = after.isActive !== before.isActive && !now.some((step) => step.do === "restart");
      return isOther && plan(inputs, after).length > 0 ? "again" : after;
    });
    if (end !== "again" && "domain" in end) return end;
    if (round === rounds) return read();
    if (end !== "again") mustRestart = end.restart;
  }
}

/** `check` has found it, when it could. */
async function knownDomain(session: Session, { domain, domainUuid }: VmSriovInterfaceInputs): Promise<KnownDomain> {
  if (domainUuid !== undefined) return { name: domain, uuid: domainUuid };
  return (await readExisting(session, domain)).domain;
}

/** withRemedy wraps what libvirt said. */
const causeOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? error.cause : error;

async function carryOutAll(work: Work, before: Current, steps: readonly Step[]): Promise<void> {
  const { context, session, done } = work;
  for (const step of steps) {
    const text = describe(step, before.domain.name);
    sayOf(context, session)(text);
    context.signal.throwIfAborted();
    await carryOut(work, before, step);
    done.push(text);
  }
}

export const sayOf =
  ({ log }: Context, { hostName }: Session) =>
  (text: string): void =>
    log.debug(`${hostName}: ${text}`);

/**
 * After a failure the source is the old one: live XML does not tell from which pool a VF is, so the state has to say that the
 * move is not done.
 */
function stillOn(state: VmSriovInterfaceState, old: VmSriovInterfaceState | undefined): VmSriovInterfaceState {
  if (!old) return state;
  const { network: _network, portgroup: _portgroup, vf: _vf, ...rest } = state;
  const source = { network: old.network, portgroup: old.portgroup, vf: old.vf };
  return { ...rest, ...source };
}

/** A write that was not read back did not happen. */
function mismatches(inputs: VmSriovInterfaceInputs, after: Current): string[] {
  const name = after.domain.name;
  const halves = halvesOf(after, inputs.alias);
  const targets = targetsOf(inputs.apply, after);
  const left = plan(inputs, after).map((step) => describe(step, name));
  if (left.length === 0) return [];
  const where = [
    targets.config && !halves.config ? "its definition" : undefined,
    targets.live && !halves.live ? "the running VM" : undefined,
  ].filter((place) => place !== undefined);
  return [
    `libvirt said yes, but ${inputs.alias} of VM "${name}" ${
      where.length > 0 ? `is not in ${where.join(" and ")}` : "is not as asked"
    }; still to do: ${left.join("; ")}`,
  ];
}

async function carryOut({ context, session, inputs, old }: Work, { domain }: Current, step: Step): Promise<void> {
  const client = await session.libvirt();
  const timeoutMs = inputs.detachTimeout * 1000;
  switch (step.do) {
    case "attach":
      try {
        const xml = formatInterfaceXml(interfaceWanted(inputs));
        return await client.attachDevice(domain, xml, { config: step.config, live: step.live });
      } catch (error) {
        throw await withRemedy(error, () => examineHost(session));
      }
    case "update-config":
      // The whole element: what is left out of an update is gone.
      return client.updateDevice(domain, updateInterfaceXml(step.from.xml, interfaceWanted(inputs)), { config: true });
    case "detach-config":
      return client.detachDevice(domain, step.from.xml, { config: true });
    case "detach-live":
      return detachLive(client, {
        domain,
        from: step.from,
        alias: inputs.alias,
        mac: step.from.mac ?? inputs.mac,
        network: old?.network ?? inputs.network,
        timeoutMs,
        say: sayOf(context, session),
      });
    case "restart":
      return restartDomain(client, domain, timeoutMs);
  }
}
