// One host as the resources see it: its Linux side and its libvirt, over one shared connection.
import { SriovError } from "../base/errors.js";
import { type Log, silentLog } from "../base/log.js";
import { shellOver } from "../host/shell-over-connection.js";
import { SharedShell } from "../host/shared-shell.js";
import type { Shell } from "../host/shell.js";
import { type ConnectOptions, connectLibvirt } from "../libvirt/client-rpc.js";
import type { LibvirtClient } from "../libvirt/client.js";
import { openLibvirtOverNetwork } from "../libvirt/network-stream.js";
import { SharedReads } from "../libvirt/shared-reads.js";
import { openLibvirtSocket } from "../libvirt/sockets.js";
import type { SshMethod } from "../libvirt/uri-parameters.js";
import { type LibvirtUri, givesShell, ignoredParts, isSsh, parseLibvirtUri, whyUnsupported } from "../libvirt/uri.js";
import { parseCapabilitiesXml } from "../libvirt/xml/capabilities.js";
import type { Connection } from "../transport/connection.js";
import type { HostKeyPolicy } from "../transport/host-keys.js";
import { connectLocal } from "../transport/local.js";
import type { Connect, Pool } from "../transport/pool.js";
import { Pulse } from "../transport/pulse.js";
import type * as Ssh from "../transport/ssh.js";
import { type HostInputs, hostKey, hostName } from "./host-inputs.js";

// Loaded with the first connection: what is asked of no host does not wait for SSH's ciphers and key formats.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const sshRoom = () => require("../transport/ssh.js") as typeof Ssh;

export interface Session {
  /** For messages: the URI's host name, or the machine's own for a local URI. First part of every resource id. */
  readonly hostName: string;
  /**
   * The identity of the host: /etc/machine-id, whatever URI leads to it; `libvirt:` and libvirt's UUID of the host with a URI
   * that gives no shell.
   */
  readonly machineId: string;
  /** With a URI that gives none, every verb rejects with `unsupported`. */
  readonly shell: Shell;
  /** Connects on first use; later callers share it. */
  libvirt(): Promise<LibvirtClient>;
}

export interface OwnedSession extends Session {
  /** The same, with reads that may be as old as that: see `SharedShell` and `SharedReads`. The session itself: 0. */
  view(maxAgeMs: number): Session;
  /** Says goodbye to libvirt. Idempotent; the connection below is the pool's. */
  close(): Promise<void>;
}

export async function openSession(
  host: HostInputs,
  pool: Pool,
  { log = silentLog, pulse = new Pulse() }: { log?: Log; pulse?: Pulse } = {},
): Promise<OwnedSession> {
  const uri = parseLibvirtUri(host.uri);
  const why = whyUnsupported(uri);
  if (why !== undefined) throw new SriovError("unsupported", `host.uri: ${why}`);
  for (const note of ignoredParts(uri)) log.warn(`${host.uri}: ${note}`);
  return givesShell(uri) ? openWithShell(host, uri, pool, { log, pulse }) : openLibvirtOnly(host, uri, pulse);
}

type Telling = { log: Log; pulse: Pulse };

async function openWithShell(host: HostInputs, uri: LibvirtUri, pool: Pool, telling: Telling): Promise<OwnedSession> {
  const connect: Connect = isSsh(uri)
    ? () => sshRoom().connectSsh(sshTarget(host, uri), telling)
    : async () => connectLocal();
  const connection = await pool.connection(hostKey(host), connect);
  const open = () => openLibvirtSocket(connection, uri);
  const connectClient = () =>
    connectLibvirt(open, { ...libvirtOptions(host, uri, connection.name), pulse: telling.pulse });
  // Nearly everybody asks libvirt next. Over a long way, opening it takes longer than the host takes to say who it is.
  const client = connectClient();
  client.catch(() => undefined);
  try {
    const machineId = await readMachineId(connection);
    return new HostSession(hostName(host), machineId, shellOver(connection), connectClient, client);
  } catch (error) {
    void client.then((opened) => opened.close()).catch(() => undefined);
    throw error;
  }
}

/** qemu+tls, qemu+tcp: who the host is, libvirt has to say. Its UUID is the machine's by SMBIOS, or host_uuid of libvirtd.conf. */
async function openLibvirtOnly(host: HostInputs, uri: LibvirtUri, pulse: Pulse): Promise<OwnedSession> {
  const name = hostName(host);
  const open = () => openLibvirtOverNetwork(uri, host.tls, pulse);
  const connect = () => connectLibvirt(open, { ...libvirtOptions(host, uri, name), pulse });
  const client = await connect();
  try {
    const { hostUuid } = parseCapabilitiesXml(await client.capabilities());
    if (hostUuid === undefined) throw new SriovError("unsupported", `libvirt on ${name} does not say its host's UUID`);
    return new HostSession(name, `libvirt:${hostUuid}`, noShell(name, uri), connect, Promise.resolve(client));
  } catch (error) {
    await client.close();
    throw error;
  }
}

