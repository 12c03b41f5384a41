// With `pulumi up --continue-on-error`, outputs of a resource that failed stay unknown although it is no preview, and the engine
// leaves them out of what it gives to `check`. A required input that is missing is a failure there, and a failed check ends the
// whole update: of all other hosts, too (pulumi/pulumi#16133). So a resource says which of its arguments are only lost; the engine
// then skips it, as it depends on one that failed.
import * as pulumi from "@pulumi/pulumi";

/** The names of the arguments that are not known in an update; undefined when there is none. */
export async function lostArguments(args: object): Promise<string[] | undefined> {
  if (pulumi.runtime.isDryRun()) return undefined;
  const all = await Promise.all(
    Object.entries(args).map(async ([name, value]) => ((await isKnown(value)) ? [] : [name])),
  );
  const lost = all.flat();
  return lost.length === 0 ? undefined : lost;
}

async function isKnown(value: unknown): Promise<boolean> {
  // Not in its type: copies of Pulumi's SDK ask each other's outputs by that name.
  if (pulumi.Output.isInstance(value)) return (value as unknown as { isKnown?: Promise<boolean> }).isKnown ?? true;
  if (value instanceof Promise) return isKnown(await (value as Promise<unknown>));
  if (typeof value !== "object" || value === null) return true;
  return (await Promise.all(Object.values(value).map(isKnown))).every(Boolean);
}
