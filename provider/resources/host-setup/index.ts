// HostSetup: what a host needs before VMs can use VFs. This file only joins the parts.
import { SriovError, explain, kindOf } from "../../base/errors.js";
import { type Context, type Failure, type Lifecycle, type Values } from "../lifecycle.js";
import { hasUnknown } from "../model-failures.js";
import { hostKey } from "../host-inputs.js";
import { converge, remove } from "./apply.js";
import { checkInputs } from "./check.js";
import { diff } from "./diff.js";
import { type HostSetupInputs, type HostSetupState, hostSetupOutputs } from "./model.js";
import { readCurrent, stateOf } from "./read.js";

export const hostSetup = {
  schemaVersion: 1,
  outputs: Object.keys(hostSetupOutputs.shape),

  async check(context, news, olds) {
    const { inputs, failures } = checkInputs(news);
    const isWrong = failures.some(({ property }) => /^host($|[.[])/.test(property));
    if (isWrong || hasUnknown(inputs.host)) return { inputs, failures };
    if (inputs.apparmorVfioRule === true) context.program.declareVfioRule(hostKey(inputs.host));
    const hostId = await askHostId(context, inputs, olds, failures);
    return { inputs: hostId === undefined ? inputs : { ...inputs, hostId }, failures };
  },

  diff: (_id, state, inputs) => diff(state, inputs),

  async create(context, inputs) {
    return converge(context, await context.connect(inputs.host), inputs);
  },

  async read(context, id, state) {
    const session = await context.connect(state.host);
    if (session.machineId !== state.hostId) {
      throw new SriovError(
        "conflict",
        `Refused to read ${id}: ${state.host.uri} leads to another machine than the one that was set up`,
        { remedy: "Correct the host's URI, or run `pulumi up` to move the resource to that machine." },
      );
    }
    const now = stateOf(state, await readCurrent(session, context.signal), session);
    const { host, apparmorVfioRule, hostId } = now;
    const inputs = { host, ...(apparmorVfioRule === undefined ? {} : { apparmorVfioRule }), hostId };
    return { here: true, id, inputs, state: now };
  },

  async update(context, _id, _state, inputs) {
    return converge(context, await context.connect(inputs.host), inputs);
  },

  async delete(context, _id, state) {
    return remove(context, await context.connect(state.host), state);
  },
} satisfies Lifecycle<HostSetupInputs, HostSetupState>;

async function askHostId(
  context: Context,
  inputs: HostSetupInputs,
  olds: Values | undefined,
  failures: Failure[],
): Promise<string | undefined> {
  try {
    return (await context.connect(inputs.host)).machineId;
  } catch (error) {
    const kind = kindOf(error);
    if (kind === undefined || kind === "bug") throw error;
    if (kind === "unreachable" || kind === "timeout") {
      context.log.warn(`${inputs.host.uri} cannot be asked now: ${explain(error)}`);
    } else {
      failures.push({ property: "host", reason: explain(error) });
    }
    const before = olds?.["hostId"];
    return typeof before === "string" ? before : undefined;
  }
}
