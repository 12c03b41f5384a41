// All owners of a PF's VFs that the host's configuration names.
import type * as Netplan from "./netplan.js";
import { networkManagerOwners } from "./network-manager.js";
import type { HostFiles, Owner, PfIdentity } from "./owner.js";
import { scriptOwners } from "./scripts.js";
import { systemdOwners } from "./systemd-network.js";
import { udevOwners } from "./udev.js";

// Loaded when it is needed: a YAML parser takes as long to load as all of our own rooms above this one.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const netplan = () => require("./netplan.js") as typeof Netplan;

export function findOwners(host: HostFiles, pf: PfIdentity): Owner[] {
  return [
    ...networkManagerOwners(host, pf),
    ...netplan().netplanOwners(host.files, pf),
    ...systemdOwners(host.files, pf),
    ...udevOwners(host.files, pf),
    ...scriptOwners(host.files, pf),
  ];
}
