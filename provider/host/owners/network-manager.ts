// NetworkManager's profiles with an [sriov] section, its ifcfg files, and sriov-num-vfs of its configuration. A profile that is
// active on the PF takes the VFs away whenever it is brought down or activated anew. nm-settings(5), NetworkManager.conf(5).
import { matchesAny } from "./glob.js";
import { type Section, last, parseIni } from "./ini.js";
import {
  type ConfigFile,
  type HostFiles,
  type Match,
  type Owner,
  type PfIdentity,
  every,
  isOurs,
  namesOf,
  some,
  yesOrNo,
} from "./owner.js";

export function networkManagerOwners({ files, activeProfile }: HostFiles, pf: PfIdentity): Owner[] {
  const theirs = files.filter((file) => !isOurs(file));
  return [
    ...theirs
      .filter(({ path }) => path.includes("/NetworkManager/system-connections/"))
      .flatMap((file) => profileOwners(file, activeProfile, pf)),
    ...theirs
      .filter(({ path }) => /\/NetworkManager\/(NetworkManager\.conf|conf\.d\/)/.test(path))
      .flatMap(fromConf(pf)),
    ...theirs.filter(({ path }) => /\/ifcfg-[^/]*$/.test(path)).flatMap(fromIfcfg(activeProfile, pf)),
  ];
}

const list = (value: string | undefined): string[] => (value ?? "").split(/[;,]/).filter((one) => one !== "");

function profileOwners(file: ConfigFile, activeProfile: string | undefined, pf: PfIdentity): Owner[] {
  const sections = parseIni(file.lines);
  const value = (section: string, key: string) => last(entriesOf(sections, section), key);
  const total = value("sriov", "total-vfs");
  const [first] = entriesOf(sections, "sriov");
  const entry = total ?? first;
  if (!entry) return [];
  const isActive = activeProfile !== undefined && value("connection", "uuid")?.value === activeProfile;
  const match = isActive ? "yes" : profileMatch(sections, pf);
  if (match === "no") return [];
  const isSwitchedOff = /^(false|no|0)$/.test(value("connection", "autoconnect")?.value ?? "");
  return [
    {
      kind: "NetworkManager profile",
      file: file.path,
      line: entry.line,
      text: file.lines[entry.line - 1]?.trim() ?? "",
      ...numberOf(total?.value),
      sets: total ? "count" : entry.key.startsWith("eswitch") ? "eswitch" : "attributes",
      isSure: match === "yes",
      acts: isActive ? "now" : isSwitchedOff ? "never" : "boot",
    },
  ];
}

const entriesOf = (sections: readonly Section[], name: string) =>
  sections.filter((section) => section.name === name).flatMap(({ entries }) => entries);

function profileMatch(sections: readonly Section[], pf: PfIdentity): Match {
  const value = (section: string, key: string) => last(entriesOf(sections, section), key)?.value;
  const matches: Match[] = [];
  const type = value("connection", "type");
  if (type !== undefined) matches.push(yesOrNo(["ethernet", "802-3-ethernet"].includes(type)));
  const name = value("connection", "interface-name");
  if (name !== undefined) matches.push(yesOrNo(pf.netdev === name));
  const mac = value("ethernet", "mac-address") ?? value("802-3-ethernet", "mac-address");
  if (mac !== undefined) matches.push(yesOrNo(pf.macs.includes(mac.toLowerCase())));
  const names = value("match", "interface-name");
  if (names !== undefined) matches.push(yesOrNo(matchesAny(list(names), namesOf(pf))));
  const path = value("match", "path");
  if (path !== undefined) matches.push(yesOrNo(matchesAny(list(path), [`pci-${pf.pciAddress}`])));
  const driver = value("match", "driver");
  if (driver !== undefined) matches.push(yesOrNo(matchesAny(list(driver), [pf.driver ?? ""])));
  // A profile that names no device can be put on any.
  return matches.length > (type === undefined ? 0 : 1) ? every(matches) : every([...matches, "maybe"]);
}

