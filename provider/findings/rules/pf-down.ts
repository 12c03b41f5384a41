// libvirt starts no VM on a VF of a PF that is down.
import { type Rule } from "../finding.js";
import { nameOf, poolsOf } from "../inventory.js";

export const pfDown: Rule = {
  id: "pf-down",
  explains: [/PF .*is not online|PF is not online/],
  find: (inventory) =>
    inventory.pfs.flatMap((pf) => {
      if (pf.isUp || pf.netdev === undefined || pf.numVfs === 0) return [];
      const pools = poolsOf(inventory).filter(({ inactive }) => inactive.pf === pf.netdev);
      const pool = pools.length === 0 ? [] : [`pool ${pools.map(({ name }) => name).join(", ")} hands out its VFs`];
      return [
        {
          severity: "error" as const,
          about: `PF ${nameOf(pf)}`,
          seen: [`ip link show ${pf.netdev}: no UP among its flags`, `${pf.numVfs} VFs`, ...pool],
          why: `libvirt sets a VF's MAC address and VLAN through its PF, and refuses: "Unable to configure VF 0 of PF '${pf.netdev}' because the PF is not online".`,
          remedy:
            "Declare a VfConfig for the PF (pfUp is its default, and it also brings it up at boot), or bring it up by hand.",
          command: `ip link set ${pf.netdev} up`,
        },
      ];
    }),
};
