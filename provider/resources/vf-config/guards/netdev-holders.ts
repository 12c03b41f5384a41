// VFs that somebody uses as netdevs, without VFIO: they are lost with the VF just as a VM's are. Pure.
import type { PfFacts } from "../../../host/sysfs/pf.js";
import type { VfUser } from "../../../host/vf-users/users.js";
import type { Holder } from "../current.js";

/** `known`: who is found already. A VM's macvtap is on the VF's netdev too. */
export function netdevHolders(pf: PfFacts, users: readonly VfUser[], known: readonly Holder[]): Holder[] {
  const isKnown = (index: number) => known.some(({ vfIndex }) => vfIndex === index);
  return users.flatMap((user): Holder[] => {
    const vf = pf.vfs.find(({ index }) => index === user.vfIndex);
    if (!vf || isKnown(user.vfIndex)) return [];
    return [{ vfIndex: vf.index, pciAddress: vf.pciAddress, who: whoOf(user), ownsMacAndVlan: false }];
  });
}

function whoOf(user: VfUser): string {
  switch (user.by) {
    case "upper":
      return `${user.kind} ${user.name}`;
    case "address":
      return `the host itself (${user.address} on ${user.netdev})`;
    case "namespace":
      return user.name;
  }
}
