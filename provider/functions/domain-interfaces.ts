// The interfaces of a VM: the two definitions of each joined, and the VF that a pool gave it. Pure.
import type { DomainInterface } from "../libvirt/xml/interface.js";
import { vlanId } from "../libvirt/xml/parts.js";
import type { NetworkPort } from "../libvirt/xml/port.js";
import type { ReadNetwork } from "../resources/sriov-network/read.js";
import type { Current } from "../resources/vm-sriov-interface/current.js";

export type InterfaceView = {
  /** libvirt's word: `network`, `hostdev`, `direct`, `bridge`; `pci` for a plain `<hostdev>`. */
  type: string;
  mac?: string;
  /** Only one of its own (`ua-...`): what libvirt makes up is another at every start. */
  alias?: string;
  network?: string;
  portgroup?: string;
  vfPciAddress?: string;
  vlan?: number;
  config: boolean;
  live: boolean;
  guestAddress?: string;
  portId?: string;
};

/** In the order of the definition; those that only the running VM has come last. */
export function interfacesOf(current: Current, networks: readonly ReadNetwork[]): InterfaceView[] {
  const config = current.isPersistent ? current.inactive.interfaces : [];
  const live = current.live?.interfaces ?? [];
  const paired = config.map((device) => ({ config: device, live: live.find((other) => isSame(device, other)) }));
  const rest = live.filter((device) => !paired.some((pair) => pair.live === device));
  const ports = portsOf(current, networks);
  return [...paired, ...rest.map((device) => ({ config: undefined, live: device }))].map((pair) => joined(pair, ports));
}

/** By its own alias or its MAC address; a plain <hostdev> has none, and is the same device in both. */
function isSame(config: DomainInterface, live: DomainInterface): boolean {
  const alias = ownAlias(config);
  if (alias !== undefined) return alias === ownAlias(live);
  if (config.mac !== undefined) return config.mac === live.mac;
  return config.sourceAddress !== undefined && config.sourceAddress === live.sourceAddress;
}

const ownAlias = ({ alias }: DomainInterface): string | undefined => (alias?.startsWith("ua-") ? alias : undefined);

type Port = NetworkPort & { network: string };

const portsOf = ({ domain }: Current, networks: readonly ReadNetwork[]): Port[] =>
  networks.flatMap(({ name, ports }) =>
    ports.filter(({ owner }) => owner.uuid === domain.uuid).map((port) => ({ ...port, network: name })),
  );

function joined(
  { config, live }: { config: DomainInterface | undefined; live: DomainInterface | undefined },
  ports: readonly Port[],
): InterfaceView {
  const any = config ?? live;
  const mac = any?.mac;
  const port = live && ports.find((one) => one.mac === mac);
  const alias = any && ownAlias(any);
  const network = config?.network ?? live?.network ?? port?.network;
  const portgroup = config?.portgroup ?? port?.portgroup;
  const vfPciAddress = live?.sourceAddress ?? config?.sourceAddress;
  const vlan = vlanId(live?.vlan ?? config?.vlan);
  const guestAddress = live?.guestAddress ?? config?.guestAddress;
  return {
    type: config?.type ?? live?.type ?? "",
    ...(mac === undefined ? {} : { mac }),
    ...(alias === undefined ? {} : { alias }),
    ...(network === undefined ? {} : { network }),
    ...(portgroup === undefined ? {} : { portgroup }),
    ...(vfPciAddress === undefined ? {} : { vfPciAddress }),
    ...(vlan === undefined ? {} : { vlan }),
    config: config !== undefined,
    live: live !== undefined,
    ...(guestAddress === undefined ? {} : { guestAddress }),
    ...(port === undefined ? {} : { portId: port.uuid }),
  };
}
