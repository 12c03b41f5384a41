// A libvirtd in memory that behaves: networks with ports, domains with two definitions, VFs handed out first free first, a
// detach that is done when the guest says so. The integration tests run the same scenarios on the real one.
import { type Deadline, within } from "../../provider/base/deadline.js";
import { SriovError } from "../../provider/base/errors.js";
import type { PciAddress } from "../../provider/base/pci-address.js";
import type {
  Affect,
  DomainEvent,
  DomainRef,
  LibvirtClient,
  NetworkRef,
  PortRef,
  Subscription,
} from "../../provider/libvirt/client.js";
import { virErr } from "../../provider/libvirt/errors.js";
import { FakeDomains, refOf } from "./fake-libvirt-domains.js";
import { FakeNetworks } from "./fake-libvirt-networks.js";
import { libvirtError } from "./fake-libvirt-xml.js";

export class FakeLibvirt implements LibvirtClient {
  readonly name = "qemu:///system on kvm1";
  readonly networks: FakeNetworks;
  readonly domains: FakeDomains;
  /** The names of the calls that change something, in order. */
  readonly changes: string[] = [];
  /** What the next call of that name rejects with; the call does nothing then. */
  readonly failures = new Map<keyof LibvirtClient, Error>();
  securityModels: string[] = [];
  readonly #listeners = new Set<{ uuid: string; push: (event: DomainEvent) => void }>();

  constructor(pfs: { [netdev: string]: PciAddress[] } = {}) {
    this.networks = new FakeNetworks(pfs);
    this.domains = new FakeDomains(this.networks, (event) => {
      for (const { uuid, push } of this.#listeners) if (uuid === event.domain.uuid) push(event);
    });
  }

  #change(call: keyof LibvirtClient, what: string): void {
    this.#may(call);
    this.changes.push(`${call} ${what}`);
  }

