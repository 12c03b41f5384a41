// Answers that several resources want are asked for once: 28 interfaces of 7 VMs need each VM's XML, and the way to the host may
// be long. What is written drops what it could have changed, before and after, so a read-back is always a real one. One thing is
// dropped only for who is about to write: a domain whose definition got or lost a device. The check of the next resource of the
// same VM knows from the program itself what that was, and 28 of them would each wait a round trip to see it.
import type { Affect, DomainRef, LibvirtClient, NetworkRef, PortRef } from "./client.js";

/** What an answer is about, and what a write may have changed: `domain UUID`, or a kind as a whole. */
type About = string;

/** `outdated`: a look, which may be some seconds old, may also be older than this write. */
type Changed = { gone: About[] } | { outdated: About[] };

type Verbs = {
  [Verb in keyof LibvirtClient]: LibvirtClient[Verb] extends (...args: infer Args) => unknown
    ? { reads: (...args: Args) => About } | { writes: (...args: Args) => Changed } | "as it is"
    : "as it is";
};

const network = ({ uuid }: NetworkRef): About => `network ${uuid}`;
const domain = ({ uuid }: DomainRef): About => `domain ${uuid}`;

/** A network that is defined, started or stopped: the list, its own facts, and with a new name anybody's. */
const anyNetwork = (): Changed => ({ gone: ["networks", "network "] });

/** A running VM takes a VF from a pool, and the VF gets another driver. */
const devicesOf = (ref: DomainRef, _xml: string, { live = false }: Affect): Changed =>
  live ? { gone: [domain(ref), "network ", "node-devices"] } : { outdated: [domain(ref)] };

/** A VM that starts or stops: who runs, its own facts, and what it takes from pools. */
const anyDomain = (): Changed => ({ gone: ["domains", "domain ", "network ", "node-devices"] });

const verbs: Verbs = {
  name: "as it is",
  capabilities: { reads: () => "host" },
  libVersion: { reads: () => "host" },
  listNetworks: { reads: () => "networks" },
  findNetwork: { reads: () => "networks" },
  defineNetwork: { writes: anyNetwork },
  startNetwork: { writes: anyNetwork },
  stopNetwork: { writes: anyNetwork },
  undefineNetwork: { writes: anyNetwork },
  networkXml: { reads: network },
  isNetworkActive: { reads: network },
  isNetworkPersistent: { reads: network },
  networkAutostart: { reads: network },
  setNetworkAutostart: { writes: anyNetwork },
  listNetworkPorts: { reads: network },
  networkPortXml: { reads: (port: PortRef) => network(port.network) },
  listDomains: { reads: () => "domains" },
  findDomain: { reads: () => "domains" },
  domainXml: { reads: domain },
  isDomainActive: { reads: domain },
  isDomainPersistent: { reads: domain },
  shutdownDomain: { writes: anyDomain },
  startDomain: { writes: anyDomain },
  attachDevice: { writes: devicesOf },
  detachDevice: { writes: devicesOf },
  updateDevice: { writes: devicesOf },
  subscribe: "as it is",
  listNodeDevices: { reads: () => "node-devices" },
  nodeDeviceXml: { reads: () => "node-devices" },
  close: "as it is",
};

type Answer = {
  about: About;
  promise: Promise<unknown>;
  askedAt: number;
  settled: boolean;
  /** Something was written since. */
  isOutdated: boolean;
};

export class SharedReads {
  readonly #client: LibvirtClient;
  readonly #movedDevices: () => void;
  readonly #answers = new Map<string, Answer>();
  readonly #views = new Map<number, LibvirtClient>();

  /** `movedDevices`: told before and after each write that gives a VF to a VM or takes it back: sysfs shows that too. */
  constructor(client: LibvirtClient, movedDevices: () => void = () => undefined) {
    this.#client = client;
    this.#movedDevices = movedDevices;
  }

  /** For a write that did not come through here. */
  forget(): void {
    this.#answers.clear();
  }

  /**
   * The client with reads that are shared by all views. An answer is taken when it is still on its way, or not older than
   * `maxAgeMs`: 0 for whoever is about to write and has to know how things are now. A failure is never kept.
   */
  view(maxAgeMs: number): LibvirtClient {
    const view = this.#views.get(maxAgeMs) ?? this.#makeView(maxAgeMs);
    this.#views.set(maxAgeMs, view);
    return view;
  }

  #makeView(maxAgeMs: number): LibvirtClient {
    const view: LibvirtClient = new Proxy(this.#client, {
      get: (client, property) => {
        const value: unknown = Reflect.get(client, property);
        if (typeof value !== "function") return value;
        const call = (...args: unknown[]): unknown => Reflect.apply(value, client, args);
        const verb = verbs[property as keyof LibvirtClient] as
          { reads?: (...args: unknown[]) => About; writes?: (...args: unknown[]) => Changed } | "as it is" | undefined;
        if (verb === undefined || verb === "as it is") return call;
        if (verb.reads) {
          const about = verb.reads;
          const read = (...args: unknown[]) =>
            this.#shared(`${String(property)} ${JSON.stringify(args)}`, about(...args), maxAgeMs, () =>
              Promise.resolve(call(...args)),
            );
          const isLookup = property === "findDomain" || property === "findNetwork";
          return isLookup && maxAgeMs > 0 ? (name: string) => inList(view, property, name, () => read(name)) : read;
        }
        const changes = verb.writes ?? (() => ({ gone: [] }));
        return async (...args: unknown[]) => {
          this.#drop(changes(...args));
          try {
            return await call(...args);
          } finally {
            this.#drop(changes(...args));
          }
        };
      },
    });
    return view;
  }

  #shared(key: string, about: About, maxAgeMs: number, ask: () => Promise<unknown>): Promise<unknown> {
    const known = this.#answers.get(key);
    const isNew = known && !known.settled && !known.isOutdated;
    if (known && (isNew || Date.now() - known.askedAt < maxAgeMs)) return known.promise;
    const answer: Answer = { about, promise: ask(), askedAt: Date.now(), settled: false, isOutdated: false };
    this.#answers.set(key, answer);
    answer.promise.then(
      () => (answer.settled = true),
      () => {
        if (this.#answers.get(key) === answer) this.#answers.delete(key);
      },
    );
    return answer.promise;
  }

  #drop(changed: Changed): void {
    const [prefixes, isGone] = "gone" in changed ? [changed.gone, true] : [changed.outdated, false];
    for (const [key, answer] of this.#answers) {
      if (!prefixes.some((prefix) => answer.about.startsWith(prefix))) continue;
      if (isGone) this.#answers.delete(key);
      else answer.isOutdated = true;
    }
    if (prefixes.includes("node-devices")) this.#movedDevices();
  }
}

/** Many names are looked up, and one list answers for all of them. Who is not in it is asked for. */
async function inList(
  client: LibvirtClient,
  lookup: "findDomain" | "findNetwork",
  nameOrUuid: string,
  ask: () => Promise<unknown>,
): Promise<unknown> {
  const list: { name: string; uuid: string }[] =
    lookup === "findDomain" ? await client.listDomains() : await client.listNetworks();
  return list.find(({ uuid }) => uuid === nameOrUuid) ?? list.find(({ name }) => name === nameOrUuid) ?? ask();
}
