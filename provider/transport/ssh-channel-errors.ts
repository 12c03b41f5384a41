// Why sshd did not open a channel. It says little, so for a unix socket the host is asked once more.
import { SriovError } from "../base/errors.js";
import { quote } from "../base/quote.js";
import type { Connection } from "./connection.js";
import { goneExitCode, goneFunction } from "./gone.js";

/** RFC 4254, 5.1 */
export const openFailure = { administrativelyProhibited: 1, connectFailed: 2, unknownChannelType: 3 };

export const reasonOf = (error: unknown): unknown => (error as { reason?: unknown }).reason;

type Why = "gone" | "denied" | "forbidden" | "nobody" | "unknown";

export async function socketError(connection: Connection, path: string, cause: Error): Promise<SriovError> {
  const doing = `Cannot connect to ${path} on ${connection.name}`;
  switch (await whyNoSocket(connection, path, reasonOf(cause))) {
    case "forbidden":
      return new SriovError("unsupported", `${doing}: its sshd forbids forwarding to unix sockets`, {
        cause,
        remedy: "Set AllowStreamLocalForwarding yes in the host's sshd_config, and no restrict on the key.",
      });
    case "gone":
      return new SriovError("not-found", `${doing}: there is no such socket`, { cause });
    case "denied":
      return new SriovError("permission-denied", `${doing}: this user may not use it`, {
        cause,
        remedy: "Log in as root, or as a user who may: for libvirt, a member of the group libvirt.",
      });
    case "nobody":
      return new SriovError("not-found", `${doing}: nothing listens there`, { cause });
    case "unknown":
      return new SriovError("remote-failure", `${doing}: ${cause.message}`, { cause });
  }
}

/**
 * sshd says "connect failed" for ENOENT, EACCES and ECONNREFUSED, and also for AllowStreamLocalForwarding no (OpenSSH 9.2);
 * "administratively prohibited" only for some of the ways to forbid it.
 */
async function whyNoSocket(connection: Connection, path: string, reason: unknown): Promise<Why> {
  if (reason === openFailure.administrativelyProhibited || reason === openFailure.unknownChannelType)
    return "forbidden";
  if (reason !== openFailure.connectFailed) return "unknown";
  const { exitCode } = await connection.run(question(path), { timeoutMs: 20_000 });
  return answers.get(exitCode) ?? "unknown";
}

const answers = new Map<number | undefined, Why>([
  [goneExitCode, "gone"],
  [45, "denied"],
  [46, "forbidden"],
  [47, "nobody"],
]);

/** 00010000 in /proc/net/unix: it listens (__SO_ACCEPTCON). The name there is the one it was bound to: /run, not /var/run. */
const question = (path: string): string =>
  [
    `${goneFunction}p=${quote(path)}; gone "$p" && exit ${goneExitCode}; [ -e "$p" ] || exit 45`,
    `[ -S "$p" ] || exit ${goneExitCode}; [ -w "$p" ] || exit 45; r=$(readlink -f -- "$p")`,
    "while read -r _ _ _ flags _ _ _ name",
    'do [ "$flags" = 00010000 ] && { [ "$name" = "$p" ] || [ "$name" = "$r" ]; } && exit 46; done </proc/net/unix',
    "exit 47",
  ].join("; ");
