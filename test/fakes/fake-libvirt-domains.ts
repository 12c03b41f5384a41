// The domains of a fake libvirtd: a definition and, while they run, a live XML; devices come at once and go when the guest
// lets go of them.
import { randomUUID } from "node:crypto";
import { joinPciAddress } from "../../provider/base/pci-address.js";
import type { Affect, DomainEvent, DomainRef } from "../../provider/libvirt/client.js";
import { virErr } from "../../provider/libvirt/errors.js";
import { parseDomainInterfaces, parseDomainXml } from "../../provider/libvirt/xml/domain.js";
import { type DomainInterface, parseInterfaceXml } from "../../provider/libvirt/xml/interface.js";
import type { FakeNetworks } from "./fake-libvirt-networks.js";
import { libvirtError, resolved, withDevice, withoutDevice } from "./fake-libvirt-xml.js";

/** What the guest does when it is asked to let go of a device. */
export type Guest = "answers" | "ignores" | "refuses";

export type FakeDomain = {
  name: string;
  uuid: string;
  id: number;
  definition: string;
  live: string | undefined;
  isPersistent: boolean;
  guest: Guest;
  powerButton: "answers" | "ignores";
};

export class FakeDomains {
  readonly all: FakeDomain[] = [];
  guestDelayMs = 20;
  readonly #networks: FakeNetworks;
  readonly #emit: (event: DomainEvent) => void;
  #lastId = 0;
  /** Devices that a guest is about to let go of: QEMU does not ask it twice. */
  readonly #unplugging = new Set<string>();

  constructor(networks: FakeNetworks, emit: (event: DomainEvent) => void) {
    this.#networks = networks;
    this.#emit = emit;
  }

  /** A q35 machine with `rootPorts` free slots for hot-plugged devices. */
  add(name: string, { rootPorts = 4 }: { rootPorts?: number } = {}): FakeDomain {
    const uuid = randomUUID();
    const ports = Array.from(
      { length: rootPorts },
      (_, i) => `<controller type='pci' index='${i + 1}' model='pcie-root-port'/>`,
    );
    const definition = `<domain type='kvm'><name>${name}</name><uuid>${uuid}</uuid><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><devices>${ports.join("")}</devices></domain>`;
    const domain: FakeDomain = {
      name,
      uuid,
      id: -1,
      definition,
      live: undefined,
      isPersistent: true,
      guest: "answers",
      powerButton: "answers",
    };
    this.all.push(domain);
    return domain;
  }

  get({ uuid }: { uuid: string }): FakeDomain {
    const found = this.all.find((domain) => domain.uuid === uuid);
    if (!found) throw libvirtError(virErr.noDomain, `Domain not found: no domain with matching uuid '${uuid}'`);
    return found;
  }

  /** Equivalent to: `virsh start`. Every interface gets its VF now. */
  start(domain: FakeDomain): void {
    const wanted = parseDomainInterfaces(domain.definition);
    domain.live = wanted.reduce((xml, device) => withoutDevice(xml, device), domain.definition);
    this.#lastId += 1;
    domain.id = this.#lastId;
    domain.live = domain.live.replace("<domain ", `<domain id='${domain.id}' `);
    for (const device of wanted) this.#plug(domain, device);
    this.#emit({ event: "lifecycle", domain: refOf(domain), change: "started" });
  }

  /** Equivalent to: `virsh shutdown`. What a guest does with devices it does with the power button. */
  shutdown(domain: FakeDomain): void {
    mustAllow(domain, { live: true });
    if (domain.powerButton === "ignores") return;
    setTimeout(() => domain.live !== undefined && this.stop(domain), this.guestDelayMs);
  }

  /** Equivalent to: `virsh destroy` */
  stop(domain: FakeDomain): void {
    domain.live = undefined;
    domain.id = -1;
    this.#networks.release(domain.uuid, undefined);
    this.#emit({ event: "lifecycle", domain: refOf(domain), change: "stopped" });
  }

  /** Both halves or none: the definition is looked at first, and written last. */
  attach(domain: FakeDomain, xml: string, affect: Affect): void {
    mustAllow(domain, affect);
    const device = parseInterfaceXml(xml);
    for (const half of [affect.config ? domain.definition : undefined, affect.live ? domain.live : undefined]) {
      const taken = half === undefined ? [] : parseDomainInterfaces(half);
      if (device.alias !== undefined && taken.some(({ alias }) => alias === device.alias)) {
        throw libvirtError(
          virErr.configUnsupported,
          `unsupported configuration: non unique alias detected: ${device.alias}`,
        );
      }
    }
    if (affect.live) this.#plug(domain, device);
    if (affect.config) domain.definition = withDevice(domain.definition, xml);
  }

