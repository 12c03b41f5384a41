// The libvirtd in memory behind libvirt's own protocol: what a client of ours is given as a stream. Its answers are bytes, so that
// a transport can be broken in the middle of one.
import type { Duplex } from "node:stream";
import type { Affect, DomainEvent, DomainRef, NetworkRef, PortRef } from "../../provider/libvirt/client.js";
import { LibvirtError, virErr } from "../../provider/libvirt/errors.js";
import { type Args, type EventName, type ProcedureName, events } from "../../provider/libvirt/rpc/procedures.js";
import { FakeLibvirtd, refusal } from "../unit/libvirt/fake-libvirtd.js";
import { type NaiveWriter, wire } from "../unit/libvirt/rpc/naive-writer.js";
import type { FakeLibvirt } from "./fake-libvirt.js";
import { libvirtError } from "./fake-libvirt-xml.js";

type Handlers = { [N in ProcedureName]?: (...args: Args<N>) => Promise<NaiveWriter> };

/** One connection to it. */
export function openFakeLibvirt(fake: FakeLibvirt): Duplex {
  const subscriptions = new Map<number, () => void>();
  let lastCallback = -1;
  const handlers: Handlers = {
    ...networkCalls(fake),
    ...domainCalls(fake),
    connectGetLibVersion: async () => wire().u64(BigInt(await fake.libVersion())),
    connectGetCapabilities: async () => wire().text(await fake.capabilities()),
    connectDomainEventCallbackRegisterAny: async (eventId, domain) => {
      const callback = (lastCallback += 1);
      if (domain)
        subscriptions.set(
          callback,
          fake.listen(domain, (event) => tell(server, callback, eventId, event)),
        );
      return wire().u32(callback);
    },
    connectDomainEventCallbackDeregisterAny: async (callback) => {
      subscriptions.get(callback)?.();
      subscriptions.delete(callback);
      return wire();
    },
  };
  const server: FakeLibvirtd = new FakeLibvirtd(refusing(handlers));
  server.client.once("close", () => {
    for (const forget of subscriptions.values()) forget();
  });
  return server.client;
}

/** What libvirt says no to is an answer as well. */
const refusing = (handlers: Handlers): ConstructorParameters<typeof FakeLibvirtd>[0] =>
  Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [
      name,
      async (...args: never[]) => {
        try {
          return await handler(...args);
        } catch (error) {
          if (!(error instanceof LibvirtError)) throw error;
          return refusal(error.remote.code, error.remote.message ?? "");
        }
      },
    ]),
  );

const isInactive = (flags: number): { inactive: boolean } => ({ inactive: (flags & 3) !== 0 });
const flag = (value: boolean) => wire().u32(value ? 1 : 0);
const done = async (work: Promise<unknown>): Promise<NaiveWriter> => (await work, wire());

function networkCalls(fake: FakeLibvirt): Handlers {
  const lookUp = async (nameOrUuid: string) => {
    const found = await fake.findNetwork(nameOrUuid);
    if (!found)
      throw libvirtError(virErr.noNetwork, `Network not found: no network with matching name '${nameOrUuid}'`);
    return wire().network(found);
  };
  return {
    connectListAllNetworks: async () => listed(await fake.listNetworks(), (to, one) => to.network(one)),
    networkLookupByName: lookUp,
    networkLookupByUuid: lookUp,
    networkDefineXml: async (xml) => wire().network(await fake.defineNetwork(xml)),
    networkCreate: (network) => done(fake.startNetwork(network)),
    networkDestroy: (network) => done(fake.stopNetwork(network)),
    networkUndefine: (network) => done(fake.undefineNetwork(network)),
    networkGetXmlDesc: async (network, flags) => wire().text(await fake.networkXml(network, isInactive(flags))),
    networkIsActive: async (network) => flag(await fake.isNetworkActive(network)),
    networkIsPersistent: async (network) => flag(await fake.isNetworkPersistent(network)),
    networkGetAutostart: async (network) => flag(await fake.networkAutostart(network)),
    networkSetAutostart: (network, autostart) => done(fake.setNetworkAutostart(network, autostart)),
    networkListAllPorts: async (network: NetworkRef) =>
      listed(await fake.listNetworkPorts(network), (to, one: PortRef) => to.network(one.network).uuid(one.uuid)),
    networkPortGetXmlDesc: async (port) => wire().text(await fake.networkPortXml(port)),
  };
}

function domainCalls(fake: FakeLibvirt): Handlers {
  const lookUp = async (nameOrUuid: string) => {
    const found = await fake.findDomain(nameOrUuid);
    if (!found) throw libvirtError(virErr.noDomain, `Domain not found: no domain with matching name '${nameOrUuid}'`);
    return wire().domain(found);
  };
  const affect = (flags: number): Affect => ({ live: (flags & 1) !== 0, config: (flags & 2) !== 0 });
  return {
    connectListAllDomains: async () => listed(await fake.listDomains(), (to, one) => to.domain(one)),
    domainLookupByName: lookUp,
    domainLookupByUuid: lookUp,
    domainGetXmlDesc: async (domain, flags) => wire().text(await fake.domainXml(domain, isInactive(flags))),
    domainIsActive: async (domain) => flag(await fake.isDomainActive(domain)),
    domainIsPersistent: async (domain) => flag(await fake.isDomainPersistent(domain)),
    domainShutdown: (domain) => done(fake.shutdownDomain(domain)),
    domainCreate: async (domain: DomainRef) => {
      await fake.startDomain(domain);
      return wire().domain((await fake.findDomain(domain.uuid)) ?? domain);
    },
    domainAttachDeviceFlags: (domain, xml, flags) => done(fake.attachDevice(domain, xml, affect(flags))),
    domainDetachDeviceFlags: (domain, xml, flags) => done(fake.detachDevice(domain, xml, affect(flags))),
    domainUpdateDeviceFlags: (domain, xml, flags) => done(fake.updateDevice(domain, xml, affect(flags))),
  };
}

function listed<T>(items: readonly T[], write: (to: NaiveWriter, item: T) => NaiveWriter): NaiveWriter {
  const to = items.reduce(write, wire().u32(items.length));
  return to.u32(items.length);
}

const eventNames: { [E in DomainEvent["event"]]: Extract<EventName, `domain${string}`> } = {
  "device-added": "domainDeviceAdded",
  "device-removed": "domainDeviceRemoved",
  "device-removal-failed": "domainDeviceRemovalFailed",
  lifecycle: "domainLifecycle",
};
/** virDomainEventType */
const changes = ["defined", "undefined", "started", "suspended", "resumed", "stopped", "shutdown"];

function tell(server: FakeLibvirtd, callback: number, eventId: number, event: DomainEvent): void {
  const name = eventNames[event.event];
  if (events[name].eventId !== eventId) return;
  const body = wire().u32(callback).domain(event.domain);
  server.event(
    name,
    event.event === "lifecycle" ? body.u32(changes.indexOf(event.change)).u32(0) : body.text(event.alias),
  );
}
