// How to log in: what the program gave comes first; what it left open is tried as `ssh` would. Remembers what was tried,
// because that is what the user wants to know when nothing fits.
import { type AnyAuthMethod, type AuthHandlerMiddleware, OpenSSHAgent, type ParsedKey } from "ssh2";
import { SriovError } from "../base/errors.js";
import { fingerprint } from "./host-keys.js";
import type { SshSettings } from "./ssh-config.js";
import { expandHome } from "./ssh-config.js";
import { type Identity, defaultKeyFiles, describeIdentity, parseIdentity, readIdentity } from "./ssh-keys.js";

export type Credentials = {
  privateKey?: string | undefined;
  privateKeyPath?: string | undefined;
  passphrase?: string | undefined;
  password?: string | undefined;
  agent?: string | undefined;
  /** Only these ways to log in. Default: all for which there is something to log in with. */
  methods?: readonly LoginMethod[] | undefined;
};
export type LoginMethod = "agent" | "privkey" | "password" | "keyboard-interactive";

type Attempt = {
  method: "none" | "publickey" | "password" | "keyboard-interactive";
  use: AnyAuthMethod;
  what?: string;
};

export class Login {
  readonly #attempts: Attempt[];
  readonly #notes: string[];
  readonly #tried: string[] = [];
  #offered: readonly string[] = [];
  hasBegun = false;
  /** There was nothing left to try. */
  hasEnded = false;

  constructor(attempts: Attempt[], notes: string[]) {
    this.#attempts = attempts;
    this.#notes = notes;
  }

  /** ssh2's: called for the first method and after each that failed. */
  readonly handler: AuthHandlerMiddleware = (left, _isPartial, next) => {
    this.hasBegun = true;
    const offered = left as readonly string[] | null;
    if (offered) this.#offered = offered;
    // A method the server does not offer now may be its second question (AuthenticationMethods publickey,password).
    const index = this.#attempts.findIndex(({ method }) => method === "none" || !offered || offered.includes(method));
    const [attempt] = index < 0 ? [] : this.#attempts.splice(index, 1);
    // ssh2's types leave out that `false` ends it.
    if (!attempt) {
      this.hasEnded = true;
      return next(false as unknown as AnyAuthMethod);
    }
    if (attempt.what !== undefined) this.#tried.push(attempt.what);
    return next(attempt.use);
  };

  readonly noteAgentKeys = (keys: readonly ParsedKey[]): void => {
    this.#tried.push(...keys.map((key) => `agent key ${fingerprint(key.getPublicSSH())} ${key.comment}`.trimEnd()));
  };

  note(text: string): void {
    this.#notes.push(text);
  }

  failure(target: string, cause: Error): SriovError {
    const tried = this.#tried.length === 0 ? "nothing to log in with" : `tried ${this.#tried.join(", ")}`;
    const offers = this.#offered.length === 0 ? "" : `; it accepts ${this.#offered.join(", ")}`;
    const notes = this.#notes.map((note) => `; ${note}`).join("");
    const said = this.hasEnded ? "" : `; the host ended it: ${cause.message}`;
    return new SriovError("permission-denied", `Cannot log in as ${target}: ${tried}${offers}${notes}${said}`, {
      cause,
      remedy:
        "Authorise one of these keys on the host (ssh-copy-id), or set ssh.privateKey, ssh.agent or ssh.password.",
    });
  }
}

export async function prepareLogin(username: string, given: Credentials, settings: SshSettings): Promise<Login> {
  const notes: string[] = [];
  const attempts: Attempt[] = [];
  const login = new Login(attempts, notes);
  const explicit = await readExplicit(given);
  const others = explicit ? [] : await readConfigured(given, settings, notes);
  const identities = explicit ? [explicit] : others;

  const allows = (method: LoginMethod) => given.methods === undefined || given.methods.includes(method);
  const socket = allows("agent") ? agentSocket(given, settings) : undefined;
  const needsAgent = explicit === undefined || explicit.privateKey === undefined || given.agent !== undefined;
  const agent = (only: boolean): Attempt[] => {
    if (socket === undefined || !needsAgent) return [];
    const wanted = identities.flatMap(({ publicKey }) => publicKey ?? []);
    const use = new ChoosyAgent(socket, wanted, only, login.noteAgentKeys);
    return [{ method: "publickey", use: { type: "agent", username, agent: use } }];
  };
  const key = (identity: Identity): Attempt[] =>
    identity.privateKey && allows("privkey")
      ? [
          {
            method: "publickey",
            use: { type: "publickey", username, key: identity.privateKey },
            what: `key ${describeIdentity(identity)}`,
          },
        ]
      : [];

  if (explicit) {
    if (!explicit.privateKey && socket === undefined) throw noPassphrase(explicit);
    if (!explicit.privateKey) notes.push(whyUnused(explicit));
    attempts.push(
      ...key(explicit),
      ...agent(given.agent === undefined),
      ...passwords(username, given.password, allows),
    );
  } else {
    const implicit = [...agent(settings.identitiesOnly && given.agent === undefined), ...others.flatMap(key)];
    attempts.push(...passwords(username, given.password, allows), ...implicit);
    notes.push(...others.filter(({ privateKey, isEncrypted }) => !privateKey && isEncrypted).map(whyUnused));
  }
  // It asks what the host accepts. With a key at hand that is a round trip for nothing, of some six until the first command runs.
  const none: Attempt = { method: "none", use: { type: "none", username } };
  if (attempts[0]?.method === "publickey") attempts.push(none);
  else attempts.unshift(none);
  return login;
}

