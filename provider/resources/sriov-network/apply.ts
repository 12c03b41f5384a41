// Carries a plan out, step by step, and says what came of it: an error half-way leaves a network that the state knows.
import { SriovError, explain, isSriovError, kindOf } from "../../base/errors.js";
import { quote } from "../../base/quote.js";
import type { LibvirtClient, NetworkRef } from "../../libvirt/client.js";
import { isLibvirtError, virErr } from "../../libvirt/errors.js";
import { formatNetworkXml, updateNetworkXml } from "../../libvirt/xml/network.js";
import type { Context, Failure, Outcome } from "../lifecycle.js";
import type { Session } from "../session.js";
import { unlessGone } from "../unless-gone.js";
import { foreignNetwork } from "./check-host.js";
import { harmless, interruption, refusal } from "./guard.js";
import type { SriovNetworkInputs, SriovNetworkState } from "./model.js";
import { type Step, describe, plan } from "./plan.js";
import {
  type ReadCurrent,
  type ReadNetwork,
  readCurrent,
  readKnown,
  readNetwork,
  readNetworks,
  readPfVfs,
} from "./read.js";
import { idOf, stateOf } from "./state.js";
import { takenVfs } from "./taken.js";

/** Adopts a network of ours that is there already, and makes it as it is asked for. */
export async function create(
  context: Context,
  session: Session,
  inputs: SriovNetworkInputs,
): Promise<Outcome<SriovNetworkState>> {
  const [networks, pfVfs] = await Promise.all([
    session.libvirt().then(readNetworks),
    inputs.pf === undefined ? undefined : readPfVfs(session, inputs.pf, context.signal),
  ]);
  const facts = { hostName: session.hostName, networks, pfVfs };
  const conflict = foreignNetwork(inputs, facts) ?? (inputs.active ? takenVfs(inputs, facts)[0] : undefined);
  if (conflict) throw refusedToMake(inputs, conflict);
  const network = networks.find(({ name }) => name === inputs.name);
  const before = { ...(network ? { network } : {}), ...(pfVfs ? { pfVfs } : {}) };
  const outcome = await converge(context, session, inputs, before);
  const isHalf = !outcome.done && !outcome.state.active && inputs.active;
  if (isHalf) outcome.reasons.push("The network is defined; the next `pulumi up` goes on from there.");
  return outcome;
}

export async function update(
  context: Context,
  session: Session,
  inputs: SriovNetworkInputs,
  uuid: string,
): Promise<Outcome<SriovNetworkState>> {
  const before = await readCurrent(session, uuid, inputs.pf, context.signal);
  return converge(context, session, inputs, { ...before, uuid });
}

async function converge(
  context: Context,
  session: Session,
  inputs: SriovNetworkInputs,
  before: ReadCurrent,
): Promise<Outcome<SriovNetworkState>> {
  const client = await session.libvirt();
  const steps = plan(inputs, before);
  const refused = refusal(steps, before.network, interruption(steps, inputs.name, session.hostName));
  const reasons: string[] = [];
  let failed: unknown;
  let ref: NetworkRef | undefined = before.network?.ref;
  for (const step of refused ? harmless(steps) : steps) {
    try {
      context.signal.throwIfAborted();
      context.log.debug(`${session.hostName}: ${describe(step)}`);
      ref = await take(client, step, before, ref);
    } catch (error) {
      failed = error;
      reasons.push(failureText(step, error, before, session.hostName));
      break;
    }
  }
  if (refused) reasons.push(`${refused.message} ${failed === undefined ? definedAnew(steps) : ""}${refused.remedy}`);
  const network = await (ref ? readKnown(client, ref) : readNetwork(client, inputs.name));
  if (!network) {
    if (failed === undefined)
      throw new SriovError("mismatch", `Network "${inputs.name}" is gone from ${session.hostName}`);
    throw new SriovError(kindOf(failed) ?? "remote-failure", reasons.join("\n"), { cause: failed });
  }
  // Somebody else has made it since we looked. In our state it would be ours to delete.
  const foreign = ref ? undefined : foreignNetwork(inputs, { hostName: session.hostName, networks: [network] });
  if (foreign) throw refusedToMake(inputs, foreign, failed);
  // The VFs are nothing that these steps change.
  const after = { ...before, network };
  const state = stateOf(inputs, after, session);
  const left = reasons.length === 0 ? plan(inputs, after) : [];
  if (left.length > 0) {
    const still = left.map(describe).join("; ");
    reasons.push(
      `Network "${inputs.name}" on ${session.hostName} did not become what was asked for. Still to do: ${still}`,
    );
  }
  const id = idOf(session, network);
  if (reasons.length === 0) return { done: true, id, state };
  return { done: false, id, state, reasons };
}

