// What libvirt answers when it says no, with every field of the wire, and its codes by name.
import { type Kind, SriovError } from "../base/errors.js";
import type { DomainRef, NetworkRef } from "./client.js";

/** virErrorNumber of include/libvirt/virterror.h, as far as somebody here asks for it by name. */
export const virErr = {
  internal: 1,
  noSupport: 3,
  invalidArg: 8,
  operationFailed: 9,
  xml: 27,
  operationDenied: 29,
  /** Text that is no XML at all; 27 is XML that says something wrong. */
  xmlDetail: 35,
  system: 38,
  rpc: 39,
  noDomain: 42,
  noNetwork: 43,
  authFailed: 45,
  noNodeDevice: 53,
  operationInvalid: 55,
  configUnsupported: 67,
  operationTimeout: 68,
  operationUnsupported: 84,
  accessDenied: 88,
  authUnavailable: 94,
  deviceMissing: 99,
  invalidNetworkPort: 105,
  networkPortExists: 106,
  noNetworkPort: 107,
  noNetworkMetadata: 111,
} as const;

const kinds: { [code: number]: Kind } = {
  [virErr.noSupport]: "unsupported",
  [virErr.operationUnsupported]: "unsupported",
  [virErr.configUnsupported]: "unsupported",
  [virErr.noDomain]: "not-found",
  [virErr.noNetwork]: "not-found",
  [virErr.noNodeDevice]: "not-found",
  [virErr.noNetworkPort]: "not-found",
  [virErr.noNetworkMetadata]: "not-found",
  [virErr.networkPortExists]: "conflict",
  [virErr.deviceMissing]: "not-found",
  [virErr.operationDenied]: "permission-denied",
  [virErr.accessDenied]: "permission-denied",
  [virErr.authFailed]: "permission-denied",
  [virErr.authUnavailable]: "permission-denied",
  [virErr.operationTimeout]: "timeout",
};

export type RemoteError = {
  code: number;
  errorDomain: number;
  message: string | undefined;
  level: number;
  str1: string | undefined;
  str2: string | undefined;
  str3: string | undefined;
  int1: number;
  int2: number;
  /** What it is about, where libvirt says so. */
  domain?: DomainRef | undefined;
  network?: NetworkRef | undefined;
};

export class LibvirtError extends SriovError {
  readonly remote: RemoteError;

  constructor(doing: string, remote: RemoteError, more: { remedy?: string } = {}) {
    super(
      kinds[remote.code] ?? "remote-failure",
      `${doing}: ${remote.message ?? `libvirt error ${remote.code}`}`,
      more,
    );
    this.remote = remote;
  }
}

export const isLibvirtError = (error: unknown, code: number): boolean =>
  error instanceof LibvirtError && error.remote.code === code;