async function readExplicit(given: Credentials): Promise<Identity | undefined> {
  if (given.privateKey !== undefined) return parseIdentity("ssh.privateKey", given.privateKey, given.passphrase);
  if (given.privateKeyPath === undefined) return undefined;
  const path = expandHome(given.privateKeyPath);
  const identity = await readIdentity(path, given.passphrase);
  if (!identity) throw new SriovError("not-found", `Cannot read the private key ${path}: there is no such file`);
  return identity;
}

async function readConfigured(given: Credentials, settings: SshSettings, notes: string[]): Promise<Identity[]> {
  const files = settings.identityFiles.length > 0 ? settings.identityFiles : defaultKeyFiles();
  const read = async (file: string) => {
    try {
      return await readIdentity(file, given.passphrase);
    } catch (error) {
      // One bad file among several is no reason to give up; it is among what the final error says.
      notes.push((error as Error).message);
      return undefined;
    }
  };
  const identities = await Promise.all(files.map(read));
  return identities.filter((identity) => identity !== undefined);
}

function passwords(
  username: string,
  password: string | undefined,
  allows: (method: LoginMethod) => boolean,
): Attempt[] {
  if (password === undefined) return [];
  const attempts: Attempt[] = [
    { method: "password", use: { type: "password", username, password }, what: "the password" },
    {
      method: "keyboard-interactive",
      use: {
        type: "keyboard-interactive",
        username,
        prompt: (_name, _text, _language, prompts, finish) => finish(prompts.map(() => password)),
      },
      what: "the password (keyboard-interactive)",
    },
  ];
  return attempts.filter(({ method }) => allows(method === "password" ? "password" : "keyboard-interactive"));
}

function agentSocket(given: Credentials, settings: SshSettings): string | undefined {
  const path = given.agent ?? settings.identityAgent ?? process.env["SSH_AUTH_SOCK"];
  return path === undefined || path === "" || path.toLowerCase() === "none" ? undefined : expandHome(path);
}

const whyUnused = ({ name, isEncrypted }: Identity): string =>
  isEncrypted ? `${name} is encrypted and there is no passphrase` : `${name} has only the public half`;

const noPassphrase = (identity: Identity): SriovError =>
  new SriovError("invalid-input", `Cannot use the private key ${whyUnused(identity)}, and there is no agent`, {
    remedy: "Set ssh.passphrase, or add the key to an agent: ssh-add FILE.",
  });

/** An agent's keys in ssh's order: those that were asked for, then (unless `only`) the others. */
class ChoosyAgent extends OpenSSHAgent {
  readonly #wanted: Buffer[];
  readonly #only: boolean;
  readonly #onKeys: (keys: readonly ParsedKey[]) => void;

  constructor(socket: string, wanted: Buffer[], only: boolean, onKeys: (keys: readonly ParsedKey[]) => void) {
    super(socket);
    this.#wanted = wanted;
    this.#only = only;
    this.#onKeys = onKeys;
  }

  override getIdentities(callback: Parameters<OpenSSHAgent["getIdentities"]>[0]): void {
    super.getIdentities((error, keys) => {
      if (error || !keys) return callback(error, keys);
      const parsed = keys as ParsedKey[];
      const isWanted = (key: ParsedKey) => this.#wanted.some((wanted) => wanted.equals(key.getPublicSSH()));
      const chosen = [...parsed.filter(isWanted), ...(this.#only ? [] : parsed.filter((key) => !isWanted(key)))];
      this.#onKeys(chosen);
      return callback(undefined, chosen);
    });
  }
}
