// Makes the VM so, and undoes it. Reads right before acting and again afterwards; what was done stays in the state, also
// when a later step fails.
import { explain, isSriovError, kindOf } from "../../base/errors.js";
import { readAppArmor } from "../../host/apparmor/facts.js";
import { formatInterfaceXml, updateInterfaceXml } from "../../libvirt/xml/interface.js";
import type { Context, Outcome } from "../lifecycle.js";
import { mustBeSameMachine } from "../same-machine.js";
import type { Session } from "../session.js";
import { withRemedy } from "./attach-remedies.js";
import { type Current, halvesOf } from "./current.js";
import { detachLive } from "./detach.js";
import type { VmSriovInterfaceInputs, VmSriovInterfaceState } from "./model.js";
import { type Step, describe, interfaceWanted, plan, targetsOf, wantedAgain } from "./plan.js";
import { idOf, readCurrent, readExisting, stateAfter } from "./read.js";

/** Create and update: `old` is the state so far. */
export async function converge(
  context: Context,
  session: Session,
  inputs: VmSriovInterfaceInputs,
  old: VmSriovInterfaceState | undefined,
): Promise<Outcome<VmSriovInterfaceState>> {
  if (old) mustBeSameMachine(session, old, "update", `interface ${inputs.alias}`);
  const before = await readExisting(session, inputs.domainUuid ?? inputs.domain);
  const steps = plan(inputs, before, old && wantedAgain(old));
  const xml = formatInterfaceXml(interfaceWanted(inputs));
  const done: string[] = [];
  let failed: string | undefined;
  for (const step of steps) {
    context.log.debug(`${session.hostName}: ${describe(step, before.domain.name)}`);
    try {
      context.signal.throwIfAborted();
      await carryOut(session, before, step, xml, inputs, old);
      done.push(describe(step, before.domain.name));
    } catch (error) {
      if (!isSriovError(error) || (done.length === 0 && !old)) throw error;
      failed = `${explain(error)}\nDone before: ${done.join("; ") || "nothing"}.`;
      break;
    }
  }
  const after = await readExisting(session, before.domain.uuid);
  const state = stillOn(await stateAfter(session, inputs, after), failed === undefined ? undefined : old);
  const reasons = failed === undefined ? mismatches(inputs, after) : [failed];
  const id = idOf(session, before.domain.name, inputs.alias);
  return reasons.length === 0 ? { done: true, id, state } : { done: false, id, state, reasons };
}

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

async function carryOut(
  session: Session,
  { domain }: Current,
  step: Step,
  xml: string,
  inputs: VmSriovInterfaceInputs,
  old: VmSriovInterfaceState | undefined,
): Promise<void> {
  const client = await session.libvirt();
  switch (step.do) {
    case "attach":
      try {
        return await client.attachDevice(domain, xml, { config: step.config, live: step.live });
      } catch (error) {
        throw await withRemedy(error, () => readAppArmor(session.shell));
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
        timeoutMs: inputs.detachTimeout * 1000,
      });
  }
}

/** Idempotent: the definition first, so that a guest that does not let go is rid of it at its next start. */
export async function remove(session: Session, state: VmSriovInterfaceState): Promise<void> {
  mustBeSameMachine(session, state, "undo", `interface ${state.alias}`);
  const current = await readCurrent(session, state.domainUuid);
  if (!current) return;
  const client = await session.libvirt();
  const { config, live } = halvesOf(current, state.alias);
  if (config) {
    await client.detachDevice(current.domain, config.xml, { config: true }).catch((error: unknown) => {
      if (kindOf(error) !== "not-found") throw error;
    });
  }
  if (live) {
    await detachLive(client, {
      domain: current.domain,
      from: live,
      alias: state.alias,
      mac: live.mac ?? state.mac,
      network: state.network,
      timeoutMs: state.detachTimeout * 1000,
    });
  }
}
