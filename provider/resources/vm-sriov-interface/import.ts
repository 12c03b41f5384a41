// Takes over an interface that a VM has already: inputs and state as if a program had put it there.
import { SriovError } from "../../base/errors.js";
import type { DomainInterface } from "../../libvirt/xml/interface.js";
import { virtualportInputs } from "../libvirt-parts.js";
import type { HostInputs } from "../host-inputs.js";
import type { Observed } from "../lifecycle.js";
import type { Session } from "../session.js";
import { type Current, halvesOf } from "./current.js";
import type { VmSriovInterfaceInputs, VmSriovInterfaceState } from "./model.js";
import { vlanOf } from "./plan.js";
import { idOf, inputsOf, readCurrent, stateAfter } from "./read.js";

/** By what an id says after the host: `web/ua-sriov-data`, or `web/52:54:00:12:34:56`. */
export async function importInterface(
  session: Session,
  host: HostInputs,
  id: string,
): Promise<Observed<VmSriovInterfaceInputs, VmSriovInterfaceState>> {
  const [domain = "", key = ""] = id.split("/");
  const current = await readCurrent(session, domain);
  const device = current?.inactive.interfaces.find(({ alias, mac }) => alias === key || mac === key.toLowerCase());
  if (!current || !device) return { here: false };
  const why = whyNotImportable(current, device);
  if (why !== undefined) {
    throw new SriovError("unsupported", `VM "${domain}" on ${session.hostName}: interface ${key} ${why}`);
  }
  const inputs = inputsFor(session, host, current, device);
  const state = await stateAfter(session, inputs, current);
  return { here: true, id: idOf(session, domain, inputs.alias), inputs: inputsOf(state), state };
}

/** Undefined when nothing is in the way. For people: goes on after "interface X". */
export function whyNotImportable({ isPersistent }: Pick<Current, "isPersistent">, device: DomainInterface) {
  if (!isPersistent) return "is in a transient VM: it will be gone when that ends";
  if (device.element !== "interface" || (device.type !== "network" && device.type !== "hostdev")) {
    return `is a <${device.element}> of type ${device.type}: only those of type network and hostdev are a VmSriovInterface`;
  }
  if (device.alias === undefined || !device.alias.startsWith("ua-")) {
    return `has no alias of its own, and so is not found again: add <alias name='ua-...'/> to it (\`virsh edit\`)`;
  }
  return undefined;
}

/** What it has beside its source: a program that leaves it out would take it away. */
function statedBy({ virtualport, bootOrder, teaming, driver, driverModel, sourceAddress }: DomainInterface) {
  return {
    ...(virtualport === undefined ? {} : { virtualport: virtualportInputs(virtualport) }),
    ...(bootOrder === undefined ? {} : { bootOrder }),
    ...(teaming === undefined ? {} : { teaming }),
    ...(driver === undefined || sourceAddress === undefined || driverModel === undefined
      ? {}
      : { driver: { name: "vfio" as const, model: driverModel } }),
  };
}

function inputsFor(
  session: Session,
  host: HostInputs,
  current: Current,
  device: DomainInterface,
): VmSriovInterfaceInputs {
  const { alias = "", mac = "", network, portgroup, sourceAddress } = device;
  const vlan = vlanOf(device);
  const isLive = halvesOf(current, alias).live !== undefined;
  return {
    host,
    domain: current.domain.name,
    ...(network === undefined ? {} : { network }),
    ...(portgroup === undefined ? {} : { portgroup }),
    ...(network === undefined && sourceAddress !== undefined ? { vf: sourceAddress } : {}),
    mac,
    ...(vlan === 0 ? {} : { vlan }),
    alias,
    // A VM that runs without it would get it at once.
    apply: current.isActive && !isLive ? "config" : "auto",
    detachTimeout: 60,
    restartDomain: "never",
    ...statedBy(device),
    hostId: session.machineId,
    domainUuid: current.domain.uuid,
  };
}
