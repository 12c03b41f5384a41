// The networks of a fake libvirtd, and their ports. It refuses what libvirt 9.0 refuses, and lets pass what that lets pass:
// stopping a network whose VFs are in use, two networks on one PF.
import { randomUUID } from "node:crypto";
import type { PciAddress } from "../../provider/base/pci-address.js";
import { virErr } from "../../provider/libvirt/errors.js";
import { type Network, parseNetworkXml } from "../../provider/libvirt/xml/network.js";
import { element, formatXml, textElement } from "../../provider/libvirt/xml/element.js";
import { type Vlan, formatAddress, formatVlan } from "../../provider/libvirt/xml/parts.js";
import { libvirtError, started, stored, withConnections, withUuid } from "./fake-libvirt-xml.js";

export type FakePort = { uuid: string; xml: string; domainUuid: string; mac: string; vf: PciAddress };
export type FakeNetwork = {
  name: string;
  uuid: string;
  definition: string;
  live: string | undefined;
  isPersistent: boolean;
  autostart: boolean;
  ports: FakePort[];
};

export class FakeNetworks {
  readonly all: FakeNetwork[] = [];
  /** The PFs of the host by netdev, with the VFs they have now. */
  readonly pfs: { [netdev: string]: PciAddress[] };

  constructor(pfs: { [netdev: string]: PciAddress[] }) {
    this.pfs = pfs;
  }

  get({ uuid, name }: { uuid: string; name: string }): FakeNetwork {
    const found = this.all.find((network) => network.uuid === uuid);
    if (!found)
      throw libvirtError(virErr.noNetwork, `Network not found: no network with matching uuid '${uuid}' (${name})`);
    return found;
  }

  byName(name: string): FakeNetwork {
    const found = this.all.find((network) => network.name === name);
    if (!found) throw libvirtError(virErr.noNetwork, `Network not found: no network with matching name '${name}'`);
    return found;
  }

  define(xml: string): FakeNetwork {
    const { name, uuid, addresses, mode } = parseNetworkXml(xml);
    if (mode !== "hostdev") throw libvirtError(virErr.configUnsupported, `the fake has no ${mode} networks`);
    const same = this.all.find((network) => network.name === name);
    if (same && same.uuid !== uuid) {
      throw libvirtError(
        virErr.operationFailed,
        `operation failed: network '${name}' already exists with uuid ${same.uuid}`,
      );
    }
    const vfs = Object.values(this.pfs).flat();
    const stranger = addresses.find((address) => !vfs.includes(address));
    if (stranger !== undefined) {
      throw libvirtError(
        virErr.configUnsupported,
        `unsupported configuration: device '/sys/bus/pci/devices/${stranger}' in network '${name}' is not an SR-IOV Virtual Function`,
      );
    }
    const definition = stored(withUuid(xml));
    if (same) {
      same.definition = definition;
      same.isPersistent = true;
      return same;
    }
    const made: FakeNetwork = {
      name,
      uuid: parseNetworkXml(definition).uuid ?? randomUUID(),
      definition,
      live: undefined,
      isPersistent: true,
      autostart: false,
      ports: [],
    };
    this.all.push(made);
    return made;
  }

  start(network: FakeNetwork): void {
    if (network.live !== undefined) throw libvirtError(virErr.operationInvalid, "network is already active");
    const { pf, addresses } = parseNetworkXml(network.definition);
    const vfs = pf === undefined ? addresses : (this.pfs[pf] ?? []);
    if (vfs.length === 0) {
      throw libvirtError(virErr.internal, `internal error: No usable Vf's present on SRIOV PF ${pf}`);
    }
    network.live = started(network.definition, vfs);
  }

  /** Never refused, and the ports are forgotten. */
  stop(network: FakeNetwork): void {
    if (network.live === undefined) throw inactive(network);
    network.live = undefined;
    network.ports = [];
    if (!network.isPersistent) this.all.splice(this.all.indexOf(network), 1);
  }

  undefine(network: FakeNetwork): void {
    if (!network.isPersistent) throw libvirtError(virErr.operationInvalid, "can't undefine transient network");
    network.isPersistent = false;
    network.autostart = false;
    if (network.live === undefined) this.all.splice(this.all.indexOf(network), 1);
  }

  xml(network: FakeNetwork, isInactive: boolean): string {
    if (isInactive || network.live === undefined) return network.definition;
    return withConnections(network.live, network.ports.length);
  }

  /** The first free VF in the order of the list, for a domain. */
  allocate(
    name: string,
    owner: { name: string; uuid: string },
    mac: string,
    portgroup?: string,
  ): { vf: PciAddress; vlan?: Vlan } {
    const network = this.byName(name);
    if (network.live === undefined) throw inactive(network);
    const { addresses, portgroups, vlan: networkVlan } = parseNetworkXml(network.live);
    const vf = addresses.find((address) => !network.ports.some((port) => port.vf === address));
    if (vf === undefined) {
      const message = `internal error: network '${name}' requires exclusive access to interfaces, but none are available`;
      throw libvirtError(virErr.internal, message);
    }
    const vlan = groupOf(portgroups, portgroup)?.vlan ?? networkVlan;
    const uuid = randomUUID();
    const xml = formatXml(
      element("networkport", {}, [
        textElement("uuid", uuid),
        element("owner", {}, [textElement("name", owner.name), textElement("uuid", owner.uuid)]),
        textElement("group", portgroup),
        element("mac", { address: mac }),
        vlan && formatVlan(vlan),
        element("plug", { type: "hostdev-pci", managed: "yes" }, [formatAddress(vf)]),
      ]),
    );
    network.ports.push({ uuid, xml, domainUuid: owner.uuid, mac, vf });
    return { vf, ...(vlan ? { vlan } : {}) };
  }

  release(domainUuid: string, mac: string | undefined): void {
    for (const network of this.all) {
      network.ports = network.ports.filter(
        (port) => port.domainUuid !== domainUuid || (mac !== undefined && port.mac !== mac),
      );
    }
  }
}

const inactive = ({ name }: FakeNetwork) =>
  libvirtError(virErr.operationInvalid, `Requested operation is not valid: network '${name}' is not active`);

/** A name that no group has is silently nobody's. */
const groupOf = (groups: Network["portgroups"], name: string | undefined) =>
  groups.find((group) => (name === undefined ? group.isDefault : group.name === name));
