// Values as Pulumi's dynamic provider protocol carries them: plain JSON, one magic string for "not known yet", and four
// names of the protocol's own among a resource's properties.
import { providerProperty } from "../../provider/resources/dynamic.js";
import { type Value, type Values, isUnknown, unknown } from "../../provider/resources/lifecycle.js";

/** What stands for an output that is not known in a preview, at any depth (sdk/nodejs/runtime/rpc.ts of Pulumi). */
export const unknownSentinel = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The Pulumi name of the resource, for defaults made of it. Given to check, and never stored. */
export const nameProperty = "__resourceName";
export { providerProperty };
/** `project/stack`, the same. */
export const stackProperty = "__resourceStack";
/** The names of properties that the engine leaves out because they are outputs of a resource that failed, the same. */
export const lostProperty = "__lost";

export function fromWire(properties: Record<string, unknown>): Values {
  const {
    [nameProperty]: _name,
    [stackProperty]: _stack,
    [lostProperty]: lost,
    [providerProperty]: _provider,
    ...rest
  } = properties;
  const values = decode(rest) as Values;
  if (!Array.isArray(lost)) return values;
  return { ...values, ...Object.fromEntries(lost.map((name) => [String(name), unknown])) };
}

/** Without `undefined`: Pulumi refuses it with "Unexpected struct type", after the resource was made. */
export function toWire(values: object): Record<string, unknown> {
  return encode(values as Value) as Record<string, unknown>;
}

/** What the engine takes from a check of a resource some of whose arguments are lost: nothing unknown, as it is no preview. */
export function withoutUnknowns(values: Record<string, unknown>): Record<string, unknown> {
  return mapObject(values, dropUnknown);
}

function dropUnknown(value: unknown): unknown {
  if (value === unknownSentinel) return undefined;
  if (Array.isArray(value)) return value.map(dropUnknown).filter((one) => one !== undefined);
  if (typeof value === "object" && value !== null) return mapObject(value, dropUnknown);
  return value;
}

function decode(value: unknown): Value {
  if (value === unknownSentinel) return unknown;
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value === "object" && value !== null) return mapObject(value, decode);
  return value as Value;
}

function encode(value: Value): unknown {
  if (isUnknown(value)) return unknownSentinel;
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value === "object" && value !== null) return mapObject(value, encode);
  return value;
}

function mapObject<T>(object: object, map: (value: never) => T): Record<string, T> {
  return Object.fromEntries(
    Object.entries(object)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]): [string, T] => [key, map(value as never)])
      .filter(([, value]) => value !== undefined),
  );
}
