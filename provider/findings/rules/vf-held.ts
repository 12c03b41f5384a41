// A VM asks for a VF by its address, and somebody else has it.
import type { Rule } from "../finding.js";
import { domainsOf, networksOf } from "../inventory.js";

export const vfHeld: Rule = {
  id: "vf-held",
  explains: [/PCI device \S+ is in use by driver/, /Requested operation is not valid: PCI device/],
  find: (inventory) =>
    domainsOf(inventory).flatMap((domain) => {
      const wanted = domain.isActive
        ? []
        : domain.inactive.interfaces.flatMap(({ sourceAddress }) => sourceAddress ?? []);
      return wanted.flatMap((address) => {
        const holder = domainsOf(inventory).find(
          ({ name, live }) =>
            name !== domain.name && live?.interfaces.some((device) => device.sourceAddress === address),
        );
        const vf = inventory.pfs.flatMap(({ vfs }) => vfs).find(({ pciAddress }) => pciAddress === address);
        const process = vf?.vfioHolders.find(({ guest }) => guest !== domain.name);
        const uppers = vf?.uppers ?? [];
        const who =
          holder !== undefined
            ? `running VM ${holder.name}`
            : process !== undefined
              ? `process ${process.process} (${process.pid})`
              : uppers.length > 0
                ? `${uppers.join(", ")} of the host`
                : undefined;
        if (who === undefined) return [];
        const pool = networksOf(inventory).find(({ ports }) => ports.some((port) => port.address === address));
        return [
          {
            severity: "error" as const,
            about: `VM ${domain.name}`,
            seen: [
              `virsh dumpxml --inactive ${domain.name}: VF ${address}`,
              `${address} is held by ${who}${pool ? `, from pool ${pool.name}` : ""}`,
            ],
            why: `The VM does not start while somebody else has its VF: "PCI device ${address} is in use".`,
            remedy: pool
              ? `Take the VF out of pool ${pool.name}, or let VM ${domain.name} take one from the pool; now: shut down or detach the holder.`
              : "Give the VM another VF, or one from a pool; now: shut down or detach the holder.",
            ...(holder ? { command: `virsh shutdown ${holder.name}` } : {}),
          },
        ];
      });
    }),
};
