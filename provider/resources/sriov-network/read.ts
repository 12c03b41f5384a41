// What the host shows of a network and of the VFs it hands out. Asks, and changes nothing.
import { vfAddresses } from "./check.js";
import { kindOf } from "../../base/errors.js";
import type { PciAddress } from "../../base/pci-address.js";
import { readPf } from "../../host/sysfs/read-pf.js";
import type { LibvirtClient, NetworkRef } from "../../libvirt/client.js";
import { isLibvirtError, virErr } from "../../libvirt/errors.js";
import { parseNetworkXml } from "../../libvirt/xml/network.js";
import { vlanId } from "../../libvirt/xml/parts.js";
import { parseNetworkPortXml } from "../../libvirt/xml/port.js";
import { type Observed, isImport, nameIn } from "../lifecycle.js";
import type { Session } from "../session.js";
import type { PortgroupInputs, SriovNetworkInputs, SriovNetworkState, VirtualFunction } from "./model.js";
import { type Current, type NetworkNow, asWanted, staleBecause } from "./plan.js";

/** A network with the text that redefining it starts from. */
export type ReadNetwork = NetworkNow & { ref: NetworkRef; inactiveXml: string };

/** By name or UUID; undefined only when libvirt says that there is none. */
export async function readNetwork(client: LibvirtClient, nameOrUuid: string): Promise<ReadNetwork | undefined> {
  const ref = await client.findNetwork(nameOrUuid);
  return ref && unlessGone(virErr.noNetwork, () => readFound(client, ref));
}

/** Every network of the host. */
export async function readNetworks(client: LibvirtClient): Promise<ReadNetwork[]> {
  const refs = await client.listNetworks();
  const all = await Promise.all(refs.map((ref) => unlessGone(virErr.noNetwork, () => readFound(client, ref))));
  return all.filter((network) => network !== undefined);
}

async function readFound(client: LibvirtClient, ref: NetworkRef): Promise<ReadNetwork> {
  const [isActive, isPersistent, autostart, inactiveXml] = await Promise.all([
    client.isNetworkActive(ref),
    client.isNetworkPersistent(ref),
    client.networkAutostart(ref),
    client.networkXml(ref, { inactive: true }),
  ]);
  const found = { ref, name: ref.name, uuid: ref.uuid, isActive, isPersistent, autostart, inactiveXml };
  const inactive = parseNetworkXml(inactiveXml);
  if (!isActive) return { ...found, inactive, ports: [] };
  const [liveXml, refs] = await Promise.all([client.networkXml(ref), client.listNetworkPorts(ref)]);
  const ports = refs.map((port) =>
    unlessGone(virErr.noNetworkPort, async () => parseNetworkPortXml(await client.networkPortXml(port))),
  );
  const known = (await Promise.all(ports)).filter((port) => port !== undefined);
  return { ...found, inactive, live: parseNetworkXml(liveXml), ports: known };
}

/** What went between two questions is what is not there. */
async function unlessGone<T>(code: number, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isLibvirtError(error, code)) return undefined;
    throw error;
  }
}

/** The VFs of a PF; undefined where there is no way to look: no such PF, or a URI that gives no shell. */
export async function readPfVfs(
  session: Session,
  pf: string,
  signal: AbortSignal,
): Promise<readonly PciAddress[] | undefined> {
  try {
    const reading = await readPf(session.shell, pf, signal);
    return reading.found === "pf" ? vfAddresses(reading.pf) : undefined;
  } catch (error) {
    if (kindOf(error) === "unsupported") return undefined;
    throw error;
  }
}

export type ReadCurrent = Current & { network?: ReadNetwork };

export async function readCurrent(
  session: Session,
  nameOrUuid: string,
  pf: string | undefined,
  signal: AbortSignal,
): Promise<ReadCurrent> {
  const [network, pfVfs] = await Promise.all([
    session.libvirt().then((client) => readNetwork(client, nameOrUuid)),
    pf === undefined ? undefined : readPfVfs(session, pf, signal),
  ]);
  return { ...(network ? { network } : {}), ...(pfVfs ? { pfVfs } : {}) };
}

