// The stored state against the inputs that `check` made: what changes, in words a person can judge.
import { type Difference, isUnknown } from "../lifecycle.js";
import { hasUnknown } from "../model-failures.js";
import { isMetadata } from "./metadata.js";
import type { PortgroupInputs, SriovNetworkInputs, SriovNetworkState } from "./model.js";
import { isSame } from "../same.js";

type Change = Difference["changes"][number];

export function diff(state: SriovNetworkState, inputs: SriovNetworkInputs): Difference {
  const changes = identity(state, inputs);
  if (!changes.some(({ kind }) => kind === "replace")) changes.push(...settings(state, inputs), ...pool(state, inputs));
  return { changes, deleteBeforeReplace: true, notes: notesOf(state, inputs, changes) };
}

const compared = [
  ...(["mode", "pf", "vfs", "netdevs", "managed", "vlan", "virtualport", "driver"] as const),
  ...(["title", "description", "autostart", "active"] as const),
];

/** Another name, or another machine, is another network. What `check` could not find out is no difference. */
function identity(state: SriovNetworkState, inputs: SriovNetworkInputs): Change[] {
  const changes: Change[] = [];
  if (isUnknown(inputs.name)) changes.push({ property: "name", kind: "update" });
  else if (inputs.name !== state.name) changes.push({ property: "name", kind: "replace" });
  const isElsewhere = inputs.hostId !== undefined && inputs.hostId !== state.hostId;
  if (isElsewhere) changes.push({ property: "host", kind: "replace" });
  else if (hasUnknown(inputs.host) || !isSame(inputs.host, state.host))
    changes.push({ property: "host", kind: "update" });
  return changes;
}

function settings(state: SriovNetworkState, inputs: SriovNetworkInputs): Change[] {
  const changes: Change[] = [];
  const compare = (property: keyof SriovNetworkInputs & keyof SriovNetworkState) => {
    const wanted = inputs[property];
    if (wanted === undefined) return;
    if (hasUnknown(wanted) || !isSame(wanted, state[property])) changes.push({ property, kind: "update" });
  };
  for (const property of compared) {
    // Of a macvtap there is nothing to manage.
    if (property !== "managed" || inputs.mode === "hostdev") compare(property);
  }
  if (hasUnknown(inputs.portgroups) || !arePortgroups(state.portgroups, inputs.portgroups)) {
    changes.push({ property: "portgroups", kind: "update" });
  }
  if (hasUnknown(inputs.metadata) || !isMetadata(state.metadata, inputs.metadata ?? [])) {
    changes.push({ property: "metadata", kind: "update" });
  }
  return changes;
}

/** What a group leaves unset is not compared. */
function arePortgroups(now: PortgroupInputs[] | undefined, wanted: PortgroupInputs[] | undefined): boolean {
  if (wanted === undefined) return true;
  if (now?.length !== wanted.length) return false;
  return wanted.every((group) => {
    const same = now.find(({ name }) => name === group.name);
    return same !== undefined && isSame({ ...same, ...group }, same);
  });
}

/** The VFs that are there by themselves: what the program did not ask for, and the pool has to follow. */
function pool(state: SriovNetworkState, inputs: SriovNetworkInputs): Change[] {
  if (state.stale && inputs.active) return [{ property: "stale", kind: "update", drift: true }];
  const isOther = inputs.numVfs !== undefined && state.numVfs !== undefined && inputs.numVfs !== state.numVfs;
  return isOther && inputs.active ? [{ property: "numVfs", kind: "update" }] : [];
}

function notesOf(state: SriovNetworkState, inputs: SriovNetworkInputs, changes: Change[]): string[] {
  const has = (...properties: string[]) => changes.some(({ property }) => properties.includes(property));
  const holders = state.virtualFunctions.flatMap(({ allocatedTo }) => allocatedTo?.domain ?? []);
  const used =
    holders.length === 0 ? "" : `, if it is not in use: ${[...new Set(holders)].join(" and ")} held VFs of it`;
  if (changes.some(({ kind }) => kind === "replace")) return [`stops and undefines network ${state.name} first${used}`];
  if (!state.active) return has("active") ? [`starts network ${state.name}`] : [];
  if (has("active")) return [`stops network ${state.name}${used}`];
  const restarts = has(
    ...["mode", "pf", "vfs", "netdevs", "managed", "vlan", "virtualport", "driver", "portgroups", "stale", "numVfs"],
  );
  return restarts && inputs.active ? [`stops and starts network ${state.name}${used}`] : [];
}
