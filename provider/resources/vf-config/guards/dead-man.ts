// Whether a change goes under a dead-man timer, what the timer would put back, and what is to be said about one. Pure.
import type { PfFacts, VfFacts } from "../../../host/sysfs/pf.js";
import type { Current } from "../current.js";
import { type VfInputs, libvirtOwned, vfAttributes } from "../model.js";
import { named } from "../guard.js";
import { type Wanted, plan } from "../plan.js";
import { wantedAgain } from "../prior.js";
import { type Step, planLines } from "../steps.js";
import { linkCut } from "./management-link.js";

/** The change may cut us off, or takes VFs from somebody. */
export function isDisruptive(steps: readonly Step[], current: Current): boolean {
  // An eswitch mode costs the VFs themselves, or their drivers.
  const destroys =
    current.pf.numVfs > 0 && steps.some((step) => step.do === "set-num-vfs" || step.do === "set-eswitch-mode");
  return (destroys && current.holders.length > 0) || linkCut(steps, current) !== undefined;
}

/**
 * The applier's lines that bring back what is there now, from wherever the change stops: all attributes, also those that
 * have their defaults, because the applier does not write what is so already.
 */
export function priorLines(before: Current, steps: readonly Step[]): string[] {
  const { pf } = before;
  const wanted: Wanted = { ...wantedAgain(before), vfs: pf.vfs.map((vf) => attributesOf(vf, before)) };
  const after = { ...before, pf: changed(pf, steps), holders: [], persistence: nothingInstalled };
  return planLines(pf.pciAddress, plan(wanted, after).filter(isAppliers), { allowDisruption: true });
}

const nothingInstalled: Current["persistence"] = { isEnabled: false };
const isAppliers = (step: Step): boolean => !step.do.includes("-boot-");

/** The PF as the change leaves it. Attributes differ in any case, and so does what is up: then they are in the plan. */
function changed(pf: PfFacts, steps: readonly Step[]): PfFacts {
  const after: PfFacts = { ...pf, isUp: !pf.isUp };
  for (const step of steps) {
    if (step.do === "set-num-vfs") after.numVfs = step.to;
    if (step.do === "set-mtu") after.mtu = step.to;
    if (step.do === "set-eswitch-mode") after.eswitchMode = step.to;
    if (step.do === "set-drivers-autoprobe") after.driversAutoprobe = step.to;
  }
  after.vfs = pf.vfs.map(({ index, pciAddress }) => ({
    ...{ index, pciAddress, uppers: [], vfioHolders: [] },
    ...{ vlan: -1, qos: -1, vlanProto: "", maxTxRate: -1, minTxRate: -1 },
  }));
  return after;
}

/** What libvirt put there for a VM is libvirt's, and goes with the VF. */
function attributesOf(vf: VfFacts, { holders }: Current): VfInputs {
  const isLibvirts = holders.some((holder) => holder.vfIndex === vf.index && holder.ownsMacAndVlan);
  const values = vfAttributes
    .filter((attribute) => vf[attribute] !== undefined)
    .filter((attribute) => !isLibvirts || !libvirtOwned.includes(attribute))
    .map((attribute) => [attribute, vf[attribute]]);
  return { index: vf.index, ...(Object.fromEntries(values) as Partial<VfInputs>) };
}

/** For the preview: what became of a change that nobody came back to. */
export function deadManWarnings({ pf, surroundings }: Current, hostName: string): string[] {
  const { now, firedAt } = surroundings?.deadMan ?? {};
  const where = `PF ${named(pf)} on ${hostName}`;
  if (now === "fired") {
    return [
      `An earlier change of ${where} was not confirmed, because its connection was lost: the host put back what was before, at ${firedAt ?? "a time it does not tell"}.`,
    ];
  }
  if (now === "armed") {
    return [
      `A change of ${where} has not been confirmed yet: unless somebody comes back, the host puts back what was before it.`,
    ];
  }
  return [];
}
