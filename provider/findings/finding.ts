// What the doctor says of a host, and the shape of the rules that say it. A rule is a pure file in rules/; docs/findings has a
// page for each.
import type { HostInventory } from "./inventory.js";

/** `error`: a VM will not start, or not with its VF. `warning`: it may not, or not after the next boot. `info`: worth to know. */
export const severities = ["error", "warning", "info"] as const;
export type Severity = (typeof severities)[number];

/** The inputs of HostSetup that a remedy can be. */
export type HostSetupInputs = {
  iommu?: { passthrough: boolean };
  vfioModules?: boolean;
  apparmorVfioRule?: boolean;
  dynamicOwnership?: boolean;
  cgroupDeviceAcl?: boolean;
};

export type Finding = {
  /** The rule, and the name of its page. */
  id: string;
  severity: Severity;
  /** What it is about, where a host can have several: `PF eno49`, `VM web`. */
  about?: string;
  /** The very lines and values it was seen in. */
  seen: string[];
  /** What goes wrong because of it. */
  why: string;
  /** What to do, as a sentence. */
  remedy: string;
  /** The command on the host that does it, where one command can. */
  command?: string;
  /** The inputs of a HostSetup that does it. */
  hostSetup?: HostSetupInputs;
  /** Where there is more about it, from the root of this project. */
  documentation: string;
};

export type Found = Omit<Finding, "id" | "documentation">;

export interface Rule {
  readonly id: string;
  /** What libvirt or QEMU say when a VM fails because of it (libvirt 9.0 to 11.3, QEMU 7.2 to 10.0). */
  readonly explains?: readonly RegExp[];
  /** Pure. Nothing is found where the facts are missing: an unknown is no finding. */
  find(inventory: HostInventory): Found[];
}

export const pageOf = (id: string): string => `docs/findings/${id}.md`;

export const explains = ({ explains: texts = [] }: Rule, message: string): boolean =>
  texts.some((text) => text.test(message));
