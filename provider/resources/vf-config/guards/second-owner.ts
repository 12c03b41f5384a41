// Another owner of the PF's SR-IOV: whoever writes last wins, and the VFs that were made before are gone with their VMs' NICs.
// docs/decisions/0013 has the reasons for what is refused and what is only said. Pure.
import type { Owner } from "../../../host/owners/owner.js";
import type { Failure } from "../../lifecycle.js";
import type { Current } from "../current.js";
import type { VfConfigInputs } from "../model.js";
import { named } from "../guard.js";

export type OwnerVerdict = { failures: Failure[]; warnings: string[] };

type Asked = Pick<VfConfigInputs, "vfs"> & {
  numVfs?: number | undefined;
  persistence?: string;
  externallyManaged?: boolean;
  eswitchMode?: string | undefined;
};

/** `inputs`: what is known of them. */
export function judgeOwners(inputs: Asked, { pf, surroundings }: Current, hostName: string): OwnerVerdict {
  const verdict: OwnerVerdict = { failures: [], warnings: [] };
  const where = `PF ${named(pf)} on ${hostName}`;
  for (const owner of surroundings?.owners ?? []) {
    const why = whyRefused(owner, inputs);
    if (why !== undefined) {
      verdict.failures.push({
        property: why.property,
        reason: `${where} has a second owner: ${ownerText(owner)}. ${why.reason}`,
      });
    } else if (isWorthSaying(owner, inputs)) {
      verdict.warnings.push(`${where} has a second owner: ${ownerText(owner)}. ${whatToExpect(owner, inputs)}`);
    }
  }
  return verdict;
}

/** `udev rule /etc/udev/rules.d/80-vfs.rules:2 makes 4 VFs (ATTR{...}="4")` */
function ownerText(owner: Owner): string {
  const { kind, file, line, sets, numVfs, isSure, text } = owner;
  const perhaps = isSure ? "" : ", if it means this PF,";
  const does =
    sets === "attributes"
      ? "sets attributes of its VFs"
      : sets === "eswitch"
        ? "sets its eswitch mode"
        : numVfs === undefined
          ? "makes VFs"
          : `makes ${numVfs === 1 ? "1 VF" : `${numVfs} VFs`}`;
  return `${kind} ${file}:${line}${perhaps} ${does} (${text.length > 100 ? `${text.slice(0, 100)}...` : text})`;
}

function whyRefused(owner: Owner, inputs: Asked): Failure | undefined {
  if (!owner.isSure || owner.acts === "never" || owner.sets !== "count" || !ownsNumber(inputs)) return undefined;
  const leave = 'Take that away, or leave the number to it: unset numVfs, or set persistence to "none".';
  if (owner.acts === "now") {
    const reason = `NetworkManager destroys the VFs and makes them anew whenever it activates that profile, also under running VMs. Take [sriov] out of the profile, or leave the number to it: unset numVfs, or set persistence to "none".`;
    return { property: "numVfs", reason };
  }
  if (owner.numVfs === undefined || owner.numVfs === inputs.numVfs) return undefined;
  return {
    property: "numVfs",
    reason: `This program asks for ${inputs.numVfs}, and at the next boot one would undo the other. ${leave}`,
  };
}

/** Whether the program says how many VFs there are at every boot. */
const ownsNumber = ({ numVfs, persistence, externallyManaged }: Asked): boolean =>
  numVfs !== undefined && persistence !== "none" && externallyManaged !== true;

function isWorthSaying(owner: Owner, inputs: Asked): boolean {
  if (owner.acts === "never") return false;
  switch (owner.sets) {
    case "count":
      // Somebody has to make them: that is what leaving the number alone means.
      return inputs.numVfs !== undefined && (inputs.externallyManaged !== true || owner.numVfs !== inputs.numVfs);
    case "attributes":
      return (inputs.vfs ?? []).length > 0;
    case "eswitch":
      return inputs.eswitchMode !== undefined;
  }
}

function whatToExpect(owner: Owner, { numVfs, persistence }: Asked): string {
  if (owner.sets !== "count")
    return "What it sets and what this program sets is written one over the other: let one of them do it.";
  if (persistence === "none" && owner.numVfs !== undefined && owner.numVfs !== numVfs) {
    return `After a boot there are its ${owner.numVfs}, until the next \`pulumi up\`.`;
  }
  return "One owner is enough: a later change of either number makes them fight.";
}
