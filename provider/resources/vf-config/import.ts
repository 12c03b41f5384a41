// Takes over a PF that is there already: inputs and state as if a program had made it so.
import { defaultConfirmTimeout } from "./guards/refusal.js";
import { SriovError } from "../../base/errors.js";
import type { HostInputs } from "../host-inputs.js";
import type { Observed } from "../lifecycle.js";
import type { Session } from "../session.js";
import { wrongPf } from "./check.js";
import type { VfConfigInputs, VfConfigState } from "./model.js";
import { priorOf } from "./prior.js";
import { idOf, inputsOf, readCurrent, stateOf } from "./read.js";
import { statedBy } from "./stated.js";

/**
 * By what an id says after the host: netdev, altname or PCI address. What deleting it will restore is what is there now:
 * nobody knows what was before.
 */
export async function importPf(
  session: Session,
  host: HostInputs,
  selector: string,
  signal?: AbortSignal,
): Promise<Observed<VfConfigInputs, VfConfigState>> {
  const { reading, current } = await readCurrent(session, selector, signal);
  if (reading.found === "nothing") return { here: false };
  const wrong = wrongPf(selector, reading, session.hostName);
  if (!current || wrong) throw new SriovError("unsupported", wrong?.reason ?? `${selector} is no PF`);
  const { vfs, ...stated } = statedBy(current);
  const inputs: VfConfigInputs = {
    host,
    pf: current.pf.netdev ?? current.pf.pciAddress,
    ...stated,
    ...(vfs.length === 0 ? {} : { vfs }),
    allowDisruption: false,
    confirmTimeout: defaultConfirmTimeout,
    onDelete: "restore",
  };
  const state = stateOf(inputs, current, session.machineId, priorOf(inputs, current, undefined), undefined);
  // The inputs are what the program says; where the host differs from it, that is drift.
  return { here: true, id: idOf(session, current.pf), inputs: { ...inputsOf(state), ...inputs }, state };
}
