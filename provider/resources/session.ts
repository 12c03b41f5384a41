// One host as the resources see it: its Linux side and its libvirt, over one shared connection.
import type { Shell } from "../host/shell.js";
import type { LibvirtClient } from "../libvirt/client.js";

export interface Session {
  /** For messages: the URI's host name, or the machine's own for a local URI. First part of every resource id. */
  readonly hostName: string;
  /** /etc/machine-id: the identity of the host, whatever URI leads to it. */
  readonly machineId: string;
  readonly shell: Shell;
  /** Connects on first use; later callers share it. */
  libvirt(): Promise<LibvirtClient>;
}
