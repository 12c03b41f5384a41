// Whether a host is the one it says it is: known_hosts, read by `ssh-keygen -F` (hashed names, patterns, [host]:port), or a key
// or fingerprint given by the program. There is no silent trust.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFile } from "node:fs/promises";
import { promisify } from "node:util";
import { SriovError } from "../base/errors.js";

const execute = promisify(execFile);

/** `strict`: only what is known. `accept-new`: a new key is noted. `none`: no verification at all (libvirt's no_verify=1). */
export type HostKeyPolicy = "strict" | "accept-new" | "none";

export type HostKeyRules = {
  /** For messages: `root@kvm1`. */
  target: string;
  /** The name the key is filed under: `kvm1`, `[kvm1]:2222`, or HostKeyAlias. */
  name: string;
  /** A second name whose keys are good too: OpenSSH accepts `kvm1`'s key for `[kvm1]:2222`. */
  secondName: string | undefined;
  files: string[];
  /** Where OpenSSH would note a new key; undefined: nowhere. */
  recordIn: string | undefined;
  /** `ssh-ed25519 AAAA...` or `SHA256:...`; takes the place of the files. */
  hostKey: string | undefined;
  policy: HostKeyPolicy;
};

type KnownKey = {
  type: string;
  blob: string;
  isRevoked: boolean;
  /** It signs host certificates, which ssh2 does not know: it is nobody's own key. */
  isAuthority: boolean;
  where: string;
  isSecondName: boolean;
};

export interface HostKeyCheck {
  /** For the key exchange: those we can verify come first, as in OpenSSH. */
  readonly algorithms: string[];
  /** Undefined when the key is good. */
  refusal(key: Buffer): Promise<SriovError | undefined>;
}

/** What ssh2 offers by itself, in its order. */
const allAlgorithms = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
  "ssh-rsa",
];
const algorithmsOf = (type: string): string[] =>
  type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type];

export async function prepareHostKeyCheck(rules: HostKeyRules): Promise<HostKeyCheck> {
  const { hostKey, policy } = rules;
  if (policy === "none") return { algorithms: allAlgorithms, refusal: async () => undefined };
  if (hostKey !== undefined) return checkAgainst(rules, hostKey.trim());
  const [authorities, known] = partition(await readKnownKeys(rules), (key) => key.isAuthority);
  const good = known.filter((key) => !key.isRevoked);
  return {
    algorithms: preferring(good.map(({ type }) => type)),
    refusal: (key) => judge(key, known, authorities, rules),
  };
}

export const fingerprint = (blob: Buffer): string =>
  `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;

/** The first field of a public key, in the wire's form. */
export const keyType = (blob: Buffer): string => blob.subarray(4, 4 + blob.readUInt32BE(0)).toString("latin1");

const preferring = (types: string[]): string[] => {
  const known = types.flatMap(algorithmsOf).filter((algorithm) => allAlgorithms.includes(algorithm));
  return [...new Set([...known, ...allAlgorithms])];
};

function checkAgainst(rules: HostKeyRules, expected: string): HostKeyCheck {
  const [type = "", base64 = ""] = expected.split(/\s+/);
  const isFingerprint = /^SHA256:[A-Za-z0-9+/]{43}=?$/.test(expected);
  if (!isFingerprint && (!base64.startsWith("AAAA") || keyType(Buffer.from(base64, "base64")) !== type)) {
    const message = `ssh.hostKey of ${rules.target}: expected a public key, "ssh-ed25519 AAAA...", or a fingerprint, "SHA256:...", got "${expected}"`;
    throw new SriovError("invalid-input", message);
  }
  const wanted = isFingerprint ? expected.replace(/=$/, "") : fingerprint(Buffer.from(base64, "base64"));
  return {
    algorithms: preferring(isFingerprint ? [] : [type]),
    refusal: async (key) => {
      if (fingerprint(key) === wanted) return undefined;
      const kind = isFingerprint ? "" : `${type} `;
      return changed(rules, `${kind}${wanted} (ssh.hostKey)`, key, {
        remedy: isFingerprint
          ? `If the fingerprint is one of the host's other keys, give the whole public key: ssh.hostKey = "ssh-ed25519 AAAA...". ${scanHint(rules)}`
          : `If the host was really set up anew, correct ssh.hostKey. ${scanHint(rules)}`,
      });
    },
  };
}

const partition = <T>(items: readonly T[], test: (item: T) => boolean): [yes: T[], no: T[]] => [
  items.filter(test),
  items.filter((item) => !test(item)),
];

