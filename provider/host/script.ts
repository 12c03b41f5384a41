// POSIX shell scripts on the host: one script is one round trip. The scripts print lines of tab-separated fields, and their
// readers live beside them.
import { CommandError } from "../base/errors.js";
import type { CommandResult } from "../transport/connection.js";
import type { Shell, ShellRunOptions } from "./shell.js";

/** What every script starts with. SRIOV_ROOT is the root of another file tree, for tests; empty on a host. */
export const scriptHead = `set -u
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin; export PATH
R=\${SRIOV_ROOT-}
`;

const marker = "PULUMI_SRIOV_END";

/** Shell text that runs `command` with `text`, which ends with a line end, as its standard input. */
export const withText = (command: string, text: string): string => `${command} <<'${marker}'\n${text}${marker}\n`;

/**
 * Defines `put_in_place NEW FILE [MODE]`: standard input becomes FILE, by way of NEW on the same file system. A reader never sees
 * half of it, nor does whoever comes after a full disk or a power cut: a rename may be on the disk before what it names.
 */
export const putInPlaceFunction = `put_in_place() {
  if cat > "$1" && { [ -z "\${3-}" ] || chmod "$3" "$1"; } && sync "$1" && mv -f "$1" "$2"; then return 0; fi
  rm -f "$1"
  return 1
}
`;

/** Defines `rewrite NEW FILE [MODE]`: the same, and a FILE that is there keeps its owner and mode; MODE is for one that is not. */
export const rewriteFunction = `${putInPlaceFunction}rewrite() {
  rm -f "$1"
  [ -e "$2" ] || { put_in_place "$@"; return; }
  # cat writes into the copy.
  cp -p "$2" "$1" || { rm -f "$1"; return 1; }
  put_in_place "$1" "$2"
}
`;

/**
 * Runs the script with `sh`. In braces, so that it begins when all of it has arrived: of one that is cut off with the
 * connection no line runs. Any exit code but 0 is an error that says what we were doing.
 */
export async function runScript(
  shell: Shell,
  doing: string,
  script: string,
  options?: ShellRunOptions,
): Promise<string> {
  const result = await shell.run("sh -s", { ...options, input: `{\n${script}\n}\n` });
  if (result.exitCode !== 0) throw commandError(shell, doing, result);
  return result.stdout;
}

/** The same for a script that changes nothing on the host: several that ask for the same may get one answer. */
export const readByScript = (shell: Shell, doing: string, script: string, signal?: AbortSignal): Promise<string> =>
  runScript(shell, doing, script, { reads: true, ...(signal ? { signal } : {}) });

function commandError(shell: Shell, doing: string, result: CommandResult): CommandError {
  const { command, exitCode, signal, stdout, stderr } = result;
  const ended = exitCode === undefined ? `ended by ${signal ?? "a signal"}` : `exit code ${exitCode}`;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  return new CommandError(
    `Failed to ${doing} on ${shell.name}: ${said === "" ? ended : said}`,
    {
      command,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
      stdout,
      stderr,
    },
    exitCode === notRoot ? "permission-denied" : "remote-failure",
  );
}

/** The exit code of a script that needs root and is not (EX_NOPERM of sysexits.h). */
const notRoot = 77;

export const needRoot = `if [ -z "$R" ] && [ "$(id -u)" != 0 ]; then
  echo "this needs root, and we are $(id -un)" >&2
  exit ${notRoot}
fi
`;

/** The lines of a script's output as fields; "-" stands for what is not there. */
export const parseFields = (output: string): string[][] =>
  output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"));

export const present = (field: string | undefined): string | undefined =>
  field === undefined || field === "" || field === "-" ? undefined : field;
