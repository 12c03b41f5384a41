// What the host shows now, and what of it is the resource's inputs and state.
import { SriovError } from "../../base/errors.js";
import { isThisVersion } from "../../host/persistence/install.js";
import type { PfFacts, PfReading, VfFacts } from "../../host/sysfs/pf.js";
import { readPf } from "../../host/sysfs/read-pf.js";
import type { ReadOptions } from "../../host/sysfs/reader-script.js";
import type { Observed } from "../lifecycle.js";
import { mustBeSameMachine } from "../same-machine.js";
import type { Session } from "../session.js";
import { persistenceNow, whyNotInstalled } from "./boot.js";
import { wrongPf } from "./check.js";
import type { Current, Holder } from "./current.js";
import { named } from "./guard.js";
import { netdevHolders } from "./guards/netdev-holders.js";
import { readHolders } from "./holders.js";
import {
  type Prior,
  type VfConfigInputs,
  type VfConfigState,
  type PfSelector,
  type VfInputs,
  type VirtualFunction,
  libvirtOwned,
  persistenceChoices,
  pfSettings,
  vfAttributes,
} from "./model.js";
import { driverNamed } from "./capabilities.js";
import { bootLines, given, isMac, tagsIn, wantedBy } from "./plan.js";

/** The PF, its VFs, who holds them, and the boot unit; or why there is no such PF. */
export async function readCurrent(
  session: Session,
  selector: PfSelector,
  signal?: AbortSignal,
  options?: ReadOptions,
): Promise<{ reading: PfReading; current: Current | undefined }> {
  const reading = await readPf(session.shell, selector, signal, options);
  if (reading.found !== "pf") return { reading, current: undefined };
  const { pf, persistence, surroundings } = reading;
  const why = whyNotInstalled(persistence) ?? (isThisVersion(persistence) ? undefined : "written by another version");
  const vms = await readHolders(session, pf);
  const holders = [...vms, ...netdevHolders(pf, surroundings.vfUsers, vms)];
  return {
    reading,
    current: { pf, holders, persistence, surroundings, ...(why === undefined ? {} : { whyNotInstalled: why }) },
  };
}

/** The PF as it is, or an error that says why it is none. */
export async function readExisting(session: Session, selector: PfSelector, signal?: AbortSignal): Promise<Current> {
  const { reading, current } = await readCurrent(session, selector, signal);
  const wrong = wrongPf(selector, reading, session.hostName);
  if (current && !wrong) return current;
  throw new SriovError(reading.found === "nothing" ? "not-found" : "unsupported", `pf: ${wrong?.reason ?? "no PF"}`);
}

export async function observe(
  session: Session,
  id: string,
  state: VfConfigState,
  signal?: AbortSignal,
): Promise<Observed<VfConfigInputs, VfConfigState>> {
  mustBeSameMachine(session, state, "read", id);
  const { reading, current } = await readCurrent(session, state.pfPciAddress, signal);
  if (reading.found === "nothing") return { here: false };
  if (!current) {
    const why = wrongPf(state.pfPciAddress, reading, session.hostName)?.reason ?? reading.found;
    throw new SriovError("unsupported", `Failed to read PF ${state.pfPciAddress} on ${session.hostName}: ${why}`);
  }
  const now = stateOf({ ...state, persistence: asDeclared(state) }, current, session.machineId, state.prior, state);
  return { here: true, id, inputs: inputsOf(now), state: now };
}

/** Exactly what `check` makes: the state without what only the state has. */
export function inputsOf(state: VfConfigState): VfConfigInputs {
  const only = ["virtualFunctions", "prior", "declared"];
  return Object.fromEntries(Object.entries(state).filter(([key]) => !only.includes(key))) as unknown as VfConfigInputs;
}

const asDeclared = ({ declared }: VfConfigState): VfConfigInputs["persistence"] =>
  persistenceChoices.find((choice) => choice === declared.persistence) ?? "systemd-unit";

/**
 * The inputs with the values the host has now. `declared` stays what the program said: in `read`, that is what the old
 * state says; after an apply, the inputs themselves.
 */
export function stateOf(
  inputs: VfConfigInputs,
  current: Current,
  hostId: string,
  prior: Prior,
  old: VfConfigState | undefined,
  declared: VfConfigState["declared"] = old?.declared ?? declaredBy(inputs),
): VfConfigState {
  const { pf, holders } = current;
  const { numVfs, vfs, ...rest } = inputs;
  const stated = pfSettings.filter((setting) => inputs[setting] !== undefined);
  return {
    ...rest,
    // In the state only what the host says, whatever it says.
    ...(given(pf, stated) as Partial<VfConfigState>),
    ...(numVfs === undefined ? {} : { numVfs: pf.numVfs }),
    ...(vfs === undefined ? {} : { vfs: vfs.map((vf) => vfNow(declaredVf(declared, vf), vf, current)) }),
    pfUp: declared.pfUp && pf.isUp,
    persistence: bootNow(declared, current, { externallyManaged: inputs.externallyManaged }),
    hostId,
    pfPciAddress: pf.pciAddress,
    pfName: pf.netdev ?? "",
    driver: pf.driver ?? "",
    totalVfs: pf.totalVfs,
    virtualFunctions: pf.vfs.map((vf) => virtualFunction(vf, pf.driver, declared, holders, old)),
    prior,
    declared,
  };
}

