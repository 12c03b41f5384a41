// From a fresh stream to an open connection: who are you, then one CONNECT_OPEN.
// Never a second one: it fails, and it also closes the first (libvirt 9.0, tested).
import { SriovError } from "../../base/errors.js";
import type { RpcConnection } from "./connection.js";

/** remote_auth_type */
const auth = { none: 0, sasl: 1, polkit: 2 } as const;

/** `uri` is a local name, such as `qemu:///system`. Keep-alive stays off: libvirtd pings only clients that ask for it. */
export async function openLibvirt(rpc: RpcConnection, uri: string): Promise<void> {
  // libvirtd always offers exactly one.
  const [offered] = await rpc.call("authList", [], "ask libvirt how to authenticate");
  if (offered === auth.polkit) await rpc.call("authPolkit", [], "authenticate to libvirt (polkit)");
  else if (offered === auth.sasl) throw await noSasl(rpc);
  else if (offered !== auth.none) throw unsupported(rpc, `the authentication type ${String(offered)}`);
  await rpc.call("connectOpen", [uri, 0], `open ${uri}`);
}

async function noSasl(rpc: RpcConnection): Promise<SriovError> {
  const mechanisms = await rpc.call("authSaslInit", [], "ask libvirt for its SASL mechanisms");
  return unsupported(rpc, `SASL (${mechanisms})`);
}

const unsupported = (rpc: RpcConnection, what: string) =>
  new SriovError("unsupported", `cannot authenticate to libvirt on ${rpc.name}: it asks for ${what}`, {
    remedy: 'Set auth_unix_rw = "polkit" in /etc/libvirt/libvirtd.conf (or virtqemud.conf) and use qemu+ssh.',
  });
