// Takes the interface out of a running VM and does not believe it before it is so. libvirt's answer to a live detach only
// says that the guest was asked (docs: virDomainDetachDeviceFlags); the guest's own answer comes as an event.
import { type Deadline, deadlineIn, earlier, remainingMs } from "../../base/deadline.js";
import { SriovError, kindOf } from "../../base/errors.js";
import type { DomainEvent, DomainRef, LibvirtClient, Subscription } from "../../libvirt/client.js";
import type { DomainInterface } from "../../libvirt/xml/interface.js";
import { parseDomainInterfaces } from "../../libvirt/xml/domain.js";
import { type LibvirtError, isLibvirtError, virErr } from "../../libvirt/errors.js";
import { portOf } from "./read.js";

export type LiveDetach = {
  domain: DomainRef;
  from: DomainInterface;
  alias: string;
  mac: string;
  /** The pool that gets its VF back. */
  network: string | undefined;
  timeoutMs: number;
  /** Told what is waited for, which can be long. */
  say(text: string): void;
};

/** Equivalent to: `virsh detach-device VM interface.xml --live`, and waiting until the guest has let go of the VF. */
export async function detachLive(client: LibvirtClient, detach: LiveDetach): Promise<void> {
  const { domain } = detach;
  const deadline = deadlineIn(detach.timeoutMs);
  // Before asking: the guest's answer can be here before libvirt's.
  const events = await client.subscribe(domain);
  try {
    await askGuest(client, detach, events, deadline);
    await untilRemoved(client, detach, events, deadline);
  } finally {
    await events.close();
  }
  await untilReleased(client, detach, deadline);
}

const askAgainMs = 1_000;

async function askGuest(
  client: LibvirtClient,
  detach: LiveDetach,
  events: Subscription<DomainEvent>,
  deadline: Deadline,
): Promise<void> {
  const { domain, from, alias } = detach;
  for (;;) {
    try {
      await client.detachDevice(domain, from.xml, { live: true });
      detach.say(`waiting for the guest of VM "${domain.name}" to release ${from.sourceAddress ?? alias}`);
      return;
    } catch (error) {
      if (!isGone(error) && !isUnderWay(error)) throw error;
      // It went away by itself, or with the VM.
      if (!(await isAttached(client, domain, alias))) return;
      if (!isUnderWay(error)) throw error;
      if (remainingMs(deadline) === 0) throw unanswered(detach, "did not answer");
    }
    await nextEvent(events, earlier(deadline, deadlineIn(askAgainMs)));
  }
}

/** QEMU's own words: a run that was cut off has asked before, or the guest is still taking the device in. */
const isUnderWay = (error: unknown): boolean =>
  isLibvirtError(error, virErr.internal) &&
  /already in the process of unplug|guest is busy/.test((error as LibvirtError).message);

const isGone = (error: unknown): boolean =>
  isLibvirtError(error, virErr.deviceMissing) ||
  isLibvirtError(error, virErr.operationInvalid) ||
  isLibvirtError(error, virErr.noDomain);

async function untilRemoved(
  client: LibvirtClient,
  detach: LiveDetach,
  events: Subscription<DomainEvent>,
  deadline: Deadline,
): Promise<void> {
  const { domain, alias } = detach;
  // libvirt itself waits some seconds for the guest: often it is done by now, and the event is only still on its way.
  while (await isAttached(client, domain, alias)) {
    const event = await nextEvent(events, deadline);
    if (event === "late") throw unanswered(detach, "did not answer");
    if (event.event === "device-removal-failed" && event.alias === alias) throw unanswered(detach, "refused");
  }
}

async function nextEvent(events: Subscription<DomainEvent>, deadline: Deadline): Promise<DomainEvent | "late"> {
  try {
    return await events.next(deadline);
  } catch (error) {
    if (kindOf(error) === "timeout") return "late";
    throw error;
  }
}

async function isAttached(client: LibvirtClient, domain: DomainRef, alias: string): Promise<boolean> {
  if (!(await client.findDomain(domain.uuid)) || !(await client.isDomainActive(domain))) return false;
  const devices = parseDomainInterfaces(await client.domainXml(domain));
  return devices.some((device) => device.alias === alias);
}

/** The pool has its VF back when the port is gone; libvirt deletes it just after the device. */
async function untilReleased(client: LibvirtClient, detach: LiveDetach, deadline: Deadline): Promise<void> {
  const { network, domain, mac } = detach;
  if (network === undefined) return;
  while ((await portOf(client, network, domain.uuid, mac)) !== undefined) {
    if (Date.now() >= deadline.at) {
      throw new SriovError(
        "timeout",
        `Detached ${detach.alias} from VM "${domain.name}", but the network "${network}" still counts its VF as taken`,
        { remedy: `Look at \`virsh net-port-list ${network}\`.` },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function unanswered({ domain, alias, timeoutMs }: LiveDetach, what: "did not answer" | "refused"): SriovError {
  const waited = what === "refused" ? "" : ` within ${timeoutMs / 1000} s`;
  return new SriovError(
    "timeout",
    `The guest of VM "${domain.name}" ${what}${waited} when asked to let go of ${alias}: the running VM still has it`,
    {
      remedy:
        "Run `pulumi up` again when the guest has booted and handles hot-unplug (pciehp or acpiphp), raise detachTimeout, or shut the VM down.",
    },
  );
}
