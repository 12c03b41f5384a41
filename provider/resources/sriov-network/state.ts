// A network as the state keeps it: the inputs' names with the values that libvirt has, and what the resource shows. Pure.
import type { Network } from "../../libvirt/xml/network.js";
import { vlanId } from "../../libvirt/xml/parts.js";
import { statedVirtualport } from "../libvirt-parts.js";
import type { Session } from "../session.js";
import { asWanted, sourceOf } from "./definition.js";
import type { PortgroupInputs, SriovNetworkInputs, SriovNetworkState, VirtualFunction } from "./model.js";
import { type NetworkNow, type PfVf, staleBecause } from "./plan.js";

/** An import takes over everything the network has. */
export const allOf = ({ inactive }: NetworkNow, host: SriovNetworkState["host"]): Stated => ({
  host,
  ...(inactive.vlan ? { vlan: 0 } : {}),
  ...(inactive.virtualport ? { virtualport: { type: "none" } } : {}),
  ...(inactive.driver ? { driver: { name: "vfio" } } : {}),
  ...(inactive.portgroups.length > 0 ? { portgroups: [] } : {}),
  ...(inactive.title === undefined ? {} : { title: "" }),
  ...(inactive.description === undefined ? {} : { description: "" }),
  ...(inactive.metadata.length > 0 ? { metadata: inactive.metadata } : {}),
});

export const idOf = (session: Pick<Session, "hostName">, network: { uuid: string }): string =>
  `${session.hostName}/${network.uuid}`;

type Stated = Partial<SriovNetworkInputs> & Pick<SriovNetworkInputs, "host">;

/** `stated`: the inputs, or the state before: what of a network the program speaks of. */
export function stateOf(
  stated: Stated,
  { network, pfVfs }: { network: NetworkNow; pfVfs?: readonly PfVf[] },
  session: Pick<Session, "machineId">,
): SriovNetworkState {
  const { inactive, live, ports } = network;
  const source = sourceOf(inactive);
  const numVfs = pfVfs?.length ?? stated.numVfs;
  const isStale = live !== undefined && staleBecause(asWanted(inactive), live, pfVfs).length > 0;
  return {
    host: stated.host,
    name: network.name,
    mode: modeOf(inactive),
    ...("addresses" in source ? { vfs: [...source.addresses] } : {}),
    ...("netdevs" in source ? { netdevs: [...source.netdevs] } : {}),
    ...("pf" in source ? { pf: source.pf } : {}),
    // Of a macvtap there is nothing to manage, and libvirt forgets what it was told.
    managed: inactive.mode === "hostdev" ? inactive.managed : (stated.managed ?? true),
    ...settingsOf(stated, inactive),
    autostart: network.isPersistent && network.autostart,
    active: network.isActive,
    hostId: session.machineId,
    owner: inactive.mark?.["name"] ?? stated.owner ?? "",
    ...("pf" in source && numVfs !== undefined ? { numVfs } : {}),
    uuid: network.uuid,
    connections: ports.length,
    virtualFunctions: virtualFunctionsOf(network, pfVfs),
    stale: isStale || (network.isActive && !network.isPersistent),
  };
}

/** What somebody made of it is shown as it is, and differs from every mode that a program can state. */
const modeOf = ({ mode = "none" }: Network) => mode as SriovNetworkState["mode"];

/** What the program states, with the values that the network has. */
function settingsOf(stated: Stated, now: Network): Partial<SriovNetworkState> {
  const vlan = now.vlan === undefined ? 0 : vlanId(now.vlan);
  const uris = stated.metadata?.map(({ uri }) => uri) ?? [];
  const driver = now.driver && { name: "vfio" as const, ...(now.driver.model ? { model: now.driver.model } : {}) };
  return {
    ...(stated.vlan === undefined || vlan === undefined ? {} : { vlan }),
    ...(stated.virtualport === undefined
      ? {}
      : { virtualport: statedVirtualport(stated.virtualport, now.virtualport) }),
    ...(stated.driver === undefined || driver === undefined ? {} : { driver }),
    ...(stated.portgroups === undefined ? {} : { portgroups: portgroupsOf(stated.portgroups, now.portgroups) }),
    ...(stated.title === undefined ? {} : { title: now.title ?? "" }),
    ...(stated.description === undefined ? {} : { description: now.description ?? "" }),
    ...(stated.metadata === undefined
      ? {}
      : { metadata: uris.map((uri) => ({ uri, xml: now.metadata.find((one) => one.uri === uri)?.xml ?? "" })) }),
  };
}

/** Of a group that the program states, what it states; of one that it does not, all. */
function portgroupsOf(stated: PortgroupInputs[], now: Network["portgroups"]): PortgroupInputs[] {
  return now.map(({ name, isDefault = false, vlan, virtualport }) => {
    const group = stated.find((one) => one.name === name);
    const id = vlan === undefined ? 0 : vlanId(vlan);
    const hasPort = group ? group.virtualport !== undefined : virtualport !== undefined;
    return {
      name,
      ...(group && group.default === undefined ? {} : { default: isDefault }),
      ...((group && group.vlan === undefined) || id === undefined ? {} : { vlan: id }),
      ...(hasPort ? { virtualport: statedVirtualport(group?.virtualport, virtualport) } : {}),
    };
  });
}

function virtualFunctionsOf({ inactive, live, ports }: NetworkNow, pfVfs: readonly PfVf[] | undefined) {
  const now = live ?? inactive;
  if (modeOf(inactive) === "hostdev") {
    const addresses = live || now.addresses.length > 0 ? now.addresses : (pfVfs?.map((vf) => vf.pciAddress) ?? []);
    return addresses.map((pciAddress): VirtualFunction => {
      const port = ports.find(({ address }) => address === pciAddress);
      return { pciAddress, ...(port ? { allocatedTo: holderOf(port) } : {}) };
    });
  }
  const netdevs = live || now.netdevs.length > 0 ? now.netdevs : (pfVfs?.flatMap((vf) => vf.netdev ?? []) ?? []);
  return netdevs.map((netdev): VirtualFunction => {
    const pciAddress = pfVfs?.find((vf) => vf.netdev === netdev)?.pciAddress;
    // Of several VMs on one netdev the first.
    const port = ports.find((one) => one.netdev === netdev);
    return {
      ...(pciAddress === undefined ? {} : { pciAddress }),
      netdev,
      ...(port ? { allocatedTo: holderOf(port) } : {}),
    };
  });
}

const holderOf = ({ owner, mac }: NetworkNow["ports"][number]) => ({ domain: owner.name, mac });

const outputsOnly = ["uuid", "connections", "virtualFunctions", "stale"];

export const inputsOf = (state: SriovNetworkState): SriovNetworkInputs =>
  Object.fromEntries(Object.entries(state).filter(([key]) => !outputsOnly.includes(key))) as SriovNetworkInputs;
