// What the host shows of a network and of the VFs it hands out. Asks, and changes nothing.
import type { PfFacts } from "../../host/sysfs/pf.js";
import { type ListedPf, readVfLists } from "../../host/sysfs/vf-lists.js";
import type { LibvirtClient, NetworkRef } from "../../libvirt/client.js";
import { virErr } from "../../libvirt/errors.js";
import { parseNetworkXml } from "../../libvirt/xml/network.js";
import { parseNetworkPortXml } from "../../libvirt/xml/port.js";
import { type Observed, isImport, nameIn } from "../lifecycle.js";
import type { Session } from "../session.js";
import { unlessGone } from "../unless-gone.js";
import { unlessNoShell } from "../unless-no-shell.js";
import type { SriovNetworkInputs, SriovNetworkState } from "./model.js";
import type { Current, NetworkNow, PfVf } from "./plan.js";
import { allOf, idOf, inputsOf, stateOf } from "./state.js";

/** A network with the text that redefining it starts from. */
export type ReadNetwork = NetworkNow & { ref: NetworkRef; inactiveXml: string };

/** By name or UUID; undefined only when libvirt says that there is none. */
export async function readNetwork(client: LibvirtClient, nameOrUuid: string): Promise<ReadNetwork | undefined> {
  const ref = await client.findNetwork(nameOrUuid);
  return ref && readKnown(client, ref);
}

/** One that was found, or defined, before; undefined only when libvirt says that it is gone. */
export const readKnown = (client: LibvirtClient, ref: NetworkRef): Promise<ReadNetwork | undefined> =>
  unlessGone(virErr.noNetwork, () => readFound(client, ref));

/** Every network of the host. */
export async function readNetworks(client: LibvirtClient): Promise<ReadNetwork[]> {
  const refs = await client.listNetworks();
  const all = await Promise.all(refs.map((ref) => unlessGone(virErr.noNetwork, () => readFound(client, ref))));
  return all.filter((network) => network !== undefined);
}

/** At once, also what only a running pool has: an inactive one answers with its definition, and with no ports. */
async function readFound(client: LibvirtClient, ref: NetworkRef): Promise<ReadNetwork> {
  const [isActive, isPersistent, autostart, inactiveXml, liveXml, refs] = await Promise.all([
    client.isNetworkActive(ref),
    client.isNetworkPersistent(ref),
    client.networkAutostart(ref),
    client.networkXml(ref, { inactive: true }),
    client.networkXml(ref),
    client.listNetworkPorts(ref),
  ]);
  const found = { ref, name: ref.name, uuid: ref.uuid, isActive, isPersistent, autostart, inactiveXml };
  const inactive = parseNetworkXml(inactiveXml);
  if (!isActive) return { ...found, inactive, ports: [] };
  const ports = refs.map((port) =>
    unlessGone(virErr.noNetworkPort, async () => parseNetworkPortXml(await client.networkPortXml(port))),
  );
  const known = (await Promise.all(ports)).filter((port) => port !== undefined);
  return { ...found, inactive, live: parseNetworkXml(liveXml), ports: known };
}

/** Those that are PCI devices: all but netdevsim's. */
export const vfsOf = ({ vfs }: PfFacts): PfVf[] =>
  vfs.flatMap(({ pciAddress, netdev }) =>
    pciAddress === "" ? [] : [{ pciAddress, ...(netdev === undefined ? {} : { netdev }) }],
  );

/** What a pool depends on of a PF, known by its netdev; undefined where there is no such PF, or no shell to look with. */
export async function readListedPf(session: Session, pf: string, signal: AbortSignal): Promise<ListedPf | undefined> {
  return (await unlessNoShell(() => readVfLists(session.shell, signal)))?.get(pf);
}

export async function readPfVfs(
  session: Session,
  pf: string,
  signal: AbortSignal,
): Promise<readonly PfVf[] | undefined> {
  return (await readListedPf(session, pf, signal))?.vfs;
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
