// The five verbs over a connection. Each is one command and so one round trip; what is absent is told by exit code.
import { CommandError, SriovError } from "../base/errors.js";
import { quote } from "../base/quote.js";
import type { CommandResult, Connection } from "../transport/connection.js";
import { goneExitCode, goneFunction } from "../transport/gone.js";
import type { Shell } from "./shell.js";
import { WriteError } from "./shell-write-error.js";

export function shellOver(connection: Connection): Shell {
  const ask = async (path: string, doing: string, command: string): Promise<string | undefined> => {
    const result = await connection.run(`${head(path)}${command} || { gone "$p" && exit ${goneExitCode}; exit 1; }`);
    if (result.exitCode === goneExitCode) return undefined;
    if (result.exitCode !== 0) throw failure(`${doing} ${path} on ${connection.name}`, result);
    return result.stdout;
  };
  return {
    get name() {
      return connection.name;
    },
    run: (command, options) => connection.run(command, options),
    readText: (path) => ask(path, "read", 'cat -- "$p"'),
    // Without the newline that `readlink` adds.
    readLink: (path) => ask(path, "read the link", 'readlink -n -- "$p"'),
    list: async (path) => {
      // With the slash, a file is no folder with one entry (ENOTDIR).
      const names = await ask(`${path.replace(/\/+$/, "")}/`, "list", 'ls -1A -- "$p"');
      return names
        ?.split("\n")
        .filter((name) => name !== "")
        .sort();
    },
    writeText: async (path, text, { mode = "0644", timeoutMs } = {}) => {
      const command = /^\/(sys|proc)\//.test(path) ? writeAttribute(path) : replaceFile(path, mode);
      const options = { input: text, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
      const result = await connection.run(command, options);
      if (result.exitCode !== 0) throw new WriteError(path, connection.name, result);
    },
  };
}

function head(path: string): string {
  // Relative to what? Whoever asks this has made a mistake.
  if (!path.startsWith("/") || path.includes("\0")) throw new SriovError("bug", `not an absolute path: "${path}"`);
  return `${goneFunction}LC_ALL=C; export LC_ALL; p=${quote(path)}; `;
}

/** Equivalent to: `printf %s $text | tee $path` */
const writeAttribute = (path: string): string => `${head(path)}tee -- "$p" >/dev/null`;

/** A reader sees the old text or the new one. A link stays a link: its target is replaced. */
const replaceFile = (path: string, mode: string): string =>
  [
    `${head(path)}[ -L "$p" ] && p=$(readlink -f -- "$p")`,
    't=$(mktemp "$p.XXXXXX") || exit 1',
    `trap 'rm -f -- "$t"' EXIT`,
    "trap 'exit 1' HUP INT TERM",
    `cat >"$t" && chmod ${quote(mode)} -- "$t" && mv -f -- "$t" "$p"`,
  ].join("; ");

function failure(doing: string, { command, exitCode, signal, stdout, stderr }: CommandResult): CommandError {
  const said = stderr.trim().split("\n").at(-1) ?? "";
  const why =
    said !== "" ? said : exitCode === undefined ? `ended by ${signal ?? "a signal"}` : `exit code ${exitCode}`;
  const codes = { ...(exitCode === undefined ? {} : { exitCode }), ...(signal === undefined ? {} : { signal }) };
  return new CommandError(`Failed to ${doing}: ${why}`, { command, ...codes, stdout, stderr });
}
