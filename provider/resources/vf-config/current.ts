// The host now, as far as this resource is concerned: facts that read.ts gathers and the pure files decide on.
import type { PersistenceFacts } from "../../host/persistence/reader.js";
import type { Surroundings } from "../../host/surroundings.js";
import type { PfFacts } from "../../host/sysfs/pf.js";

/** The host now, as far as this resource is concerned. */
export type Current = {
  pf: PfFacts;
  holders: Holder[];
  persistence: PersistenceFacts;
  /** What is wrong with what is installed for the boot, leaving the plan's lines aside; undefined when nothing is. */
  whyNotInstalled?: string;
  /** Our own way to the host, other owners of the VFs, a dead-man timer. Absent where nobody has looked. */
  surroundings?: Surroundings;
};

/** A running VM, another process, or what uses its netdev: whoever loses something with the VF. */
export type Holder = {
  vfIndex: number;
  pciAddress: string;
  /** For people: `running VM "web"`. */
  who: string;
  /** libvirt sets the VF's MAC and VLAN as long as it holds it through an `<interface>`; with a plain `<hostdev>` it does not. */
  ownsMacAndVlan: boolean;
};
