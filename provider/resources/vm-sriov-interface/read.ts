// What libvirt shows of the VM now, and what of it is the resource's inputs and state.
import { SriovError } from "../../base/errors.js";
import type { DomainRef, LibvirtClient } from "../../libvirt/client.js";
import { virErr } from "../../libvirt/errors.js";
import { parseDomainXml } from "../../libvirt/xml/domain.js";
import type { DomainInterface } from "../../libvirt/xml/interface.js";
import { parseNetworkPortXml } from "../../libvirt/xml/port.js";
import { statedVirtualport } from "../libvirt-parts.js";
import type { Observed } from "../lifecycle.js";
import { mustBeSameMachine } from "../same-machine.js";
import type { Session } from "../session.js";
import { unlessGone } from "../unless-gone.js";
import { type Current, type Halves, halvesOf } from "./current.js";
import type { VmSriovInterfaceInputs, VmSriovInterfaceState } from "./model.js";
import { targetsOf, vlanOf } from "./plan.js";

/** A domain that was found before: libvirt goes by the UUID alone. */
export type KnownDomain = { name: string; uuid: string };

/** By name or UUID. Undefined when libvirt says that there is no such domain; every other failure throws. */
export async function readCurrent(session: Session, domain: string | KnownDomain): Promise<Current | undefined> {
  const client = await session.libvirt();
  const found = typeof domain === "string" ? await client.findDomain(domain) : { ...domain, id: notRunning };
  return found && unlessGone(virErr.noDomain, () => readFound(client, found));
}

const notRunning = -1;

/** Every domain of the host, running or not. */
export async function readDomains(client: LibvirtClient): Promise<Current[]> {
  const refs = await client.listDomains();
  // A transient domain may have ended since the list was made.
  const all = await Promise.all(refs.map((ref) => unlessGone(virErr.noDomain, () => readFound(client, ref))));
  return all.filter((domain) => domain !== undefined);
}

/**
 * One question for a domain that is off: its XML without an id is its definition, and one without a definition is gone when it
 * is off. The id that it was found with tells what to ask at once, and is not believed.
 */
async function readFound(client: LibvirtClient, found: DomainRef): Promise<Current> {
  const definition = () => Promise.all([client.domainXml(found, { inactive: true }), client.isDomainPersistent(found)]);
  const [xml, asked] = await Promise.all([client.domainXml(found), found.id === notRunning ? undefined : definition()]);
  const now = parseDomainXml(xml);
  const domain = { name: now.name, uuid: now.uuid, id: now.id ?? notRunning };
  if (now.id === undefined) return { domain, isActive: false, isPersistent: true, inactive: now, live: undefined };
  const [inactive, isPersistent] = asked ?? (await definition());
  return { domain, isActive: true, isPersistent, inactive: parseDomainXml(inactive), live: now };
}

export async function readExisting(session: Session, domain: string | KnownDomain): Promise<Current> {
  const current = await readCurrent(session, domain);
  if (current) return current;
  throw new SriovError(
    "not-found",
    `${session.hostName} has no VM "${typeof domain === "string" ? domain : domain.name}"`,
  );
}

export const knownFrom = ({ domain, domainUuid }: VmSriovInterfaceState): KnownDomain => ({
  name: domain,
  uuid: domainUuid,
});

export async function observe(
  session: Session,
  id: string,
  state: VmSriovInterfaceState,
): Promise<Observed<VmSriovInterfaceInputs, VmSriovInterfaceState>> {
  mustBeSameMachine(session, state, "read", id);
  const current = await readCurrent(session, knownFrom(state));
  if (!current) return { here: false };
  const halves = halvesOf(current, state.alias);
  if (!halves.config && !halves.live) return { here: false };
  const now = stateNow(state, current, halves);
  return { here: true, id, inputs: inputsOf(now), state: now };
}

/**
 * The old state with the values that the VM has now. What changes with every start of the VM (live, the VF, the port) stays
 * as of the last `up`: a VM that starts or stops is no drift.
 */
