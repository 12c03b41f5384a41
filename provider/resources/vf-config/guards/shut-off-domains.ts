// VMs that do not run and are defined with a VF that a plan destroys: nothing is taken from them now, and they may not start
// again. libvirt is asked only when VFs are destroyed.
import { explain, kindOf } from "../../../base/errors.js";
import type { Session } from "../../session.js";
import type { Current } from "../current.js";
import { devicesOf } from "../holders.js";
import type { Step } from "../steps.js";

/** A warning for each VF that a shut-off VM names. A libvirt that is not there knows no VM; one that fails is said. */
export async function shutOffWarnings(session: Session, steps: readonly Step[], { pf }: Current): Promise<string[]> {
  const change = steps.find((step) => step.do === "set-num-vfs");
  if (!change || change.from === 0) return [];
  try {
    const client = await session.libvirt();
    const shutOff = (await client.listDomains()).filter(({ id }) => id === -1);
    const found = shutOff.map(async (domain) => {
      const named = devicesOf(await client.domainXml(domain, { inactive: true }));
      return named.flatMap(({ pciAddress, netdev }) => {
        const vf = pf.vfs.find(
          (one) => one.pciAddress === pciAddress || (netdev !== undefined && one.netdev === netdev),
        );
        if (!vf) return [];
        const then = vf.index < change.to ? "is made anew" : "will not be there any more, so that the VM cannot start";
        return [
          `VM "${domain.name}", which is shut off, is defined with VF ${vf.index} (${vf.pciAddress}) on ${session.hostName}: that VF ${then}.`,
        ];
      });
    });
    return (await Promise.all(found)).flat();
  } catch (error) {
    // No libvirt, or a VM that was undefined meanwhile.
    if (kindOf(error) === "not-found") return [];
    return [`It is not known whether VMs that are shut off need VFs that are destroyed: ${explain(error)}`];
  }
}
