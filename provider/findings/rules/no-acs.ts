// libvirt refuses a device behind a PCI Express switch that could route around the IOMMU. Seen in what it says only.
import type { Rule } from "../finding.js";

const text = /Device \S+ is behind a switch lacking ACS and cannot be assigned/;

export const noAcs: Rule = {
  id: "no-acs",
  explains: [text],
  find: ({ failure = "" }) =>
    text.test(failure)
      ? [
          {
            severity: "error",
            seen: [failure],
            why: "Devices behind such a switch can reach each other's memory past the IOMMU, so a guest could reach more than it was given.",
            remedy:
              "Put the card into a slot with a root port of its own. Where all guests on the host trust each other: relaxed_acs_check = 1 in /etc/libvirt/qemu.conf.",
          },
        ]
      : [],
};
