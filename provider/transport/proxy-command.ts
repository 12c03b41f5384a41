// The byte stream of a ProxyCommand: a program's pipes take the place of TCP.
import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { SriovError } from "../base/errors.js";

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
