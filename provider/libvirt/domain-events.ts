// The events of one domain as one queue: four registrations, one order, one end.
import { type Deadline } from "../base/deadline.js";
import { SriovError, kindOf } from "../base/errors.js";
import type { DomainEvent, DomainRef, Subscription } from "./client.js";
import type { RpcConnection } from "./rpc/connection.js";
import { EventQueue } from "./rpc/event-queue.js";
import { type EventBody, type EventName, events } from "./rpc/procedures.js";

type DomainEventName = Extract<EventName, `domain${string}`>;
type LifecycleChange = Extract<DomainEvent, { event: "lifecycle" }>["change"];

/** virDomainEventType, from 0 */
const changes: LifecycleChange[] = ["defined", "undefined", "started", "suspended", "resumed", "stopped", "shutdown"];

const translations: { [N in DomainEventName]: (body: EventBody<N>) => DomainEvent } = {
  domainDeviceRemoved: ({ domain, alias }) => ({ event: "device-removed", domain, alias }),
  domainDeviceRemovalFailed: ({ domain, alias }) => ({ event: "device-removal-failed", domain, alias }),
  domainDeviceAdded: ({ domain, alias }) => ({ event: "device-added", domain, alias }),
  domainLifecycle: ({ domain, event }) => ({ event: "lifecycle", domain, change: changes[event] ?? "other" }),
};

export async function subscribeToDomain(rpc: RpcConnection, domain: DomainRef): Promise<Subscription<DomainEvent>> {
  const queue = new EventQueue<DomainEvent>();
  const what = `events of domain "${domain.name}"`;
  const registered: { callback: number; forget: () => void }[] = [];

  const register = async <N extends DomainEventName>(event: N) => {
    const translate = translations[event] as (body: EventBody<N>) => DomainEvent;
    const listener = {
      event,
      onEvent: (body: EventBody<N>) => queue.push(translate(body)),
      onEnd: (reason: Error) => queue.fail(reason),
    };
    const args: [number, DomainRef] = [events[event].eventId, domain];
    registered.push(
      await rpc.register("connectDomainEventCallbackRegisterAny", args, `subscribe to the ${what}`, listener),
    );
  };
  const deregister = async () => {
    for (const { callback, forget } of registered.splice(0)) {
      forget();
      await rpc
        .call("connectDomainEventCallbackDeregisterAny", [callback], `unsubscribe from the ${what}`)
        .catch((error: unknown) => {
          // Without the connection there is nothing left to unsubscribe from.
          if (kindOf(error) !== "unreachable") throw error;
        });
    }
  };

  try {
    for (const event of Object.keys(translations) as DomainEventName[]) await register(event);
  } catch (error) {
    await deregister();
    throw error;
  }

  let closed: Promise<void> | undefined;
  return {
    next: (deadline: Deadline) => queue.next(deadline, `cannot wait for ${what} on ${rpc.name}`),
    close: () => {
      queue.fail(new SriovError("unreachable", `cannot wait for ${what} on ${rpc.name}: the subscription was closed`));
      return (closed ??= deregister());
    },
  };
}
