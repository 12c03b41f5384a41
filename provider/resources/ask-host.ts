// The host as `check` gets at it: a host that cannot be reached now is a warning, one that turns us away is a failure.
import { explain, isOutOfReach, kindOf } from "../base/errors.js";
import type { HostInputs } from "./host-inputs.js";
import type { Context, Failure } from "./lifecycle.js";
import { hasUnknown } from "./model-failures.js";
import type { Session } from "./session.js";

/** The answer of `ask`; undefined, with a warning or a failure, when the host cannot be asked, or shows no sign of life. */
export async function askHost<T>(
  context: Context,
  host: HostInputs,
  failures: Failure[],
  ask: (session: Session) => Promise<T>,
): Promise<T | undefined> {
  const isWrong = failures.some(({ property }) => /^host($|[.[])/.test(property));
  if (isWrong || hasUnknown(host)) return undefined;
  try {
    return await context.whileAlive(host, ask);
  } catch (error) {
    const kind = kindOf(error);
    if (kind === undefined || kind === "bug") throw error;
    if (isOutOfReach(error)) {
      context.log.warn(`${host.uri} cannot be asked now, so the inputs are checked by themselves: ${explain(error)}`);
    } else {
      failures.push({ property: "host", reason: explain(error) });
    }
    return undefined;
  }
}
