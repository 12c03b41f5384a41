// What libvirt sends when a call fails, decoded with nothing left out, and what the user can do about some of them.
import { LibvirtError, virErr } from "../errors.js";
import { domain, network, text } from "./procedures.js";
import { decode, int, optional, struct } from "./xdr.js";

/** remote_error (virNetMessageError): str1 is the message's format, str2 the detail in it. */
export const remoteError = struct({
  code: int,
  errorDomain: int,
  message: optional(text),
  level: int,
  domain: optional(domain),
  str1: optional(text),
  str2: optional(text),
  str3: optional(text),
  int1: int,
  int2: int,
  network: optional(network),
});

// Debian's socket lets everybody in and polkit then says no: the connection works, the authentication does not.
const joinTheGroup = "Add the user to group libvirt on the host (or connect as root).";
const remedies: { [code: number]: string } = {
  [virErr.authFailed]: joinTheGroup,
  [virErr.authUnavailable]: joinTheGroup,
};

export function parseRemoteError(doing: string, payload: Buffer): LibvirtError {
  const remote = decode(remoteError, payload);
  const remedy = remedies[remote.code];
  return new LibvirtError(doing, remote, remedy === undefined ? {} : { remedy });
}
