// What `ssh` would do for a host, as ~/.ssh/config and /etc/ssh/ssh_config say. First value wins, as in OpenSSH.
import { readFile, readdir } from "node:fs/promises";
import { homedir, hostname, userInfo } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import SSHConfig, { type Line, type Section, glob } from "ssh-config";
import { SriovError } from "../base/errors.js";

export type SshSettings = {
  hostName: string;
  user: string;
  port: number;
  /** In the order of the file; empty: nobody asked for any, so the default files. */
  identityFiles: string[];
  identitiesOnly: boolean;
  /** A socket's path; `none`; undefined: SSH_AUTH_SOCK. */
  identityAgent: string | undefined;
  userKnownHostsFiles: string[];
  globalKnownHostsFiles: string[];
  strictHostKeyChecking: string;
  hostKeyAlias: string | undefined;
  /** `none` and unset are both undefined. */
  proxyJump: string | undefined;
  proxyCommand: string | undefined;
  connectTimeoutSeconds: number | undefined;
};

export type SshConfigOptions = {
  user?: string | undefined;
  port?: number | undefined;
  /** In place of both files; `none` for no file, as in `ssh -F none`. */
  configFile?: string | undefined;
};

export const sshFolder = (): string => join(homedir(), ".ssh");

/** Equivalent to: `ssh -G $host` */
export async function readSshSettings(host: string, options: SshConfigOptions = {}): Promise<SshSettings> {
  const config = new SSHConfig();
  for (const [file, folder, isRequired] of configFiles(options.configFile)) {
    config.push(...(await readLines(file, folder, host, isRequired, 0)));
  }
  const asked = { Host: host, ...(options.user === undefined ? {} : { User: options.user }) };
  const found = new Map(Object.entries(config.compute(asked, { ignoreCase: true })));
  const all = (key: string) => [found.get(key) ?? []].flat();
  const one = (key: string) => all(key)[0];
  const unlessNone = (value: string | undefined) => (value?.toLowerCase() === "none" ? undefined : value);

  const hostName = (one("hostname") ?? host).replaceAll("%h", host).replaceAll("%%", "%");
  const user = options.user ?? one("user") ?? userInfo().username;
  const port = options.port ?? Number(one("port") ?? 22);
  const expand = (text: string) => expandTokens(text, { hostName, host, user, port });
  const paths = (values: string[]) => values.filter((value) => value.toLowerCase() !== "none").map(expand);
  const files = (key: string, defaults: string[]) => paths(found.has(key) ? all(key) : defaults);

  const agent = one("identityagent");
  const timeout = one("connecttimeout");
  const jump = unlessNone(one("proxyjump"));
  const command = unlessNone(one("proxycommand"));
  return {
    hostName,
    user,
    port,
    identityFiles: paths(all("identityfile")),
    identitiesOnly: one("identitiesonly")?.toLowerCase() === "yes",
    identityAgent: agent === undefined || agent === "SSH_AUTH_SOCK" ? undefined : expand(asVariable(agent)),
    userKnownHostsFiles: files("userknownhostsfile", ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]),
    globalKnownHostsFiles: files("globalknownhostsfile", ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]),
    strictHostKeyChecking: one("stricthostkeychecking")?.toLowerCase() ?? "ask",
    hostKeyAlias: one("hostkeyalias"),
    proxyJump: jump,
    proxyCommand: command === undefined ? undefined : expand(command),
    connectTimeoutSeconds: timeout === undefined ? undefined : Number(timeout),
  };
}

export const expandHome = (path: string): string =>
  path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;

/** `$NAME`, which IdentityAgent takes besides `${NAME}`. */
const asVariable = (text: string): string => text.replace(/^\$(\w+)$/, "${$1}");

function expandTokens(text: string, at: { hostName: string; host: string; user: string; port: number }): string {
  const tokens: Record<string, string> = {
    "%": "%",
    d: homedir(),
    h: at.hostName,
    i: String(process.getuid?.() ?? ""),
    L: hostname().split(".")[0] ?? "",
    l: hostname(),
    n: at.host,
    p: String(at.port),
    r: at.user,
    u: userInfo().username,
  };
  return expandHome(text)
    .replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole)
    .replace(/\$\{(\w+)\}/g, (whole, variable: string) => process.env[variable] ?? whole);
}

function configFiles(asked: string | undefined): [file: string, folder: string, isRequired: boolean][] {
  if (asked?.toLowerCase() === "none") return [];
  if (asked !== undefined) return [[expandHome(asked), sshFolder(), true]];
  return [
    [join(sshFolder(), "config"), sshFolder(), false],
    ["/etc/ssh/ssh_config", "/etc/ssh", false],
  ];
}

const maxDepth = 16;

/** `folder`: where relative names behind `Include` are looked for. */
async function readLines(
  file: string,
  folder: string,
  host: string,
  isRequired: boolean,
  depth: number,
): Promise<Line[]> {
  if (depth > maxDepth) throw new SriovError("invalid-input", `${file}: more than ${maxDepth} levels of Include`);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    const isAbsent = (cause as NodeJS.ErrnoException).code === "ENOENT";
    if (isAbsent && !isRequired) return [];
    const message = `Cannot read the SSH configuration ${file}: ${(cause as Error).message}`;
    throw new SriovError(isAbsent ? "not-found" : "permission-denied", message, { cause });
  }
  return flatten(SSHConfig.parse(text), { folder, host, depth });
}

// ssh-config knows no Include, and evaluates no section inside a section, which is what an Include below `Host` makes. So
// Host sections are decided here, and what is in those that match stands at the top; Match is left to the package.
async function flatten(lines: Line[], at: { folder: string; host: string; depth: number }): Promise<Line[]> {
  const flat: Line[] = [];
  for (const line of lines) {
    if (!("param" in line)) continue;
    const keyword = line.param.toLowerCase();
    if (keyword === "include") {
      for (const file of await includedFiles(values(line), at.folder)) {
        flat.push(...(await readLines(file, at.folder, at.host, false, at.depth + 1)));
      }
    } else if (keyword === "host") {
      if (glob(values(line), at.host)) flat.push(...(await flatten((line as Section).config, at)));
    } else if (keyword === "match") {
      const section = line as Section;
      const config = new SSHConfig();
      config.push(...(await flatten(section.config, at)));
      flat.push({ ...section, config });
    } else {
      flat.push(line);
    }
  }
  return flat;
}

const values = ({ value }: { value: string | { val: string }[] }): string[] =>
  typeof value === "string" ? value.split(/\s+/) : value.map(({ val }) => val);

async function includedFiles(patterns: string[], folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const pattern of patterns.map(expandHome)) {
    const path = isAbsolute(pattern) ? pattern : join(folder, pattern);
    const names = /[*?]/.test(basename(path)) ? await readdir(dirname(path)).catch(() => []) : [basename(path)];
    const found = names.filter((name) => name === basename(path) || glob(basename(path), name)).sort();
    files.push(...found.map((name) => join(dirname(path), name)));
  }
  return files;
}
