// Our rule in AppArmor's local rules for QEMU: a marked block, so that the administrator's own lines stay as they are.
import { quote } from "../../base/quote.js";
import { SriovError } from "../../base/errors.js";
import { needRoot, runScript, scriptHead, writeFile } from "../script.js";
import type { Shell } from "../shell.js";
import { type AppArmorFacts, ruleLine } from "./facts.js";

const begin = "# BEGIN pulumi-sriov: lets VMs open the VFs that libvirt takes from a pool. Removed with the HostSetup.";
const end = "# END pulumi-sriov";

export const block = `${begin}\n${ruleLine}\n${end}\n`;

/** The text without our block; other lines are untouched. */
export function withoutBlock(text: string): string {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.startsWith("# BEGIN pulumi-sriov"));
  const to = lines.findIndex((line, i) => i > from && line.startsWith(end));
  if (from === -1) return text;
  // A block that lost its end is its first two lines.
  const last = to === -1 ? from + 1 : to;
  return [...lines.slice(0, from), ...lines.slice(last + 1)].join("\n");
}

export function withBlock(text: string): string {
  const rest = withoutBlock(text);
  return rest === "" || rest.endsWith("\n") ? `${rest}${block}` : `${rest}\n${block}`;
}

export const hasBlock = (facts: AppArmorFacts): boolean =>
  facts.ruleFileText !== undefined && withoutBlock(facts.ruleFileText) !== facts.ruleFileText;

/** Idempotent. A VM's profile is compiled at each of its starts, so nothing has to be reloaded. */
export async function addRule(shell: Shell, facts: AppArmorFacts): Promise<void> {
  if (facts.ruleFile === undefined) throw new SriovError("bug", "no place for an AppArmor rule");
  const text = withBlock(facts.ruleFileText ?? "");
  if (text !== facts.ruleFileText) await replace(shell, facts.ruleFile, text, facts.ruleFileText !== undefined);
}

/** Idempotent. A file in which nothing else is goes with it, when it is ours alone. */
export async function removeRule(shell: Shell, facts: AppArmorFacts): Promise<void> {
  if (facts.ruleFile === undefined || facts.ruleFileText === undefined || !hasBlock(facts)) return;
  const text = withoutBlock(facts.ruleFileText);
  // An empty local file belongs to the package: it came with it.
  const isOurs = facts.ruleFile.endsWith("/pulumi-sriov");
  if (text.trim() !== "" || !isOurs) return replace(shell, facts.ruleFile, text, true);
  const script = `${scriptHead}${needRoot}rm -f "$R"${quote(facts.ruleFile)}\n`;
  await runScript(shell, `remove ${facts.ruleFile}`, script);
}

async function replace(shell: Shell, path: string, text: string, exists: boolean): Promise<void> {
  // Whatever is in an #include'd folder is read, so the new text waits elsewhere, on the same file system.
  const waiting = `"$R/etc/apparmor.d/.pulumi-sriov.new"`;
  const script = `${scriptHead}${needRoot}set -e
file="$R"${quote(path)}
mkdir -p "\${file%/*}"
${writeFile(waiting, text.endsWith("\n") || text === "" ? text : `${text}\n`)}
${exists ? `chmod --reference="$file" ${waiting} 2>/dev/null || chmod 0644 ${waiting}` : `chmod 0644 ${waiting}`}
mv -f ${waiting} "$file"
`;
  await runScript(shell, `write ${path}`, script);
}
