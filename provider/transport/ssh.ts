// Connects to a host over SSH. What the target leaves unset is what `ssh` would do: configuration, agent, keys, known_hosts.
import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import { SriovError } from "../base/errors.js";
import { type Log, silentLog } from "../base/log.js";
import { type HostKeyCheck, prepareHostKeyCheck } from "./host-keys.js";
import { type Credentials, type Login, prepareLogin } from "./ssh-auth.js";
import { type SshSettings, expandHome, readSshSettings } from "./ssh-config.js";
import { SshConnection } from "./ssh-connection.js";
import { openProxyCommand, openTcp } from "./ssh-socket.js";

export type SshTarget = Credentials & {
  /** A host name, an address, or a `Host` of ~/.ssh/config. */
  hostName: string;
  user?: string | undefined;
  port?: number | undefined;
  knownHosts?: string | undefined;
  hostKey?: string | undefined;
  /** `no_verify=1` of a libvirt URI: any host key is taken. */
  noVerify?: boolean | undefined;
  configFile?: string | undefined;
  /** Seconds, for everything until the login is done. Default: ConnectTimeout, then 20. */
  connectTimeout?: number | undefined;
};

const maxJumps = 8;
const keepAlive = { keepaliveInterval: 10_000, keepaliveCountMax: 3 };

/** Equivalent to: `ssh $user@$host` */
export const connectSsh = (target: SshTarget, { log = silentLog }: { log?: Log } = {}): Promise<SshConnection> =>
  connectThrough(target, undefined, log, 0);

async function connectThrough(
  target: SshTarget,
  jumps: string | undefined,
  log: Log,
  depth: number,
): Promise<SshConnection> {
  const settings = await readSshSettings(target.hostName, target);
  const proxied = jumps === undefined ? settings : { ...settings, proxyJump: jumps };
  const name = nameOf(target, settings);
  const seconds = target.connectTimeout ?? settings.connectTimeoutSeconds ?? 20;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(tooSlow(name, settings, seconds)), seconds * 1000);
  try {
    const [check, login] = await Promise.all([
      prepareHostKeyCheck(hostKeyRules(target, settings, name, log)),
      prepareLogin(settings.user, target, settings),
    ]);
    const stream = await openStream(target, proxied, { name, log, depth, signal: timeout.signal });
    return await logIn(stream, { name, check, login, settings, signal: timeout.signal });
  } finally {
    clearTimeout(timer);
  }
}

const nameOf = ({ hostName }: SshTarget, { user, port }: SshSettings): string =>
  `${user}@${hostName}${port === 22 ? "" : `:${port}`}`;

const tooSlow = (name: string, { hostName, port }: SshSettings, seconds: number): SriovError =>
  new SriovError("unreachable", `Cannot connect to ${name} (${hostName}:${port}): no answer within ${seconds} s`, {
    remedy: "Check that the machine is up, or raise ssh.connectTimeout.",
  });

function hostKeyRules(target: SshTarget, settings: SshSettings, name: string, log: Log) {
  const { hostName, port, hostKeyAlias, strictHostKeyChecking } = settings;
  const own = target.knownHosts === undefined ? undefined : [expandHome(target.knownHosts)];
  const filedUnder = hostName.toLowerCase();
  const isTrusting = ["accept-new", "no", "off", "false"].includes(strictHostKeyChecking);
  if (target.noVerify) log.warn(`the host key of ${name} is not verified: its URI says no_verify=1`);
  return {
    target: name,
    name: hostKeyAlias ?? (port === 22 ? filedUnder : `[${filedUnder}]:${port}`),
    secondName: hostKeyAlias === undefined && port !== 22 ? filedUnder : undefined,
    files: own ?? [...settings.userKnownHostsFiles, ...settings.globalKnownHostsFiles],
    recordIn: (own ?? settings.userKnownHostsFiles)[0],
    hostKey: target.hostKey,
    policy: target.noVerify ? ("none" as const) : isTrusting ? ("accept-new" as const) : ("strict" as const),
  };
}

type Way = { name: string; log: Log; depth: number; signal: AbortSignal };

async function openStream(target: SshTarget, settings: SshSettings, way: Way): Promise<Duplex> {
  const { hostName, port, proxyJump, proxyCommand } = settings;
  const doing = `Cannot connect to ${way.name}`;
  if (proxyJump !== undefined && proxyJump !== "none") {
    if (way.depth >= maxJumps) {
      throw new SriovError("invalid-input", `${doing}: ProxyJump leads through more than ${maxJumps} hosts`, {
        remedy: "Look for a jump host that jumps through itself: give it ProxyJump none.",
      });
    }
    return openThroughJump(target, proxyJump, hostName, port, way);
  }
  if (proxyCommand !== undefined) return openProxyCommand(doing, proxyCommand);
  return openTcp(doing, hostName, port, way.signal);
}

/** As `ssh -J`: the jump host is reached with its own settings, not with the target's credentials. */
async function openThroughJump(target: SshTarget, jumps: string, hostName: string, port: number, way: Way) {
  const hops = jumps.split(",").map((hop) => hop.trim());
  const last = parseHop(hops.pop() ?? "");
  const { configFile, connectTimeout } = target;
  const before = hops.length === 0 ? undefined : hops.join(",");
  const jump = await connectThrough({ ...last, configFile, connectTimeout }, before, way.log, way.depth + 1);
  try {
    const stream = await jump.openTcp(hostName, port);
    stream.once("close", () => void jump.close());
    return stream;
  } catch (error) {
    await jump.close();
    throw error;
  }
}

function parseHop(text: string): { hostName: string; user?: string; port?: number } {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:@]+))(?::(\d+))?\/?$/.exec(text) ?? [];
  const hostName = bracketed ?? plain;
  if (hostName === undefined)
    throw new SriovError("invalid-input", `ProxyJump: expected [user@]host[:port], got "${text}"`);
  return { hostName, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port: Number(port) }) };
}

type Meeting = { name: string; check: HostKeyCheck; login: Login; settings: SshSettings; signal: AbortSignal };

function logIn(stream: Duplex, { name, check, login, settings, signal }: Meeting): Promise<SshConnection> {
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
        : new SriovError("unreachable", `Cannot connect to ${name}: ${cause.message}`, { cause });

    client.on("error", (error) => {
      // An agent that does not answer, a key that does not sign: the next one is tried.
      if (error.level === "agent" || (error.level === "client-authentication" && !login.hasEnded)) {
        login.note(error.message);
      } else fail(refusal ?? explain(error));
    });
    client.once("close", () => fail(refusal ?? explain(new Error("the host closed the connection"))));
    client.once("ready", () => {
      settle();
      resolve(new SshConnection(client, name));
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
