// What a preview says of a resource's outputs: the inputs, as `check` completed them, are known; of the rest, what an update
// never changes.
import { type Values, unknown } from "../resources/lifecycle.js";
import type { ResourceName } from "../resources/registry.js";
import type { ResourceType } from "./resource-types.js";

/** Outputs that stay as they are for as long as the resource is not replaced. */
const settled: Partial<Record<ResourceName, readonly string[]>> = { SriovNetwork: ["uuid"] };

export const settledOutputs = (type: ResourceType): readonly string[] => settled[type.name] ?? [];

/** `state` is the one so far, for an update. */
export function previewed(type: ResourceType, inputs: Values, state: Values = {}): Values {
  const isSettled = (name: string) => settledOutputs(type).includes(name) && state[name] !== undefined;
  const others = type.outputNames.filter((name) => inputs[name] === undefined);
  const outputs = others.map((name) => [name, isSettled(name) ? state[name] : unknown] as const);
  return { ...Object.fromEntries(outputs), ...inputs };
}
