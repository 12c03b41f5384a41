// Installs and removes what makes a PF's VFs again at boot: the applier, its units and the PF's plan; or a udev rule; or a .link
// file. Nothing of a choice is left behind when it goes, and a file of somebody else's is never touched.
import { createHash } from "node:crypto";
import { planFile } from "../applier/plan-file.js";
import { applierScript } from "../applier/script.js";
import { needRoot, parseFields, putInPlaceFunction, runScript, scriptHead, withText } from "../script.js";
import type { Shell } from "../shell.js";
import { ownFunction } from "./ownership.js";
import { bootUnitOf, lateUnitOf, linkOf, paths, planOf, ratesUnitOf, ruleOf, unitOf } from "./paths.js";
import type { PersistenceFacts } from "./reader.js";
import { lateUnitText, ratesUnitText, unitText } from "./unit.js";

/** One choice of how VFs come back, with all that is special about a PF in its files. */
export type BootFiles =
  { persistence: "systemd-unit"; lines: readonly string[] } | { persistence: "udev" | "systemd-link"; text: string };

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Whether the files are those of this version: an older one's are rewritten at the next occasion, which is no drift. */
export const isThisVersion = (facts: PersistenceFacts): boolean =>
  facts.applierSha256 === sha256(applierScript) &&
  facts.unitSha256 === sha256(unitText) &&
  facts.lateUnitSha256 === sha256(lateUnitText) &&
  facts.ratesUnitSha256 === sha256(ratesUnitText);

const dirOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));

const install = (path: string, mode: string, text: string): string =>
  `mkdir -p "$R${dirOf(path)}"\n${withText(`put_in_place "$R${path}.new" "$R${path}" ${mode}`, text)}`;

/** systemd reloads its units in seconds or, on a busy host, in a minute, and several PFs wait for each other. */
const timeoutMs = 5 * 60_000;

const unitsOf = (pf: string): string => [unitOf(pf), lateUnitOf(pf), ratesUnitOf(pf)].join(" ");

/** systemctl is asked for it only where there is a mask: each call costs a reload. */
const unmask = (pf: string): string =>
  `for unit in ${unitsOf(pf)}; do
  if [ -h "$R/etc/systemd/system/$unit" ]; then systemctl unmask --quiet "$unit" || exit 1; fi
done`;

const disable = (unit: string): string =>
  `if [ -h "$R/etc/systemd/system/multi-user.target.wants/${unit}" ]; then systemctl disable --quiet ${unit} || exit 1; fi`;

const keepOthers = (path: string): string => `keep_others ${path}\n`;

/**
 * The applier and the units are shared by all PFs of the host, which are set up at the same time: one after the other here. The
 * folder itself is what is locked, so that no file is left.
 */
const oneAtATime = `mkdir -p "$R${paths.locks}"\nexec 9<"$R${paths.locks}"\nflock -w 240 9 || { echo "another update holds the lock on ${paths.locks}" >&2; exit 1; }\n`;

const head = `${scriptHead}${needRoot}${ownFunction}${putInPlaceFunction}
keep_others() {
  if there "$R$1" && ! own "$R$1"; then
    echo "$1 was not written by pulumi-sriov, and is left as it is" >&2
    exit 1
  fi
}
# Removes a file of ours; says which of somebody else's it left.
take_away() {
  there "$R$1" || return 0
  if own "$R$1"; then rm -f "$R$1"; else printf 'left\\t%s\\n' "$1"; fi
}
`;

/**
 * udev looks again which .link file counts for the PF, and writes it down; on a `change` event it applies none of it. So what
 * is read afterwards is what udev says and not what we hope.
 */
const lookAgain = (pf: string): string => `udevadm control --reload
for netdev in "$R/sys/bus/pci/devices/${pf}"/net/*; do
  [ -e "$netdev" ] || continue
  # It waits for this event only; a udev that is busy for longer looks later, and does not have to be waited for.
  timeout 60 udevadm trigger --settle --action=change "/sys/class/net/\${netdev##*/}" || true
done
`;

