// HostSetup: what a host needs before VMs can use VFs. This file only joins the parts.
import { askHost } from "../ask-host.js";
import { mustBeSameMachine } from "../same-machine.js";
import { type Lifecycle, type Observed, isImport } from "../lifecycle.js";
import { hasUnknown } from "../model-failures.js";
import { type HostInputs, hostKey } from "../host-inputs.js";
import type { Session } from "../session.js";
import { converge, idOf, remove } from "./apply.js";
import { checkInputs } from "./check.js";
import { diff } from "./diff.js";
import { type HostSetupInputs, type HostSetupState } from "./model.js";
import { readCurrent, stateOf } from "./read.js";

export const hostSetup = {
  schemaVersion: 1,

  async check(context, news, olds) {
    const { inputs, failures } = checkInputs(news);
    if (inputs.apparmorVfioRule === true && !hasUnknown(inputs.host)) {
      context.program.declareVfioRule(hostKey(inputs.host));
    }
    const asked = await askHost(context, inputs.host, failures, async (session) => session.machineId);
    const hostId = asked ?? olds?.["hostId"];
    return { inputs: typeof hostId === "string" ? { ...inputs, hostId } : inputs, failures };
  },

  diff: (_id, state, inputs) => diff(state, inputs),

  async create(context, inputs) {
    return converge(context, await context.connect(inputs.host), inputs);
  },

  async read(context, id, state) {
    const session = await context.connect(state.host);
    if (isImport(state)) return importSetup(session, state.host, context.signal);
    mustBeSameMachine(session, state, "read", id);
    const now = stateOf(inputsOf(state), await readCurrent(session, state, context.signal), session);
    return { here: true, id, inputs: inputsOf(now), state: now };
  },

  async update(context, _id, state, inputs) {
    return converge(context, await context.connect(inputs.host), inputs, state);
  },

  async delete(context, _id, state) {
    return remove(context, await context.connect(state.host), state);
  },
} satisfies Lifecycle<HostSetupInputs, HostSetupState>;

function inputsOf(state: HostSetupState): HostSetupInputs {
  const { host, hostId, iommu, vfioModules, dynamicOwnership, cgroupDeviceAcl, apparmorVfioRule } = state;
  const parts = { iommu, vfioModules, dynamicOwnership, cgroupDeviceAcl, apparmorVfioRule };
  const set = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
  return { host, ...set, hostId };
}

/** What we have set up; a host on which nothing is ours has none. */
async function importSetup(
  session: Session,
  host: HostInputs,
  signal: AbortSignal,
): Promise<Observed<HostSetupInputs, HostSetupState>> {
  const current = await readCurrent(session, {}, signal);
  const { kernel, modules, conf, hasOurRule } = current;
  const { ours } = kernel;
  const ownParts = {
    ...(ours.length === 0 ? {} : { iommu: { vendor: vendorOf(ours), passthrough: ours.includes("iommu=pt") } }),
    ...(modules === undefined ? {} : { vfioModules: true }),
    ...(conf.dynamicOwnership.isOurs ? { dynamicOwnership: true } : {}),
    ...(conf.cgroupDeviceAcl.isOurs ? { cgroupDeviceAcl: true } : {}),
    ...(hasOurRule ? { apparmorVfioRule: true } : {}),
  };
  if (Object.keys(ownParts).length === 0) return { here: false };
  const state = stateOf({ host, ...ownParts }, await readCurrent(session, ownParts, signal), session);
  return { here: true, id: idOf(session), inputs: inputsOf(state), state };
}

const vendorOf = (ours: readonly string[]) =>
  ours.includes("intel_iommu=on") ? ("intel" as const) : ("auto" as const);
