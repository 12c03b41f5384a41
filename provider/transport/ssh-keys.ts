// Private keys: which files there are, what is in them, and whether a passphrase is missing.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ParsedKey, utils } from "ssh2";
import { SriovError } from "../base/errors.js";
import { fingerprint } from "./host-keys.js";
import { sshFolder } from "./ssh-config.js";

export type Identity = {
  /** For messages: the file's path, or `ssh.privateKey`. */
  name: string;
  /** Public key in the wire's form; undefined when an encrypted file does not tell. */
  publicKey: Buffer | undefined;
  /** Undefined: it is encrypted and there is no passphrase, or only its public half is here. */
  privateKey: ParsedKey | undefined;
  isEncrypted: boolean;
};

export const defaultKeyFiles = (): string[] =>
  ["id_ed25519", "id_ecdsa", "id_rsa"].map((name) => join(sshFolder(), name));

export const describeIdentity = ({ name, publicKey }: Identity): string =>
  publicKey ? `${name} (${fingerprint(publicKey)})` : name;

/** Undefined when there is neither the file nor its `.pub`. */
export async function readIdentity(path: string, passphrase: string | undefined): Promise<Identity | undefined> {
  const [text, publicText] = await Promise.all([readIfThere(path), readIfThere(`${path}.pub`)]);
  if (text !== undefined) {
    const identity = parseIdentity(path, text, passphrase);
    return { ...identity, publicKey: identity.publicKey ?? publicKeyOf(publicText) };
  }
  const publicKey = publicKeyOf(publicText);
  // With the private half in an agent or on a card.
  return publicKey && { name: path, publicKey, privateKey: undefined, isEncrypted: false };
}

export function parseIdentity(name: string, text: string, passphrase: string | undefined): Identity {
  const onlyPublic = publicKeyOf(text);
  if (onlyPublic) return { name, publicKey: onlyPublic, privateKey: undefined, isEncrypted: false };
  const isEncrypted = isEncryptedKey(text);
  if (isEncrypted && passphrase === undefined) {
    return { name, publicKey: outerPublicKey(text), privateKey: undefined, isEncrypted };
  }
  const parsed = utils.parseKey(text, passphrase);
  const key = Array.isArray(parsed) ? (parsed as ParsedKey[])[0] : parsed;
  if (key === undefined || key instanceof Error || !key.isPrivateKey()) {
    const why = isEncrypted ? "the passphrase does not fit" : "it is no private key in OpenSSH or PEM format";
    throw new SriovError("invalid-input", `Cannot read the private key ${name}: ${why}`, {
      ...(isEncrypted ? {} : { remedy: "Convert it: ssh-keygen -p -f FILE writes OpenSSH's format." }),
    });
  }
  return { name, publicKey: key.getPublicSSH(), privateKey: key, isEncrypted };
}

/** By the formats' own marks: OpenSSH's cipher name, PEM's Proc-Type, PKCS #8's label. */
export function isEncryptedKey(text: string): boolean {
  if (/^Proc-Type: 4,ENCRYPTED/m.test(text) || text.includes("BEGIN ENCRYPTED PRIVATE KEY")) return true;
  const fields = openSshFields(text);
  return fields !== undefined && fields.cipher !== "none";
}

/** The public key stands unencrypted before the private one in OpenSSH's format (PROTOCOL.key). */
const outerPublicKey = (text: string): Buffer | undefined => openSshFields(text)?.publicKey;

function openSshFields(text: string): { cipher: string; publicKey: Buffer } | undefined {
  const armour = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1];
  if (armour === undefined) return undefined;
  const bytes = Buffer.from(armour, "base64");
  let at = "openssh-key-v1\0".length;
  const next = (): Buffer => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  try {
    const cipher = next().toString("latin1");
    next(); // KDF
    next(); // its options
    at += 4; // number of keys
    return { cipher, publicKey: next() };
  } catch {
    return undefined; // cut short: ssh2 says what is wrong with it
  }
}

function publicKeyOf(text: string | undefined): Buffer | undefined {
  const match = text === undefined ? null : /^(?:ssh|ecdsa|sk)-[\w@.-]+ (AAAA[A-Za-z0-9+/=]+)/.exec(text.trimStart());
  return match?.[1] === undefined ? undefined : Buffer.from(match[1], "base64");
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new SriovError("permission-denied", `Cannot read the private key ${path}: ${message}`, { cause });
  }
}
