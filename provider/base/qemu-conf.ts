// Settings in the lines of /etc/libvirt/qemu.conf, as the rules about it need them.

/** A line that is no comment, and where it stands. */
export type ConfLine = { line: number; text: string };
export type Setting = { line: number; lastLine: number; text: string; value: string };

/** What libvirt lets every VM open when nobody sets cgroup_device_acl (src/qemu/qemu_cgroup.c, libvirt 9.0 to 11.3). */
export const defaultAcl = [
  "/dev/null",
  "/dev/full",
  "/dev/zero",
  "/dev/random",
  "/dev/urandom",
  "/dev/ptmx",
  "/dev/kvm",
  "/dev/userfaultfd",
];

/** Those of them without which QEMU with a VF does not start. */
const needed = defaultAcl.filter((path) => path !== "/dev/userfaultfd");

/** The last one counts. A list may go over several lines. */
export function settingOf(lines: readonly ConfLine[], name: string): Setting | undefined {
  let found: Setting | undefined;
  let open: Setting | undefined;
  for (const { line, text } of lines) {
    if (open) {
      open.value += ` ${withoutComment(text).trim()}`;
      open.lastLine = line;
    } else {
      const [, key, value = ""] = /^\s*([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(text) ?? [];
      if (key !== name) continue;
      found = { line, lastLine: line, text: text.trim(), value: withoutComment(value) };
      open = found;
    }
    if (open && !(open.value.startsWith("[") && !open.value.includes("]"))) open = undefined;
  }
  return found;
}

const withoutComment = (text: string): string => text.replace(/\s+#.*$/, "");

export const listOf = (value: string): string[] =>
  [...value.matchAll(/"([^"]*)"|'([^']*)'/g)].map((one) => one[1] ?? one[2] ?? "");

export function missingFromAcl(value: string): string[] {
  const has = listOf(value);
  return needed.filter((path) => !has.includes(path));
}
