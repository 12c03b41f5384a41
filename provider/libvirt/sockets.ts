// Where libvirt listens on a host: virtqemud (modular daemons) or libvirtd and virtproxyd, which share a name.
// One connection is enough: virtqemud passes network and node device calls on. A socket-activated one may take seconds to answer.
import type { Duplex } from "node:stream";
import { SriovError, isOutOfReach, kindOf } from "../base/errors.js";
import type { Connection } from "../transport/connection.js";
import { openByCommand } from "./socket-command.js";
import { type LibvirtUri, isSsh } from "./uri.js";

// /var/run, as libvirt's own clients do: it resolves on every host.
const monolithic = "/var/run/libvirt/libvirt-sock";
const modular = (driver: string) => `/var/run/libvirt/virt${driver}d-sock`; // virtqemud-sock

const remedy =
  "Install libvirt and enable its socket (`systemctl enable --now libvirtd.socket` or virtqemud.socket), or add the user to group libvirt.";

/** The sockets to try for a URI, in this order. `socket=` and `mode=` mean what they mean to libvirt. */
export function socketsFor(uri: LibvirtUri): string[] {
  const { socket, mode } = uri.parameters;
  if (socket !== undefined) return [socket];
  // The test driver lives in every libvirt, but in no daemon of its own.
  if (mode === "legacy" || uri.driver === "test") return [monolithic];
  return mode === "direct" ? [modular(uri.driver)] : [modular(uri.driver), monolithic];
}

/**
 * A stream to libvirt on the other side of a connection: a forwarded unix socket, unless the URI asks for a program (`proxy=`,
 * `netcat=`), root's rights are sudo's, or sshd forbids forwarding; then a program there that connects to it.
 */
export async function openLibvirtSocket(connection: Connection, uri: LibvirtUri): Promise<Duplex> {
  const sockets = socketsFor(uri);
  const { proxy = "auto", netcat } = uri.parameters;
  const isForced = isSsh(uri) && (proxy !== "auto" || netcat !== undefined);
  if (isForced || connection.usesSudo) return openByCommand(connection, uri, sockets);
  try {
    return await openForwarded(connection, sockets);
  } catch (error) {
    if (kindOf(error) !== "unsupported" || !isSsh(uri)) throw error;
    return await openByCommand(connection, uri, sockets, error as SriovError);
  }
}

/** The first socket that opens. Equivalent to: `nc -U /var/run/libvirt/libvirt-sock` */
async function openForwarded(connection: Connection, sockets: string[]): Promise<Duplex> {
  // Most hosts have one of them. Why the other does not open takes two round trips to find out, and matters when none does.
  for (const path of sockets.length > 1 ? sockets : []) {
    try {
      return await connection.openUnixSocket(path, { explain: false });
    } catch (error) {
      if (kindOf(error) === "unsupported") throw error;
    }
  }
  const failures: { path: string; error: Error }[] = [];
  for (const path of sockets) {
    try {
      return await connection.openUnixSocket(path);
    } catch (error) {
      // Forwarding is forbidden: no other path will do better.
      if (kindOf(error) === "unsupported" || !(error instanceof Error)) throw error;
      failures.push({ path, error });
    }
  }
  throw noneOpened(connection, failures);
}

/** Never `not-found`, which would read as "the network is gone". */
function noneOpened(connection: Connection, failures: { path: string; error: Error }[]): SriovError {
  const tried = failures.map(({ path, error }) => `${path} (${error.message})`).join(", ");
  const kinds = failures.map(({ error }) => kindOf(error));
  const isLost = failures.every(({ error }) => isOutOfReach(error));
  // Over SSH a missing socket and a forbidden one look alike (channel open failure: connect failed).
  return new SriovError(
    kinds.includes("permission-denied") ? "permission-denied" : "unreachable",
    `cannot open a libvirt socket on ${connection.name}: tried ${tried}`,
    { cause: failures.at(-1)?.error, ...(isLost ? {} : { remedy }) },
  );
}
