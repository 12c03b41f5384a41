// SriovNetwork: a libvirt network that hands out VFs. This file joins the parts and asks the host what `check` needs.
import { type Context, type Failure, type Lifecycle, type Values } from "../lifecycle.js";
import { hasUnknown } from "../model-failures.js";
import { create, remove, update } from "./apply.js";
import { checkInputs } from "./check.js";
import { type HostFacts, checkOnHost, vfsNow } from "./check-host.js";
import { diff } from "./diff.js";
import { interruption, refusal } from "./guard.js";
import { type Facts, type SriovNetworkInputs, type SriovNetworkState } from "./model.js";
import { plan } from "./plan.js";
import { hostKey } from "../host-inputs.js";
import { askHost } from "../ask-host.js";
import { mustBeSameMachine } from "../same-machine.js";
import { readFacts } from "./facts.js";
import { observe } from "./read.js";
import { sourceOfInputs, takenInProgram } from "./taken.js";

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
    failures.push(...declare(context, checked, resource));
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

/** Tells the rest of the program, and finds what it has said already: of two resources the later one is at fault. */
function declare(context: Context, inputs: SriovNetworkInputs, resource: string): Failure[] {
  if (hasUnknown(inputs.host) || typeof inputs.name !== "string") return [];
  const host = hostKey(inputs.host);
  const { name, mode } = inputs;
  const source = sourceOfInputs(inputs);
  const others = context.program.networks(host).filter((other) => other.resource !== resource);
  const twin = others.find((other) => other.name === name);
  const numVfs = source.vfs.length || source.netdevs.length || inputs.numVfs;
  const groups: unknown = inputs.portgroups;
  const portgroups =
    Array.isArray(groups) && !hasUnknown(groups) ? groups.map((group: { name: string }) => group.name) : undefined;
  const active = inputs.active !== false;
  context.program.declareNetwork(host, {
    resource,
    name,
    mode,
    numVfs,
    source,
    active,
    ...(portgroups ? { portgroups } : {}),
  });
  if (twin) {
    const reason = `expected a name for this network alone, got "${name}", which is the name of resource "${twin.resource}" of this program too`;
    return [{ property: "name", reason }];
  }
  if (!active) return [];
  const users = context.program.interfaces(host).flatMap(({ vf, alias, domain }) => {
    const place = vf === undefined ? -1 : source.vfs.indexOf(vf);
    const reason = `${vf} is the VF of ${alias} in VM "${domain}" of this program: leave it out of the pool`;
    return place === -1 ? [] : [{ property: `vfs[${place}]`, reason }];
  });
  return [...takenInProgram(inputs, others), ...users];
}
