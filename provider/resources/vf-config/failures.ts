// What is wrong with a program's values, in words: zod's issues as `expected X, got Y` with the property's path. Values that
// are not known yet are not judged.
import type { z } from "zod";
import { type Failure, type Value, type Values, isUnknown, unknown } from "../lifecycle.js";

type Issue = z.core.$ZodIssue;

/** Every failure that the model finds in the values. */
export function modelFailures(model: z.ZodType, values: Values): Failure[] {
  const result = model.safeParse(values);
  return result.success ? [] : result.error.issues.flatMap((issue) => failuresOf(issue, values));
}

/** `vfs[2].mac` */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

/** A value as a program would write it, short. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function failuresOf(issue: Issue, values: Values): Failure[] {
  const got = valueAt(values, issue.path);
  if (isUnknown(got)) return [];
  const property = pathText(issue.path);
  const expected = (what: string): Failure[] => [{ property, reason: `expected ${what}, got ${shown(property, got)}` }];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        property: pathText([...issue.path, key]),
        reason: `expected no property "${key}" here`,
      }));
    case "invalid_type":
      return expected(typeNames[issue.expected] ?? issue.expected);
    case "invalid_value":
      return expected(issue.values.map((value) => JSON.stringify(value)).join(" or "));
    case "too_small":
      return expected(issue.origin === "string" ? "some text" : `at least ${issue.minimum}`);
    case "too_big":
      return expected(`at most ${issue.maximum}`);
    case "custom":
    case "invalid_format":
    case "invalid_union":
    case "invalid_key":
    case "invalid_element":
    case "not_multiple_of":
      return [{ property, reason: issue.message }];
  }
}

/** Never a secret: of what is in `host`, only the kind of value is told. */
const shown = (property: string, value: unknown): string =>
  property.startsWith("host.ssh") ? (value === undefined ? "nothing" : `a ${typeof value}`) : show(value);

const typeNames: { [zod: string]: string } = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

function valueAt(values: Value, path: readonly PropertyKey[]): Value {
  let at: Value = values;
  for (const key of path) {
    // Below what is not known, nothing is.
    if (isUnknown(at)) return unknown;
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as { [key: PropertyKey]: Value })[key];
  }
  return at;
}
