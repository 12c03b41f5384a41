// VFIO passes whole IOMMU groups: what shares one with a VF has to leave the host too.
import type { Rule } from "../finding.js";
import { nameOf } from "../inventory.js";

export const iommuGroupNotViable: Rule = {
  id: "iommu-group-not-viable",
  explains: [/group \d+ is not viable/],
  find: ({ host, pfs }) =>
    pfs.flatMap((pf) => {
      const groups = [...new Set(pf.vfs.flatMap(({ iommuGroup }) => iommuGroup ?? []))];
      return groups.flatMap((group) => {
        const members = (host?.groupMembers ?? []).filter((member) => member.group === group);
        // A port of the PCI Express fabric is let through by VFIO (drivers/vfio/vfio_main.c).
        const kept = members.filter(
          ({ driver }) =>
            driver !== undefined && driver !== "pcieport" && driver !== "pci-stub" && !driver.includes("vfio"),
        );
        const vfs = pf.vfs
          .filter(({ iommuGroup }) => iommuGroup === group)
          .map(({ pciAddress }) => pciAddress as string);
        // One VF that is its group's only host device is as it should be.
        const others = kept.filter(({ pciAddress }) => vfs.length > 1 || !vfs.includes(pciAddress));
        if (members.length < 2 || others.length === 0) return [];
        return [
          {
            severity: "error" as const,
            about: `PF ${nameOf(pf)}, IOMMU group ${group}`,
            seen: members.map(
              ({ pciAddress, driver }) =>
                `/sys/kernel/iommu_groups/${group}/devices/${pciAddress}: driver ${driver ?? "none"}`,
            ),
            why: `A VF of this group cannot be given to a VM while the host uses another device of it: "group ${group} is not viable".`,
            remedy:
              "Put the card into a slot with a root port of its own (with ACS), or give the group's other devices to the same VM. The kernel argument pcie_acs_override takes the isolation away with the grouping.",
          },
        ];
      });
    }),
};
