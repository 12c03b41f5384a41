// A pool that does not run, and VMs that need it.
import type { Rule } from "../finding.js";
import { domainsOf, poolsForStart, poolsOf } from "../inventory.js";

export const poolInactive: Rule = {
  id: "pool-inactive",
  explains: [/network '.*' is not active/],
  find: (inventory) =>
    poolsOf(inventory).flatMap((pool) => {
      if (pool.isActive) return [];
      const users = domainsOf(inventory).filter((domain) => poolsForStart(domain, [pool]).length > 0);
      if (users.length === 0) return [];
      return [
        {
          severity: "error" as const,
          about: `pool ${pool.name}`,
          seen: [
            `virsh net-info ${pool.name}: Active: no`,
            ...users.map(({ name }) => `VM ${name} has an interface from it`),
          ],
          why: `A VM takes no VF from a pool that does not run: "network '${pool.name}' is not active".`,
          remedy: "Start it: SriovNetwork { active: true, autostart: true }, or by hand.",
          command: `virsh net-start ${pool.name} && virsh net-autostart ${pool.name}`,
        },
      ];
    }),
};
