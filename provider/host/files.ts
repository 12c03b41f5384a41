// Replaces a configuration file of the host: under a lock, only when it is as it was read, whole or not at all, and read back.
import { createHash } from "node:crypto";
import { quote } from "../base/quote.js";
import { needRoot, rewriteFunction, runScript, scriptHead, withText } from "./script.js";
import type { Shell } from "./shell.js";

/** Whoever edits files of a host's set-up holds it. */
export const setupLock = `mkdir -p "$R/run/lock"
exec 9> "$R/run/lock/pulumi-sriov-host-setup"
flock -w 60 9 || { echo "another pulumi-sriov edits the set-up of this host" >&2; exit 1; }
`;

/**
 * `before` is the text that was read, undefined for no file; `after` undefined removes the file, else it ends with a line end.
 * `waiting` is where the new text is put together, on the same file system; unset: beside the file.
 */
export async function replaceText(
  shell: Shell,
  path: string,
  {
    before,
    after,
    then = "",
    waiting = `${path}.pulumi-sriov-new`,
  }: { before: string | undefined; after: string | undefined; then?: string; waiting?: string },
): Promise<void> {
  const sum = (text: string) => createHash("sha256").update(text).digest("hex");
  const script = `${scriptHead}${needRoot}${rewriteFunction}${setupLock}set -e
file="$R"${quote(path)}
new="$R"${quote(waiting)}
now=none
[ -e "$file" ] && now=$(sha256sum < "$file" | cut -d ' ' -f 1)
if [ "$now" != ${before === undefined ? "none" : sum(before)} ]; then
  echo "somebody changed ${path} meanwhile: it is as they left it" >&2
  exit 1
fi
${
  after === undefined
    ? 'rm -f "$file"'
    : `mkdir -p "\${file%/*}"
${withText('rewrite "$new" "$file" 0644', after)}
[ "$(sha256sum < "$file" | cut -d ' ' -f 1)" = ${sum(after)} ]`
}
${then}`;
  await runScript(shell, `write ${path}`, script);
}
