// All owners of a PF's VFs that the host's configuration names.
import { netplanOwners } from "./netplan.js";
import { networkManagerOwners } from "./network-manager.js";
import type { HostFiles, Owner, PfIdentity } from "./owner.js";
import { scriptOwners } from "./scripts.js";
import { systemdOwners } from "./systemd-network.js";
import { udevOwners } from "./udev.js";

export function findOwners(host: HostFiles, pf: PfIdentity): Owner[] {
  return [
    ...networkManagerOwners(host, pf),
    ...netplanOwners(host.files, pf),
    ...systemdOwners(host.files, pf),
    ...udevOwners(host.files, pf),
    ...scriptOwners(host.files, pf),
  ];
}