const libvirtOptions = ({ sasl }: HostInputs, uri: LibvirtUri, name: string): ConnectOptions => ({
  uri: uri.localUri,
  name,
  authentication: { credentials: sasl, wanted: uri.parameters["auth"], isPrivate: uri.transport !== "tcp" },
});

class HostSession implements OwnedSession {
  readonly #connect: () => Promise<LibvirtClient>;
  readonly #shell: SharedShell;
  #libvirt: Promise<SharedReads> | undefined;
  /** The same once it is connected. */
  #reads: SharedReads | undefined;

  constructor(
    readonly hostName: string,
    readonly machineId: string,
    shell: Shell,
    connect: () => Promise<LibvirtClient>,
    /** On its way already. Who asks after it has failed tries again. */
    opening: Promise<LibvirtClient>,
  ) {
    this.#connect = connect;
    // A VM that takes a VF changes what sysfs shows, and a VF that goes changes what libvirt shows.
    this.#shell = new SharedShell(shell, () => this.#reads?.forget());
    void this.#adopt(opening);
  }

  get shell(): Shell {
    return this.#shell.view(0);
  }

  libvirt(): Promise<LibvirtClient> {
    return this.view(0).libvirt();
  }

  view(maxAgeMs: number): Session {
    const { hostName, machineId } = this;
    // A client connects again by itself when libvirt, or the way to it, was gone.
    const libvirt = async () => (await this.#sharedReads()).view(maxAgeMs);
    return { hostName, machineId, shell: this.#shell.view(maxAgeMs), libvirt };
  }

  #share(client: LibvirtClient): SharedReads {
    return (this.#reads = new SharedReads(client, () => this.#shell.forget()));
  }

  #sharedReads(): Promise<SharedReads> {
    return this.#libvirt ?? this.#adopt(this.#connect());
  }

  #adopt(opening: Promise<LibvirtClient>): Promise<SharedReads> {
    const attempt = opening.then((client) => this.#share(client));
    this.#libvirt = attempt;
    attempt.catch(() => {
      if (this.#libvirt === attempt) this.#libvirt = undefined;
    });
    return attempt;
  }

  async close(): Promise<void> {
    const opening = this.#libvirt;
    this.#libvirt = undefined;
    // One that is still being opened is not waited for: a host that hangs would hold up the end of the run.
    opening?.then((reads) => reads.view(0).close()).catch(() => undefined);
    await this.#reads?.view(0).close();
  }
}

/** Every verb says that there is none, as `unsupported`. */
function noShell(name: string, { text, hostName: host = "HOST" }: LibvirtUri): Shell {
  const refuse = (doing: string) => async (): Promise<never> => {
    throw new SriovError(
      "unsupported",
      `Cannot ${doing} on ${name}: ${text} leads to libvirt only, and gives no shell`,
      {
        remedy: `Use qemu+ssh://root@${host}/system.`,
      },
    );
  };
  return {
    name,
    run: refuse("run a command"),
    readText: refuse("read a file"),
    readLink: refuse("read a link"),
    list: refuse("list a folder"),
    writeText: refuse("write a file"),
  };
}

/** What the program says under `ssh` goes before what the URI says. */
export function sshTarget({ ssh = {} }: HostInputs, uri: LibvirtUri): Ssh.SshTarget {
  const { keyfile, known_hosts: knownHosts, sshauth } = uri.parameters;
  const { jump, ...given } = ssh;
  const hasKey = ssh.privateKey !== undefined || ssh.privateKeyPath !== undefined;
  return {
    ...given,
    hostName: uri.hostName ?? "",
    user: ssh.user ?? uri.user,
    port: ssh.port ?? uri.port,
    privateKeyPath: hasKey ? ssh.privateKeyPath : keyfile,
    knownHosts: ssh.knownHosts ?? knownHosts,
    hostKeyPolicy: hostKeyPolicy(uri.parameters),
    methods: sshauth?.split(",") as SshMethod[] | undefined,
    jump: jump?.map(({ host, ...hop }) => ({ ...hop, hostName: host })),
  };
}

function hostKeyPolicy(parameters: LibvirtUri["parameters"]): HostKeyPolicy | undefined {
  const { no_verify: noVerify, known_hosts_verify: verify } = parameters;
  if (noVerify === "1" || verify === "ignore") return "none";
  return verify === "auto" ? "accept-new" : verify === "normal" ? "strict" : undefined;
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
