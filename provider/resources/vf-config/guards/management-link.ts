// The guard of our own connection: a step that takes the PF down, for ever or for a moment, while the SSH connection comes in
// over it, is refused. Pure.
import type { ManagementLink } from "../../../host/management-link/link.js";
import type { Current } from "../current.js";
import { driverNamed } from "../capabilities.js";
import { named } from "../guard.js";
import type { Step } from "../steps.js";
import type { Refusal } from "./refusal.js";

export type LinkAt = { hostName: string; allowDisruption: boolean; confirmTimeout: number };

type Card = ManagementLink["cards"][number];

/** The steps that take the management link down, and the card it is on; undefined when there are none. */
export function linkCut(steps: readonly Step[], current: Current): { card: Card; steps: Step[] } | undefined {
  const card = cardOf(current);
  if (!card) return undefined;
  const vf = current.pf.vfs.find(({ pciAddress }) => pciAddress === card.pciAddress);
  const cutting = steps.filter((step) => takesDown(step, current.pf.driver, vf?.index));
  return cutting.length === 0 ? undefined : { card, steps: cutting };
}

/** The PF itself, or a VF of it. */
function cardOf({ pf, surroundings }: Current): Card | undefined {
  return surroundings?.managementLink?.cards.find(
    ({ pciAddress, pfPciAddress }) => pciAddress === pf.pciAddress || pfPciAddress === pf.pciAddress,
  );
}

function takesDown(step: Step, driver: string | undefined, linkVf: number | undefined): boolean {
  if ("vf" in step) return step.vf === linkVf;
  switch (step.do) {
    case "set-pf-down":
    case "set-mtu":
    case "set-eswitch-mode":
      return true;
    case "set-num-vfs":
      return linkVf !== undefined || flaps(driver);
    case "set-drivers-autoprobe":
    case "set-pf-up":
    case "wait-for-vfs":
    case "install-boot-plan":
    case "install-boot-file":
    case "remove-boot-plan":
    case "remove-boot-file":
      return false;
  }
}

/** A driver that nobody has read is taken to do so. */
function flaps(driver: string | undefined): boolean {
  const row = driverNamed(driver);
  return row === undefined || row.flaps === true;
}

/** The property that asks for a step that takes the link down, and the step in words. */
function askedBy(step: Step): { property: string; what: string } {
  if (step.do === "set-num-vfs") return { property: "numVfs", what: `changing from ${step.from} VFs to ${step.to}` };
  if (step.do === "set-mtu") return { property: "mtu", what: `an MTU of ${step.to}` };
  if (step.do === "set-eswitch-mode") return { property: "eswitchMode", what: `eswitch mode ${step.to}` };
  if (step.do === "set-pf-down") return { property: "pfUp", what: "bringing it down" };
  return { property: "vfs", what: "changing the VF that carries it" };
}

export function linkRefusal(steps: readonly Step[], current: Current, at: LinkAt): Refusal | undefined {
  const cut = linkCut(steps, current);
  const client = current.surroundings?.managementLink?.client;
  if (!cut || client === undefined) return undefined;
  const canRestore = current.surroundings?.deadMan.isPossible ?? false;
  if (at.allowDisruption && canRestore) return undefined;
  const way = `the SSH connection from ${client} comes in over ${pathOf(cut.card)}`;
  const asked = cut.steps.map(askedBy);
  const what = [...new Set(asked.map((one) => one.what))].join(" and ");
  const message = `Refused to change PF ${named(current.pf)} on ${at.hostName}: ${way}, and ${what} takes that link down${isForAMoment(cut.steps) ? " for a moment" : ""}.`;
  const another = "Reach the host over another interface";
  const remedy = canRestore
    ? `${another}, or set allowDisruption: the host then puts back by itself what was before, unless we come back within ${at.confirmTimeout} s.`
    : `${another}. allowDisruption is not enough here: without systemd-run there can be no timer that puts back what was before.`;
  return { property: asked[0]?.property ?? "", message, remedy };
}

const isForAMoment = (steps: readonly Step[]): boolean =>
  steps.every((step) => step.do === "set-num-vfs" || step.do === "set-mtu");

/** `br0, bond0, eno49 (0000:01:00.0)` */
const pathOf = ({ path, pciAddress }: Card): string => `${path.join(", ")} (${pciAddress})`;

/** A tunnel's own way is not followed: said, when the plan takes links down that could be it. */
export function linkWarnings(steps: readonly Step[], { pf, surroundings }: Current, hostName: string): string[] {
  const link = surroundings?.managementLink;
  if (!link || link.ends.length === 0 || !steps.some((step) => takesDown(step, pf.driver, undefined))) return [];
  return [
    `PF ${named(pf)} on ${hostName} loses its link for a moment. The SSH connection from ${link.client} comes in over ${link.ends.join(", ")}, and what that runs over is not known here: make sure that it is not this PF.`,
  ];
}
