// Which host an id that a person typed is about: `kvm1/0000:04:00.0`, `root@kvm1:2222/pool`.
import { hostname } from "node:os";
import { type HostInputs, hostName } from "../resources/host-inputs.js";
import type { Values } from "../resources/lifecycle.js";
import { type Configuration, namesHost, withHost } from "./configuration.js";

/**
 * The `host` to read from, and whether it has to be among the resource's inputs: not when it is the one the provider is
 * configured for.
 */
export function hostOfId(id: string, values: Values, configuration: Configuration): { host: Values; isOwn: boolean } {
  if (values["host"] !== undefined) return { host: withHost(values, configuration)["host"] as Values, isOwn: true };
  const named = id.slice(0, Math.max(0, id.indexOf("/")));
  const configured = configuration.host;
  const bare = named.replace(/^.*@/, "").replace(/:\d+$/, "");
  const isConfigured =
    namesHost({ host: configured }) && (named === "" || hostName(configured as HostInputs).toLowerCase() === bare);
  if (isConfigured) return { host: configured, isOwn: false };
  const isHere = bare === "localhost" || bare === hostname();
  return { host: { ...configured, uri: isHere ? "qemu:///system" : `qemu+ssh://${named}/system` }, isOwn: true };
}