/**
 * Idempotent. Equivalent to: writing the files, and `systemctl enable pulumi-sriov-vfs@$pf` or `udevadm control --reload`.
 * A unit that failed is no longer marked as failed: what made it fail has been mended, or is reported now.
 */
export async function installBoot(shell: Shell, pf: string, files: BootFiles): Promise<void> {
  const script = `${head}set -e\n${installing(pf, files)}`;
  await runScript(shell, `install what makes the VFs of PF ${pf} at boot`, script, { timeoutMs });
}

function installing(pf: string, files: BootFiles): string {
  switch (files.persistence) {
    case "systemd-unit":
      return `${oneAtATime}${[paths.applier, paths.unit, paths.lateUnit, paths.ratesUnit, planOf(pf)].map(keepOthers).join("")}
${install(paths.applier, "0755", applierScript)}
${install(paths.unit, "0644", unitText)}
${install(paths.lateUnit, "0644", lateUnitText)}
${install(paths.ratesUnit, "0644", ratesUnitText)}
${install(planOf(pf), "0644", planFile(pf, files.lines))}
${unmask(pf)}
${disable(bootUnitOf(pf, files.lines) === unitOf(pf) ? lateUnitOf(pf) : unitOf(pf))}
# It loads what was written, too.
systemctl enable --quiet ${bootUnitOf(pf, files.lines)}
systemctl reset-failed ${unitsOf(pf)} 2>/dev/null || true
`;
    case "udev":
      return `${keepOthers(ruleOf(pf))}${install(ruleOf(pf), "0644", files.text)}udevadm control --reload\n`;
    case "systemd-link":
      return `${keepOthers(linkOf(pf))}${install(linkOf(pf), "0644", files.text)}${lookAgain(pf)}`;
  }
}

/**
 * Idempotent. Equivalent to: `rm` of the choices' files, after `systemctl disable pulumi-sriov-vfs@$pf` for a unit. Answers
 * the files at our places that are somebody else's, and were left. One round trip.
 */
export async function removeBoot(
  shell: Shell,
  pf: string,
  choices: readonly BootFiles["persistence"][],
): Promise<string[]> {
  const parts = choices.map((persistence) => `(${removing[persistence](pf)}) || exit 1\n`);
  const script = head + parts.join("");
  const output = await runScript(shell, `remove what makes the VFs of PF ${pf} at boot`, script, { timeoutMs });
  return parseFields(output).map(([, path = ""]) => path);
}

const removing: { [P in BootFiles["persistence"]]: (pf: string) => string } = {
  "systemd-unit": (pf) => `
${oneAtATime}if own "$R${paths.unit}"; then
  ${unmask(pf)}
  systemctl disable --quiet ${unitOf(pf)} || exit 1
  ${disable(lateUnitOf(pf))}
  # Stopping them does nothing to the VFs; they only end being "active (exited)", or "failed".
  systemctl stop ${unitsOf(pf)} 2>/dev/null
  systemctl reset-failed ${unitsOf(pf)} 2>/dev/null
fi
take_away ${planOf(pf)}
rm -f "$R${paths.locks}/pulumi-sriov-${pf}.lock"
for plan in "$R${paths.plans}"/*.plan; do [ -e "$plan" ] && exit 0; done
take_away ${paths.ratesUnit}
take_away ${paths.lateUnit}
if there "$R${paths.unit}"; then
  take_away ${paths.unit}
  systemctl daemon-reload
fi
take_away ${paths.applier}
rmdir "$R${paths.plans}" "$R${dirOf(paths.plans)}" "$R${dirOf(paths.applier)}" 2>/dev/null
exit 0
`,
  udev: (pf) => `
there "$R${ruleOf(pf)}" || exit 0
take_away ${ruleOf(pf)}
udevadm control --reload
`,
  "systemd-link": (pf) => `
there "$R${linkOf(pf)}" || exit 0
take_away ${linkOf(pf)}
${lookAgain(pf)}`,
};