async function judge(
  key: Buffer,
  known: KnownKey[],
  authorities: KnownKey[],
  rules: HostKeyRules,
): Promise<SriovError | undefined> {
  const type = keyType(key);
  const blob = key.toString("base64");
  const same = known.filter((entry) => entry.blob === blob);
  const revoked = same.find((entry) => entry.isRevoked);
  if (revoked) {
    const message = `Refused to connect to ${rules.target}: its ${type} host key ${fingerprint(key)} is revoked (${revoked.where})`;
    return new SriovError("refused", message, { remedy: "Set up a new host key on the host." });
  }
  if (same.length > 0) return undefined;

  const own = known.filter((entry) => !entry.isRevoked && !entry.isSecondName);
  const expected = own.find((entry) => entry.type === type) ?? own[0];
  if (expected) {
    const text = `${expected.type} ${fingerprint(Buffer.from(expected.blob, "base64"))} (${expected.where})`;
    return changed(rules, text, key, {
      remedy: `Somebody may be listening in. If the host was really set up anew: ssh-keygen -R '${rules.name}'${rules.recordIn === undefined ? "" : ` -f ${rules.recordIn}`}, then connect once with ssh. ${scanHint(rules)}`,
    });
  }
  if (rules.policy === "accept-new") {
    await record(rules, `${rules.name} ${type} ${blob}\n`);
    return undefined;
  }
  const looked = rules.files.length === 0 ? "there is no known_hosts file" : `looked in ${rules.files.join(", ")}`;
  const where = [...new Set(authorities.map((authority) => authority.where))].join(", ");
  const signed = where === "" ? "" : `; @cert-authority in ${where} has no effect: host certificates are not supported`;
  const message = `Refused to connect to ${rules.target}: its ${type} host key ${fingerprint(key)} is unknown (${looked}, for ${rules.name})${signed}`;
  return new SriovError("refused", message, {
    remedy: `Compare it with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub there); then connect once with ssh, or set ssh.hostKey to "${fingerprint(key)}".`,
  });
}

const changed = (rules: HostKeyRules, expected: string, key: Buffer, more: { remedy: string }): SriovError =>
  new SriovError(
    "refused",
    `Refused to connect to ${rules.target}: its host key is not the one that is known: expected ${expected}, got ${keyType(key)} ${fingerprint(key)}`,
    more,
  );

const scanHint = ({ name }: HostKeyRules): string => {
  const [, host, port] = /^\[(.*)\]:(\d+)$/.exec(name) ?? [undefined, name, undefined];
  return `See what it offers: ssh-keyscan ${port === undefined ? "" : `-p ${port} `}${host}.`;
};

/** As ssh does it. A file that cannot be written is no reason to refuse: the user asked for no question. */
async function record({ recordIn }: HostKeyRules, line: string): Promise<void> {
  if (recordIn === undefined) return;
  await appendFile(recordIn, line, { mode: 0o600 }).catch(() => undefined);
}

async function readKnownKeys({ files, name, secondName }: HostKeyRules): Promise<KnownKey[]> {
  const lookUps = files.flatMap((file) => [
    lookUp(file, name, false),
    ...(secondName === undefined ? [] : [lookUp(file, secondName, true)]),
  ]);
  return (await Promise.all(lookUps)).flat();
}

/** Equivalent to: `ssh-keygen -F $name -f $file` */
async function lookUp(file: string, name: string, isSecondName: boolean): Promise<KnownKey[]> {
  let stdout: string;
  try {
    ({ stdout } = await execute("ssh-keygen", ["-F", name, "-f", file], { timeout: 10_000 }));
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    // 1: not in the file. 255: there is no such file, or it is no known_hosts.
    if (code === 1 || code === 255) return [];
    throw new SriovError("unsupported", `Cannot read ${file}: ssh-keygen: ${(cause as Error).message}`, {
      cause,
      remedy: "Install OpenSSH's client programs (openssh-client), or set ssh.hostKey.",
    });
  }
  return parseFound(stdout, file, isSecondName);
}

function parseFound(text: string, file: string, isSecondName: boolean): KnownKey[] {
  const keys: KnownKey[] = [];
  let where = file;
  for (const line of text.split("\n")) {
    const found = /^# Host .* found: line (\d+)/.exec(line);
    if (found) {
      where = `${file}:${found[1]}`;
      continue;
    }
    const fields = line.split(/\s+/);
    const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
    const [, type, blob] = fields;
    if (type === undefined || blob === undefined) continue;
    const isAuthority = marker === "@cert-authority";
    keys.push({ type, blob, isRevoked: marker === "@revoked", isAuthority, where, isSecondName });
  }
  return keys;
}
