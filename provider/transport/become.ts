// `become: "sudo"`: a user who is not root runs every command through sudo, which must not ask for a password. Why the rule for
// it is ALL: docs/decisions/0055-sudo.md.
import { SriovError } from "../base/errors.js";
import type { Connection } from "./connection.js";

const absent = 127;

/**
 * False for root, who needs none. `mark` is as every command has one: sudo is asked for what it will be asked for, since a rule
 * for sh alone would let a shorter question pass, and then no command. Equivalent to: `sudo -n env $mark sh -c true`
 */
export async function needsSudo(connection: Pick<Connection, "name" | "run">, mark: string): Promise<boolean> {
  const command = `[ "$(id -u)" = 0 ] && echo root && exit 0; id -un; LC_ALL=C sudo -n -- env ${mark} sh -c true`;
  const { exitCode, stdout, stderr } = await connection.run(command, { timeoutMs: 30_000 });
  const user = stdout.trim();
  if (exitCode === 0) return user !== "root";
  const said = stderr.trim().split("\n").at(-1) ?? "";
  const why = exitCode === absent ? "there is no sudo on the host" : said === "" ? `exit code ${exitCode}` : said;
  throw new SriovError("permission-denied", `Cannot become root on ${connection.name} with sudo -n: ${why}`, {
    remedy: `Allow it without a password, in /etc/sudoers.d/pulumi-sriov on the host: \`${user} ALL=(root) NOPASSWD: ALL\`. Or log in as root.`,
  });
}
