// Two pools that hand out the same VFs without knowing of each other.
import type { Rule } from "../finding.js";
import { poolsOf } from "../inventory.js";

export const pfInTwoPools: Rule = {
  id: "pf-in-two-pools",
  find(inventory) {
    const pools = poolsOf(inventory).map(({ name, inactive }) => ({
      name,
      vfs: new Set<string>([
        ...inactive.addresses,
        ...inventory.pfs
          .filter(({ netdev }) => netdev !== undefined && netdev === inactive.pf)
          .flatMap(({ vfs, pciAddress }) => [pciAddress, ...vfs.map((vf) => vf.pciAddress)]),
      ]),
    }));
    return pools.flatMap((pool, i) =>
      pools.slice(i + 1).flatMap((other) => {
        const both = [...pool.vfs].filter((vf) => other.vfs.has(vf));
        if (both.length === 0) return [];
        return [
          {
            severity: "warning" as const,
            about: `pools ${pool.name} and ${other.name}`,
            seen: [`in both: ${both.join(" ")}`],
            why: 'Each pool counts its own VMs only: a VF that one has handed out looks free to the other, and the VM that gets it does not start ("PCI device is in use").',
            remedy: "Leave the VFs in one pool; portgroups of one pool can have different VLANs.",
          },
        ];
      }),
    );
  },
};
