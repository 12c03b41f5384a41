// SCRAM (RFC 5802; SHA-256: RFC 7677), the client's half, without channel binding: that is for TLS that SASL itself would see.
// Neither the password nor what would do in its place goes over the wire, and the server proves that it knows the user too.
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { SriovError } from "../../base/errors.js";

const deriveKey = promisify(pbkdf2);

export type Credentials = { username: string; password: string };
/** One side of a conversation: each answer of the server's gives our next message; undefined when we have nothing more to say. */
export interface Conversation {
  readonly mechanism: string;
  readonly first: Buffer;
  answer(message: Buffer): Promise<Buffer | undefined>;
  /** Whether we are satisfied: the server has proved what it has to prove. */
  readonly isDone: boolean;
}

/** The strongest first. Those of cyrus-sasl, which libvirt uses. */
export const scramHashes = { "SCRAM-SHA-512": "sha512", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-1": "sha1" } as const;
export type ScramMechanism = keyof typeof scramHashes;

/** RFC 5802 wants 4096 at the least. A million takes a second; more is a server that wants to keep us busy. */
const iterationLimits = { least: 4_096, most: 1_000_000 };
const header = "n,,"; // no channel binding, no other identity

export class ScramConversation implements Conversation {
  readonly mechanism: ScramMechanism;
  readonly first: Buffer;
  readonly #password: string;
  readonly #nonce: string;
  readonly #firstBare: string;
  #state: "sent-first" | "sent-final" | "done" = "sent-first";
  #serverSignature: Buffer = Buffer.alloc(0);

  /** `nonce` is for tests; it has to be new each time. */
  constructor(
    mechanism: ScramMechanism,
    { username, password }: Credentials,
    nonce = randomBytes(24).toString("base64"),
  ) {
    this.mechanism = mechanism;
    this.#password = prepare("password", password);
    this.#nonce = nonce;
    this.#firstBare = `n=${prepare("username", username).replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
    this.first = Buffer.from(`${header}${this.#firstBare}`);
  }

  get isDone(): boolean {
    return this.#state === "done";
  }

  async answer(message: Buffer): Promise<Buffer | undefined> {
    const text = message.toString("utf8");
    if (this.#state === "sent-first") {
      const reply = await this.#prove(text);
      this.#state = "sent-final";
      return reply;
    }
    if (this.#state === "sent-final") this.#verify(text);
    this.#state = "done";
    return undefined;
  }

  async #prove(serverFirst: string): Promise<Buffer> {
    const { r: nonce = "", s: salt = "", i = "", m } = attributes(serverFirst);
    if (m !== undefined) throw wrong("it asks for an extension that is not known");
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce) throw wrong("its nonce is not one for ours");
    const iterations = Number(i);
    if (!/^\d+$/.test(i) || iterations < iterationLimits.least || iterations > iterationLimits.most) {
      throw wrong(`expected ${iterationLimits.least} to ${iterationLimits.most} iterations, got "${i}"`);
    }
    const saltBytes = Buffer.from(salt, "base64");
    if (saltBytes.length === 0) throw wrong("it gives no salt");

    const hash = scramHashes[this.mechanism];
    const size = createHash(hash).digest().length;
    const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
    const salted = await deriveKey(this.#password, saltBytes, iterations, size, hash);
    const clientKey = hmac(salted, "Client Key");
    const storedKey = createHash(hash).update(clientKey).digest();
    const finalBare = `c=${Buffer.from(header).toString("base64")},r=${nonce}`;
    const authMessage = `${this.#firstBare},${serverFirst},${finalBare}`;
    const signature = hmac(storedKey, authMessage);
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)));
    this.#serverSignature = hmac(hmac(salted, "Server Key"), authMessage);
    return Buffer.from(`${finalBare},p=${proof.toString("base64")}`);
  }

  #verify(serverFinal: string): void {
    const { v, e } = attributes(serverFinal);
    if (e !== undefined) throw wrong(`it says ${e}`, "permission-denied");
    const signature = Buffer.from(v ?? "", "base64");
    const isGood =
      signature.length === this.#serverSignature.length && timingSafeEqual(signature, this.#serverSignature);
    if (!isGood) throw wrong("it does not know the password that it should know: it may not be the host", "refused");
  }
}

/** `a=...,b=...`; a value may hold more equals signs (base64). */
const attributes = (text: string): { [name: string]: string | undefined } =>
  Object.fromEntries(text.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));

const wrong = (what: string, kind: "remote-failure" | "permission-denied" | "refused" = "remote-failure") =>
  new SriovError(kind, `libvirt's SASL answer is not good: ${what}`);

/** SASLprep (RFC 4013) as far as it changes or forbids anything: other spaces, invisible characters, composed forms. */
function prepare(what: string, text: string): string {
  const prepared = text
    .replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, " ")
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .normalize("NFKC");
  // Not shown: it is a secret.
  if (prepared === "" || /[\p{Cc}\p{Co}\p{Cs}]/u.test(prepared)) {
    throw new SriovError(
      "invalid-input",
      `host.sasl.${what}: expected text that is not empty and has no control characters`,
    );
  }
  return prepared;
}
