// TLS over TCP with certificates of both sides. Which certificates, and what runs inside, is for the caller.
import { once } from "node:events";
import { isIP } from "node:net";
import { type TLSSocket, connect } from "node:tls";
import { SriovError } from "../base/errors.js";
import { type TcpTarget, openTcp } from "./tcp.js";

/** PEM texts, each with where it is from for messages. */
export type TlsCredentials = {
  ca: PemText;
  crl?: PemText | undefined;
  /** Ours, with its key. */
  client?: { cert: PemText; key: PemText } | undefined;
  /** Whoever answers is taken for the host. */
  noVerify: boolean;
};
export type PemText = { text: string; from: string };

/** TLS 1.2 or newer; the certificate has to be the host's by the name in the URI. Equivalent to: `openssl s_client` */
export async function openTls(
  doing: string,
  target: TcpTarget,
  credentials: TlsCredentials,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { ca, crl, client, noVerify } = credentials;
  const tcp = await openTcp(doing, target, signal);
  let socket: TLSSocket;
  try {
    socket = connect({
      socket: tcp,
      host: target.hostName,
      // The name is compared with the certificate in either case; an address must not be sent (RFC 6066).
      ...(isIP(target.hostName) === 0 ? { servername: target.hostName } : {}),
      ca: ca.text,
      ...(crl ? { crl: crl.text } : {}),
      ...(client ? { cert: client.cert.text, key: client.key.text } : {}),
      rejectUnauthorized: !noVerify,
      minVersion: "TLSv1.2",
    });
  } catch (cause) {
    tcp.destroy();
    throw unusable(doing, credentials, cause as Error);
  }
  try {
    await once(socket, "secureConnect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw tlsError(doing, target, credentials, error as TlsFailure);
  }
}

type TlsFailure = NodeJS.ErrnoException & { reason?: string };

/** OpenSSL read our own texts and found them wrong: no key, a key of another certificate. */
function unusable(doing: string, { ca, client }: TlsCredentials, cause: Error): SriovError {
  const files = [ca, ...(client ? [client.cert, client.key] : [])].map(({ from }) => from);
  return new SriovError("invalid-input", `${doing}: cannot use ${files.join(", ")}: ${cause.message}`, {
    cause,
    remedy: "Expected PEM texts: the CA's certificate, our certificate, and the private key that belongs to it.",
  });
}

function tlsError(doing: string, target: TcpTarget, { ca }: TlsCredentials, cause: TlsFailure): SriovError {
  const { code = "", message } = cause;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return new SriovError("refused", `${doing}: its certificate is not for ${target.hostName}: ${message}`, {
      cause,
      remedy:
        "Use a name in the URI that is in the certificate (Subject Alternative Name), or make a certificate for it.",
    });
  }
  if (verifyCodes.test(code)) {
    return new SriovError("refused", `${doing}: its certificate is not good by ${ca.from}: ${message} (${code})`, {
      cause,
      remedy: "Give the CA that has signed the host's certificate: tls.ca, pkipath, or cacert.pem where libvirt looks.",
    });
  }
  if (alert.test(code)) return refusedUs(doing, cause);
  if (code === "ECONNRESET") {
    return new SriovError("unreachable", `${doing}: the host ended the TLS handshake: is this its TLS port?`, {
      cause,
    });
  }
  return new SriovError("unreachable", `${doing}: the TLS handshake failed: ${message}`, { cause });
}

// X509_verify_cert_error codes as Node names them.
const verifyCodes =
  /^(UNABLE_TO_|CERT_|CRL_|SELF_SIGNED_|DEPTH_ZERO_|ERROR_IN_CERT|ERROR_IN_CRL|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH|ERR_TLS_CERT)/;
const alert = /ALERT/;

/** The host did not like our certificate. With TLS 1.3 it says so after the handshake, to whoever reads first. */
export const refusedUs = (doing: string, cause: Error): SriovError =>
  new SriovError("permission-denied", `${doing}: the host did not accept our certificate: ${cause.message}`, {
    cause,
    remedy:
      "The client certificate has to be signed by the CA that libvirtd trusts (ca_file) and be in its tls_allowed_dn_list, if it has one.",
  });
