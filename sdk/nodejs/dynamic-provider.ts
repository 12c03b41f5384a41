// Adapter A, the provider's side: runs in Pulumi's dynamic provider process, where the text in `__provider` requires it as
// "pulumi-sriov/dynamic". That text is in everybody's state, so `provider(name)` is a contract that does not change.
import "../../provider/base/compile-cache.js";
import { SriovError, explain } from "../../provider/base/errors.js";
import { createContext, readAgeMs } from "../../provider/resources/context.js";
import type { Context, Lifecycle, Outcome, Values } from "../../provider/resources/lifecycle.js";
import { type ResourceName, registry } from "../../provider/resources/registry.js";
import { fromStored, toStored } from "../../provider/resources/stored-state.js";
import {
  fromWire,
  lostProperty,
  nameProperty,
  providerProperty,
  stackProperty,
  toWire,
  withoutUnknowns,
} from "./wire.js";

type Properties = Record<string, unknown>;
type AnyLifecycle = Lifecycle<object, object>;

/** There is no Cancel and no customTimeouts in the dynamic protocol: this bounds every call. */
const callTimeoutMs = 10 * 60_000;

/** The methods that Pulumi's dynamic provider calls (`dynamic.ResourceProvider` of @pulumi/pulumi). */
export function provider(name: ResourceName) {
  const lifecycle = find(name);
  return {
    check: (olds: Properties, news: Properties) =>
      look(async (context) => {
        const given = (property: string) => (typeof news[property] === "string" ? news[property] : "");
        const before = Object.keys(fromWire(olds)).length === 0 ? undefined : fromWire(olds);
        const { inputs, failures } = await lifecycle.check(
          context,
          fromWire(news),
          before,
          given(nameProperty),
          given(stackProperty),
        );
        return { inputs: lostProperty in news ? withoutUnknowns(toWire(inputs)) : toWire(inputs), failures };
      }),

    diff: (id: string, olds: Properties, news: Properties) =>
      run(async (context) => {
        const { changes, deleteBeforeReplace, notes } = lifecycle.diff(id, stateOf(lifecycle, olds), fromWire(news));
        for (const note of notes) context.log.info(`${name} ${id}: ${note}`);
        return {
          changes: changes.length > 0,
          replaces: changes.filter((change) => change.kind === "replace").map((change) => topLevel(change.property)),
          deleteBeforeReplace: deleteBeforeReplace ?? true,
        };
      }),

    create: (inputs: Properties) =>
      run(async (context) => {
        const outcome = await lifecycle.create(context, fromWire(inputs));
        return { id: outcome.id, outs: finished(lifecycle, outcome, inputs) };
      }),

    read: (id: string, props: Properties) =>
      look(async (context) => {
        const observed = await lifecycle.read(context, id, stateOf(lifecycle, props));
        if (!observed.here) return {};
        const provider = { [providerProperty]: props[providerProperty] };
        return {
          id: observed.id,
          props: { ...stored(lifecycle, observed.state), ...provider },
          inputs: { ...toWire(observed.inputs), ...provider },
        };
      }),

    update: (id: string, olds: Properties, news: Properties) =>
      run(async (context) => {
        const outcome = await lifecycle.update(context, id, stateOf(lifecycle, olds), fromWire(news));
        return { outs: finished(lifecycle, outcome, news) };
      }),

    delete: (id: string, props: Properties) =>
      run((context) => lifecycle.delete(context, id, stateOf(lifecycle, props))),
  };
}

function find(name: string): AnyLifecycle {
  if (!(name in registry)) {
    const known = Object.keys(registry).join(", ");
    throw new SriovError("bug", `this version of pulumi-sriov has no resource "${name}"; it has ${known}`);
  }
  return registry[name as ResourceName];
}

const stored = (lifecycle: AnyLifecycle, state: object): Properties => toWire(toStored(lifecycle, state));

const stateOf = (lifecycle: AnyLifecycle, properties: Properties): Values =>
  fromStored(lifecycle, fromWire(properties));

/** The outputs of a finished call; throws what Pulumi records as a partial failure for a half-done one. */
function finished(lifecycle: AnyLifecycle, outcome: Outcome<object>, inputs: Properties): Properties {
  const properties = { ...stored(lifecycle, outcome.state), [providerProperty]: inputs[providerProperty] };
  if (outcome.done) return properties;
  throw Object.assign(new PulumiFailure(outcome.reasons.join("\n")), {
    id: outcome.id,
    // Without `__provider` in it the resource could never be read or deleted again.
    properties,
    reasons: outcome.reasons,
  });
}

/** Pulumi prints `${error}: ${error.stack}`: no class name and no stack, only what we have to say. */
class PulumiFailure extends Error {
  override name = "";
  override stack = "";
}

/** A call that writes nothing, and may share what others have just seen. */
const look = <T>(call: (context: Context) => Promise<T>): Promise<T> => run(call, readAgeMs);

async function run<T>(call: (context: Context) => Promise<T>, maxAgeMs = 0): Promise<T> {
  const signal = new AbortController().signal;
  const context = createContext({ log, signal, timeoutMs: callTimeoutMs, maxAgeMs });
  try {
    return await call(context);
  } catch (error) {
    if (error instanceof PulumiFailure) throw error;
    // A programming error keeps its stack: a report needs it.
    const text =
      error instanceof SriovError || !(error instanceof Error) ? explain(error) : (error.stack ?? error.message);
    throw new PulumiFailure(text);
  }
}

const topLevel = (property: string): string => property.split(/[.[]/, 1)[0] ?? property;

const told = new Set<string>();

/** The engine asks for the same check and the same difference more than once, for the refresh and for the update. */
function tellOnce(stream: NodeJS.WriteStream, text: string): void {
  if (told.has(text)) return;
  told.add(text);
  stream.write(`${text}\n`);
}

// The engine shows what this process prints among the stack's diagnostics.
const log = {
  debug: (message: string) => {
    if (process.env["PULUMI_SRIOV_DEBUG"]) process.stderr.write(`debug: ${message}\n`);
  },
  info: (message: string) => tellOnce(process.stdout, message),
  warn: (message: string) => tellOnce(process.stderr, `warning: ${message}`),
};
