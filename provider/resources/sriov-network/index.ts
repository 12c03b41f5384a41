// SriovNetwork: a libvirt network that hands out VFs. This file joins the parts and asks the host what `check` needs.
import { kindOf } from "../../base/errors.js";
import { type CompleteReading, readPf } from "../../host/sysfs/read-pf.js";
import { type Context, type Lifecycle, type Values, isUnknown } from "../lifecycle.js";
import { hasUnknown } from "../model-failures.js";
import type { Session } from "../session.js";
import { create, remove, update } from "./apply.js";
import { type HostFacts, checkInputs, checkOnHost, vfsNow } from "./check.js";
import { diff } from "./diff.js";
import { interruption, refusal } from "./guard.js";
import { type Facts, type SriovNetworkInputs, type SriovNetworkState } from "./model.js";
import { plan } from "./plan.js";
import { hostKey } from "../host-inputs.js";
import { askHost } from "../ask-host.js";
import { mustBeSameMachine } from "../same-machine.js";
import { observe, readNetworks } from "./read.js";

export const sriovNetwork = {
  schemaVersion: 1,

  async check(context, news, olds, resource, stack = "") {
    const { inputs, failures } = checkInputs(news, resource, stack);
    const before = sameHost(olds, inputs) ? olds : undefined;
    // What the network has been called stays its name, whatever this version would make of the resource's.
    if (news["name"] === undefined && typeof before?.["name"] === "string") inputs.name = before["name"];
    const answer = await askHost(context, inputs.host, failures, async (session) => {
      const facts = await readFacts(context, session, inputs, before);
      return { facts, hostId: session.machineId };
    });
    const checked = { ...inputs, ...(answer ? factsFor(inputs, answer) : factsFrom(before, inputs)) };
    if (answer) {
      const verdict = checkOnHost(checked, answer.facts);
      failures.push(...verdict.failures);
      verdict.warnings.push(...(failures.length === 0 ? restarts(checked, answer.facts) : []));
      for (const warning of verdict.warnings) context.log.warn(warning);
    }
    declare(context, checked);
    return { inputs: checked, failures };
  },

  diff: (_id, state, inputs) => diff(state, inputs),

  async create(context, inputs) {
    return create(context, await context.connect(inputs.host), inputs);
  },

  async read(context, id, state) {
    const session = await context.connect(state.host);
    mustBeSameMachine(session, state, "read", id);
    return observe(session, id, state, context.signal);
  },

  async update(context, id, state, inputs) {
    const session = await context.connect(inputs.host);
    mustBeSameMachine(session, state, "update", id);
    return update(context, session, inputs, state.uuid);
  },

  async delete(context, id, state) {
    const session = await context.connect(state.host);
    mustBeSameMachine(session, state, "undo", id);
    return remove(session, state);
  },
} satisfies Lifecycle<SriovNetworkInputs, SriovNetworkState>;

async function readFacts(
  context: Context,
  session: Session,
  inputs: SriovNetworkInputs,
  before: Values | undefined,
): Promise<HostFacts> {
  const pfOf = async (selector: string) => {
    try {
      return await readPf(session.shell, selector, context.signal);
    } catch (error) {
      // A URI that gives no shell: libvirt will say what is wrong.
      if (kindOf(error) === "unsupported") return undefined;
      throw error;
    }
  };
  const vfs: readonly unknown[] = isUnknown(inputs.vfs) ? [] : (inputs.vfs ?? []);
  const pf: unknown = inputs.pf;
  const [networks, reading, ...vfKinds] = await Promise.all([
    session.libvirt().then(readNetworks),
    typeof pf === "string" ? pfOf(pf) : undefined,
    ...vfs.map(async (vf): Promise<[string, HostFacts["vfKinds"][string]][]> => {
      const found = typeof vf === "string" ? await pfOf(vf) : undefined;
      return found ? [[String(vf), kindOfVf(found, context, inputs)]] : [];
    }),
  ]);
  const declared = typeof pf === "string" ? context.program.vfsOf(hostKey(inputs.host), pf) : undefined;
  const nameBefore = before?.["name"];
  return {
    hostName: session.hostName,
    ...(reading ? { pf: reading } : {}),
    vfKinds: Object.fromEntries(vfKinds.flat()),
    networks,
    ...(declared ? { declared } : {}),
    ...(typeof nameBefore === "string" ? { nameBefore } : {}),
  };
}

function kindOfVf(found: CompleteReading, context: Context, inputs: SriovNetworkInputs): HostFacts["vfKinds"][string] {
  if (found.found !== "nothing") return found.found === "vf" ? "vf" : "no VF";
  return context.program.hasVfs(hostKey(inputs.host)) ? "coming" : "nothing";
}

function factsFor(inputs: SriovNetworkInputs, { facts, hostId }: { facts: HostFacts; hostId: string }): Partial<Facts> {
  const now = facts.pf?.found === "pf" ? facts.pf.pf.numVfs : undefined;
  const numVfs = facts.declared?.numVfs ?? now;
  return { hostId, ...(inputs.pf !== undefined && numVfs !== undefined ? { numVfs } : {}) };
}

/** What was found out the last time, for as long as it is about the same PF. */
function factsFrom(before: Values | undefined, inputs: SriovNetworkInputs): Partial<Facts> {
  const { hostId, numVfs, pf } = before ?? {};
  return {
    ...(typeof hostId === "string" ? { hostId } : {}),
    ...(typeof numVfs === "number" && pf === inputs.pf ? { numVfs } : {}),
  };
}

function sameHost(olds: Values | undefined, inputs: SriovNetworkInputs): boolean {
  const host = olds?.["host"];
  if (typeof host !== "object" || host === null || Array.isArray(host) || hasUnknown(inputs.host)) return false;
  return host["uri"] === (inputs.host as { uri?: string } | undefined)?.uri;
}

/** Said at preview, and no failure: the same update may take the VM's interface away first. */
function restarts(inputs: SriovNetworkInputs, facts: HostFacts): string[] {
  const network = facts.networks.find(({ name }) => name === inputs.name);
  if (!network || hasUnknown(inputs)) return [];
  const pfVfs = vfsNow(facts);
  const steps = plan(inputs, { network, ...(pfVfs ? { pfVfs } : {}) });
  const refused = refusal(steps, network, interruption(steps, inputs.name, facts.hostName));
  return refused ? [`As it is now, this will be refused. ${refused.message} ${refused.remedy}`] : [];
}

function declare(context: Context, inputs: SriovNetworkInputs): void {
  if (hasUnknown(inputs.host) || typeof inputs.name !== "string") return;
  const vfs: unknown = inputs.vfs;
  const numVfs = Array.isArray(vfs) ? vfs.length : inputs.numVfs;
  context.program.declareNetwork(hostKey(inputs.host), { name: inputs.name, numVfs });
}
