// Connects to a host over SSH. What the target leaves unset is what `ssh` would do: configuration, agent, keys, known_hosts.
import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import { SriovError } from "../base/errors.js";
import { type Log, silentLog } from "../base/log.js";
import { type HostKeyCheck, type HostKeyPolicy, prepareHostKeyCheck } from "./host-keys.js";
import { type Credentials, type Login, prepareLogin } from "./ssh-auth.js";
import { type SshSettings, expandHome, readSshSettings } from "./ssh-config.js";
import { SshConnection } from "./ssh-connection.js";
import { openProxyCommand } from "./proxy-command.js";
import { Pulse, Questions } from "./pulse.js";
import { openTcp } from "./tcp.js";

export type SshTarget = Credentials & {
  /** A host name, an address, or a `Host` of ~/.ssh/config. */
  hostName: string;
  user?: string | undefined;
  port?: number | undefined;
  knownHosts?: string | undefined;
  hostKey?: string | undefined;
  /** What an unknown host key is worth. Default: what ~/.ssh/config says, and then nothing: it is refused. */
  hostKeyPolicy?: HostKeyPolicy | undefined;
  /** The hosts on the way, the first one first. An empty list: none. Default: ProxyJump of ~/.ssh/config. */
  jump?: readonly SshTarget[] | undefined;
  /** Every command runs as root, by `sudo -n`. */
  become?: "sudo" | undefined;
  configFile?: string | undefined;
  /** Seconds, for everything until the login is done. Default: ConnectTimeout, then 20. */
  connectTimeout?: number | undefined;
};

const maxJumps = 8;
const keepAlive = { keepaliveInterval: 10_000, keepaliveCountMax: 3 };

/** Equivalent to: `ssh $user@$host`. Tells `pulse` whom it has spoken to, and who has answered with the first byte of SSH. */
export async function connectSsh(
  target: SshTarget,
  { log = silentLog, pulse = new Pulse() }: { log?: Log; pulse?: Pulse } = {},
): Promise<SshConnection> {
  const connection = await connectThrough(target, { log, pulse, depth: 0 });
  if (target.become === undefined) return connection;
  try {
    await connection.becomeRoot();
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

type Trip = { log: Log; pulse: Pulse; depth: number };

async function connectThrough(target: SshTarget, trip: Trip): Promise<SshConnection> {
  const settings = await readSshSettings(target.hostName, target);
  const name = nameOf(target, settings);
  const seconds = target.connectTimeout ?? settings.connectTimeoutSeconds ?? 20;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(tooSlow(name, settings, seconds)), seconds * 1000);
  try {
    const [check, login] = await Promise.all([
      prepareHostKeyCheck(hostKeyRules(target, settings, name, trip.log)),
      prepareLogin(settings.user, target, settings),
    ]);
    const stream = await openStream(target, settings, { ...trip, name, signal: timeout.signal });
    stream.once("data", () => trip.pulse.settle(meeting(name)));
    const questions = new Questions(trip.pulse, `Cannot reach ${name}`);
    return await logIn(stream, { name, questions, check, login, settings, signal: timeout.signal });
  } finally {
    clearTimeout(timer);
    trip.pulse.settle(meeting(name));
  }
}

const meeting = (name: string): string => `Cannot connect to ${name}`;

const nameOf = ({ hostName }: SshTarget, { user, port }: SshSettings): string =>
  `${user}@${hostName}${port === 22 ? "" : `:${port}`}`;

const tooSlow = (name: string, { hostName, port }: SshSettings, seconds: number): SriovError =>
  new SriovError("unreachable", `${meeting(name)} (${hostName}:${port}): no answer within ${seconds} s`, {
    remedy: "Check that the machine is up, or raise ssh.connectTimeout.",
  });

function hostKeyRules(target: SshTarget, settings: SshSettings, name: string, log: Log) {
  const { hostName, port, hostKeyAlias, strictHostKeyChecking } = settings;
  const own = target.knownHosts === undefined ? undefined : [expandHome(target.knownHosts)];
  const filedUnder = hostName.toLowerCase();
  const isTrusting = ["accept-new", "no", "off", "false"].includes(strictHostKeyChecking);
  if (target.hostKeyPolicy === "none") log.warn(`the host key of ${name} is not verified: its URI says so`);
  return {
    target: name,
    name: hostKeyAlias ?? (port === 22 ? filedUnder : `[${filedUnder}]:${port}`),
    secondName: hostKeyAlias === undefined && port !== 22 ? filedUnder : undefined,
    files: own ?? [...settings.userKnownHostsFiles, ...settings.globalKnownHostsFiles],
    recordIn: (own ?? settings.userKnownHostsFiles)[0],
    hostKey: target.hostKey,
    policy: target.hostKeyPolicy ?? (isTrusting ? ("accept-new" as const) : ("strict" as const)),
  };
}

type Way = Trip & { name: string; signal: AbortSignal };

async function openStream(target: SshTarget, settings: SshSettings, way: Way): Promise<Duplex> {
  const { hostName, port, proxyJump, proxyCommand } = settings;
  const doing = meeting(way.name);
  const hops = target.jump ?? (proxyJump === undefined ? [] : proxyJump.split(",").map((hop) => parseHop(hop.trim())));
  if (hops.length > 0) {
    if (way.depth >= maxJumps) {
      throw new SriovError("invalid-input", `${doing}: ProxyJump leads through more than ${maxJumps} hosts`, {
        remedy: "Look for a jump host that jumps through itself: give it ProxyJump none.",
      });
    }
    return openThroughJump(target, hops, way, { hostName, port });
  }
  // No pulse is awaited of a program: some need seconds before there is a way at all (a cloud's tunnel).
  if (proxyCommand !== undefined && target.jump === undefined) return openProxyCommand(doing, proxyCommand);
  way.pulse.await(doing);
  return openTcp(doing, { hostName, port, server: "sshd" }, way.signal);
}

/** As `ssh -J`: a jump host is reached with its own settings, not with the target's credentials. */
async function openThroughJump(
  { configFile, connectTimeout }: SshTarget,
  hops: readonly SshTarget[],
  way: Way,
  { hostName, port }: { hostName: string; port: number },
): Promise<Duplex> {
  const before = hops.slice(0, -1);
  const last: SshTarget = { configFile, connectTimeout, ...(hops.at(-1) as SshTarget) };
  // The last one is reached through those before it; the first one as its own configuration says.
  const jump = await connectThrough(before.length === 0 ? last : { ...last, jump: before }, {
    ...way,
    depth: way.depth + 1,
  });
  try {
    way.pulse.await(meeting(way.name));
    const stream = await jump.openTcp(hostName, port, way.signal);
    stream.once("close", () => void jump.close());
    return stream;
  } catch (error) {
    await jump.close();
    throw error;
  }
}

function parseHop(text: string): SshTarget {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:@]+))(?::(\d+))?\/?$/.exec(text) ?? [];
  const hostName = bracketed ?? plain;
  if (hostName === undefined)
    throw new SriovError("invalid-input", `ProxyJump: expected [user@]host[:port], got "${text}"`);
  return { hostName, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port: Number(port) }) };
}

