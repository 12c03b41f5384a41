// libvirt's URIs: `driver[+transport]://[user@][host][:port]/path[?parameters]`. Parsed here; what each parameter does is
// for those who connect. Passwords have no place in them, and no message shows one.
import { SriovError } from "../base/errors.js";
import { type Transport, ignoredParameters, isForTheWay, whyWrongParameters } from "./uri-parameters.js";

const transports = ["ssh", "tls", "tcp", "libssh", "libssh2", "ext"] as const;

export type LibvirtUri = {
  /** As it was given. */
  text: string;
  /** `qemu`, `test`. */
  driver: string;
  transport: Transport;
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
  const { driver, transport, path, parameters } = uri;
  if (transport === "ext") {
    return `transport ext is not supported: it runs a program of yours; use qemu+ssh://USER@${uri.hostName ?? "HOST"}/system, with ProxyCommand in ~/.ssh/config`;
  }
  const wrong = whyWrongParameters(transport, parameters);
  if (wrong !== undefined) return wrong;
  if (driver === "test") return undefined;
  if (driver !== "qemu") return `driver ${driver} is not supported: SR-IOV networks need qemu`;
  // Passing a VF to a domain takes root, and the session daemon is not root.
  return path === "/system" ? undefined : `path ${path} is not supported: SR-IOV networks need /system`;
}

/** What of the URI has no effect, one text each: for a warning. */
export const ignoredParts = ({ transport, parameters }: LibvirtUri): string[] =>
  ignoredParameters(transport, parameters);

/** libssh and libssh2 are other libraries for the same protocol. */
export const isSsh = ({ transport }: LibvirtUri): boolean => ["ssh", "libssh", "libssh2"].includes(transport);

/** Whether commands can be run on the host, or only libvirt be spoken to. */
export const givesShell = (uri: LibvirtUri): boolean => uri.transport === "local" || isSsh(uri);

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
  const passedOn = Object.entries(parameters).filter(([name]) => !isForTheWay(name));
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
