// A pool all of whose VFs are taken, and VMs that still want one.
import type { Rule } from "../finding.js";
import { domainsOf, poolsForStart, poolsOf } from "../inventory.js";

export const poolExhausted: Rule = {
  id: "pool-exhausted",
  explains: [/requires exclusive access to interfaces, but none are available/],
  find: (inventory) =>
    poolsOf(inventory).flatMap((pool) => {
      const size = pool.live?.addresses.length ?? 0;
      if (!pool.isActive || size === 0 || pool.ports.length < size) return [];
      const waiting = domainsOf(inventory).filter(
        (domain) => !domain.isActive && poolsForStart(domain, [pool]).length > 0,
      );
      if (waiting.length === 0 && inventory.failure === undefined) return [];
      return [
        {
          severity: "warning" as const,
          about: `pool ${pool.name}`,
          seen: [
            `${size} VFs: ${pool.ports.map(({ owner, address }) => `${address ?? "?"} VM ${owner.name}`).join(", ")}`,
            ...waiting.map(({ name }) => `VM ${name} is shut off and has an interface from it`),
          ],
          why: `Every VF of the pool is taken: another VM does not start ("requires exclusive access to interfaces, but none are available").`,
          remedy: "Raise numVfs of the PF's VfConfig when no VM runs on it, or shut down or detach another VM.",
        },
      ];
    }),
};
