// What of a host a program can declare, read as an import reads it; and what it cannot, with the reason.
import { SriovError, explain, isSriovError } from "../base/errors.js";
import type { HostInputs } from "../resources/host-inputs.js";
import type { Context, Lifecycle, Values } from "../resources/lifecycle.js";
import { type ResourceName, registry } from "../resources/registry.js";
import { whyNotImportable } from "../resources/vm-sriov-interface/import.js";
import { type Inventory, readInventory } from "./inventory.js";

export type Importable = {
  type: ResourceName;
  /** Its Pulumi name. */
  name: string;
  id: string;
  inputs: Values;
  state: Values;
  schemaVersion: number;
};

export type Found = {
  hostName: string;
  resources: Importable[];
  /** For people: what is left out, and what the first preview will show although it is in. */
  notes: string[];
};

type Candidate = { type: ResourceName; id: string; name: string; what: string };

/** `types`: only resources of these. */
export async function findImportable(
  context: Context,
  host: HostInputs,
  types: readonly ResourceName[] = Object.keys(registry) as ResourceName[],
): Promise<Found> {
  const session = await context.connect(host);
  const inventory = await readInventory(session, context);
  const { hostName } = inventory;
  const notes: string[] = inventory.hasLibvirt ? [] : ["The host has no libvirt: there are no networks and no VMs."];
  const all: Candidate[] = [
    { type: "HostSetup", id: `${hostName}/setup`, name: "setup", what: "setup" },
    ...pfCandidates(inventory),
    ...networkCandidates(inventory),
    ...interfaceCandidates(inventory, notes),
  ];
  const candidates = all.filter(({ type }) => types.includes(type));
  const read = await Promise.all(candidates.map((one) => readOne(context, host, one, notes)));
  const resources = unique(read.filter((one) => one !== undefined));
  for (const { type, name, id, inputs, state } of resources) {
    const { changes } = lifecycleOf(type).diff(id, state, inputs);
    if (changes.length === 0) continue;
    const which = changes.map(({ property }) => property).join(", ");
    notes.push(
      `${type} ${name} differs from what is installed for it on the host, and the preview will say so: ${which}`,
    );
  }
  return { hostName, resources, notes };
}

const lifecycleOf = (type: ResourceName) => registry[type] as unknown as Lifecycle<Values, Values>;

/** A PF that has no VFs and no boot plan is nothing to declare. */
const pfCandidates = ({ hostName, pfs }: Inventory): Candidate[] =>
  pfs
    .filter(({ pf, persistence }) => pf.numVfs > 0 || persistence.planLines !== undefined)
    .map(({ pf }) => {
      const name = pf.netdev ?? pf.pciAddress;
      return { type: "VfConfig", id: `${hostName}/${pf.pciAddress}`, name, what: `PF ${name}` };
    });

const poolsOf = ({ networks }: Inventory) =>
  networks.filter(
    ({ inactive, isPersistent }) =>
      isPersistent && inactive.mode === "hostdev" && (inactive.pf !== undefined || inactive.addresses.length > 0),
  );

const networkCandidates = (inventory: Inventory): Candidate[] =>
  poolsOf(inventory).map(({ name, uuid }) => ({
    type: "SriovNetwork",
    id: `${inventory.hostName}/${uuid}`,
    name,
    what: `network ${name}`,
  }));

function interfaceCandidates(inventory: Inventory, notes: string[]): Candidate[] {
  const pools = new Set(poolsOf(inventory).map(({ name }) => name));
  const vfs = new Set(inventory.pfs.flatMap(({ pf }) => pf.vfs.map(({ pciAddress }) => pciAddress)));
  return inventory.domains.flatMap((current) => {
    const { inactive, domain } = current;
    const devices = inactive.interfaces.filter(
      ({ network, sourceAddress }) =>
        (network !== undefined && pools.has(network)) || (sourceAddress !== undefined && vfs.has(sourceAddress)),
    );
    return devices.flatMap((device): Candidate[] => {
      const { alias = "", mac, sourceAddress } = device;
      const what = `VM ${domain.name}: ${mac ?? `the VF ${sourceAddress}`}`;
      const why = whyNotImportable(current, device);
      if (why === undefined) {
        const name = alias.replace(/^ua-(sriov-)?/, "") || alias;
        return [{ type: "VmSriovInterface", id: `${inventory.hostName}/${domain.name}/${alias}`, name, what }];
      }
      notes.push(`Left out: ${what} ${why}`);
      return [];
    });
  });
}

/** Undefined for what is not there, and for what is not for us, which is noted. */
async function readOne(
  context: Context,
  host: HostInputs,
  { type, id, name, what }: Candidate,
  notes: string[],
): Promise<Importable | undefined> {
  const lifecycle = lifecycleOf(type);
  try {
    const observed = await lifecycle.read(context, id, { host });
    if (!observed.here) return undefined;
    const { inputs, state } = observed;
    return { type, name, id: observed.id, inputs, state, schemaVersion: lifecycle.schemaVersion };
  } catch (error) {
    if (!isSriovError(error) || error.kind !== "unsupported") throw error;
    notes.push(`Left out: ${what}: ${explain(error)}`);
    return undefined;
  }
}

const domainOf = ({ id, inputs: { domain } }: Importable): string => (typeof domain === "string" ? domain : id);

/** Two VMs may well use one alias: then the VM is part of the name. */
function unique(resources: Importable[]): Importable[] {
  const isTaken = ({ type, name }: Importable) =>
    resources.filter((other) => other.type === type && other.name === name).length > 1;
  const renamed = resources.map((one) => (isTaken(one) ? { ...one, name: `${domainOf(one)}-${one.name}` } : one));
  const names = new Set(renamed.map(({ type, name }) => `${type} ${name}`));
  if (names.size === renamed.length) return renamed;
  throw new SriovError("bug", "two resources would have one name");
}