type Meeting = {
  name: string;
  questions: Questions;
  check: HostKeyCheck;
  login: Login;
  settings: SshSettings;
  signal: AbortSignal;
};

function logIn(stream: Duplex, { name, questions, check, login, settings, signal }: Meeting): Promise<SshConnection> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    let refusal: SriovError | undefined;
    const settle = () => {
      signal.removeEventListener("abort", onAbort);
      client.removeAllListeners();
    };
    const fail = (error: Error) => {
      settle();
      // What ssh2 still has to say while it closes.
      client.on("error", () => undefined);
      client.end();
      stream.destroy();
      reject(error);
    };
    const onAbort = () => fail(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    // A number is what the host gave as its reason to hang up: "Too many authentication failures".
    const explain = (cause: Error & { level?: string; code?: unknown }) =>
      cause.level === "client-authentication" || (login.hasBegun && typeof cause.code === "number")
        ? login.failure(name, cause)
        : new SriovError("unreachable", `${meeting(name)}: ${cause.message}`, { cause });

    client.on("error", (error) => {
      // An agent that does not answer, a key that does not sign: the next one is tried.
      if (error.level === "agent" || (error.level === "client-authentication" && !login.hasEnded)) {
        login.note(error.message);
      } else fail(refusal ?? explain(error));
    });
    client.once("close", () => fail(refusal ?? explain(new Error("the host closed the connection"))));
    client.once("ready", () => {
      settle();
      stream.on("data", () => questions.heard());
      resolve(new SshConnection({ client, stream, name, questions }));
    });
    client.connect({
      sock: stream,
      username: settings.user,
      // Ours: it covers the TCP connection too.
      readyTimeout: 0,
      ...keepAlive,
      // Servers that are no OpenSSH can have unix sockets too, and say so if not.
      strictVendor: false,
      algorithms: { serverHostKey: check.algorithms as never },
      authHandler: login.handler,
      hostVerifier: (key: Buffer, verify: (isGood: boolean) => void) => {
        check.refusal(key).then(
          (found) => {
            refusal = found;
            verify(found === undefined);
          },
          (error: Error) => fail(error),
        );
      },
    });
  });
}
