// Installs and removes what makes a PF's VFs again at boot: the applier, the unit, the PF's plan. Nothing is left behind
// when the last plan goes.
import { createHash } from "node:crypto";
import { planFile } from "../applier/plan-file.js";
import { applierScript } from "../applier/script.js";
import { needRoot, runScript, scriptHead, writeFile } from "../script.js";
import type { Shell } from "../shell.js";
import type { PersistenceFacts } from "../sysfs/pf.js";
import { paths, planOf, unitOf } from "./paths.js";
import { unitText } from "./unit.js";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Whether the applier and the unit on the host are there, are as this version writes them, and start at boot. */
export function whyNotInstalled(facts: PersistenceFacts): string | undefined {
  if (facts.planLines === undefined) return "no plan file";
  if (facts.applierSha256 === undefined) return "the applier is missing";
  if (facts.unitSha256 === undefined) return "the unit is missing";
  return facts.isEnabled ? undefined : "the unit is disabled";
}

/** Whether the files are those of this version: an older one's are rewritten at the next occasion, which is no drift. */
export const isThisVersion = (facts: PersistenceFacts): boolean =>
  facts.applierSha256 === sha256(applierScript) && facts.unitSha256 === sha256(unitText);

const dirOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));

/** Text for a file beside its place, then moved there: a reader never sees half of it. */
const install = (path: string, mode: string, text: string): string =>
  `mkdir -p "$R${dirOf(path)}"\n${writeFile(`"$R${path}.new"`, text)}chmod ${mode} "$R${path}.new"\nmv -f "$R${path}.new" "$R${path}"\n`;

/**
 * The applier and the unit are shared by all PFs of the host, which are set up at the same time: one after the other here. The
 * folder itself is what is locked, so that no file is left.
 */
const oneAtATime = `mkdir -p "$R${paths.locks}"\nexec 9<"$R${paths.locks}"\nflock -w 30 9 || { echo "another update holds the lock on ${paths.locks}" >&2; exit 1; }\n`;

/** Equivalent to: `systemctl enable pulumi-sriov-vfs@$pf`, after writing the three files. */
export async function installBootPlan(shell: Shell, pf: string, lines: readonly string[]): Promise<void> {
  const script = `${scriptHead}${needRoot}set -e
${oneAtATime}${install(paths.applier, "0755", applierScript)}
${install(paths.unit, "0644", unitText)}
${install(planOf(pf), "0644", planFile(pf, lines))}
systemctl daemon-reload
systemctl enable --quiet ${unitOf(pf)}
`;
  await runScript(shell, `install the boot unit of PF ${pf}`, script);
}

/** Idempotent. Equivalent to: `systemctl disable pulumi-sriov-vfs@$pf`, and removing what nothing needs any more. */
export async function removeBootPlan(shell: Shell, pf: string): Promise<void> {
  const script = `${scriptHead}${needRoot}${oneAtATime}
if [ -e "$R${paths.unit}" ]; then
  systemctl disable --quiet ${unitOf(pf)} || exit 1
  # Stopping it does nothing to the VFs; it only ends being "active (exited)".
  systemctl stop ${unitOf(pf)} 2>/dev/null
fi
rm -f "$R${planOf(pf)}" "$R${paths.locks}/pulumi-sriov-${pf}.lock"
for plan in "$R${paths.plans}"/*.plan; do [ -e "$plan" ] && exit 0; done
if [ -e "$R${paths.unit}" ]; then
  rm -f "$R${paths.unit}"
  systemctl daemon-reload
fi
rm -f "$R${paths.applier}"
rmdir "$R${paths.plans}" "$R${dirOf(paths.plans)}" "$R${dirOf(paths.applier)}" 2>/dev/null
exit 0
`;
  await runScript(shell, `remove the boot unit of PF ${pf}`, script);
}
