// What each parameter of libvirt's remote driver (docs/uri.rst) does here: it is used, or it is refused, or a warning says why it
// has no effect. Nothing is dropped silently. What is in no row is for the driver on the host, and passed on.

export type Transport = "local" | "ssh" | "libssh" | "libssh2" | "tls" | "tcp" | "ext";

type Rule = {
  /** Where it has an effect; elsewhere a warning says that it has none. */
  on: readonly Transport[];
  /** The values it takes; default: any text. */
  values?: readonly string[];
  /** Why it cannot be honoured, and what takes its place. */
  refusal?: string;
};

const sshLike = ["ssh", "libssh", "libssh2"] as const;
const unixLike = ["local", ...sshLike] as const;
const everywhere = [...unixLike, "tls", "tcp"] as const;
const flag = ["0", "1"];

const rules: { [name: string]: Rule } = {
  name: { on: everywhere },
  mode: { on: unixLike, values: ["auto", "legacy", "direct"] },
  socket: { on: unixLike },
  proxy: { on: sshLike, values: ["auto", "native", "netcat"] },
  netcat: { on: sshLike },
  keyfile: { on: sshLike },
  known_hosts: { on: sshLike },
  known_hosts_verify: { on: sshLike, values: ["normal", "auto", "ignore"] },
  sshauth: { on: sshLike },
  no_verify: { on: [...sshLike, "tls"], values: flag },
  // Nobody is ever asked for anything here, so there is nothing to turn off.
  no_tty: { on: sshLike, values: flag },
  pkipath: { on: ["tls"] },
  // The certificates are checked by the connection itself; libvirt's own check before that does not exist here.
  no_sanity: { on: ["tls"], values: flag },
  auth: { on: everywhere },
  command: {
    on: sshLike,
    refusal: "names a program to run in place of ssh, and there is none here: use ProxyCommand in ~/.ssh/config",
  },
  tls_priority: {
    on: ["tls"],
    refusal:
      "is a priority string of GnuTLS, which is not what speaks TLS here: leave it away (TLS 1.2 and 1.3 are accepted)",
  },
  authfile: { on: everywhere, refusal: "names a file of credentials: give them as host.sasl" },
};

export const sshMethods = ["agent", "privkey", "password", "keyboard-interactive"] as const;
export type SshMethod = (typeof sshMethods)[number];

/** Those that say how to get there; the driver on the host gets the others. */
export const isForTheWay = (name: string): boolean => Object.hasOwn(rules, name);

type Parameters = { readonly [name: string]: string };

/** What is wrong with them, or undefined. */
export function whyWrongParameters(transport: Transport, parameters: Parameters): string | undefined {
  for (const [name, value] of Object.entries(parameters)) {
    const rule = rules[name];
    if (!rule?.on.includes(transport)) continue;
    if (rule.refusal !== undefined) return `parameter ${name} ${rule.refusal}`;
    if (rule.values && !rule.values.includes(value)) {
      return `parameter ${name}: expected ${listed(rule.values)}, got "${value}"`;
    }
  }
  if (!sshLike.some((one) => one === transport)) return whyWrongAuth(parameters["auth"]);
  const { sshauth, proxy, netcat } = parameters;
  const unknown = sshauth?.split(",").find((method) => !sshMethods.includes(method as SshMethod));
  if (unknown !== undefined) return `parameter sshauth: expected ${listed(sshMethods)}, got "${unknown}"`;
  if (proxy === "native" && netcat !== undefined) {
    return "parameter netcat: proxy=native uses virt-ssh-helper and no netcat, leave one of them away";
  }
  return whyWrongAuth(parameters["auth"]);
}

const whyWrongAuth = (auth: string | undefined): string | undefined =>
  auth === undefined || /^(none|polkit|sasl(\.[A-Z0-9_-]+)?)$/i.test(auth)
    ? undefined
    : `parameter auth: expected none, polkit, sasl or sasl.MECHANISM, got "${auth}"`;

/** One text for each parameter that has no effect with this transport. */
export function ignoredParameters(transport: Transport, parameters: Parameters): string[] {
  const shown = transport === "local" ? "unix" : transport;
  return Object.keys(parameters).flatMap((name) => {
    const rule = rules[name];
    if (rule === undefined || rule.on.includes(transport)) return [];
    const where = rule.on.map((one) => (one === "local" ? "unix" : one));
    return [`parameter ${name} has no effect with transport ${shown}: it is for ${where.join(", ")}`];
  });
}

const listed = (values: readonly string[]): string => `${values.slice(0, -1).join(", ")} or ${values.at(-1) ?? ""}`;
