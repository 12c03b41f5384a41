// What AppArmor lets QEMU open on this host: whether it is on, where libvirt's rules for QEMU are, and whether one of them
// is for VFIO devices. Reading only.
import { SriovError } from "../../base/errors.js";
import { quote } from "../../base/quote.js";
import { parseFields, readByScript, scriptHead } from "../script.js";
import type { Shell } from "../shell.js";

export const ruleLine = "/dev/vfio/[0-9]* rw,";

const folder = "/etc/apparmor.d";
/** What every profile of a VM includes. */
const abstraction = `${folder}/abstractions/libvirt-qemu`;
/** libvirt >= 9.6: a folder of drop-in files. */
const dropIns = `${folder}/abstractions/libvirt-qemu.d`;
/** Debian 12 and Ubuntu before it: one file for the administrator. */
const local = `${folder}/local/abstractions/libvirt-qemu`;

export type AppArmorFacts = {
  /** `disabled`: its rules are on disk, and the kernel does not enforce any. `absent`: there is none of it. */
  apparmor: "enabled" | "disabled" | "absent";
  /** Where a rule of ours belongs; undefined when there are no rules for QEMU, so none is needed. */
  ruleFile: string | undefined;
  /** That file's text; undefined when there is no such file yet. */
  ruleFileText: string | undefined;
  /** Some rule, ours or not, lets QEMU open the VFIO devices. */
  hasRule: boolean;
};

/** A part of the doctor's script too. */
export const appArmorScript = `${scriptHead}
tab=$(printf '\\t')
show() { # KEY FILE; the x at the end tells a last line without a line end
  [ -f "$R$2" ] || return 0
  printf '%s\\n' "$1"
  { cat "$R$2"; echo x; } | sed "s|^|$1-line$tab|"
}
[ "$(cat "$R/sys/module/apparmor/parameters/enabled" 2>/dev/null)" = Y ] && echo enabled
show abstraction ${quote(abstraction)}
show local ${quote(local)}
for file in "$R${dropIns}"/*; do
  [ -f "$file" ] || continue
  [ "\${file##*/}" = pulumi-sriov ] && continue
  echo drop-in
  sed "s|^|drop-in-line$tab|" "$file"
  echo
done
show ours ${quote(`${dropIns}/pulumi-sriov`)}
echo end
`;

export async function readAppArmor(shell: Shell, signal?: AbortSignal): Promise<AppArmorFacts> {
  return parseAppArmor(await readByScript(shell, "read AppArmor's rules", appArmorScript, signal));
}

/** Of half an answer no half is believed: without its last part, a rule of ours would seem to be gone. */
export function parseAppArmor(output: string): AppArmorFacts {
  const records = parseFields(output);
  if (records.at(-1)?.[0] !== "end") {
    throw new SriovError("remote-failure", "Failed to read AppArmor's rules: the answer ended half-way");
  }
  const text = (key: string): string | undefined =>
    records.some(([name]) => name === key)
      ? records
          .filter(([name]) => name === `${key}-line`)
          .map(([, ...line]) => line.join("\t"))
          .join("\n")
          .replace(/x$/, "")
      : undefined;
  const main = text("abstraction");
  const isEnabled = records.some(([name]) => name === "enabled");
  const read = [main, text("drop-in")];
  let ruleFile: string | undefined;
  let ruleFileText: string | undefined;
  if (main !== undefined && includes(main, "abstractions/libvirt-qemu.d")) {
    ruleFile = `${dropIns}/pulumi-sriov`;
    ruleFileText = text("ours");
    // The older place may be read beside it.
    if (includes(main, "local/abstractions/libvirt-qemu")) read.push(text("local"));
  } else if (main !== undefined && includes(main, "local/abstractions/libvirt-qemu")) {
    ruleFile = local;
    ruleFileText = text("local");
  }
  read.push(ruleFileText);
  return {
    apparmor: isEnabled ? "enabled" : main === undefined ? "absent" : "disabled",
    ruleFile,
    ruleFileText,
    hasRule: read.some((rules) => rules !== undefined && allowsVfio(rules)),
  };
}

/** `include <...>`, `include if exists <...>` and the older `#include <...>`. */
const includes = (rules: string, what: string): boolean =>
  rules.split("\n").some((line) => /^\s*#?include\s/.test(line) && line.includes(`<${what}>`));

/** `/dev/vfio/vfio` alone is the container; the devices are the numbered files. */
const allowsVfio = (rules: string): boolean =>
  rules
    .split("\n")
    .some((line) => /^\s*(owner\s+)?"?\/dev\/vfio\/(\[0-9\]\*?|\*{1,2}|\{?\[0-9\].*)"?\s+r?w/.test(line));
