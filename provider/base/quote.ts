// Words for a POSIX shell.

/** One word of a command line, whatever it holds. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * A POSIX command line as one that every login shell understands the same way: sh, bash, zsh, fish, csh.
 * Between single quotes fish reads `\\` as one backslash, and csh takes no newline and expands `!`: these go as octal
 * numbers, which the `printf` of POSIX turns back. `mark` is `NAME=value`, for the environment; `sudo` makes it root's.
 */
export function asAnyShell(command: string, { mark, sudo = false }: { mark?: string; sudo?: boolean } = {}): string {
  // -n: never a question. The mark goes behind it, because sudo clears the environment.
  const exec = `exec${sudo ? " sudo -n --" : ""}${mark === undefined ? "" : ` env ${quote(mark)}`}`;
  if (!/[\\\n!]/.test(command)) return `${exec} sh -c ${quote(command)}`;
  const octal = (character: string) => `\\0${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
  const encoded = command.replace(/[\\\n!']/g, octal);
  return `${exec} sh -c 'c=$(printf %b "$1"); shift; eval "$c"' sh '${encoded}'`;
}
