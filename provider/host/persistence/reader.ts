// What the host has installed to make a PF's VFs at boot: the part of the reader's script, and what it printed understood.
import { present } from "../script.js";
import { type BaseLink, repeats } from "./link-file.js";
import { ownFunction } from "./ownership.js";
import { bootUnitOf, lateUnitOf, linkOf, paths, planOf, ratesUnitOf, ruleOf, unitOf } from "./paths.js";

export type PersistenceFacts = {
  applierSha256?: string;
  unitSha256?: string;
  lateUnitSha256?: string;
  ratesUnitSha256?: string;
  /** The plan file without comments; undefined when there is none. */
  planLines?: string[];
  /** Whether the boot unit of the PF starts at boot: the one that its plan needs, and not the other one. */
  isEnabled: boolean;
  isMasked?: boolean;
  /** Those of our units that failed when they ran last. */
  failedUnits?: string[];
  /** Our udev rule, whole. */
  rule?: string;
  /** Our .link file, whole. */
  link?: string;
  /** Our paths where somebody else's file is, or a link. */
  foreign?: string[];
  systemdVersion?: number;
  /** What udev calls the PF's place, `pci-0000:01:00.0`. */
  idPath?: string;
  /** The .link file that counted for the PF's netdev at its last event. */
  linkFile?: string;
  /** The .link file that counts without ours. Undefined where that is not known. */
  baseLink?: BaseLink;
};

/**
 * Defines `boot_of_pf`, for the PF in $address and $netdev, and `boot_common`, for what all PFs of a host share. Needs `put`,
 * `get` and `tab` of the reader's script.
 */
export const bootFunctions = `${ownFunction}
# A file at one of our paths that is ours.
ours() {
  own "$R$1" && return
  there "$R$1" && put foreign "$1"
  return 1
}
sum() { put "$1" "$(sha256sum < "$R$2" | cut -d ' ' -f 1)"; }
# With a line end also behind a last line that has none.
text() { sed "s/^/$1$tab/" "$2"; echo; }

boot_common() {
  if ours "${paths.applier}"; then sum applier "${paths.applier}"; fi
  if ours "${paths.unit}"; then sum unit "${paths.unit}"; fi
  if ours "${paths.lateUnit}"; then sum late-unit "${paths.lateUnit}"; fi
  if ours "${paths.ratesUnit}"; then sum rates-unit "${paths.ratesUnit}"; fi
}

boot_of_pf() {
  if ours "${planOf("$address")}"; then
    put plan-file
    grep -v -e '^#' -e '^ *$' "$R${planOf("$address")}" | sed "s/^/plan$tab/"
  fi
  if there "$R${paths.unit}"; then
    systemctl show -p Id -p UnitFileState -p LoadState -p ActiveState "${unitOf("$address")}" "${lateUnitOf("$address")}" "${ratesUnitOf("$address")}" 2>/dev/null |
      sed "s/^/systemd$tab/"
  fi
  if ours "${ruleOf("$address")}"; then text rule "$R${ruleOf("$address")}"; fi

  base=
  if [ -n "$netdev" ]; then
    record=$R/run/udev/data/n$(get "$D/net/$netdev/ifindex")
    base=$(sed -n 's/^E:ID_NET_LINK_FILE=//p' "$record" 2>/dev/null)
    put link-file "$base"
    put id-path "$(sed -n 's/^E:ID_PATH=//p' "$record" 2>/dev/null)"
    put systemd-version "$(udevadm --version 2>/dev/null)"
  fi
  if ours "${linkOf("$address")}"; then
    text link "$R${linkOf("$address")}"
    base=$(sed -n 's/^${repeats}//p' "$R${linkOf("$address")}" | head -n 1)
  fi
  [ "$base" != "${linkOf("$address")}" ] && [ -f "$R$base" ] || return 0
  put base-link "$base"
  if has_drop_ins "\${base##*/}"; then
    systemd-analyze cat-config "systemd/network/\${base##*/}" | text base -
  else
    text base "$R$base"
  fi
}

has_drop_ins() {
  for drop_in in "$R"/etc/systemd/network/"$1".d/*.conf "$R"/run/systemd/network/"$1".d/*.conf \\
    "$R"/usr/local/lib/systemd/network/"$1".d/*.conf "$R"/usr/lib/systemd/network/"$1".d/*.conf; do
    [ -e "$drop_in" ] && return
  done
  return 1
}
`;

export function parsePersistence(records: readonly string[][], pf: string): PersistenceFacts {
  const all = (key: string) => records.filter(([name]) => name === key).map(([, ...fields]) => fields.join("\t"));
  const value = (key: string) => present(all(key)[0]);
  const text = (key: string) => {
    const lines = all(key);
    return lines.length === 0 ? undefined : lines.map((line) => `${line}\n`).join("");
  };
  const units = unitsOf(all("systemd"));
  const failed = units.filter((one) => one["ActiveState"] === "failed").map((one) => one["Id"] ?? "");
  const planLines = all("plan-file").length > 0 ? all("plan") : undefined;
  const enabled = units.filter((one) => one["UnitFileState"] === "enabled").map((one) => one["Id"]);
  const basePath = value("base-link");
  const version = value("systemd-version");
  return {
    ...optional("applierSha256", value("applier")),
    ...optional("unitSha256", value("unit")),
    ...optional("lateUnitSha256", value("late-unit")),
    ...optional("ratesUnitSha256", value("rates-unit")),
    ...optional("planLines", planLines),
    isEnabled: enabled.length > 0 && (!planLines || enabled.join() === bootUnitOf(pf, planLines)),
    ...(units.some((one) => one["LoadState"] === "masked") ? { isMasked: true } : {}),
    ...(failed.length > 0 ? { failedUnits: failed } : {}),
    ...optional("rule", text("rule")),
    ...optional("link", text("link")),
    ...(all("foreign").length > 0 ? { foreign: all("foreign") } : {}),
    ...(version !== undefined && /^\d+/.test(version) ? { systemdVersion: Number.parseInt(version, 10) } : {}),
    ...optional("idPath", value("id-path")),
    ...optional("linkFile", value("link-file")),
    ...(basePath === undefined ? {} : { baseLink: { path: basePath, text: text("base") ?? "" } }),
  };
}

/** The properties of several units, as `systemctl show` prints them: an empty line between two units. */
function unitsOf(lines: readonly string[]): { [property: string]: string }[] {
  const units: { [property: string]: string }[] = [{}];
  for (const line of lines) {
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key === undefined) units.push({});
    else (units.at(-1) ?? {})[key] = value ?? "";
  }
  return units;
}

function optional<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });
}
