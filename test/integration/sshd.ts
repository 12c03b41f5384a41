// A real sshd for tests: on loopback, on a free port, with its own keys and configuration, in a folder that goes with it.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { SshTarget } from "../../provider/transport/ssh.js";

/** Debian's names of what this needs. */
export const sshdPackages = ["openssh-server", "openssh-client"];

const execute = promisify(execFile);
const paths = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd"];
export const sshdPath = (): string | undefined => paths.find((path) => existsSync(path));

export type Sshd = {
  /** Of the one that listens; each connection has its own below it. */
  pid: number;
  port: number;
  user: string;
  folder: string;
  /** Private; `.pub` is beside it. */
  hostKeyFile: string;
  /** Authorised. */
  identityFile: string;
  knownHostsFile: string;
  authorizedKeysFile: string;
  /** How many TCP connections it has accepted, by its own log. */
  connections(): number;
  log(): string;
  /** Ends all its connections, and goes on listening. */
  dropConnections(): Promise<void>;
  stop(): Promise<void>;
};

export type SshdOptions = {
  /** Receives each line of sshd's log. */
  log?: (line: string) => void;
  /** More lines for sshd_config; sshd takes the first value of a keyword, and these come first. */
  config?: string[];
  /** Default: ed25519. Others are in `host_key_TYPE`. */
  hostKeyTypes?: string[];
};

/** Good credentials, and nothing of this machine's own configuration. */
export const sshTargetOf = ({ port, user, identityFile, knownHostsFile }: Sshd): SshTarget => ({
  hostName: "127.0.0.1",
  port,
  user,
  privateKeyPath: identityFile,
  knownHosts: knownHostsFile,
  configFile: "none",
});

export async function startSshd({
  log = () => undefined,
  config = [],
  hostKeyTypes = ["ed25519"],
}: SshdOptions = {}): Promise<Sshd> {
  const program = sshdPath();
  if (program === undefined) throw new Error("there is no sshd: install openssh-server");
  const folder = await mkdtemp(join(tmpdir(), "sriov-sshd-"));
  const at = (name: string) => join(folder, name);
  const port = await freePort();
  const user = userInfo().username;
  const hostKeyFile = (type: string) => at(type === "ed25519" ? "host_key" : `host_key_${type}`);
  for (const type of hostKeyTypes) await makeKey(hostKeyFile(type), "", type);
  await makeKey(at("identity"));
  const publicKey = await readFile(at("identity.pub"), "utf8");
  await writeFile(at("authorized_keys"), publicKey, { mode: 0o600 });
  const [type, blob] = (await readFile(at("host_key.pub"), "utf8")).split(" ");
  await writeFile(at("known_hosts"), `[127.0.0.1]:${port} ${type} ${blob}\n`);
  await writeFile(
    at("sshd_config"),
    [...config, ...hostKeyTypes.map((type) => `HostKey ${hostKeyFile(type)}`), ...base(port, folder)].join("\n") + "\n",
  );
  // Privilege separation needs its folder, which a service's start would make.
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true });

  const child = spawn(program, ["-D", "-e", "-f", at("sshd_config")], { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    for (const line of chunk.split("\n").filter(Boolean)) log(line);
  });
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitUntilListening(child, port, () => text);
  } catch (error) {
    await stop();
    throw error;
  }
  // Those that only asked whether it listens came from us.
  const before = countConnections(text);
  return {
    pid: child.pid ?? -1,
    port,
    user,
    folder,
    hostKeyFile: at("host_key"),
    identityFile: at("identity"),
    knownHostsFile: at("known_hosts"),
    authorizedKeysFile: at("authorized_keys"),
    connections: () => countConnections(text) - before,
    log: () => text,
    dropConnections: () => killChildren(child),
    stop,
  };
}

/** Without a passphrase unless one is given. */
export async function makeKey(path: string, passphrase = "", type = "ed25519"): Promise<void> {
  await execute("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "test", "-f", path]);
}

const base = (port: number, folder: string): string[] => [
  `Port ${port}`,
  "ListenAddress 127.0.0.1",
  `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
  "PidFile none",
  "LogLevel VERBOSE",
  "UsePAM no",
  "PasswordAuthentication no",
  "KbdInteractiveAuthentication no",
  "PermitRootLogin yes",
  // The folder is below /tmp, which everybody may write.
  "StrictModes no",
  // A bash that believes to be inside another reads no ~/.bashrc: a developer's own is no part of the tests.
  "SetEnv SHLVL=1",
  "MaxSessions 10",
];

const countConnections = (log: string): number => log.match(/^Connection from /gm)?.length ?? 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function waitUntilListening(child: ChildProcess, port: number, log: () => string): Promise<void> {
  for (const until = Date.now() + 10_000; Date.now() < until; await sleep(20)) {
    if (child.exitCode !== null) throw new Error(`sshd ended at once:\n${log()}`);
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      // Its log has the connection when it greets.
      await once(socket, "data");
      return;
    } catch {
      continue;
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`sshd does not listen on port ${port}:\n${log()}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await killChildren(child);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 3_000);
  await ended;
  clearTimeout(timer);
}

/** The processes that sshd has forked, one for each connection, and theirs. */
async function killChildren(child: ChildProcess): Promise<void> {
  const { stdout } = await execute("ps", ["-e", "-o", "pid=,ppid="]);
  const processes = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    processes.filter(([, ppid]) => ppid === parent).flatMap(([pid = 0]) => [pid, ...below(pid)]);
  for (const pid of below(child.pid ?? -1)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}
