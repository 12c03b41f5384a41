// The byte stream that SSH runs over: TCP, a channel of a jump host (ProxyJump), or a command's pipes (ProxyCommand).
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { Duplex } from "node:stream";
import { SriovError } from "../base/errors.js";

/** Nagle's algorithm off: a libvirt call takes 2 ms instead of 57 (50 calls: 111 ms and 2,852 ms). */
export async function openTcp(doing: string, hostName: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host: hostName, port, noDelay: true });
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw tcpError(doing, hostName, port, error as NodeJS.ErrnoException);
  }
}

function tcpError(doing: string, hostName: string, port: number, cause: NodeJS.ErrnoException): SriovError {
  const at = `${hostName}:${port}`;
  const [why, remedy] = explainTcp(cause, at);
  return new SriovError("unreachable", `${doing} (${at}): ${why}`, { cause, remedy });
}

function explainTcp({ code, message }: NodeJS.ErrnoException, at: string): [why: string, remedy: string] {
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NODATA":
      return ["its name has no address", "Check the host name in the URI, or give HostName in ~/.ssh/config."];
    case "ECONNREFUSED":
      return ["nothing listens there", "Check that sshd runs on the host, and the port."];
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return ["no route or no answer", `Check that the machine is up and that nothing blocks TCP to ${at}.`];
    case undefined:
    default:
      return [message || (code ?? "the connection failed"), "Check the network between here and the host."];
  }
}

/** Equivalent to: `sh -c "exec $command"`, as OpenSSH runs a ProxyCommand */
export function openProxyCommand(doing: string, command: string): Duplex {
  const child = spawn("/bin/sh", ["-c", `exec ${command}`], { stdio: ["pipe", "pipe", "inherit"] });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.once("error", (cause) => {
    stream.destroy(
      new SriovError("unreachable", `${doing}: cannot start the ProxyCommand: ${cause.message}`, { cause }),
    );
  });
  stream.once("close", () => child.kill());
  return stream;
}
