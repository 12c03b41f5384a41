// For tests of what is kept: until V8 has collected, what is garbage counts as well, and when it does that is its own choice.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects all garbage, now. */
export const collectGarbage: () => void = (() => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
})();

/** What this process holds on to, in MiB: without garbage, whose amount is V8's own affair. */
export function keptMegabytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}
