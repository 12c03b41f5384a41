// What is wrong with a program's values, said by a zod model and translated into sentences: property, expected, got. A value
// that is not known yet is judged by nobody and comes back as it is, at whatever depth.
import { z } from "zod";
import { isCredential } from "./credentials.js";
import { type Failure, type Value, type Values, isUnknown } from "./lifecycle.js";

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

export type Parsed<T> = {
  /** With the model's defaults; only when there are no failures. Unknown values stay, whatever the type says. */
  inputs?: T;
  failures: Failure[];
};

export function parseModel<T>(model: z.ZodType<T>, news: Values): Parsed<T> {
  const result = (relax(model, news) as z.ZodType).safeParse(news);
  if (result.success) return { inputs: result.data as T, failures: [] };
  const failures = result.error.issues.flatMap((issue) => translate(model, news, issue));
  // A number that is both too big and no integer is one sentence, not two.
  const once = new Map(failures.map((failure) => [`${failure.property}\n${failure.reason}`, failure]));
  return { failures: [...once.values()] };
}

/** `vfs[2].mac` */
export function propertyPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

/** Whether anything in the value is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (isUnknown(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}

/** The same model, but anything goes where a value is not known. Rules over a whole list or object wait until all of it is. */
function relax(schema: Schema, value: Value): Schema {
  if (isUnknown(value)) return z.any();
  if (!hasUnknown(value)) return schema;
  if (isWrapper(schema)) return relax(schema.unwrap(), value);
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    const items = value.map((item) => relax(schema.element, item));
    return items.length === 0 ? schema : z.tuple(items as [Schema, ...Schema[]]);
  }
  if (schema instanceof z.ZodObject && typeof value === "object" && !Array.isArray(value)) {
    const values = value as Values;
    const shape = Object.entries(schema.shape as z.core.$ZodShape).map(([key, field]) => [
      key,
      relax(field, values[key]),
    ]);
    return z.strictObject(Object.fromEntries(shape) as z.core.$ZodShape);
  }
  return value === null || typeof value !== "object" ? schema : z.any();
}

type Wrapper = z.ZodOptional | z.ZodDefault | z.ZodNullable;
const isWrapper = (schema: Schema): schema is Wrapper =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable;

const unwrapped = (schema: Schema): Schema => (isWrapper(schema) ? unwrapped(schema.unwrap()) : schema);

/** Of a union the option that the value was meant to be: an object, or text. */
function meant(schema: Schema, value: Value): Schema {
  const inner = unwrapped(schema);
  if (!(inner instanceof z.ZodUnion)) return schema;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return inner.options.find((option) => unwrapped(option) instanceof z.ZodObject === isObject) ?? schema;
}

function schemaAt(model: Schema, path: readonly PropertyKey[], values: Value): Schema | undefined {
  return path.reduce<Schema | undefined>((at, key, i) => {
    const schema = at && unwrapped(meant(at, valueAt(values, path.slice(0, i))));
    if (schema instanceof z.ZodArray) return schema.element;
    return schema instanceof z.ZodObject ? (schema.shape as z.core.$ZodShape)[String(key)] : undefined;
  }, model);
}

function valueAt(values: Value, path: readonly PropertyKey[]): Value {
  return path.reduce<Value>(
    (at, key) => (typeof at === "object" && at !== null ? (at as { [key: PropertyKey]: Value })[key] : undefined),
    values,
  );
}

function translate(model: Schema, news: Values, issue: Issue): Failure[] {
  const property = propertyPath(issue.path);
  const declared = schemaAt(model, issue.path, news);
  const given = valueAt(news, issue.path);
  if (issue.code === "invalid_union" && declared && given !== undefined) return translateUnion(declared, given, issue);
  const schema = declared && meant(declared, given);
  if (issue.code === "unrecognized_keys") {
    const known = schema && unwrapped(schema);
    const names = known instanceof z.ZodObject ? Object.keys(known.shape) : [];
    return issue.keys.map((key) => ({
      property: propertyPath([...issue.path, key]),
      reason: `no such property; ${didYouMean(key, names) ?? `expected ${listed(names)}`}`,
    }));
  }
  if (issue.code === "custom") return [{ property, reason: issue.message }];
  if (given === undefined) return [{ property, reason: `required: ${meaningOf(declared)}` }];
  return [{ property, reason: `expected ${expected(schema, issue)}, got ${shown(issue.path, given)}` }];
}

/** Judged as the option that was meant; a value that is neither is told all of them. */
function translateUnion(union: Schema, value: Value, issue: Issue): Failure[] {
  const path = propertyPath(issue.path);
  const inside = (meant(union, value) as z.ZodType).safeParse(value).error?.issues ?? [];
  if (typeof value === "object" && value !== null && !Array.isArray(value) && inside.length > 0) {
    return inside
      .flatMap((one) => translate(meant(union, value), value, one))
      .map(({ property, reason }) => ({ property: property === "" ? path : `${path}.${property}`, reason }));
  }
  const options = unwrapped(union) instanceof z.ZodUnion ? (unwrapped(union) as z.ZodUnion).options : [];
  const texts = options.map((option) => expected(option, issue));
  return [{ property: path, reason: `expected ${listed(texts)}, got ${shown(issue.path, value)}` }];
}

function meaningOf(schema: Schema | undefined): string {
  const described = schema && (z.globalRegistry.get(schema) ?? z.globalRegistry.get(unwrapped(schema)));
  return described?.description ?? "it has no default.";
}

/** Made of the model and not of the issue: a bound alone, "at most 4094", is half of what a person wants to know. */
function expected(schema: Schema | undefined, issue: Issue): string {
  const inner = schema && unwrapped(schema);
  if (inner instanceof z.ZodNumber) return numberText(inner);
  if (inner instanceof z.ZodEnum) return listed(Object.values(inner.enum).map((value) => JSON.stringify(value)));
  if (inner instanceof z.ZodBoolean) return "true or false";
  if (inner instanceof z.ZodArray) return issue.code === "too_small" ? "a list with something in it" : "a list";
  if (inner instanceof z.ZodObject) return "an object";
  if (inner instanceof z.ZodString) return issue.code === "too_small" ? "some text" : "a string";
  return issue.message.toLowerCase();
}

function numberText(schema: z.ZodNumber): string {
  const noun = schema.isInt ? "a whole number" : "a number";
  const bound = (value: number | null) =>
    value === null || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;
  const [low, high] = [bound(schema.minValue), bound(schema.maxValue)];
  if (low !== undefined && high !== undefined) return `${noun} from ${low} to ${high}`;
  if (low !== undefined) return `${noun} of at least ${low}`;
  return high === undefined ? noun : `${noun} of at most ${high}`;
}

/** A value as a program would write it, and its type; of a secret the type alone. */
function shown(path: readonly PropertyKey[], value: Value): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "an object";
  if (isCredential(path) || propertyPath(path) === "host.ssh") return `a ${typeof value}`;
  const text = JSON.stringify(value).replace(/(:\/\/[^/@:]*):[^/@]*@/, "$1:***@");
  return `${text.length > 60 ? `${text.slice(0, 57)}..."` : text} (${typeof value})`;
}

/** `a`, `a or b`, `a, b or c` */
export function listed(items: readonly string[], conjunction = "or"): string {
  if (items.length < 2) return items[0] ?? "nothing";
  return `${items.slice(0, -1).join(", ")} ${conjunction} ${items[items.length - 1]}`;
}

/** `did you mean "mac"?`, or undefined when nothing is near. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  const isNear = best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3));
  return isNear ? `did you mean "${best.candidate}"?` : undefined;
}

/** Levenshtein's: the fewest letters to add, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
