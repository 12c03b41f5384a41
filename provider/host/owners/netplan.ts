// netplan: virtual-function-count and embedded-switch-mode of a PF, and VFs that are declared by their `link:` to it. Later
// files go over earlier ones, key by key. netplan-yaml.
import { LineCounter, type Pair, type YAMLMap, isMap, isPair, isScalar, parseDocument } from "yaml";
import { matchesAny } from "./glob.js";
import { type ConfigFile, type Match, type Owner, type PfIdentity, every, isOurs, namesOf, yesOrNo } from "./owner.js";

type Setting = { file: ConfigFile; line: number; value: unknown };
/** A definition of `ethernets`, put together from all files. */
type Definition = { settings: Map<string, Setting>; first: Setting };

const folders = ["/lib/netplan/", "/etc/netplan/", "/run/netplan/"];
const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

export function netplanOwners(files: readonly ConfigFile[], pf: PfIdentity): Owner[] {
  const own = files
    .filter((file) => folders.some((folder) => file.path.startsWith(folder)) && !isOurs(file))
    // One of the same name in /run goes over /etc, and that over /lib.
    .filter((file, _, all) => !all.some((other) => isOver(other, file)))
    .sort((a, b) => (baseName(a.path) < baseName(b.path) ? -1 : 1));
  const definitions = new Map<string, Definition>();
  for (const file of own) read(file, definitions);

  return [...definitions].flatMap(([id, definition]): Owner[] => {
    const match = matchOf(id, definition.settings, pf);
    if (match === "no") return [];
    const base = { kind: "netplan", isSure: match === "yes", acts: "boot" as const };
    const at = ({ file, line }: Setting) => ({ file: file.path, line, text: file.lines[line - 1]?.trim() ?? "" });
    const count = definition.settings.get("virtual-function-count");
    const mode = definition.settings.get("embedded-switch-mode");
    const vfs = [...definitions.values()].filter((other) => other.settings.get("link")?.value === id);
    const owners: Owner[] = [];
    if (count) {
      const numVfs = typeof count.value === "number" ? { numVfs: count.value } : {};
      owners.push({ ...base, ...at(count), ...numVfs, sets: "count" });
    } else if (vfs[0]) {
      owners.push({ ...base, ...at(vfs[0].first), numVfs: vfs.length, sets: "count" });
    }
    if (mode) owners.push({ ...base, ...at(mode), sets: "eswitch" });
    return owners;
  });
}

const rank = (path: string): number => folders.findIndex((folder) => path.startsWith(folder));
const isOver = (other: ConfigFile, file: ConfigFile): boolean =>
  baseName(other.path) === baseName(file.path) && rank(other.path) > rank(file.path);

/** A file that is no YAML is netplan's to complain about. */
function read(file: ConfigFile, definitions: Map<string, Definition>): void {
  const counter = new LineCounter();
  const document = parseDocument(file.lines.join("\n"), { lineCounter: counter });
  if (document.errors.length > 0) return;
  const ethernets = document.getIn(["network", "ethernets"]);
  if (!isMap(ethernets)) return;
  for (const [id, map, line] of pairsOf(ethernets, counter)) {
    if (!isMap(map)) continue;
    const known = definitions.get(id) ?? { settings: new Map<string, Setting>(), first: { file, line, value: id } };
    for (const [key, value, keyLine] of pairsOf(map, counter)) {
      known.settings.set(key, {
        file,
        line: keyLine,
        value: isScalar(value) ? value.value : isMap(value) ? value.toJSON() : value,
      });
    }
    definitions.set(id, known);
  }
}

function pairsOf(map: YAMLMap, counter: LineCounter): [string, unknown, number][] {
  return map.items.filter(isPair).map((pair: Pair) => {
    const { key } = pair;
    const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
    return [isScalar(key) ? String(key.value) : "", pair.value, counter.linePos(offset).line];
  });
}

function matchOf(id: string, settings: ReadonlyMap<string, Setting>, pf: PfIdentity): Match {
  const match = settings.get("match")?.value;
  // Without a match the definition's name is the netdev's.
  if (typeof match !== "object" || match === null) return yesOrNo(pf.netdev === id);
  const matches = Object.entries(match).map(([key, value]): Match => {
    const patterns = (Array.isArray(value) ? value : [value]).map(String);
    switch (key) {
      case "name":
        return yesOrNo(matchesAny(patterns, namesOf(pf)));
      case "macaddress":
        return yesOrNo(patterns.some((mac) => pf.macs.includes(mac.toLowerCase())));
      case "driver":
        return yesOrNo(matchesAny(patterns, [pf.driver ?? ""]));
      default:
        return "maybe";
    }
  });
  return every(matches);
}
