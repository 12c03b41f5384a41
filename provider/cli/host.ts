// The host that a command line names, as a program would.
import { resolve } from "node:path";
import { SriovError } from "../base/errors.js";
import { type HostInputs, hostModel } from "../resources/host-inputs.js";
import { parseModel } from "../resources/model-failures.js";
import type { HostOptions } from "./host-options.js";

/** Throws `invalid-input` that says everything that is wrong with it. */
export function hostFrom(uri: string, options: HostOptions, cwd: string): HostInputs {
  const { identity, knownHosts, hostKey, sshConfig, connectTimeout, jump, sudo } = options;
  const file = (path: string) => (path.startsWith("~") ? path : resolve(cwd, path));
  const ssh = {
    ...(identity === undefined ? {} : { privateKeyPath: file(identity) }),
    ...(knownHosts === undefined ? {} : { knownHosts: file(knownHosts) }),
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(sshConfig === undefined ? {} : { configFile: sshConfig === "none" ? sshConfig : file(sshConfig) }),
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
    ...(jump === undefined ? {} : { jump }),
    ...(sudo === true ? { become: "sudo" as const } : {}),
  };
  const host = { uri, ...(Object.keys(ssh).length === 0 ? {} : { ssh }) };
  const { failures } = parseModel(hostModel, host);
  if (failures.length === 0) return host;
  throw new SriovError("invalid-input", failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
}
