// The stored state against the inputs that `check` made: what changes, in words a person can judge.
import type { Difference } from "../lifecycle.js";
import { hasUnknown } from "../model-failures.js";
import { isSame } from "../same.js";
import type { VmSriovInterfaceInputs, VmSriovInterfaceState } from "./model.js";

type Change = Difference["changes"][number];

/** What libvirt can only detach and attach again while the VM runs. */
const moving = ["network", "portgroup", "vf", "mac", "vlan", "virtualport", "driver", "teaming", "address"] as const;
const updatable = [...moving, "model", "bootOrder", "apply", "detachTimeout", "restartDomain"] as const;
/** What the program leaves unset here is libvirt's choice, and stays. */
const chosen: readonly string[] = ["model", "address", "driver"];

export function diff(state: VmSriovInterfaceState, inputs: VmSriovInterfaceInputs): Difference {
  const changes = [...identity(state, inputs), ...updatable.flatMap((property) => change(property, state, inputs))];
  return { changes, deleteBeforeReplace: true, notes: notesOf(state, inputs, changes) };
}

/** Another VM or machine is another resource. A fact that `check` could not find out is no difference. */
function identity(state: VmSriovInterfaceState, inputs: VmSriovInterfaceInputs): Change[] {
  const changes: Change[] = [];
  if (differs(state.hostId, inputs.hostId)) changes.push({ property: "host", kind: "replace" });
  else if (JSON.stringify(state.host) !== JSON.stringify(inputs.host))
    changes.push({ property: "host", kind: "update" });
  if (differs(state.domainUuid, inputs.domainUuid)) changes.push({ property: "domain", kind: "replace" });
  else if (state.domain !== inputs.domain) changes.push({ property: "domain", kind: "update" });
  if (state.alias !== inputs.alias) changes.push({ property: "alias", kind: "replace" });
  return changes;
}

function change(
  property: (typeof updatable)[number],
  state: VmSriovInterfaceState,
  inputs: VmSriovInterfaceInputs,
): Change[] {
  const value: unknown = inputs[property];
  if (value === undefined && chosen.includes(property)) return [];
  if (!hasUnknown(value) && isSame(state[property] ?? none(property), value ?? none(property))) return [];
  const isDrift =
    (property === "vlan" && state.declared.vlan === value) || (property === "apply" && state.declared.apply === value);
  return [{ property, kind: "update", ...(isDrift ? { drift: true } : {}) }];
}

/** No VLAN and VLAN 0 are the same thing, and so are other words for nothing. */
const none = (property: string): unknown =>
  property === "vlan"
    ? 0
    : property === "virtualport"
      ? { type: "none" }
      : property === "restartDomain"
        ? "never"
        : undefined;

const differs = (before: string, now: unknown): boolean => now !== undefined && now !== before;

function notesOf(state: VmSriovInterfaceState, inputs: VmSriovInterfaceInputs, changes: readonly Change[]): string[] {
  const moves = changes.filter(({ property }) => (moving as readonly string[]).includes(property));
  if (moves.length === 0 || !state.live || inputs.apply === "config") return [];
  return [`VM "${state.domain}" loses this NIC for a moment: libvirt can only detach and attach it again`];
}