  #plug(domain: FakeDomain, device: DomainInterface): void {
    const live = domain.live ?? "";
    const { freeRootPorts, interfaces } = parseDomainXml(live);
    if (freeRootPorts === 0) throw libvirtError(virErr.internal, "internal error: No more available PCI slots");
    const bus =
      [1, 2, 3, 4, 5, 6, 7, 8].find(
        (candidate) => !interfaces.some((other) => slot(candidate) === other.guestAddress),
      ) ?? 1;
    const { vf, vlan } = this.#take(domain, device);
    const alias = device.alias ?? `hostdev${interfaces.length}`;
    const parts = { vlan: device.vlan ?? vlan, alias, slot: slot(bus) };
    domain.live = withDevice(live, resolved(device, vf, parts));
    this.#emit({ event: "device-added", domain: refOf(domain), alias });
  }

  #take(domain: FakeDomain, device: DomainInterface) {
    if (device.network !== undefined) {
      return this.#networks.allocate(device.network, domain, device.mac ?? "", device.portgroup);
    }
    const vf = device.sourceAddress;
    if (vf === undefined) throw libvirtError(virErr.xml, "XML error: no source");
    const holder = this.all.find(
      ({ live }) => live && parseDomainInterfaces(live).some((one) => one.sourceAddress === vf),
    );
    if (holder) {
      const message = `Requested operation is not valid: PCI device ${vf} is in use by driver QEMU, domain ${holder.name}`;
      throw libvirtError(virErr.operationInvalid, message);
    }
    return { vf, vlan: undefined };
  }

  /** Live it only asks the guest; libvirt says yes whatever the guest then does. */
  detach(domain: FakeDomain, xml: string, affect: Affect): void {
    mustAllow(domain, affect);
    const asked = parseInterfaceXml(xml);
    const fromConfig = affect.config ? mustFind(domain.definition, asked) : undefined;
    const fromLive = affect.live ? mustFind(domain.live ?? "", asked) : undefined;
    if (fromLive) this.#askGuest(domain, fromLive);
    if (fromConfig) domain.definition = withoutDevice(domain.definition, fromConfig);
  }

  #askGuest(domain: FakeDomain, device: DomainInterface): void {
    const { guest } = domain;
    const alias = device.alias ?? "";
    if (guest === "ignores") return;
    const asked = `${domain.uuid} ${alias}`;
    if (this.#unplugging.has(asked)) {
      const why = `Device ${alias} is already in the process of unplug`;
      throw libvirtError(virErr.internal, `internal error: unable to execute QEMU command 'device_del': ${why}`);
    }
    this.#unplugging.add(asked);
    setTimeout(() => {
      this.#unplugging.delete(asked);
      if (domain.live === undefined) return;
      if (guest === "answers") {
        domain.live = withoutDevice(domain.live, device);
        this.#networks.release(domain.uuid, device.mac);
      }
      this.#emit({
        event: guest === "answers" ? "device-removed" : "device-removal-failed",
        domain: refOf(domain),
        alias,
      });
    }, this.guestDelayMs);
  }

  /** The whole element is replaced, except the guest's address of it. */
  update(domain: FakeDomain, xml: string, affect: Affect): void {
    mustAllow(domain, affect);
    if (affect.live) {
      throw libvirtError(
        virErr.operationUnsupported,
        "Operation not supported: cannot change config of 'hostdev' network interface type",
      );
    }
    const before = mustFind(domain.definition, parseInterfaceXml(xml));
    domain.definition = withoutDevice(domain.definition, before, xml);
  }
}

export const refOf = ({ name, uuid, id }: FakeDomain): DomainRef => ({ name, uuid, id });

const slot = (bus: number) => joinPciAddress({ pciDomain: 0, bus, slot: 0, function: 0 });

function mustAllow(domain: FakeDomain, { live, config }: Affect): void {
  const no = (why: string) => libvirtError(virErr.operationInvalid, `Requested operation is not valid: ${why}`);
  if (live && domain.live === undefined) throw no("domain is not running");
  if (config && !domain.isPersistent) throw no("transient domains do not have any persistent config");
}

function mustFind(domainXml: string, asked: DomainInterface): DomainInterface {
  const found = parseDomainInterfaces(domainXml).find(
    ({ mac, alias }) => mac === asked.mac && (asked.alias === undefined || alias === asked.alias),
  );
  if (found) return found;
  throw libvirtError(virErr.deviceMissing, `device not found: no device matching MAC address ${asked.mac} found`);
}
