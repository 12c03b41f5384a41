// Our changes to /etc/libvirt/qemu.conf: each a marked block that keeps the lines it stands for. Pure.
import { type Setting, defaultAcl, listOf, missingFromAcl, settingOf } from "../../base/qemu-conf.js";

export type ConfPart = "dynamic_ownership" | "cgroup_device_acl";

export const confFile = "/etc/libvirt/qemu.conf";
const kept = "#| ";
const begin = (part: ConfPart) =>
  `# BEGIN pulumi-sriov ${part}: the lines that start with "${kept.trim()}" come back when the HostSetup goes`;
const end = (part: ConfPart) => `# END pulumi-sriov ${part}`;

const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line, i) => ({ line: i + 1, text: line }))
    .filter((line) => !/^\s*(#|$)/.test(line.text));

/** Whether the file keeps VMs from their VFs. */
export function isBroken(text: string, part: ConfPart): boolean {
  const setting = settingOf(linesOf(text), part);
  if (!setting) return false;
  return part === "dynamic_ownership" ? /^0\b/.test(setting.value) : missingFromAcl(setting.value).length > 0;
}

export const hasOurs = (text: string, part: ConfPart): boolean =>
  text.split("\n").some((line) => line.startsWith(`# BEGIN pulumi-sriov ${part}:`));

/** The text with what is broken mended; the same text where nothing is. */
export function mended(text: string, part: ConfPart): string {
  const clean = restored(text, part);
  const setting = settingOf(linesOf(clean), part);
  if (!setting || !isBroken(clean, part)) return clean;
  const lines = clean.split("\n");
  const old = lines.slice(setting.line - 1, setting.lastLine);
  const block = [begin(part), ...old.map((line) => `${kept}${line}`), valueOf(part, setting), end(part)];
  return [...lines.slice(0, setting.line - 1), ...block, ...lines.slice(setting.lastLine)].join("\n");
}

function valueOf(part: ConfPart, { value }: Setting): string {
  if (part === "dynamic_ownership") return "dynamic_ownership = 1";
  const all = [...new Set([...listOf(value), ...defaultAcl.filter((path) => missingFromAcl(value).includes(path))])];
  return `cgroup_device_acl = [ ${all.map((path) => `"${path}"`).join(", ")} ]`;
}

/** The text as it was before us, line by line; what others changed around our block stays. */
export function restored(text: string, part: ConfPart): string {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`# BEGIN pulumi-sriov ${part}:`));
  const to = lines.findIndex((line, i) => i > from && line === end(part));
  if (from === -1 || to === -1) return text;
  const before = lines.slice(from + 1, to).filter((line) => line.startsWith(kept));
  return [...lines.slice(0, from), ...before.map((line) => line.slice(kept.length)), ...lines.slice(to + 1)].join("\n");
}

/** Restarting the daemon leaves VMs alone: each QEMU is a process of its own, which the daemon finds again. */
export const restartLibvirt = `# Not "restart": a daemon that is not running reads the file when it starts.
systemctl try-restart libvirtd.service virtqemud.service 2>/dev/null || :
`;