export const declaredBy = (inputs: VfConfigInputs): VfConfigState["declared"] => ({
  ...(inputs.numVfs === undefined ? {} : { numVfs: inputs.numVfs }),
  ...given(inputs, pfSettings),
  pfUp: inputs.pfUp,
  vfs: inputs.vfs ?? [],
  persistence: inputs.persistence,
});

const declaredVf = (declared: VfConfigState["declared"], vf: VfInputs): VfInputs =>
  declared.vfs.find(({ index }) => index === vf.index) ?? vf;

/** The declared attributes of one VF as they are now; none of them when there is no such VF. */
function vfNow(declared: VfInputs, listed: VfInputs, { pf, holders }: Current): VfInputs {
  const now = pf.vfs.find(({ index }) => index === listed.index);
  if (!now) return { index: listed.index };
  const holder = holders.find(({ vfIndex }) => vfIndex === listed.index);
  const values = vfAttributes
    .filter((attribute) => declared[attribute] !== undefined)
    .map((attribute) => [attribute, valueNow(attribute, declared, now, { holder, driver: pf.driver })]);
  return { index: listed.index, ...(Object.fromEntries(values) as Partial<VfInputs>) };
}

/** What libvirt put there for a VM is no drift; what the driver does not report is taken to be as it was set. */
function valueNow(
  attribute: (typeof vfAttributes)[number],
  declared: VfInputs,
  now: VfFacts,
  { holder, driver }: { holder: Holder | undefined; driver: string | undefined },
): VfInputs[typeof attribute] {
  const isOverridden = holder?.ownsMacAndVlan === true && libvirtOwned.includes(attribute);
  if (isOverridden || driverNamed(driver)?.unreported?.includes(attribute)) return declared[attribute];
  if (attribute === "mac" && declared.mac !== undefined && isMac(declared.mac, now)) return declared.mac;
  return now[attribute] ?? declared[attribute];
}

/** The declared choice when all of it is as it has to be; otherwise what is there, in words. */
function bootNow(
  declared: VfConfigState["declared"],
  current: Current,
  { externallyManaged }: { externallyManaged: boolean },
): string {
  const wanted = wantedBy({
    pfUp: declared.pfUp,
    vfs: declared.vfs,
    ...(declared.numVfs === undefined ? {} : { numVfs: declared.numVfs }),
    ...given(declared, pfSettings),
    persistence: persistenceChoices.find((choice) => choice === declared.persistence) ?? "systemd-unit",
    externallyManaged,
  });
  // A priority that nobody declared is in the plan as it was at the last update: a later one is no drift.
  const kept = tagsIn(current.persistence.planLines);
  return persistenceNow(wanted, current, () => bootLines(wanted, current.pf, kept));
}

/**
 * For people and for other resources. While a VM holds the VF, driver and netdev are what they were before: starting a VM is
 * no drift. The attributes are those that the program states: the others change with every user of the VF.
 */
function virtualFunction(
  vf: VfFacts,
  pfDriver: string | undefined,
  declared: VfConfigState["declared"],
  holders: readonly Holder[],
  old: VfConfigState | undefined,
): VirtualFunction {
  const holder = holders.find(({ vfIndex }) => vfIndex === vf.index);
  const before = old?.virtualFunctions.find(({ index }) => index === vf.index);
  const isHeld = vf.driver?.includes("vfio") ?? false;
  const { netdev, driver } = isHeld && before ? before : vf;
  const stated = declared.vfs.find(({ index }) => index === vf.index);
  const values = vfAttributes
    .filter((attribute) => stated?.[attribute] !== undefined)
    .map((attribute) => [attribute, stated && valueNow(attribute, stated, vf, { holder, driver: pfDriver })]);
  return {
    index: vf.index,
    pciAddress: vf.pciAddress,
    ...(vf.iommuGroup === undefined ? {} : { iommuGroup: vf.iommuGroup }),
    ...(netdev === undefined ? {} : { netdev }),
    ...(driver === undefined ? {} : { driver }),
    ...(Object.fromEntries(values) as Partial<VirtualFunction>),
  };
}

export const idOf = (session: Session, pf: PfFacts): string => `${session.hostName}/${pf.pciAddress}`;
export const pfText = (session: Session, pf: PfFacts): string => `PF ${named(pf)} on ${session.hostName}`;
