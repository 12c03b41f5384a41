// The provider's own settings: the host that resources mean when they name none, and how to log in. They are put into a
// resource's values for the time of a call and taken out again, so that no setting, and no key, is in a resource's state.
import { type Failure, type Value, type Values, isUnknown } from "../resources/lifecycle.js";
import { didYouMean, hasUnknown, parseModel } from "../resources/model-failures.js";
import { z } from "zod";
import { usesField } from "../resources/host-inputs.js";
import { type ConfigurationKey, configurationKeys } from "./configuration-keys.js";

/** What a resource's `host` is when it says nothing, as far as it is configured. */
export type Configuration = { readonly host: Values };

/** Not ours: what the engine and the SDKs keep beside the settings. */
const enginesOwn = ["version", "pluginDownloadURL"];

/** All that is wrong with the settings, each with its name. */
export function checkConfiguration(settings: Values): Failure[] {
  return Object.entries(settings).flatMap(([name, value]): Failure[] => {
    if (enginesOwn.includes(name) || value === undefined || isUnknown(value)) return [];
    const key = configurationKeys.find((candidate) => candidate.name === name);
    if (key) return failuresOf(key, value);
    const names = configurationKeys.map((known) => known.name);
    const reason = `no such setting; ${didYouMean(name, names) ?? `expected ${names.join(", ")}`}`;
    return [{ property: name, reason }];
  });
}

function failuresOf(key: ConfigurationKey, value: Value): Failure[] {
  const { failures } = parseModel(z.strictObject({ [key.name]: key.model }), { [key.name]: typed(key, value) });
  if (!key.isSecret) return failures;
  return failures.map(({ property }) => ({ property, reason: `expected a string, got a ${typeof value}` }));
}

/** The settings, and the environment where they are silent. */
export function configurationOf(settings: Values, environment: NodeJS.ProcessEnv): Configuration {
  const host: Values = {};
  for (const key of configurationKeys) {
    const value = settings[key.name] ?? (environment[key.environment] || undefined);
    if (value === undefined) continue;
    const [field = "", inGroup] = key.path;
    if (inGroup === undefined) host[field] = typed(key, value);
    else host[field] = { ...(host[field] as Values | undefined), [inGroup]: typed(key, value) };
  }
  return { host };
}

/** `pulumi config` and the environment know text only; of a list it is JSON. */
function typed(key: ConfigurationKey, value: Value): Value {
  if (typeof value !== "string" || key.model instanceof z.ZodString) return value;
  if (key.model instanceof z.ZodArray) return parsedOr(value);
  if (key.model instanceof z.ZodBoolean) return value === "true" ? true : value === "false" ? false : value;
  return key.model instanceof z.ZodNumber && value.trim() !== "" && !Number.isNaN(Number(value))
    ? Number(value)
    : value;
}

function parsedOr(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return text;
  }
}

/**
 * A resource's values with the host that is meant. What it says itself goes first; `ssh` is taken as a whole, and left out
 * where the URI has no use for it.
 */
export function withHost(values: Values, { host }: Configuration): Values {
  const given = values["host"];
  if (Object.keys(host).length === 0 || isUnknown(given)) return values;
  if (given !== undefined && (typeof given !== "object" || given === null || Array.isArray(given))) return values;
  const whole: Values = { ...host, ...given };
  const usable = Object.entries(whole).filter(([field]) => field in (given ?? {}) || isUsable(field, whole["uri"]));
  return { ...values, host: Object.fromEntries(usable) };
}

const isUsable = (field: string, uri: Value): boolean =>
  (field !== "ssh" && field !== "tls") || (typeof uri === "string" && usesField(uri, field));

/** The result of a call with the host as the resource said it, or without any. */
export function withHostOf<T extends object>(result: T, values: Values): T {
  const { host: _host, ...rest } = result as Values;
  const { host } = values;
  return (host === undefined ? rest : { ...rest, host }) as T;
}

/** Whether it is said anywhere which host is meant; an unknown one will be. */
export function namesHost(values: Values): boolean {
  const host = values["host"];
  if (isUnknown(host)) return true;
  return typeof host === "object" && host !== null && (host as Values)["uri"] !== undefined;
}

/** What differs between two sets of settings, by name. */
export function changedSettings(olds: Values, news: Values): string[] {
  const names = new Set([...Object.keys(olds), ...Object.keys(news)]);
  return [...names].filter(
    (name) => !enginesOwn.includes(name) && (hasUnknown(news[name]) || olds[name] !== news[name]),
  );
}
