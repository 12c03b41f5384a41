// Asks the host for what `check` decides on: the pool and who uses it, the VF, AppArmor.
import { kindOf } from "../../base/errors.js";
import { readAppArmor } from "../../host/apparmor/facts.js";
import type { LibvirtClient } from "../../libvirt/client.js";
import { isLibvirtError, virErr } from "../../libvirt/errors.js";
import { parseCapabilitiesXml } from "../../libvirt/xml/capabilities.js";
import { parseDomainInterfaces } from "../../libvirt/xml/domain.js";
import { type Network, parseNetworkXml } from "../../libvirt/xml/network.js";
import { parseNodeDeviceXml } from "../../libvirt/xml/node-device.js";
import { parseNetworkPortXml } from "../../libvirt/xml/port.js";
import { type Context, isUnknown } from "../lifecycle.js";
import type { Session } from "../session.js";
import type { Surroundings } from "./check-host.js";
import { hostKey } from "../host-inputs.js";
import { readNetworks } from "../sriov-network/read.js";
import { unlessNoShell } from "../unless-no-shell.js";
import type { Current } from "./current.js";
import type { VmSriovInterfaceInputs } from "./model.js";

/** How long to wait for a HostSetup of the same program to be checked, before saying that there is none. */
const otherResourcesMs = 2000;

export async function readSurroundings(
  context: Context,
  session: Session,
  inputs: VmSriovInterfaceInputs,
  current: Current,
  resource: string,
): Promise<Surroundings> {
  const host = hostKey(inputs.host);
  const declared = context.program.interfaces(host).filter((other) => other.resource !== resource);
  const client = await session.libvirt();
  const { network, vf } = inputs;
  // At once: over a long way, each question after another is a round trip of its own.
  const [pool, vfNow, isBlockedByAppArmor] = await Promise.all([
    typeof network === "string" ? readPool(context, client, inputs, network) : undefined,
    vf !== undefined && !isUnknown(vf) ? readVf(context, session, client, inputs, vf) : undefined,
    typeof network === "string" && isBlocked(context, session, client, inputs, current),
  ]);
  return {
    hostName: session.hostName,
    declared,
    declaredPools: context.program
      .networks(host)
      .filter(({ active, source }) => active !== false && typeof vf === "string" && source?.vfs.includes(vf))
      .map(({ name }) => name),
    ...(pool ? { pool } : {}),
    ...(vfNow ? { vf: vfNow } : {}),
    isBlockedByAppArmor,
  };
}

async function readPool(
  context: Context,
  client: LibvirtClient,
  { host, domain, mac, portgroup }: VmSriovInterfaceInputs,
  name: string,
): Promise<NonNullable<Surroundings["pool"]>> {
  const promised = context.program.network(hostKey(host), name);
  const found = await client.findNetwork(name);
  const mine = context.program.interfaces(hostKey(host)).filter((other) => other.network === name);
  const userText = (user: string, address: string) => `VM ${user} (${address})`;
  const users = new Set(mine.map((other) => userText(other.domain, other.mac)));
  if (!found) {
    const others = promised ? [] : (await client.listNetworks()).map((network) => network.name);
    users.delete(userText(domain, mac));
    const { mode, portgroups, numVfs } = promised ?? {};
    const isDeclared = promised !== undefined;
    return { isDeclared, others, mode, portgroups, isTrunk: false, size: numVfs, users: [...users] };
  }
  const [isActive, inactiveXml, xml, ports] = await Promise.all([
    client.isNetworkActive(found),
    client.networkXml(found, { inactive: true }),
    client.networkXml(found),
    client.listNetworkPorts(found),
  ]);
  const definition = parseNetworkXml(inactiveXml);
  const live = isActive ? parseNetworkXml(xml) : undefined;
  for (const portXml of await Promise.all(ports.map((port) => client.networkPortXml(port)))) {
    const { owner, mac: address } = parseNetworkPortXml(portXml);
    users.add(userText(owner.name, address));
  }
  users.delete(userText(domain, mac));
  const portgroups = definition.portgroups.map((group) => group.name);
  return {
    isDeclared: promised !== undefined,
    found: { mode: definition.mode, portgroups, isActive },
    mode: promised?.mode ?? definition.mode,
    portgroups: promised?.portgroups ?? portgroups,
    // What this program says of the network is checked with the network.
    isTrunk: promised === undefined && isTrunk(definition, portgroup),
    others: [],
    size: promised?.numVfs ?? (live && (live.addresses.length || live.netdevs.length)),
    users: [...users],
  };
}

