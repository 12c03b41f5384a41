// VfConfig: the VFs of one PF. This file only joins the parts and asks the host for what `check` needs.
import { askHost } from "../ask-host.js";
import type { MacInUse } from "../../host/sysfs/pf.js";
import { hostKey } from "../host-inputs.js";
import { type Context, type Failure, type Lifecycle, type Values, isImport, nameIn } from "../lifecycle.js";
import { hasUnknown } from "../model-failures.js";
import type { Session } from "../session.js";
import { converge } from "./apply.js";
import { type Verdict, checkDriver } from "./check-driver.js";
import { checkInputs, checkOnHost, known, wrongPf } from "./check.js";
import { diff, isDeepEqual } from "./diff.js";
import { type VfConfigInputs, type VfConfigState, factNames } from "./model.js";
import type { Current } from "./current.js";
import { guardWarnings } from "./guards/warnings.js";
import { importPf } from "./import.js";
import { plan, wantedBy } from "./plan.js";
import { idOf, observe, readCurrent } from "./read.js";
import { remove } from "./remove.js";
import { summary } from "./summary.js";

export const vfConfig = {
  schemaVersion: 1,

  async check(context, news, olds) {
    const { inputs, failures } = checkInputs(news);
    if (!isAddressed(inputs, failures)) return { inputs, failures };
    const host = await askForPf(context, inputs, failures);
    if (!host) return { inputs: { ...inputs, ...factsFrom(olds, inputs) }, failures };

    const { session, current, macsInUse } = host;
    const areSound = failures.length === 0;
    failures.push(...checkOnHost(inputs, current, session.hostName, { areSound }));
    if (areSound) tell(context, inputs, host, checkDriver(known(inputs), current, macsInUse), failures);
    if (failures.length === 0) {
      for (const warning of await guardWarnings(session, known(inputs), current)) context.log.warn(warning);
    }
    const checked = { ...inputs, ...factsOf(session, current) };
    context.program.declareVfs(hostKey(inputs.host), {
      pfPciAddress: checked.pfPciAddress,
      pfName: checked.pfName,
      numVfs: known(inputs).numVfs ?? current.pf.numVfs,
    });
    return { inputs: checked, failures };
  },

  diff: (_id, state, inputs) => diff(state, inputs),

  async create(context, inputs) {
    return converge(context, await context.connect(inputs.host), inputs, undefined);
  },

  async read(context, id, state) {
    const session = await context.connect(state.host);
    if (isImport(state)) return importPf(session, state.host, nameIn(id), context.signal);
    return observe(session, id, state, context.signal);
  },

  async update(context, _id, state, inputs) {
    return converge(context, await context.connect(inputs.host), inputs, state);
  },

  async delete(context, _id, state) {
    return remove(context, await context.connect(state.host), state);
  },
} satisfies Lifecycle<VfConfigInputs, VfConfigState>;

/** Whether it is known, and sound enough, which PF is meant. */
function isAddressed(inputs: VfConfigInputs, failures: readonly Failure[]): boolean {
  return (
    !failures.some(({ property }) => /^pf($|\.)/.test(property)) && !hasUnknown(inputs.pf) && inputs.pf !== undefined
  );
}

type Asked = { session: Session; current: Current; macsInUse: readonly MacInUse[] };

/** The PF as it is now; undefined, with a warning or a failure, when it cannot be had. */
function askForPf(context: Context, inputs: VfConfigInputs, failures: Failure[]): Promise<Asked | undefined> {
  // The MACs of all PFs are read only where they are needed: it takes a command for each PF.
  const withOthers = known(inputs).vfs?.some(({ mac }) => mac !== undefined) ?? false;
  return askHost(context, inputs.host, failures, async (session) => {
    const { reading, current } = await readCurrent(session, inputs.pf, context.signal, { withOthers });
    const wrong = wrongPf(inputs.pf, reading, session.hostName);
    if (wrong) failures.push(wrong);
    if (!current || wrong || reading.found !== "pf") return undefined;
    return { session, current, macsInUse: reading.macsInUse };
  });
}

/** What the host says of the inputs: failures; else what a plan would do, in words, for the preview. */
function tell(
  context: Context,
  inputs: VfConfigInputs,
  { session, current }: Asked,
  verdict: Verdict,
  failures: Failure[],
) {
  const what = `VfConfig ${idOf(session, current.pf)}`;
  for (const warning of verdict.warnings) context.log.warn(`${what}: ${warning}`);
  failures.push(...verdict.failures);
  if (failures.length > 0) return;
  for (const words of summary(plan(wantedBy(known(inputs)), current), current)) context.log.info(`${what}: ${words}`);
}

const factsOf = (session: Session, { pf }: Current) => ({
  hostId: session.machineId,
  pfPciAddress: pf.pciAddress,
  pfName: pf.netdev ?? "",
  driver: pf.driver ?? "",
  totalVfs: pf.totalVfs,
});

/** What was found out the last time about the same PF of the same host. */
function factsFrom(olds: Values | undefined, inputs: VfConfigInputs): Partial<VfConfigInputs> {
  if (!olds || !isDeepEqual(olds["pf"], inputs.pf)) return {};
  const host = olds["host"];
  const uri = typeof host === "object" && host !== null && !Array.isArray(host) ? host["uri"] : undefined;
  if (uri !== (inputs.host as VfConfigInputs["host"] | undefined)?.uri) return {};
  return Object.fromEntries(factNames.filter((name) => name in olds).map((name) => [name, olds[name]]));
}
