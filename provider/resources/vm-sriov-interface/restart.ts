// A restart of the VM, in order: the guest is asked to shut down, and never cut off. And the turns that changes of one VM take, so
// that nobody plugs into a VM that is about to go down.
import { Semaphore } from "async-mutex";
import { type Deadline, deadlineIn } from "../../base/deadline.js";
import { SriovError, kindOf } from "../../base/errors.js";
import type { DomainEvent, DomainRef, LibvirtClient, Subscription } from "../../libvirt/client.js";
import { isLibvirtError, virErr } from "../../libvirt/errors.js";

/** Equivalent to: `virsh shutdown $domain`, waiting until it is shut off, `virsh start $domain` */
export async function restartDomain(client: LibvirtClient, domain: DomainRef, timeoutMs: number): Promise<void> {
  const deadline = deadlineIn(timeoutMs);
  // Before asking: the guest can be down before libvirt has answered.
  const events = await client.subscribe(domain);
  try {
    try {
      await client.shutdownDomain(domain);
    } catch (error) {
      // It went down by itself in the meantime.
      if (!isLibvirtError(error, virErr.operationInvalid) || (await client.isDomainActive(domain))) throw error;
    }
    await untilStopped(client, domain, events, deadline, timeoutMs);
  } finally {
    await events.close();
  }
  try {
    await client.startDomain(domain);
  } catch (error) {
    // Somebody else started it first.
    if (!isLibvirtError(error, virErr.operationInvalid) || !(await client.isDomainActive(domain))) {
      const message = error instanceof Error ? error.message : String(error);
      throw new SriovError(
        kindOf(error) ?? "remote-failure",
        `VM "${domain.name}" was shut down for a restart: ${message}`,
        {
          cause: error,
          remedy: `Its definition is as asked. When the cause is mended: virsh start ${domain.name}`,
        },
      );
    }
  }
}

async function untilStopped(
  client: LibvirtClient,
  domain: DomainRef,
  events: Subscription<DomainEvent>,
  deadline: Deadline,
  timeoutMs: number,
): Promise<void> {
  while (await client.isDomainActive(domain)) {
    try {
      await events.next(deadline);
    } catch (error) {
      if (kindOf(error) !== "timeout") throw error;
      throw new SriovError(
        "timeout",
        `The guest of VM "${domain.name}" did not shut down within ${timeoutMs / 1000} s when asked to, for a restart: it runs on as it was`,
        {
          cause: error,
          remedy:
            "Its definition is as asked: restart the VM yourself, or raise detachTimeout. A guest without ACPI or with a dialog on its screen does not answer.",
        },
      );
    }
  }
}

/** More than interfaces that one VM can have. */
const everybody = 1000;
const gates = new Map<string, Semaphore>();

/** Changes of one VM run beside each other; a restart waits for all of them, and they for it. Keyed by the VM's UUID. */
export function inTurn<T>(domainUuid: string, { alone }: { alone: boolean }, act: () => Promise<T>): Promise<T> {
  const gate = gates.get(domainUuid) ?? new Semaphore(everybody);
  gates.set(domainUuid, gate);
  return gate.runExclusive(act, alone ? everybody : 1);
}
