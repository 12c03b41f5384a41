// Which of the SASL mechanisms that a libvirt offers is used: the strongest that proves who we are without giving the password away.
import { SriovError } from "../../base/errors.js";
import { type Conversation, type Credentials, ScramConversation, type ScramMechanism, scramHashes } from "./scram.js";

export type Choice = {
  /** As the server lists them: `SCRAM-SHA-256,SCRAM-SHA-1`. */
  offered: string;
  /** `auth=sasl.MECHANISM` of the URI. */
  wanted?: string | undefined;
  credentials: Credentials | undefined;
  /** Nobody can listen in: TLS, SSH, a unix socket. */
  isPrivate: boolean;
};

export function startConversation(doing: string, { offered, wanted, credentials, isPrivate }: Choice): Conversation {
  const list = offered.toUpperCase().split(/[\s,]+/).filter((name) => name !== ""); // prettier-ignore
  const ours = [...Object.keys(scramHashes), "PLAIN"];
  const candidates = wanted === undefined ? ours : ours.filter((name) => name === wanted.toUpperCase());
  const mechanism = candidates.find((name) => list.includes(name));
  if (mechanism === undefined) {
    const can = wanted === undefined ? ours.join(", ") : wanted;
    throw new SriovError("unsupported", `${doing}: it offers SASL with ${offered}, and we can ${can}`, {
      remedy: "Set mech_list: scram-sha-256 in /etc/sasl2/libvirt.conf on the host, or use qemu+ssh.",
    });
  }
  if (credentials === undefined) {
    throw new SriovError("permission-denied", `${doing}: it asks for a user name and a password (SASL ${mechanism})`, {
      remedy: "Set host.sasl to { username, password }; on the host: saslpasswd2 -a libvirt USERNAME.",
    });
  }
  if (mechanism !== "PLAIN") return new ScramConversation(mechanism as ScramMechanism, credentials);
  if (!isPrivate) {
    throw new SriovError("refused", `${doing}: it wants the password in plain text (SASL PLAIN) over plain TCP`, {
      remedy: "Use qemu+tls or qemu+ssh, or set mech_list: scram-sha-256 in /etc/sasl2/libvirt.conf on the host.",
    });
  }
  return new PlainConversation(credentials);
}

/** RFC 4616. */
class PlainConversation implements Conversation {
  readonly mechanism = "PLAIN";
  readonly isDone = true;
  readonly first: Buffer;

  constructor({ username, password }: Credentials) {
    this.first = Buffer.from(`\0${username}\0${password}`);
  }

  async answer(): Promise<undefined> {
    return undefined;
  }
}
