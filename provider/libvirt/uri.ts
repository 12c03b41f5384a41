// libvirt's URIs: `driver[+transport]://[user@][host][:port]/path[?parameters]`. Parsed here; what each parameter does is
// for those who connect. Passwords have no place in them, and no message shows one.
import { SriovError } from "../base/errors.js";

const transports = ["ssh", "tls", "tcp", "libssh", "libssh2", "ext"] as const;

export type LibvirtUri = {
  /** As it was given. */
  text: string;
  /** `qemu`, `test`. */
  driver: string;
  transport: "local" | (typeof transports)[number];
  user?: string;
  /** IPv6 without its brackets. */
  hostName?: string;
  port?: number;
  /** `/system` */
  path: string;
  parameters: { [name: string]: string };
  /** What the libvirt that answers is asked to open: `qemu:///system`. */
  localUri: string;
};

/** Those that say how to get there (docs/uri.rst); the remote driver gets the others. */
const transportParameters = [
  ...["name", "mode", "proxy", "command", "socket", "netcat", "keyfile", "no_verify", "no_tty", "no_sanity"],
  ...["known_hosts", "known_hosts_verify", "sshauth", "tls_priority", "pkipath", "auth", "authfile"],
];

const expected = 'expected a libvirt URI such as "qemu+ssh://root@kvm1/system" or "qemu:///system"';

/** Throws `invalid-input` for text that is no libvirt URI. */
export function parseLibvirtUri(text: string): LibvirtUri {
  if (!URL.canParse(text)) throw invalid(text, expected);
  const url = new URL(text);
  if (url.password !== "") throw invalid(text, "expected a libvirt URI without a password (see `ssh.password`)");
  if (url.hash !== "") throw invalid(text, "expected a libvirt URI without a # part (write it as %23)");
  const [driver = "", transportName, ...more] = url.protocol.slice(0, -1).split("+");
  if (!text.startsWith("//", url.protocol.length) || more.length > 0) throw invalid(text, expected);

  const hostName = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const transport = parseTransport(text, transportName, hostName);
  if (transport === "local" && hostName !== "") {
    throw invalid(text, "expected no host name in the URI of a local transport (qemu+ssh is the one to another host)");
  }
  if (transport !== "local" && hostName === "") throw invalid(text, `expected a host name for transport ${transport}`);

  const parameters = parseParameters(text, url.search.slice(1));
  return {
    text,
    driver,
    transport,
    ...(url.username === "" ? {} : { user: decoded(text, url.username) }),
    ...(hostName === "" ? {} : { hostName: decoded(text, hostName) }),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    path: decoded(text, url.pathname) || "/",
    parameters,
    localUri: parameters["name"] ?? localUri(driver, url.pathname || "/", parameters),
  };
}

/** Why we cannot go there, although it is a libvirt URI; undefined when we can. */
export function whyUnsupported(uri: LibvirtUri): string | undefined {
  const { driver, transport, path } = uri;
  if (transport !== "local" && transport !== "ssh") {
    return `transport ${transport} is not supported: use qemu+ssh://USER@${uri.hostName ?? "HOST"}/system`;
  }
  if (driver === "test") return undefined;
  if (driver !== "qemu") return `driver ${driver} is not supported: SR-IOV networks need qemu`;
  // Passing a VF to a domain takes root, and the session daemon is not root.
  return path === "/system" ? undefined : `path ${path} is not supported: SR-IOV networks need /system`;
}

function parseTransport(text: string, name: string | undefined, hostName: string): LibvirtUri["transport"] {
  // A host without a transport is TLS: docs/uri.rst.
  if (name === undefined) return hostName === "" ? "local" : "tls";
  if (name === "unix") return "local";
  const transport = transports.find((one) => one === name);
  if (transport === undefined) throw invalid(text, `expected a transport among unix, ${transports.join(", ")}`);
  return transport;
}

/** Not URLSearchParams: libvirt splits at `;` too, and a `+` is a plus. */
function parseParameters(text: string, query: string): { [name: string]: string } {
  const pairs = query.split(/[&;]/).filter((pair) => pair !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return [decoded(text, name), decoded(text, value.join("="))];
    }),
  );
}

function localUri(driver: string, path: string, parameters: { [name: string]: string }): string {
  const passedOn = Object.entries(parameters).filter(([name]) => !transportParameters.includes(name));
  const query = passedOn.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return `${driver}://${path}${query.length === 0 ? "" : `?${query.join("&")}`}`;
}

function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid(text, "expected two hexadecimal digits after each % in a libvirt URI");
  }
}

const invalid = (text: string, why: string) =>
  new SriovError("invalid-input", `${why}, got "${text.replace(/(:\/\/[^:]*):.*@/, "$1:***@")}"`);
