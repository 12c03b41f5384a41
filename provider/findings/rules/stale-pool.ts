// A running pool hands out VFs that are no more: its list is made when it starts.
import type { Rule } from "../finding.js";
import { nameOf, poolsOf } from "../inventory.js";

export const stalePool: Rule = {
  id: "stale-pool",
  explains: [/Device 0000:\S+ not found: could not access/, /Could not find virtual functions|Unable to find VF/i],
  find: (inventory) =>
    poolsOf(inventory).flatMap(({ name, live, inactive, ports }) => {
      const pf = inventory.pfs.find(({ netdev, altnames }) => {
        const named = inactive.pf ?? live?.pf;
        return named !== undefined && (netdev === named || altnames.includes(named));
      });
      if (!live || !pf) return [];
      const vfs = pf.vfs.map(({ pciAddress }) => pciAddress as string);
      const gone = live.addresses.filter((address) => !vfs.includes(address));
      const unlisted = vfs.filter((address) => !live.addresses.some((listed) => listed === address));
      // Without VFs it is no-vfs that says so.
      if (vfs.length === 0 || (gone.length === 0 && unlisted.length === 0)) return [];
      const users = ports.map(({ owner }) => owner.name);
      return [
        {
          severity: gone.length > 0 ? ("error" as const) : ("warning" as const),
          about: `pool ${name}`,
          seen: [
            `virsh net-dumpxml ${name}: ${live.addresses.join(" ") || "no <address>"}`,
            `VFs of PF ${nameOf(pf)}: ${vfs.join(" ")}`,
          ],
          why: "A pool's list of VFs is made when it starts. Of VFs made anew since, it hands out what is gone, or not all there are.",
          remedy:
            users.length === 0
              ? "Start the pool again; a SriovNetwork does so at the next `pulumi up --refresh`."
              : `Shut down or detach ${users.join(", ")} first, then start the pool again: stopping it under them would lose their VFs.`,
          ...(users.length === 0 ? { command: `virsh net-destroy ${name} && virsh net-start ${name}` } : {}),
        },
      ];
    }),
};