/** [device...] with match-device= and sriov-num-vfs=. */
const fromConf =
  (pf: PfIdentity) =>
  (file: ConfigFile): Owner[] =>
    parseIni(file.lines).flatMap(({ name, entries }): Owner[] => {
      const number = last(entries, "sriov-num-vfs");
      if (!/^device/.test(name) || !number) return [];
      const match = deviceMatch(last(entries, "match-device")?.value, pf);
      if (match === "no") return [];
      const { line } = number;
      const text = file.lines[line - 1]?.trim() ?? "";
      return [
        {
          ...{ kind: "NetworkManager configuration", file: file.path, line, text },
          ...numberOf(number.value),
          ...{ sets: "count", isSure: match === "yes", acts: "boot" },
        },
      ];
    });

function deviceMatch(specs: string | undefined, pf: PfIdentity): Match {
  if (specs === undefined) return "yes";
  const all = list(specs).map((spec) => spec.trim());
  if (all.some((spec) => spec.startsWith("except:") && oneDevice(spec.slice("except:".length), pf) === "yes"))
    return "no";
  return some(all.filter((spec) => !spec.startsWith("except:")).map((spec) => oneDevice(spec, pf)));
}

function oneDevice(spec: string, pf: PfIdentity): Match {
  const [kind = "", ...rest] = spec.split(":");
  const value = rest.join(":");
  if (spec === "*") return "yes";
  switch (kind) {
    case "interface-name":
      return yesOrNo(matchesAny([value.replace(/^[=~]/, "")], namesOf(pf)));
    case "mac":
      return yesOrNo(pf.macs.includes(value.toLowerCase()));
    case "driver":
      return yesOrNo(matchesAny([value.split("/")[0] ?? ""], [pf.driver ?? ""]));
    case "type":
      return yesOrNo(value === "ethernet");
    default:
      return pf.macs.includes(spec.toLowerCase()) ? "yes" : matchesAny([spec], namesOf(pf)) ? "yes" : "maybe";
  }
}

/** The older form of a profile, on RHEL 8 and before: KEY=value, the netdev in DEVICE. */
const fromIfcfg =
  (activeProfile: string | undefined, pf: PfIdentity) =>
  (file: ConfigFile): Owner[] => {
    const entries = file.lines.flatMap((text, index) => {
      const [, key = "", value = ""] = /^\s*([A-Z0-9_]+)=["']?([^"']*)/.exec(text) ?? [];
      return key === "" ? [] : [{ key, value: value.trim(), line: index + 1 }];
    });
    const value = (key: string) => last(entries, key)?.value;
    const total = last(entries, "SRIOV_TOTAL_VFS");
    const entry = total ?? entries.find(({ key }) => key.startsWith("SRIOV_"));
    if (!entry) return [];
    const device = value("DEVICE");
    const mac = value("HWADDR");
    const match = every([
      ...(device === undefined ? [] : [yesOrNo(device === pf.netdev)]),
      ...(mac === undefined ? [] : [yesOrNo(pf.macs.includes(mac.toLowerCase()))]),
      ...(device === undefined && mac === undefined ? ["maybe" as const] : []),
    ]);
    if (match === "no") return [];
    const isActive = activeProfile !== undefined && value("UUID") === activeProfile;
    return [
      {
        kind: "NetworkManager profile",
        file: file.path,
        line: entry.line,
        text: file.lines[entry.line - 1]?.trim() ?? "",
        ...numberOf(total?.value),
        sets: total ? "count" : "attributes",
        isSure: match === "yes",
        acts: isActive ? "now" : value("ONBOOT") === "no" ? "never" : "boot",
      },
    ];
  };

function numberOf(value: string | undefined): { numVfs?: number } {
  const number = Number(value);
  return value === undefined || value === "" || !Number.isInteger(number) ? {} : { numVfs: number };
}
