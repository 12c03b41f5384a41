// The VM now, as far as this resource is concerned: facts that read.ts gathers and the pure files decide on.
import type { Domain } from "../../libvirt/xml/domain.js";
import type { DomainInterface } from "../../libvirt/xml/interface.js";
import type { DomainRef } from "../../libvirt/client.js";

export type Current = {
  domain: DomainRef;
  isActive: boolean;
  isPersistent: boolean;
  /** The definition that the next start uses; the running one of a transient domain. */
  inactive: Domain;
  /** Undefined while the VM does not run. */
  live: Domain | undefined;
};

/** The interface in both definitions, by its alias: never by position, and live it looks different. */
export type Halves = { config: DomainInterface | undefined; live: DomainInterface | undefined };

export function halvesOf(current: Current, alias: string): Halves {
  const find = (domain: Domain | undefined) => domain?.interfaces.find((candidate) => candidate.alias === alias);
  return { config: current.isPersistent ? find(current.inactive) : undefined, live: find(current.live) };
}