/** The VLAN that an interface without one of its own would get. */
function isTrunk({ vlan, portgroups }: Network, name: string | undefined): boolean {
  const group = portgroups.find((one) => (name === undefined ? one.isDefault === true : one.name === name));
  const got = group?.vlan ?? vlan;
  return got !== undefined && (got.trunk === true || got.tags.length > 1);
}

async function readVf(
  context: Context,
  session: Session,
  client: LibvirtClient,
  { host, domain, domainUuid }: VmSriovInterfaceInputs,
  vf: NonNullable<VmSriovInterfaceInputs["vf"]>,
): Promise<NonNullable<Surroundings["vf"]>> {
  // A VF that a VfConfig of this program is about to make cannot be in sysfs yet.
  const isPromised = context.program.hasVfs(hostKey(host));
  if (typeof vf !== "string") return { isVf: false, isPromised, user: undefined, pools: [] };
  const isVf = await isVfOf(session, client, vf);
  const running = (await client.listDomains()).filter(({ id }) => id !== -1);
  let user: string | undefined;
  for (const other of running) {
    if (other.name === domain || other.uuid === domain || other.uuid === domainUuid) continue;
    const devices = parseDomainInterfaces(await client.domainXml(other));
    if (devices.some((device) => device.sourceAddress === vf)) user = `running VM "${other.name}"`;
  }
  const networks = await readNetworks(client);
  const pools = networks
    .filter(({ live }) => live?.addresses.some((address) => address === vf))
    .map(({ name }) => name);
  return { isVf, isPromised, user, pools };
}

async function isVfOf(session: Session, client: LibvirtClient, vf: string): Promise<boolean> {
  try {
    return (await session.shell.readLink(`/sys/bus/pci/devices/${vf}/physfn`)) !== undefined;
  } catch (error) {
    // A URI that gives no shell: libvirt knows it, too.
    if (kindOf(error) !== "unsupported") throw error;
    const xml = await client.nodeDeviceXml(`pci_${vf.replace(/[:.]/g, "_")}`).catch((missing: unknown) => {
      if (isLibvirtError(missing, virErr.noNodeDevice)) return undefined;
      throw missing;
    });
    return xml !== undefined && parseNodeDeviceXml(xml).pci?.physicalFunction !== undefined;
  }
}

/**
 * Whether the VM's next start would fail: its profile has no rule for a VF that libvirt takes from a pool. It has one when
 * another PCI device of the host is in the definition, or when the VM is not confined.
 */
async function isBlocked(
  context: Context,
  session: Session,
  client: LibvirtClient,
  inputs: VmSriovInterfaceInputs,
  { inactive }: Current,
): Promise<boolean> {
  if (inputs.apply === "live") return false;
  if (
    inactive.securityLabels.some(({ model, type }) => type === "none" && (model === undefined || model === "apparmor"))
  )
    return false;
  if (inactive.interfaces.some((device) => device.sourceAddress !== undefined)) return false;
  // Without a shell nobody can look, and the program may know what it does.
  const facts = await unlessNoShell(() => readAppArmor(session.shell, context.signal));
  if (facts === undefined || facts.apparmor !== "enabled" || facts.hasRule) return false;
  // Asked last: libvirt looks at all its emulators for it, which takes longer than everything else here.
  const { securityModels } = parseCapabilitiesXml(await client.capabilities());
  if (!securityModels.includes("apparmor")) return false;
  return !(await context.program.declaresVfioRule(hostKey(inputs.host), otherResourcesMs));
}
