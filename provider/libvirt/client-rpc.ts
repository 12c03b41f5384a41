// LibvirtClient over libvirt's own protocol: each verb is a call or two, and a text that says what was being done.
import type { Duplex } from "node:stream";
import { deadlineIn, within } from "../base/deadline.js";
import { SriovError } from "../base/errors.js";
import type { Affect, DomainEvent, DomainRef, LibvirtClient, NetworkRef, PortRef, Subscription } from "./client.js";
import { subscribeToDomain } from "./domain-events.js";
import { isLibvirtError, virErr } from "./errors.js";
import { RpcConnection } from "./rpc/connection.js";
import type { Pulse } from "../transport/pulse.js";
import { Link, type LinkOptions } from "./link.js";
import { mustAttachInterfaces } from "./versions.js";
import { type Authentication, openLibvirt } from "./rpc/handshake.js";

export type ConnectOptions = {
  /** What libvirt is asked to open: a local name, such as `qemu:///system`. */
  readonly uri: string;
  /** For messages: `root@kvm1`. */
  readonly name: string;
  /** Default 60,000: a socket-activated libvirtd may have to start first. */
  readonly timeoutMs?: number;
  readonly authentication?: Authentication;
  /** How a lost connection is made anew. */
  readonly link?: LinkOptions;
  /** Told while libvirt has still to answer. */
  readonly pulse?: Pulse;
};

/**
 * Opens a stream with `open`, now and whenever it was lost. Equivalent to: `virsh -c $uri connect`
 */
export async function connectLibvirt(open: () => Promise<Duplex>, options: ConnectOptions): Promise<LibvirtClient> {
  const { uri, name, timeoutMs = 60_000, authentication, link, pulse } = options;
  const connect = async () => {
    const rpc = new RpcConnection(await open(), name, { pulse });
    try {
      await within(deadlineIn(timeoutMs), `cannot open ${uri} on ${name}`, openLibvirt(rpc, uri, authentication));
      return rpc;
    } catch (error) {
      await rpc.close();
      throw error;
    }
  };
  return new RpcClient(new Link(name, await connect(), connect, link), `${uri} on ${name}`);
}

const uuidPattern = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const inactiveXml = 1; // VIR_NETWORK_XML_INACTIVE
const inactiveDomainXml = 2; // VIR_DOMAIN_XML_INACTIVE
const nodeDeviceFlags = { pci: 2, net: 16 }; // VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV, _NET

/** VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG */
function affectFlags({ live = false, config = false }: Affect): number {
  if (!live && !config) throw new SriovError("bug", "a device call has to say what it affects: live, config or both");
  return (live ? 1 : 0) | (config ? 2 : 0);
}

class RpcClient implements LibvirtClient {
  readonly name: string;
  readonly #rpc: Link;
  #version: Promise<number> | undefined;

  constructor(rpc: Link, name: string) {
    this.#rpc = rpc;
    this.name = name;
  }

