// The stored state against the inputs that `check` made: what changes, in words a person can judge.
import { type Difference, type Unknown, isUnknown } from "../lifecycle.js";
import { type VfConfigInputs, type VfConfigState, type VfInputs, pfSettings, vfAttributes } from "./model.js";

type Change = Difference["changes"][number];

export function diff(state: VfConfigState, inputs: VfConfigInputs): Difference {
  const changes = [...identity(state, inputs), ...settings(state, inputs), ...attributes(state, inputs)];
  return { changes, deleteBeforeReplace: true, notes: notesOf(state, changes) };
}

/** Another PF, or another machine, is another resource. A fact that `check` could not find out is no difference. */
function identity(state: VfConfigState, inputs: VfConfigInputs): Change[] {
  const changes: Change[] = [];
  const { pfPciAddress, hostId } = inputs;
  if (isUnknown(inputs.pf) || isUnknown(inputs.host)) {
    return [{ property: isUnknown(inputs.pf) ? "pf" : "host", kind: "update" }];
  }
  if (differs(state.pfPciAddress, pfPciAddress)) changes.push({ property: "pf", kind: "replace" });
  else if (!isDeepEqual(state.pf, inputs.pf)) changes.push({ property: "pf", kind: "update" });
  if (differs(state.hostId, hostId)) changes.push({ property: "host", kind: "replace" });
  else if (!isDeepEqual(state.host, inputs.host)) changes.push({ property: "host", kind: "update" });
  if (changes.some(({ kind }) => kind === "replace")) return changes;
  // A kernel update can rename the PF, and a driver update can change how many VFs it has: new outputs, no steps.
  for (const fact of ["pfName", "driver", "totalVfs"] as const) {
    if (differs(state[fact], inputs[fact])) changes.push({ property: fact, kind: "update" });
  }
  return changes;
}

function settings(state: VfConfigState, inputs: VfConfigInputs): Change[] {
  const { declared } = state;
  const changes: Change[] = [];
  const isDropped = inputs.numVfs === undefined && declared.numVfs !== undefined;
  if (differs(state.numVfs, inputs.numVfs) || isDropped) {
    changes.push({ property: "numVfs", kind: "update", ...(isDropped ? {} : drift(declared.numVfs, inputs.numVfs)) });
  }
  for (const property of pfSettings) {
    const isLet = inputs[property] === undefined && declared[property] !== undefined;
    if (!differs(state[property], inputs[property]) && !isLet) continue;
    changes.push({ property, kind: "update", ...(isLet ? {} : drift(declared[property], inputs[property])) });
  }
  // False leaves the PF alone: nothing to compare with.
  if (inputs.pfUp !== state.pfUp) {
    changes.push({ property: "pfUp", kind: "update", ...drift(declared.pfUp, inputs.pfUp) });
  }
  if (differs(state.persistence, inputs.persistence)) {
    changes.push({ property: "persistence", kind: "update", ...drift(declared.persistence, inputs.persistence) });
  }
  for (const property of ["externallyManaged", "allowDisruption", "confirmTimeout", "onDelete"] as const) {
    if (differs(state[property], inputs[property])) changes.push({ property, kind: "update" });
  }
  return changes;
}

function attributes(state: VfConfigState, inputs: VfConfigInputs): Change[] {
  const vfs: unknown = inputs.vfs;
  if (isUnknown(vfs)) return [{ property: "vfs", kind: "update" }];
  const changes: Change[] = [];
  (inputs.vfs ?? []).forEach((vf: VfInputs | Unknown, place) => {
    const property = `vfs[${place}]`;
    if (isUnknown(vf) || isUnknown(vf.index)) return changes.push({ property, kind: "update" });
    const now = state.vfs?.find(({ index }) => index === vf.index);
    const before = state.declared.vfs.find(({ index }) => index === vf.index);
    for (const attribute of vfAttributes) {
      if (!differs(now?.[attribute], vf[attribute])) continue;
      changes.push({
        property: `${property}.${attribute}`,
        kind: "update",
        ...drift(before?.[attribute], vf[attribute]),
      });
    }
    // An entry that states nothing yet is none.
    return undefined;
  });
  const listed = new Set((inputs.vfs ?? []).map((vf) => vf.index));
  // What the program no longer states is left as it is on the host, and no longer kept in state.
  if (state.declared.vfs.some((vf) => !listed.has(vf.index) || hasLess(inputs, vf))) {
    changes.push({ property: "vfs", kind: "update" });
  }
  return changes;
}

function hasLess(inputs: VfConfigInputs, before: VfInputs): boolean {
  const vf = inputs.vfs?.find(({ index }) => index === before.index);
  return vfAttributes.some((attribute) => before[attribute] !== undefined && vf?.[attribute] === undefined);
}

/** Unset means "leave it alone", and so never differs. */
const differs = (now: unknown, wanted: unknown): boolean => wanted !== undefined && now !== wanted;

const drift = (declared: unknown, wanted: unknown): { drift?: true } => (declared === wanted ? { drift: true } : {});

/** What a plan would do is said by `check`, which knows the host as it is now. */
function notesOf(state: VfConfigState, changes: Change[]): string[] {
  const notes: string[] = [];
  if (changes.some(({ kind }) => kind === "replace")) {
    notes.push(`another PF or another host: what this resource changed on ${state.pfName} is undone first`);
  }
  const drifted = changes.filter((change) => change.drift).map(({ property }) => property);
  if (drifted.length > 0) notes.push(`changed on the host since the last update: ${drifted.join(", ")}`);
  return notes;
}

export function isDeepEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isDeepEqual((a as never)[key], (b as never)[key]));
}
