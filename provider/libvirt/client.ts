// libvirt as the resources see it: verbs in virsh's words, values in ours. rpc/ speaks the protocol.
import type { Deadline } from "../base/deadline.js";

export type NetworkRef = { readonly name: string; readonly uuid: string };
export type PortRef = { readonly network: NetworkRef; readonly uuid: string };
/** `id` is -1 while the domain does not run. */
export type DomainRef = { readonly name: string; readonly uuid: string; readonly id: number };

/** Which definition a device call touches: the running domain, its next start, or both. */
export type Affect = { live?: boolean; config?: boolean };

export type DomainEvent =
  | { event: "device-removed"; domain: DomainRef; alias: string }
  | { event: "device-removal-failed"; domain: DomainRef; alias: string }
  | { event: "device-added"; domain: DomainRef; alias: string }
  | {
      event: "lifecycle";
      domain: DomainRef;
      change: "defined" | "undefined" | "started" | "suspended" | "resumed" | "stopped" | "shutdown" | "other";
    };

export interface Subscription<T> {
  /** The next event, in order; rejects with kind `timeout` after the deadline, `unreachable` when the connection ends. */
  next(deadline: Deadline): Promise<T>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Every method rejects with a LibvirtError when libvirt says no, `unreachable` when the connection is lost. */
export interface LibvirtClient {
  /** For messages: `qemu:///system on root@kvm1`. */
  readonly name: string;

  /** CONNECT_GET_CAPABILITIES. Equivalent to: `virsh capabilities` */
  capabilities(): Promise<string>;
  /** CONNECT_GET_LIB_VERSION, as major * 1,000,000 + minor * 1,000 + release. */
  libVersion(): Promise<number>;

  /** All of them, active or not. Equivalent to: `virsh net-list --all` */
  listNetworks(): Promise<NetworkRef[]>;
  /** By name or UUID; undefined only when libvirt says VIR_ERR_NO_NETWORK. */
  findNetwork(nameOrUuid: string): Promise<NetworkRef | undefined>;
  /** Equivalent to: `virsh net-define`. Always send the uuid of an existing network. */
  defineNetwork(xml: string): Promise<NetworkRef>;
  /** NETWORK_CREATE. Equivalent to: `virsh net-start` */
  startNetwork(network: NetworkRef): Promise<void>;
  /** NETWORK_DESTROY. Equivalent to: `virsh net-destroy`. libvirt never refuses it: look at the ports first. */
  stopNetwork(network: NetworkRef): Promise<void>;
  /** Equivalent to: `virsh net-undefine` */
  undefineNetwork(network: NetworkRef): Promise<void>;
  /** Equivalent to: `virsh net-dumpxml [--inactive]` */
  networkXml(network: NetworkRef, options?: { inactive?: boolean }): Promise<string>;
  isNetworkActive(network: NetworkRef): Promise<boolean>;
  isNetworkPersistent(network: NetworkRef): Promise<boolean>;
  networkAutostart(network: NetworkRef): Promise<boolean>;
  /** Equivalent to: `virsh net-autostart [--disable]` */
  setNetworkAutostart(network: NetworkRef, autostart: boolean): Promise<void>;
  /** The allocations of an active network; empty for an inactive one. Equivalent to: `virsh net-port-list` */
  listNetworkPorts(network: NetworkRef): Promise<PortRef[]>;
  /** Equivalent to: `virsh net-port-dumpxml` */
  networkPortXml(port: PortRef): Promise<string>;

  /** Equivalent to: `virsh list --all` */
  listDomains(): Promise<DomainRef[]>;
  /** By name or UUID; undefined only when libvirt says VIR_ERR_NO_DOMAIN. */
  findDomain(nameOrUuid: string): Promise<DomainRef | undefined>;
  /** Equivalent to: `virsh dumpxml [--inactive]` */
  domainXml(domain: DomainRef, options?: { inactive?: boolean }): Promise<string>;
  isDomainActive(domain: DomainRef): Promise<boolean>;
  isDomainPersistent(domain: DomainRef): Promise<boolean>;
  /** DOMAIN_SHUTDOWN. Equivalent to: `virsh shutdown`. It only asks the guest: wait for the event. */
  shutdownDomain(domain: DomainRef): Promise<void>;
  /** DOMAIN_CREATE. Equivalent to: `virsh start` */
  startDomain(domain: DomainRef): Promise<void>;
  /** Equivalent to: `virsh attach-device [--live] [--config]` */
  attachDevice(domain: DomainRef, xml: string, affect: Affect): Promise<void>;
  /** Equivalent to: `virsh detach-device [--live] [--config]`. Live it is only a request: wait for the event. */
  detachDevice(domain: DomainRef, xml: string, affect: Affect): Promise<void>;
  /** Equivalent to: `virsh update-device [--live] [--config]`. Replaces the whole element: send all of it. */
  updateDevice(domain: DomainRef, xml: string, affect: Affect): Promise<void>;
  /** Events of one domain, from now on. Subscribe before acting: an event can come before the reply. */
  subscribe(domain: DomainRef): Promise<Subscription<DomainEvent>>;

  /** Names of node devices. Equivalent to: `virsh nodedev-list [--cap pci|net]` */
  listNodeDevices(capability: "pci" | "net"): Promise<string[]>;
  /** Equivalent to: `virsh nodedev-dumpxml` */
  nodeDeviceXml(name: string): Promise<string>;

  /** Idempotent. Everything pending rejects with `unreachable`. */
  close(): Promise<void>;
}
