// Which machine a URI leads to may change between two runs: what was made on one is not read, changed or undone on another.
import { SriovError } from "../base/errors.js";
import type { HostInputs } from "./host-inputs.js";
import type { Session } from "./session.js";

const remedies = {
  read: "Correct the host's URI, or run `pulumi up` to make it on that machine.",
  update: "Correct the host's URI, or run `pulumi up --refresh`.",
  undo: "Correct the host's URI, or, when the machine is gone, run `pulumi state delete`.",
};

/** Throws `conflict` when the session's machine is not the one in the state. `what`: what it is about, for people. */
export function mustBeSameMachine(
  session: Session,
  state: { hostId?: string | undefined; host: HostInputs },
  doing: keyof typeof remedies,
  what: string,
): void {
  // A resource that was made while its host could not be asked does not know.
  if (state.hostId === undefined || state.hostId === session.machineId) return;
  throw new SriovError(
    "conflict",
    `Refused to ${doing} ${what}: ${state.host.uri} leads to another machine (${session.machineId}) than the one it is on (${state.hostId})`,
    { remedy: remedies[doing] },
  );
}
