// systemd's .link files, which make VFs when udev meets the PF, and .network files, which set up those that there are
// (networkd only). In the order of their names the first that matches is taken, and no other. systemd.link(5), systemd.network(5).
import { matchesAny } from "./glob.js";
import { type Entry, type Section, last, listOf, parseIni } from "./ini.js";
import {
  type ConfigFile,
  type Match,
  type Owner,
  type PfIdentity,
  every,
  isOurs,
  namesOf,
  some,
  yesOrNo,
} from "./owner.js";

export function systemdOwners(files: readonly ConfigFile[], pf: PfIdentity): Owner[] {
  return [...ownersIn(files, ".link", pf), ...ownersIn(files, ".network", pf)];
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

function ownersIn(files: readonly ConfigFile[], suffix: ".link" | ".network", pf: PfIdentity): Owner[] {
  const owners: Owner[] = [];
  const own = files
    .filter(({ path }) => path.endsWith(suffix) && /\/systemd\/network\/[^/]*$/.test(path))
    .sort((a, b) => (baseName(a.path) < baseName(b.path) ? -1 : 1));
  for (const file of own) {
    // Empty, or a link to /dev/null: masked.
    if (file.lines.every((line) => line.trim() === "")) continue;
    const drops = files.filter(({ path }) => path.includes(`/${baseName(file.path)}.d/`));
    const parts = [file, ...drops].map((part) => ({ part, sections: parseIni(part.lines) }));
    const match = matchOf(
      parts.flatMap(({ sections }) => sections),
      pf,
    );
    if (match === "no") continue;
    if (!isOurs(file)) owners.push(...parts.flatMap(({ part, sections }) => ownersOf(part, sections, suffix, match)));
    if (match === "yes") break;
  }
  return owners;
}

function ownersOf(file: ConfigFile, sections: readonly Section[], suffix: string, match: Match): Owner[] {
  const base = { file: file.path, isSure: match === "yes", acts: "boot" as const };
  const vfs = sections.filter(({ name }) => name === "SR-IOV");
  const text = (line: number) => file.lines[line - 1]?.trim() ?? "";
  const [first] = vfs;
  if (suffix === ".network") {
    if (!first) return [];
    return [{ ...base, kind: "systemd-networkd file", line: first.line, text: text(first.line), sets: "attributes" }];
  }
  const kind = "systemd .link file";
  const count = last(
    sections.filter(({ name }) => name === "Link").flatMap(({ entries }) => entries),
    "SR-IOVVirtualFunctions",
  );
  const numbers = vfs.map(({ entries }) => Number(last(entries, "VirtualFunction")?.value)).filter(Number.isInteger);
  if (count && count.value !== "") {
    return [{ ...base, kind, line: count.line, text: text(count.line), numVfs: Number(count.value), sets: "count" }];
  }
  if (!first) return [];
  // Without the number, it is the highest VF and one more.
  const numVfs = numbers.length === 0 ? {} : { numVfs: Math.max(...numbers) + 1 };
  return [{ ...base, kind, line: first.line, text: text(first.line), ...numVfs, sets: "count" }];
}

function matchOf(sections: readonly Section[], pf: PfIdentity): Match {
  const entries = sections.filter(({ name }) => name === "Match").flatMap((section) => section.entries);
  // Without a [Match] a .network file is not used, and a .link file matches everything.
  const keys = [...new Set(entries.map(({ key }) => key))];
  return every(keys.map((key) => matchKey(key, entries, pf)));
}

function matchKey(key: string, entries: readonly Entry[], pf: PfIdentity): Match {
  const values = listOf(entries, key) ?? [];
  if (values.length === 0) return "yes";
  const isInverted = values[0]?.startsWith("!") ?? false;
  const patterns = values.map((value, index) => (index === 0 ? value.replace(/^!/, "") : value));
  const found = lookUp(key, patterns, pf);
  if (!isInverted || found === "maybe") return found;
  return found === "yes" ? "no" : "yes";
}

function lookUp(key: string, patterns: readonly string[], pf: PfIdentity): Match {
  switch (key) {
    case "MACAddress":
    case "PermanentMACAddress":
      return yesOrNo(patterns.some((mac) => pf.macs.includes(mac.toLowerCase().replaceAll("-", ":"))));
    case "Path":
      return yesOrNo(matchesAny(patterns, [`pci-${pf.pciAddress}`]));
    case "Driver":
      return yesOrNo(pf.driver !== undefined && matchesAny(patterns, [pf.driver]));
    case "Type":
      return yesOrNo(matchesAny(patterns, ["ether"]));
    case "Name":
      return yesOrNo(matchesAny(patterns, namesOf(pf)));
    case "OriginalName":
      // The kernel's first name for it (eth0) is known to nobody any more.
      return some(patterns.map((one) => (matchesAny([one], namesOf(pf)) ? "yes" : /^eth/.test(one) ? "maybe" : "no")));
    case "Kind":
    case "WLANInterfaceType":
    case "SSID":
    case "BSSID":
      return "no";
    default:
      return "maybe";
  }
}