const refusedToMake = ({ name }: SriovNetworkInputs, { property, reason }: Failure, cause?: unknown): SriovError =>
  new SriovError("conflict", `Refused to make network "${name}": ${property}: ${reason}`, { cause });

const definedAnew = (steps: readonly Step[]): string =>
  steps.some((step) => step.do === "define")
    ? "The network is defined anew; the running pool is as it was, until it can be restarted. "
    : "";

/** Equivalent to: `virsh net-define`, `net-destroy`, `net-start`, `net-autostart`: the step says which. Answers the network. */
async function take(
  client: LibvirtClient,
  step: Step,
  { network }: ReadCurrent,
  ref: NetworkRef | undefined,
): Promise<NetworkRef> {
  if (step.do === "define") {
    return client.defineNetwork(
      network ? updateNetworkXml(network.inactiveXml, step.wanted) : formatNetworkXml(step.wanted),
    );
  }
  if (!ref) throw new SriovError("not-found", `there is no network "${step.name}" any more`);
  switch (step.do) {
    case "stop":
      await stop(client, ref, `stop network "${step.name}"`);
      break;
    case "start":
      await client.startNetwork(ref);
      break;
    case "set-autostart":
      await client.setNetworkAutostart(ref, step.to);
  }
  return ref;
}

/** Asks once more right before: libvirt does not, and a VM may have come since. */
async function stop(client: LibvirtClient, ref: NetworkRef, doing: string): Promise<void> {
  const network = await readKnown(client, ref);
  if (network) await stopUnlessUsed(client, network, doing);
}

async function stopUnlessUsed(client: LibvirtClient, network: ReadNetwork, doing: string): Promise<void> {
  const refused = refusal([{ do: "stop" }], network, doing);
  if (refused) throw new SriovError("refused", refused.message, { remedy: refused.remedy });
  if (network.isActive) await client.stopNetwork(network.ref);
}

function failureText(step: Step, error: unknown, { pfVfs }: ReadCurrent, hostName: string): string {
  const remedy =
    step.do === "start" && pfVfs?.length === 0
      ? "The PF has no VFs: declare a VfConfig with numVfs for it."
      : isSriovError(error)
        ? error.remedy
        : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return [`${hostName}: ${message}`, remedy].filter((part) => part !== undefined).join("\n");
}

/** Equivalent to: `virsh net-destroy $name`, `virsh net-undefine $name`; refused while a VM holds a VF. What is gone is deleted. */
export async function remove(session: Session, state: SriovNetworkState): Promise<void> {
  const client = await session.libvirt();
  const network = await readKnown(client, { name: state.name, uuid: state.uuid });
  if (!network) return;
  const doing = `delete network "${network.name}" on ${session.hostName}`;
  try {
    await stopUnlessUsed(client, network, doing);
    if (network.isPersistent) await client.undefineNetwork(network.ref);
  } catch (error) {
    if (isLibvirtError(error, virErr.noNetwork)) return;
    if (kindOf(error) === "refused") throw error;
    throw new SriovError(kindOf(error) ?? "remote-failure", `Failed to ${doing}: ${explain(error)}`, { cause: error });
  }
  // As for every write: libvirt's yes is not it.
  if ((await unlessGone(virErr.noNetwork, () => client.isNetworkActive(network.ref))) === undefined) return;
  throw new SriovError("mismatch", `libvirt said yes to ${doing}, but it is still there`, {
    remedy: `Run \`pulumi destroy\` or \`pulumi up\` again; if it stays, look for who puts it back (another tool, a hook of libvirt's), or \`virsh net-undefine ${quote(network.name)}\`.`,
  });
}