export async function observe(
  session: Session,
  id: string,
  state: SriovNetworkState,
  signal: AbortSignal,
): Promise<Observed<SriovNetworkInputs, SriovNetworkState>> {
  const client = await session.libvirt();
  const network = await readNetwork(client, state.uuid ?? nameIn(id));
  if (!network) return { here: false };
  const { pf } = network.inactive;
  const pfVfs = pf === undefined ? undefined : await readPfVfs(session, pf, signal);
  const isNew = isImport(state);
  const now = stateOf(isNew ? allOf(network, state.host) : state, { network, ...(pfVfs ? { pfVfs } : {}) }, session);
  return { here: true, id: idOf(session, network), inputs: inputsOf(now), state: now };
}

/** An import takes over everything the network has. */
const allOf = ({ inactive }: NetworkNow, host: SriovNetworkState["host"]) => ({
  host,
  ...(inactive.vlan ? { vlan: 0 } : {}),
  ...(inactive.portgroups.length > 0 ? { portgroups: [] } : {}),
});

export const idOf = (session: Session, network: { uuid: string }): string => `${session.hostName}/${network.uuid}`;

/** `stated`: the inputs, or the state before: what of a network the program speaks of. */
export function stateOf(
  stated: Partial<SriovNetworkInputs> & Pick<SriovNetworkInputs, "host">,
  { network, pfVfs }: { network: ReadNetwork; pfVfs?: readonly PciAddress[] },
  session: Session,
): SriovNetworkState {
  const { inactive, live, ports } = network;
  const source = inactive.addresses.length > 0 ? { vfs: [...inactive.addresses] } : { pf: inactive.pf ?? "" };
  const vlan = inactive.vlan === undefined ? 0 : vlanId(inactive.vlan);
  const numVfs = pfVfs?.length ?? stated.numVfs;
  const isStale = live !== undefined && staleBecause(asWanted(inactive), live, pfVfs).length > 0;
  return {
    host: stated.host,
    name: network.name,
    ...source,
    managed: inactive.managed,
    ...(stated.vlan === undefined || vlan === undefined ? {} : { vlan }),
    ...(stated.portgroups === undefined ? {} : { portgroups: portgroupsOf(stated.portgroups, inactive.portgroups) }),
    autostart: network.isPersistent && network.autostart,
    active: network.isActive,
    hostId: session.machineId,
    owner: inactive.mark?.["name"] ?? stated.owner ?? "",
    ...("pf" in source && numVfs !== undefined ? { numVfs } : {}),
    uuid: network.uuid,
    connections: ports.length,
    virtualFunctions: (live?.addresses ?? pfVfs ?? inactive.addresses).map((address) =>
      virtualFunction(address, ports),
    ),
    stale: isStale || (network.isActive && !network.isPersistent),
  };
}

/** Of a group that the program states, what it states; of one that it does not, all. */
function portgroupsOf(stated: PortgroupInputs[], now: NetworkNow["inactive"]["portgroups"]): PortgroupInputs[] {
  return now.map(({ name, isDefault = false, vlan }) => {
    const group = stated.find((one) => one.name === name);
    const id = vlan === undefined ? 0 : vlanId(vlan);
    return {
      name,
      ...(group && group.default === undefined ? {} : { default: isDefault }),
      ...((group && group.vlan === undefined) || id === undefined ? {} : { vlan: id }),
    };
  });
}

function virtualFunction(pciAddress: PciAddress, ports: NetworkNow["ports"]): VirtualFunction {
  const port = ports.find(({ address }) => address === pciAddress);
  return { pciAddress, ...(port ? { allocatedTo: { domain: port.owner.name, mac: port.mac } } : {}) };
}

const outputsOnly = ["uuid", "connections", "virtualFunctions", "stale"];

const inputsOf = (state: SriovNetworkState): SriovNetworkInputs =>
  Object.fromEntries(Object.entries(state).filter(([key]) => !outputsOnly.includes(key))) as SriovNetworkInputs;
