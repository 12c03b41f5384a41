// Two that make a PF's VFs: whoever is last makes the other's VFs anew, and takes them from their VMs.
import type { Rule } from "../finding.js";
import { nameOf } from "../inventory.js";

export const secondOwner: Rule = {
  id: "second-owner",
  find: ({ pfs }) =>
    pfs.flatMap((pf) => {
      const owners = (pf.owners ?? []).filter(({ acts, sets }) => acts !== "never" && sets !== "attributes");
      if (owners.length + (pf.hasBootPlan === true ? 1 : 0) < 2) return [];
      // One that may mean another PF is no proof of a fight.
      const isSure = owners.some(({ isSure, sets, numVfs }) => isSure && sets === "count" && numVfs !== pf.numVfs);
      return [
        {
          severity: isSure ? ("error" as const) : ("warning" as const),
          about: `PF ${nameOf(pf)}`,
          seen: [
            ...owners.map(({ kind, file, line, text }) => `${file}:${line} (${kind}): ${text.trim()}`),
            ...(pf.hasBootPlan === true ? ["a VfConfig of pulumi-sriov makes its VFs at boot"] : []),
            `it has ${pf.numVfs} VFs now`,
          ],
          why: "The number of VFs can only be changed by destroying all of them: each time the second owner acts, VMs lose their NICs.",
          remedy: `Take ${owners.map(({ file }) => file).join(" and ")} out of it, or leave the number to it: VfConfig without numVfs, or with persistence: "none".`,
        },
      ];
    }),
};
