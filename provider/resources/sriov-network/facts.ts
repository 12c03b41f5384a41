// Asks the host for what `check` decides on: the PF, the VFs, the networks that there are, and who has a VF.
import { type CompleteReading, readPf } from "../../host/sysfs/read-pf.js";
import type { LibvirtClient } from "../../libvirt/client.js";
import { virErr } from "../../libvirt/errors.js";
import { parseDomainInterfaces } from "../../libvirt/xml/domain.js";
import { type Context, type Values, isUnknown } from "../lifecycle.js";
import { hostKey } from "../host-inputs.js";
import type { Session } from "../session.js";
import { unlessGone } from "../unless-gone.js";
import { unlessNoShell } from "../unless-no-shell.js";
import type { HostFacts } from "./check-host.js";
import type { SriovNetworkInputs } from "./model.js";
import { type ReadNetwork, readListedPf, readNetworks } from "./read.js";

export async function readFacts(
  context: Context,
  session: Session,
  inputs: SriovNetworkInputs,
  before: Values | undefined,
): Promise<HostFacts> {
  // Where there is no shell, libvirt will say what is wrong.
  const pfOf = (selector: string) => unlessNoShell(() => readPf(session.shell, selector, context.signal));
  const vfs: readonly unknown[] = isUnknown(inputs.vfs) ? [] : (inputs.vfs ?? []);
  const pf: unknown = inputs.pf;
  const declared = typeof pf === "string" ? context.program.vfsOf(hostKey(inputs.host), pf) : undefined;
  // What its VfConfig has read is there already. Else the short way; the long one is for saying what is wrong.
  const readingOf = async (netdev: string): Promise<HostFacts["pf"]> =>
    (declared ? undefined : await listed(netdev)) ?? (await pfOf(netdev));
  const listed = async (netdev: string): Promise<HostFacts["pf"]> => {
    const known = await readListedPf(session, netdev, context.signal);
    return known && { found: "pf", pf: known };
  };
  const client = await session.libvirt();
  const [networks, libVersion, netdevKinds, reading, ...vfKinds] = await Promise.all([
    readNetworks(client),
    client.libVersion(),
    kindsOfNetdevs(context, session, inputs),
    typeof pf === "string" ? readingOf(pf) : undefined,
    ...vfs.map(async (vf): Promise<[string, HostFacts["vfKinds"][string]][]> => {
      const found = typeof vf === "string" ? await pfOf(vf) : undefined;
      return found ? [[String(vf), kindOfVf(found, context, inputs)]] : [];
    }),
  ]);
  const nameBefore = before?.["name"];
  return {
    hostName: session.hostName,
    ...(reading ? { pf: reading } : {}),
    vfKinds: Object.fromEntries(vfKinds.flat()),
    netdevKinds,
    networks,
    held: await heldVfs(client, inputs, networks),
    libVersion,
    ...(declared ? { declared } : {}),
    ...(typeof nameBefore === "string" ? { nameBefore } : {}),
  };
}

function kindOfVf(found: CompleteReading, context: Context, inputs: SriovNetworkInputs): HostFacts["vfKinds"][string] {
  if (found.found !== "nothing") return found.found === "vf" ? "vf" : "no VF";
  return context.program.hasVfs(hostKey(inputs.host)) ? "coming" : "nothing";
}

async function kindsOfNetdevs(
  context: Context,
  session: Session,
  inputs: SriovNetworkInputs,
): Promise<HostFacts["netdevKinds"]> {
  const netdevs: readonly unknown[] = isUnknown(inputs.netdevs) ? [] : (inputs.netdevs ?? []);
  const names = netdevs.filter((netdev) => typeof netdev === "string");
  if (names.length === 0) return {};
  const there = await unlessNoShell(async () => (await session.shell.list("/sys/class/net")) ?? []);
  if (!there) return {};
  const missing = context.program.hasVfs(hostKey(inputs.host)) ? "coming" : "nothing";
  return Object.fromEntries(names.map((name) => [name, there.includes(name) ? "netdev" : missing]));
}

/** Asked only before the pool starts: once it runs, its ports say who has what. */
async function heldVfs(
  client: LibvirtClient,
  { name, active, mode }: SriovNetworkInputs,
  networks: readonly ReadNetwork[],
): Promise<HostFacts["held"]> {
  const isRunning = networks.some((network) => network.name === name && network.isActive);
  if (isRunning || !active || mode !== "hostdev") return {};
  const running = (await client.listDomains()).filter(({ id }) => id !== -1);
  const holders = await Promise.all(
    running.map(async (domain) => {
      const xml = await unlessGone(virErr.noDomain, () => client.domainXml(domain));
      const devices = xml === undefined ? [] : parseDomainInterfaces(xml);
      return devices.flatMap(({ sourceAddress }): [string, string][] =>
        sourceAddress === undefined ? [] : [[sourceAddress, `VM ${domain.name}`]],
      );
    }),
  );
  return Object.fromEntries(holders.flat());
}
