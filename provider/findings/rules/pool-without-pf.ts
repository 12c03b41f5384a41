// A pool of a PF that the host does not have.
import type { Rule } from "../finding.js";
import { poolsOf } from "../inventory.js";

export const poolWithoutPf: Rule = {
  id: "pool-without-pf",
  explains: [
    /Cannot get interface flags on '.*': No such device/,
    /could not get interface index for|unable to find PF/i,
  ],
  find: (inventory) =>
    inventory.host === undefined
      ? []
      : poolsOf(inventory).flatMap(({ name, inactive: { pf } }) => {
          const names = inventory.pfs.flatMap(({ netdev, altnames }) => [netdev ?? "", ...altnames]);
          if (pf === undefined || names.includes(pf)) return [];
          return [
            {
              severity: "error" as const,
              about: `pool ${name}`,
              seen: [
                `virsh net-dumpxml --inactive ${name}: <pf dev='${pf}'/>`,
                `PFs of the host: ${names.filter((one) => one !== "").join(" ") || "none"}`,
              ],
              why: "The pool's PF is gone, has another name now, or cannot have VFs: the pool does not start.",
              remedy:
                "Correct the network's pf. A card in another slot has another name; a .link file can give it the old one.",
            },
          ];
        }),
};