function stateNow(state: VmSriovInterfaceState, current: Current, halves: Halves): VmSriovInterfaceState {
  const { declared } = state;
  const targets = targetsOf(declared.apply, current);
  const missing = {
    config: targets.config && !halves.config,
    live: targets.live && !halves.live,
  };
  const apply = missing.config ? "live" : missing.live ? "config" : declared.apply;
  const { network, portgroup, vf, vlan: _vlan, ...others } = state;
  const rest = halves.config ? settingsNow(others, halves.config) : others;
  const vlan = vlanNow(declared.vlan, halves);
  // Live XML does not say which pool the VF is from.
  const source = halves.config
    ? {
        network: halves.config.network,
        portgroup: halves.config.portgroup,
        vf: halves.config.network === undefined ? halves.config.sourceAddress : undefined,
      }
    : { network, portgroup, vf };
  return {
    ...rest,
    ...source,
    mac: halves.config?.mac ?? halves.live?.mac ?? state.mac,
    ...(vlan === undefined ? {} : { vlan }),
    apply,
  };
}

type Settings = Pick<VmSriovInterfaceState, "virtualport" | "driver" | "model" | "bootOrder" | "teaming" | "address">;

/** As the definition has them; of what libvirt chooses where the program says nothing, only what the program says. */
function settingsNow<T extends Settings>(state: T, now: DomainInterface): Omit<T, keyof Settings> & Settings {
  const { virtualport, driver, model, bootOrder: _bootOrder, teaming: _teaming, address, ...rest } = state;
  const port = virtualport ?? (now.virtualport && { type: "none" as const });
  return {
    ...rest,
    ...(port === undefined ? {} : { virtualport: statedVirtualport(port, now.virtualport) }),
    ...(driver === undefined ? {} : { driver: { name: "vfio", ...optional("model", now.driverModel) } }),
    ...(model === undefined ? {} : optional("model", now.model)),
    ...optional("bootOrder", now.bootOrder),
    ...optional("teaming", now.teaming),
    ...(address === undefined ? {} : optional("address", now.guestAddress)),
  };
}

const optional = <K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { [key in K]: V });

/** The first half that has another VLAN than the declared one tells; undefined for none when none is declared. */
function vlanNow(declared: number | undefined, { config, live }: Halves): number | undefined {
  if (config && vlanOf(config) !== (declared ?? 0)) return vlanOf(config);
  if (live && declared !== undefined && vlanOf(live) !== declared) return vlanOf(live);
  return declared;
}

/** What there is after an apply: the inputs as they are now, and where the VM's VF is. */
export async function stateAfter(
  session: Session,
  inputs: VmSriovInterfaceInputs,
  current: Current,
): Promise<VmSriovInterfaceState> {
  const halves = halvesOf(current, inputs.alias);
  const declared = { apply: inputs.apply, ...(inputs.vlan === undefined ? {} : { vlan: inputs.vlan }) };
  const base: VmSriovInterfaceState = {
    ...inputs,
    hostId: session.machineId,
    domainUuid: current.domain.uuid,
    live: halves.live !== undefined,
    declared,
  };
  const vfPciAddress = halves.live?.sourceAddress ?? (typeof inputs.vf === "string" ? inputs.vf : undefined);
  const guestAddress = halves.live?.guestAddress ?? halves.config?.guestAddress;
  const portId =
    halves.live && inputs.network !== undefined
      ? await portOf(await session.libvirt(), inputs.network, current.domain.uuid, inputs.mac)
      : undefined;
  const full: VmSriovInterfaceState = {
    ...base,
    ...(vfPciAddress === undefined ? {} : { vfPciAddress }),
    ...(guestAddress === undefined ? {} : { guestAddress }),
    ...(portId === undefined ? {} : { portId }),
  };
  return stateNow(full, current, halves);
}

/** The UUID of the allocation that a domain has in a pool. */
export async function portOf(
  client: LibvirtClient,
  networkName: string,
  domainUuid: string,
  mac: string,
): Promise<string | undefined> {
  const network = await client.findNetwork(networkName);
  if (!network) return undefined;
  const ports = await client.listNetworkPorts(network);
  const described = await Promise.all(
    ports.map(async (port) => parseNetworkPortXml(await client.networkPortXml(port))),
  );
  return described.find((port) => port.owner.uuid === domainUuid && port.mac === mac)?.uuid;
}

/** Exactly what `check` makes: the state without what only the state has. */
export function inputsOf(state: VmSriovInterfaceState): VmSriovInterfaceInputs {
  const only = ["live", "vfPciAddress", "guestAddress", "portId", "declared"];
  return Object.fromEntries(
    Object.entries(state).filter(([key, value]) => !only.includes(key) && value !== undefined),
  ) as unknown as VmSriovInterfaceInputs;
}

export const idOf = (session: Session, domain: string, alias: string): string =>
  `${session.hostName}/${domain}/${alias}`;
