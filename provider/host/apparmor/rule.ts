// Our rule in AppArmor's local rules for QEMU: a marked block, so that the administrator's own lines stay as they are.
import { SriovError } from "../../base/errors.js";
import { replaceText } from "../files.js";
import type { Shell } from "../shell.js";
import { type AppArmorFacts, ruleLine } from "./facts.js";

const begin = "# BEGIN pulumi-sriov: lets VMs open the VFs that libvirt takes from a pool. Removed with the HostSetup.";
const end = "# END pulumi-sriov";

/** Whatever is in an #include'd folder is read, so the new text waits elsewhere, on the same file system. */
const waiting = "/etc/apparmor.d/.pulumi-sriov-new";

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
export async function addRule(shell: Shell, { ruleFile, ruleFileText }: AppArmorFacts): Promise<void> {
  if (ruleFile === undefined) throw new SriovError("bug", "no place for an AppArmor rule");
  const after = withBlock(ruleFileText ?? "");
  if (after !== ruleFileText) await replaceText(shell, ruleFile, { before: ruleFileText, after, waiting });
}

/** Idempotent. A file in which nothing else is goes with it, when it is ours alone. */
export async function removeRule(shell: Shell, facts: AppArmorFacts): Promise<void> {
  const { ruleFile, ruleFileText } = facts;
  if (ruleFile === undefined || ruleFileText === undefined || !hasBlock(facts)) return;
  const rest = withoutBlock(ruleFileText);
  const text = rest === "" || rest.endsWith("\n") ? rest : `${rest}\n`;
  // An empty local file belongs to the package: it came with it.
  const isOurs = ruleFile.endsWith("/pulumi-sriov");
  await replaceText(shell, ruleFile, {
    before: ruleFileText,
    after: text.trim() === "" && isOurs ? undefined : text,
    waiting,
  });
}
