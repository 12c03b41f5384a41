// One host as the resources see it: its Linux side and its libvirt, over one shared connection.
import type { Duplex } from "node:stream";
import { SriovError } from "../base/errors.js";
import { type Log, silentLog } from "../base/log.js";
import { shellOver } from "../host/shell-over-connection.js";
import type { Shell } from "../host/shell.js";
import { connectLibvirt } from "../libvirt/client-rpc.js";
import type { LibvirtClient } from "../libvirt/client.js";
import { openLibvirtSocket } from "../libvirt/sockets.js";
import { type LibvirtUri, parseLibvirtUri, whyUnsupported } from "../libvirt/uri.js";
import type { Connection } from "../transport/connection.js";
import { connectLocal } from "../transport/local.js";
import type { Connect, Pool } from "../transport/pool.js";
import { type SshTarget, connectSsh } from "../transport/ssh.js";
import { type HostInputs, hostKey, hostName } from "./host-inputs.js";

export interface Session {
  /** For messages: the URI's host name, or the machine's own for a local URI. First part of every resource id. */
  readonly hostName: string;
  /** /etc/machine-id: the identity of the host, whatever URI leads to it. */
  readonly machineId: string;
  readonly shell: Shell;
  /** Connects on first use; later callers share it. */
  libvirt(): Promise<LibvirtClient>;
}

export interface OwnedSession extends Session {
  /** Says goodbye to libvirt. Idempotent; the connection below is the pool's. */
  close(): Promise<void>;
}

export async function openSession(
  host: HostInputs,
  pool: Pool,
  { log = silentLog }: { log?: Log } = {},
): Promise<OwnedSession> {
  const uri = parseLibvirtUri(host.uri);
  const why = whyUnsupported(uri);
  if (why !== undefined) throw new SriovError("unsupported", `host.uri: ${why}`);
  const connect: Connect =
    uri.transport === "local" ? async () => connectLocal() : () => connectSsh(sshTarget(host, uri), { log });
  const connection = await pool.connection(hostKey(host), connect);
  return new HostSession(hostName(host), await readMachineId(connection), connection, uri);
}

class HostSession implements OwnedSession {
  readonly shell: Shell;
  readonly #connection: Connection;
  readonly #uri: LibvirtUri;
  #libvirt: Promise<LibvirtClient> | undefined;

  constructor(
    readonly hostName: string,
    readonly machineId: string,
    connection: Connection,
    uri: LibvirtUri,
  ) {
    this.shell = shellOver(connection);
    this.#connection = connection;
    this.#uri = uri;
  }

  libvirt(): Promise<LibvirtClient> {
    if (this.#libvirt) return this.#libvirt;
    const forget = () => {
      if (this.#libvirt === attempt) this.#libvirt = undefined;
    };
    const attempt: Promise<LibvirtClient> = connectLibvirt(() => this.#openSocket(forget), {
      uri: this.#uri.localUri,
      name: this.#connection.name,
    });
    this.#libvirt = attempt;
    attempt.catch(forget);
    return attempt;
  }

  async close(): Promise<void> {
    const libvirt = await this.#libvirt?.catch(() => undefined);
    this.#libvirt = undefined;
    await libvirt?.close();
  }

  /** Whoever closed it, libvirt, the network or we: the next caller gets a new one. */
  async #openSocket(onEnd: () => void): Promise<Duplex> {
    const stream = await openLibvirtSocket(this.#connection, this.#uri);
    for (const event of ["end", "close", "error"]) stream.once(event, onEnd);
    return stream;
  }
}

/** What the program says under `ssh` goes before what the URI says. */
export function sshTarget({ ssh = {} }: HostInputs, uri: LibvirtUri): SshTarget {
  const { keyfile, known_hosts: knownHosts, no_verify: noVerify } = uri.parameters;
  const hasKey = ssh.privateKey !== undefined || ssh.privateKeyPath !== undefined;
  return {
    ...ssh,
    hostName: uri.hostName ?? "",
    user: ssh.user ?? uri.user,
    port: ssh.port ?? uri.port,
    privateKeyPath: hasKey ? ssh.privateKeyPath : keyfile,
    knownHosts: ssh.knownHosts ?? knownHosts,
    noVerify: noVerify === "1",
  };
}

async function readMachineId(connection: Connection): Promise<string> {
  const command = "cat /etc/machine-id 2>/dev/null || cat /var/lib/dbus/machine-id";
  const { stdout, stderr } = await connection.run(command, { timeoutMs: 30_000 });
  const id = stdout.trim();
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  throw new SriovError(
    "unsupported",
    `${connection.name} has no machine id: expected 32 hexadecimal digits in /etc/machine-id${said === "" ? "" : ` (${said})`}`,
    { remedy: "Run systemd-machine-id-setup on the host. The login shell must print nothing by itself." },
  );
}
