// What a version of libvirt cannot do, or must not be asked to do, as its release notes say.
import { SriovError } from "../base/errors.js";

/** `12.1.0`, of what CONNECT_GET_LIB_VERSION answers: major * 1,000,000 + minor * 1,000 + release. */
export const formatVersion = (version: number): string =>
  `${Math.floor(version / 1_000_000)}.${Math.floor(version / 1_000) % 1_000}.${version % 1_000}`;

const isOf = (version: number, major: number, minor: number): boolean =>
  Math.floor(version / 1_000) === major * 1_000 + minor;

/** Why no interface must be attached to a VM with this libvirt; undefined when it may. */
export function whyNotAttachInterfaces(version: number): string | undefined {
  if (isOf(version, 9, 4)) {
    return `libvirt ${formatVersion(version)} cannot start a VM with a VF as its interface (mended in 9.5.0)`;
  }
  if (isOf(version, 12, 1)) {
    return `libvirt ${formatVersion(version)} crashes when a VM gets an interface from a hostdev network (mended in 12.2.0)`;
  }
  return undefined;
}

/** `<driver model=>` in networks and interfaces: older ones drop it without a word. */
export const knowsDriverModel = (version: number): boolean => version >= 10_000_000;

/** Throws `unsupported` when an interface must not be attached with this libvirt. */
export function mustAttachInterfaces(doing: string, version: number): void {
  const why = whyNotAttachInterfaces(version);
  if (why === undefined) return;
  throw new SriovError("unsupported", `Refused to ${doing}: ${why}`, { remedy: "Update libvirt on the host." });
}
