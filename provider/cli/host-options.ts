// The flags that say how to log in: the same as the `ssh` property of a program, with the names that ssh users know.
import { type Command, InvalidArgumentError } from "commander";

export type Jump = { host: string; user?: string; port?: number };

export type HostOptions = {
  identity?: string;
  knownHosts?: string;
  hostKey?: string;
  sshConfig?: string;
  connectTimeout?: number;
  jump?: Jump[];
  sudo?: boolean;
};

export const addHostOptions = (command: Command): Command =>
  command
    .option("-i, --identity <file>", "private key to log in with; default: the agent, then what ssh would try")
    .option("--known-hosts <file>", "known_hosts file to verify the host key with; default: ssh's own")
    .option("--host-key <key>", 'the host\'s public key, or its fingerprint "SHA256:..."')
    .option("--ssh-config <file>", 'OpenSSH client configuration; "none" for no file; default: ~/.ssh/config')
    .option("-J, --jump <hosts>", "[user@]host[:port], more of them with commas: hosts to go through, as ssh -J", jumps)
    .option("--sudo", "log in as a user who is not root, and do everything with `sudo -n`")
    .option("--connect-timeout <seconds>", "seconds to wait for the connection; default: 20", seconds);

function seconds(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 600) return number;
  throw new InvalidArgumentError("expected whole seconds from 1 to 600.");
}

function jumps(text: string): Jump[] {
  return text.split(",").map((hop) => {
    const [, user, host = "", port] = /^(?:([^@]+)@)?(\[[^\]]+\]|[^:[\]@]+)(?::(\d+))?$/.exec(hop.trim()) ?? [];
    if (host === "") throw new InvalidArgumentError(`expected [user@]host[:port], got "${hop}".`);
    return {
      host: host.replace(/^\[(.*)\]$/, "$1"),
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port: Number(port) }),
    };
  });
}
