// Which VF of the host is meant: a PCI address, or a PF and an index.
import { SriovError } from "../../base/errors.js";
import type { PciAddress } from "../../base/pci-address.js";
import { readPf } from "../../host/sysfs/read-pf.js";
import type { Session } from "../session.js";
import type { VmSriovInterfaceInputs } from "./model.js";

type Selector = Exclude<VmSriovInterfaceInputs["vf"], string | undefined>;

/** Undefined where the PF has no such VF now. Equivalent to: `readlink /sys/class/net/$pf/device/virtfn$index` */
export async function addressOf(
  session: Session,
  { pf, index }: Selector,
  signal: AbortSignal,
): Promise<PciAddress | undefined> {
  const reading = await readPf(session.shell, pf, signal);
  const vf = reading.found === "pf" ? reading.pf.vfs.find((one) => one.index === index) : undefined;
  return vf === undefined || vf.pciAddress === "" ? undefined : vf.pciAddress;
}

/** The inputs with the VF's PCI address: at `up` it has to be there. */
export async function withAddress(
  session: Session,
  inputs: VmSriovInterfaceInputs,
  signal: AbortSignal,
): Promise<VmSriovInterfaceInputs> {
  const { vf } = inputs;
  if (typeof vf !== "object") return inputs;
  const address = await addressOf(session, vf, signal);
  if (address !== undefined) return { ...inputs, vf: address };
  throw new SriovError("not-found", `${session.hostName} has no VF ${vf.index} of PF ${vf.pf}`, {
    remedy: "Declare a VfConfig with enough numVfs for the PF, and let this interface depend on it.",
  });
}