  capabilities() {
    return this.#rpc.call("connectGetCapabilities", [], "read libvirt's capabilities");
  }
  libVersion() {
    const ask = async () => Number(await this.#rpc.call("connectGetLibVersion", [], "read libvirt's version"));
    const asked = (this.#version ??= ask());
    asked.catch(() => (this.#version = undefined));
    return asked;
  }

  async listNetworks() {
    return (await this.#rpc.call("connectListAllNetworks", [true, 0], "list networks")).items;
  }
  findNetwork(nameOrUuid: string) {
    const doing = `look up network "${nameOrUuid}"`;
    return find(nameOrUuid, virErr.noNetwork, {
      byUuid: () => this.#rpc.call("networkLookupByUuid", [nameOrUuid], doing),
      byName: () => this.#rpc.call("networkLookupByName", [nameOrUuid], doing),
    });
  }
  defineNetwork(xml: string) {
    return this.#rpc.call("networkDefineXml", [xml], "define a network");
  }
  startNetwork(network: NetworkRef) {
    return this.#rpc.call("networkCreate", [network], `start network "${network.name}"`);
  }
  stopNetwork(network: NetworkRef) {
    return this.#rpc.call("networkDestroy", [network], `stop network "${network.name}"`);
  }
  undefineNetwork(network: NetworkRef) {
    return this.#rpc.call("networkUndefine", [network], `undefine network "${network.name}"`);
  }
  networkXml(network: NetworkRef, { inactive = false }: { inactive?: boolean } = {}) {
    const flags = inactive ? inactiveXml : 0;
    return this.#rpc.call("networkGetXmlDesc", [network, flags], `read the XML of network "${network.name}"`);
  }
  isNetworkActive(network: NetworkRef) {
    return this.#rpc.call("networkIsActive", [network], `ask whether network "${network.name}" is active`);
  }
  isNetworkPersistent(network: NetworkRef) {
    return this.#rpc.call("networkIsPersistent", [network], `ask whether network "${network.name}" is persistent`);
  }
  networkAutostart(network: NetworkRef) {
    return this.#rpc.call("networkGetAutostart", [network], `ask whether network "${network.name}" starts at boot`);
  }
  setNetworkAutostart(network: NetworkRef, autostart: boolean) {
    const doing = `turn autostart of network "${network.name}" ${autostart ? "on" : "off"}`;
    return this.#rpc.call("networkSetAutostart", [network, autostart], doing);
  }
  async listNetworkPorts(network: NetworkRef): Promise<PortRef[]> {
    const doing = `list the ports of network "${network.name}"`;
    try {
      return (await this.#rpc.call("networkListAllPorts", [network, true, 0], doing)).items;
    } catch (error) {
      // libvirt refuses while the network is inactive, and says so in its text only.
      const hasNone = isLibvirtError(error, virErr.operationInvalid) && !(await this.isNetworkActive(network));
      if (hasNone) return [];
      throw error;
    }
  }
  networkPortXml(port: PortRef) {
    const doing = `read the XML of port ${port.uuid} of network "${port.network.name}"`;
    return this.#rpc.call("networkPortGetXmlDesc", [port, 0], doing);
  }

  async listDomains() {
    return (await this.#rpc.call("connectListAllDomains", [true, 0], "list domains")).items;
  }
  findDomain(nameOrUuid: string) {
    const doing = `look up domain "${nameOrUuid}"`;
    return find(nameOrUuid, virErr.noDomain, {
      byUuid: () => this.#rpc.call("domainLookupByUuid", [nameOrUuid], doing),
      byName: () => this.#rpc.call("domainLookupByName", [nameOrUuid], doing),
    });
  }
  domainXml(domain: DomainRef, { inactive = false }: { inactive?: boolean } = {}) {
    const flags = inactive ? inactiveDomainXml : 0;
    return this.#rpc.call("domainGetXmlDesc", [domain, flags], `read the XML of domain "${domain.name}"`);
  }
  isDomainActive(domain: DomainRef) {
    return this.#rpc.call("domainIsActive", [domain], `ask whether domain "${domain.name}" is running`);
  }
  isDomainPersistent(domain: DomainRef) {
    return this.#rpc.call("domainIsPersistent", [domain], `ask whether domain "${domain.name}" is persistent`);
  }
  shutdownDomain(domain: DomainRef) {
    return this.#rpc.call("domainShutdown", [domain], `shut domain "${domain.name}" down`);
  }
  async startDomain(domain: DomainRef) {
    await this.#rpc.call("domainCreate", [domain], `start domain "${domain.name}"`);
  }
  async attachDevice(domain: DomainRef, xml: string, affect: Affect) {
    const doing = `attach a device to domain "${domain.name}"${half(affect)}`;
    if (/<interface[\s>]/.test(xml)) mustAttachInterfaces(doing, await this.libVersion());
    await this.#rpc.call("domainAttachDeviceFlags", [domain, xml, affectFlags(affect)], doing);
  }
  async detachDevice(domain: DomainRef, xml: string, affect: Affect) {
    const doing = `detach a device from domain "${domain.name}"${half(affect)}`;
    await this.#rpc.call("domainDetachDeviceFlags", [domain, xml, affectFlags(affect)], doing);
  }
  async updateDevice(domain: DomainRef, xml: string, affect: Affect) {
    const doing = `update a device of domain "${domain.name}"${half(affect)}`;
    await this.#rpc.call("domainUpdateDeviceFlags", [domain, xml, affectFlags(affect)], doing);
  }
  async subscribe(domain: DomainRef): Promise<Subscription<DomainEvent>> {
    return subscribeToDomain(await this.#rpc.connection(`subscribe to the events of domain "${domain.name}"`), domain);
  }

  async listNodeDevices(capability: "pci" | "net") {
    const args: [boolean, number] = [true, nodeDeviceFlags[capability]];
    const { items } = await this.#rpc.call("connectListAllNodeDevices", args, `list ${capability} node devices`);
    return items.map(({ name }) => name);
  }
  nodeDeviceXml(name: string) {
    return this.#rpc.call("nodeDeviceGetXmlDesc", [name, 0], `read the XML of node device "${name}"`);
  }

  close() {
    return this.#rpc.close();
  }
}

const half = ({ live = false, config = false }: Affect): string =>
  live === config ? "" : live ? " (live)" : " (config)";

/** A name may look like a UUID: when libvirt knows no such UUID, it is asked for the name. */
async function find<T>(
  nameOrUuid: string,
  missing: number,
  { byUuid, byName }: { byUuid: () => Promise<T>; byName: () => Promise<T> },
): Promise<T | undefined> {
  for (const lookUp of uuidPattern.test(nameOrUuid) ? [byUuid, byName] : [byName]) {
    try {
      return await lookUp();
    } catch (error) {
      if (!isLibvirtError(error, missing)) throw error;
    }
  }
  return undefined;
}
