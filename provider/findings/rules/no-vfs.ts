// A PF that has no VFs, most of all one that a pool expects them of.
import { type Rule } from "../finding.js";
import { nameOf, poolsOf } from "../inventory.js";

export const noVfs: Rule = {
  id: "no-vfs",
  explains: [
    /No (usable )?Vf's present on SRIOV PF/i,
    /requires exclusive access to interfaces, but none are available/,
  ],
  find: (inventory) =>
    inventory.pfs.flatMap((pf) => {
      // Without a driver nobody can make any: pf-without-driver says so.
      if (pf.numVfs > 0 || pf.totalVfs === 0 || pf.driver === undefined) return [];
      const pools = poolsOf(inventory).filter(({ inactive }) => inactive.pf !== undefined && inactive.pf === pf.netdev);
      return [
        {
          severity: pools.length > 0 ? ("error" as const) : ("info" as const),
          about: `PF ${nameOf(pf)}`,
          seen: [
            `/sys/bus/pci/devices/${pf.pciAddress}/sriov_numvfs: 0 (sriov_totalvfs: ${pf.totalVfs})`,
            ...pools.map(({ name }) => `pool ${name} is made of PF ${pf.netdev}`),
          ],
          why:
            pools.length > 0
              ? "The pool has nothing to hand out, and does not even start. VFs do not outlive a reboot by themselves."
              : "The PF could have VFs and has none.",
          remedy: `Declare VfConfig { pf: "${nameOf(pf)}", numVfs: ${pf.totalVfs} }: it makes them now and at every boot.`,
          command: `echo ${pf.totalVfs} > /sys/bus/pci/devices/${pf.pciAddress}/sriov_numvfs`,
        },
      ];
    }),
};
