// The plan file: what it says at its top for the person who finds it on a host. The lines below are the resource's.
import { bootUnitOf, planOf } from "../persistence/paths.js";

export const planFile = (
  pf: string,
  lines: readonly string[],
): string => `# SR-IOV virtual functions of PF ${pf}, put in place at boot by ${bootUnitOf(pf, lines)}.
# Written by pulumi-sriov for a VfConfig: \`pulumi up\` overwrites what is edited here.
# To undo by hand: systemctl disable ${bootUnitOf(pf, lines)}; rm ${planOf(pf)}
# What the lines mean is at the top of the applier, which also runs by hand and writes only what differs.
${lines.map((line) => `${line}\n`).join("")}`;