  #may(call: keyof LibvirtClient): void {
    const failure = this.failures.get(call);
    this.failures.delete(call);
    if (failure) throw failure;
  }

  async capabilities() {
    const models = this.securityModels.map((model) => `<secmodel><model>${model}</model></secmodel>`).join("");
    return `<capabilities><host><uuid>x</uuid><cpu><arch>x86_64</arch></cpu><iommu support='yes'/>${models}</host></capabilities>`;
  }
  async libVersion() {
    return 9_000_000;
  }

  async listNetworks(): Promise<NetworkRef[]> {
    return this.networks.all.map(({ name, uuid }) => ({ name, uuid }));
  }
  async findNetwork(nameOrUuid: string): Promise<NetworkRef | undefined> {
    this.#may("findNetwork");
    const found = this.networks.all.find(({ name, uuid }) => name === nameOrUuid || uuid === nameOrUuid);
    return found && { name: found.name, uuid: found.uuid };
  }
  async defineNetwork(xml: string): Promise<NetworkRef> {
    this.#may("defineNetwork");
    const { name, uuid } = this.networks.define(xml);
    this.changes.push(`defineNetwork ${name}`);
    return { name, uuid };
  }
  async startNetwork(network: NetworkRef) {
    this.#change("startNetwork", network.name);
    this.networks.start(this.networks.get(network));
  }
  async stopNetwork(network: NetworkRef) {
    this.#change("stopNetwork", network.name);
    this.networks.stop(this.networks.get(network));
  }
  async undefineNetwork(network: NetworkRef) {
    this.#change("undefineNetwork", network.name);
    this.networks.undefine(this.networks.get(network));
  }
  async networkXml(network: NetworkRef, { inactive = false }: { inactive?: boolean } = {}) {
    this.#may("networkXml");
    return this.networks.xml(this.networks.get(network), inactive);
  }
  async isNetworkActive(network: NetworkRef) {
    return this.networks.get(network).live !== undefined;
  }
  async isNetworkPersistent(network: NetworkRef) {
    return this.networks.get(network).isPersistent;
  }
  async networkAutostart(network: NetworkRef) {
    return this.networks.get(network).autostart;
  }
  async setNetworkAutostart(network: NetworkRef, autostart: boolean) {
    this.#change("setNetworkAutostart", `${network.name} ${autostart ? "on" : "off"}`);
    const found = this.networks.get(network);
    if (!found.isPersistent) throw libvirtError(virErr.operationInvalid, "cannot set autostart for transient network");
    found.autostart = autostart;
  }
  async listNetworkPorts(network: NetworkRef): Promise<PortRef[]> {
    return this.networks.get(network).ports.map(({ uuid }) => ({ network, uuid }));
  }
  async networkPortXml({ network, uuid }: PortRef) {
    const port = this.networks.get(network).ports.find((one) => one.uuid === uuid);
    if (!port) throw libvirtError(virErr.noNetworkPort, `network port not found: ${uuid}`);
    return port.xml;
  }

  async listDomains(): Promise<DomainRef[]> {
    return this.domains.all.map(refOf);
  }
  async findDomain(nameOrUuid: string): Promise<DomainRef | undefined> {
    const found = this.domains.all.find(({ name, uuid }) => name === nameOrUuid || uuid === nameOrUuid);
    return found && refOf(found);
  }
  async domainXml(domain: DomainRef, { inactive = false }: { inactive?: boolean } = {}) {
    const { definition, live, isPersistent } = this.domains.get(domain);
    return inactive && isPersistent ? definition : (live ?? definition);
  }
  async isDomainActive(domain: DomainRef) {
    return this.domains.get(domain).live !== undefined;
  }
  async isDomainPersistent(domain: DomainRef) {
    return this.domains.get(domain).isPersistent;
  }
  async shutdownDomain(domain: DomainRef) {
    this.#change("shutdownDomain", domain.name);
    this.domains.shutdown(this.domains.get(domain));
  }
  async startDomain(domain: DomainRef) {
    this.#change("startDomain", domain.name);
    this.domains.start(this.domains.get(domain));
  }
  async attachDevice(domain: DomainRef, xml: string, affect: Affect) {
    this.#change("attachDevice", `${domain.name}${halves(affect)}`);
    this.domains.attach(this.domains.get(domain), xml, affect);
  }
  async detachDevice(domain: DomainRef, xml: string, affect: Affect) {
    this.#change("detachDevice", `${domain.name}${halves(affect)}`);
    this.domains.detach(this.domains.get(domain), xml, affect);
  }
  async updateDevice(domain: DomainRef, xml: string, affect: Affect) {
    this.#change("updateDevice", `${domain.name}${halves(affect)}`);
    this.domains.update(this.domains.get(domain), xml, affect);
  }

  /** Answers what ends it. */
  listen(domain: DomainRef, push: (event: DomainEvent) => void): () => void {
    const listener = { uuid: domain.uuid, push };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async subscribe(domain: DomainRef): Promise<Subscription<DomainEvent>> {
    const waiting: DomainEvent[] = [];
    let wake = () => {};
    const forget = this.listen(domain, (event) => {
      waiting.push(event);
      wake();
    });
    const next = async (): Promise<DomainEvent> => {
      for (;;) {
        const event = waiting.shift();
        if (event) return event;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    return {
      next: (deadline: Deadline) => within(deadline, `wait for events of ${domain.name}`, next()),
      close: async () => forget(),
    };
  }

  async listNodeDevices(capability: "pci" | "net"): Promise<string[]> {
    throw new SriovError("bug", `the fake libvirtd has no ${capability} node devices`);
  }
  async nodeDeviceXml(name: string): Promise<string> {
    throw libvirtError(virErr.noNodeDevice, `Node device not found: ${name}`);
  }
  async close() {}
}

const halves = ({ live, config }: Affect): string => `${config ? " --config" : ""}${live ? " --live" : ""}`;
