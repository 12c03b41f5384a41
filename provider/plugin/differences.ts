// A lifecycle's difference as the engine wants it: property by property, with what is old and what is new about each.
import { DiffResponse, PropertyDiff } from "@pulumi/pulumi/proto/provider_pb";
import { type Difference, type Value, type Values, isUnknown } from "../resources/lifecycle.js";

type Change = Difference["changes"][number];

export type Compared = {
  difference: Difference;
  /** The inputs of the last `up` or refresh. */
  oldInputs: Values;
  state: Values;
  news: Values;
  /** Paths of properties in which neither a change of the program nor drift counts. */
  ignoreChanges: readonly string[];
};

export function toDiffResponse({ difference, oldInputs, state, news, ignoreChanges }: Compared): DiffResponse {
  const changes = difference.changes.filter(({ property }) => !isIgnored(property, ignoreChanges));
  const response = new DiffResponse();
  response.setHasdetaileddiff(true);
  response.setChanges(changes.length > 0 ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE);
  response.setDiffsList([...new Set(changes.map(({ property }) => topLevel(property)))]);
  const replaces = changes.filter(({ kind }) => kind === "replace").map(({ property }) => topLevel(property));
  response.setReplacesList([...new Set(replaces)]);
  response.setDeletebeforereplace(difference.deleteBeforeReplace ?? true);
  for (const change of changes) {
    response.getDetaileddiffMap().set(change.property, toPropertyDiff(change, oldInputs, state, news));
  }
  return response;
}

function toPropertyDiff({ property, kind }: Change, oldInputs: Values, state: Values, news: Values): PropertyDiff {
  const [input, output, wanted] = [oldInputs, state, news].map((values) => valueAt(values, property));
  // The program said something else than before; otherwise the host shows something else than the program says.
  const isInputDiff = !isSame(input, wanted);
  const before = isInputDiff ? input : output;
  const { Kind } = PropertyDiff;
  const [plain, replacing] =
    before === undefined
      ? [Kind.ADD, Kind.ADD_REPLACE]
      : wanted === undefined && isInputDiff
        ? [Kind.DELETE, Kind.DELETE_REPLACE]
        : [Kind.UPDATE, Kind.UPDATE_REPLACE];
  const diff = new PropertyDiff();
  diff.setKind(kind === "replace" ? replacing : plain);
  diff.setInputdiff(isInputDiff);
  return diff;
}

/** `vfs[2].mac` is ignored by itself, by `vfs[2]`, `vfs` and, as for the engine, `vfs[*].mac`. */
function isIgnored(property: string, ignoreChanges: readonly string[]): boolean {
  const parts = partsOf(property);
  return ignoreChanges.some((path) => {
    const ignored = partsOf(path);
    return ignored.length <= parts.length && ignored.every((part, i) => part === "*" || part === parts[i]);
  });
}

const topLevel = (property: string): string => partsOf(property)[0] ?? property;

/** Of a path as Pulumi writes it: `vfs[2].mac`, `vfs[*]["mac"]`. */
const partsOf = (path: string): string[] =>
  [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]|([^.[\]]+)/g)].map(
    ([, quoted, index, plain]) => quoted ?? index ?? plain ?? "",
  );

function valueAt(values: Values, property: string): Value {
  return partsOf(property).reduce<Value>(
    (at, part) => (typeof at === "object" && at !== null ? (at as Values)[part] : undefined),
    values,
  );
}

function isSame(a: Value, b: Value): boolean {
  if (isUnknown(a) || isUnknown(b)) return false;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isSame((a as Values)[key], (b as Values)[key]));
}
