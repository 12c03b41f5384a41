// From a fresh stream to an open connection: who are you, then one CONNECT_OPEN.
// Never a second one: it fails, and it also closes the first (libvirt 9.0, tested).
import { SriovError } from "../../base/errors.js";
import { type LibvirtError, isLibvirtError, virErr } from "../errors.js";
import { startConversation } from "../sasl/mechanism.js";
import type { Credentials } from "../sasl/scram.js";
import type { RpcConnection } from "./connection.js";

export type Authentication = {
  /** For a libvirt that asks for SASL. */
  credentials?: Credentials | undefined;
  /** `auth=` of the URI: `none`, `polkit`, `sasl`, `sasl.SCRAM-SHA-256`. Default: what libvirt asks for. */
  wanted?: string | undefined;
  /** Nobody can listen in: TLS, SSH, a unix socket. Default true. */
  isPrivate?: boolean | undefined;
};

/** remote_auth_type */
const types = ["none", "sasl", "polkit"];

/** `uri` is a local name, such as `qemu:///system`. libvirtd pings only clients that ask for it, and we ping by ourselves. */
export async function openLibvirt(rpc: RpcConnection, uri: string, how: Authentication = {}): Promise<void> {
  // libvirtd always offers exactly one.
  const [offered = -1] = await rpc.call("authList", [], "ask libvirt how to authenticate");
  const type = types[offered];
  const doing = `cannot authenticate to libvirt on ${rpc.name}`;
  const wanted = how.wanted?.split(".")[0]?.toLowerCase();
  if (type === undefined || (wanted !== undefined && wanted !== type)) {
    const asked = type === undefined ? `the authentication type ${offered}` : `"${type}"`;
    const expected = wanted === undefined ? types.join(", ") : `${wanted}, as auth=${how.wanted ?? ""} of its URI says`;
    throw new SriovError("unsupported", `${doing}: it asks for ${asked}, expected ${expected}`, {
      remedy: "Leave auth away from the URI, or set auth_unix_rw (auth_tls, auth_tcp) of the daemon on the host.",
    });
  }
  if (type === "polkit") await rpc.call("authPolkit", [], "authenticate to libvirt (polkit)");
  if (type === "sasl") await authenticate(rpc, doing, how);
  await rpc.call("connectOpen", [uri, 0], `open ${uri}`);
}

const wrongPassword = ({ message, cause }: LibvirtError): SriovError =>
  new SriovError("permission-denied", message, {
    cause,
    remedy: "Check host.sasl; on the host, `saslpasswd2 -a libvirt USERNAME` sets the password.",
  });

/** More than enough for every mechanism there is. */
const maxSteps = 10;

async function authenticate(rpc: RpcConnection, doing: string, how: Authentication): Promise<void> {
  const offered = await rpc.call("authSaslInit", [], "ask libvirt for its SASL mechanisms");
  const { credentials, isPrivate = true } = how;
  const wanted = how.wanted?.split(".")[1];
  const conversation = startConversation(doing, { offered, wanted, credentials, isPrivate });
  const what = `authenticate to libvirt as "${credentials?.username ?? ""}" (SASL ${conversation.mechanism})`;
  const explained = (error: unknown) => {
    throw isLibvirtError(error, virErr.authFailed) ? wrongPassword(error as LibvirtError) : error;
  };
  let answer = await rpc
    .call("authSaslStart", [conversation.mechanism, false, conversation.first], what)
    .catch(explained);
  for (let step = 0; step < maxSteps; step += 1) {
    const hasMore = !answer.isComplete || !conversation.isDone;
    const next = hasMore ? await conversation.answer(answer.data) : undefined;
    if (answer.isComplete) {
      if (conversation.isDone) return;
      break;
    }
    const args: [boolean, Buffer] = [next === undefined, next ?? Buffer.alloc(0)];
    answer = await rpc.call("authSaslStep", args, what).catch(explained);
  }
  throw new SriovError("refused", `${doing}: it ended SASL ${conversation.mechanism} before it had proved who it is`);
}
