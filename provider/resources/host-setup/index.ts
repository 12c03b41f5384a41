// HostSetup: what a host needs before VMs can use VFs. This file only joins the parts.
import { SriovError } from "../../base/errors.js";
import { askHost } from "../ask-host.js";
import type { Lifecycle } from "../lifecycle.js";
import { hasUnknown } from "../model-failures.js";
import { hostKey } from "../host-inputs.js";
import { converge, remove } from "./apply.js";
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
