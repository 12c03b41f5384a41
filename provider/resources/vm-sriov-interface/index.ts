// VmSriovInterface: one VF in one VM. This file only joins the parts and asks the host for what `check` needs.
import { askHost } from "../ask-host.js";
import { type Context, type Failure, type Lifecycle, type Values, isImport, nameIn } from "../lifecycle.js";
import { listed } from "../model-failures.js";
import type { Session } from "../session.js";
import { hostKey } from "../host-inputs.js";
import { converge, remove } from "./apply.js";
import { checkInputs, checkOnHost } from "./check.js";
import type { Current } from "./current.js";
import { diff } from "./diff.js";
import { importInterface } from "./import.js";
import { type VmSriovInterfaceInputs, type VmSriovInterfaceState, factNames } from "./model.js";
import { observe, readCurrent } from "./read.js";
import { readSurroundings } from "./surroundings.js";

export const vmSriovInterface = {
  schemaVersion: 1,

  async check(context, news, olds, name) {
    const { inputs, failures } = checkInputs(news, olds, name);
    if (!isAddressed(inputs, failures)) return { inputs, failures };
    const host = await askForVm(context, inputs, failures);
    if (!host) return { inputs: { ...inputs, ...factsFrom(olds, inputs) }, failures };

    const { session, current } = host;
    const checked = { ...inputs, hostId: session.machineId, domainUuid: current.domain.uuid };
    if (failures.length === 0) {
      const around = await readSurroundings(context, session, inputs, current);
      const { failures: found, warnings } = checkOnHost(inputs, current, around);
      failures.push(...found);
      for (const warning of warnings) context.log.warn(`${name}: ${warning}`);
    }
    const { domain, alias, mac, network, vf } = inputs;
    context.program.declareInterface(hostKey(inputs.host), { domain, alias, mac, network, vf });
    return { inputs: checked, failures };
  },

  diff: (_id, state, inputs) => diff(state, inputs),

  async create(context, inputs) {
    return converge(context, await context.connect(inputs.host), inputs, undefined);
  },

  async read(context, id, state) {
    const session = await context.connect(state.host);
    return isImport(state) ? importInterface(session, state.host, nameIn(id)) : observe(session, id, state);
  },

  async update(context, _id, state, inputs) {
    return converge(context, await context.connect(inputs.host), inputs, state);
  },

  async delete(context, _id, state) {
    return remove(await context.connect(state.host), state);
  },
} satisfies Lifecycle<VmSriovInterfaceInputs, VmSriovInterfaceState>;

/** Whether it is known, and sound enough, which VM of which host is meant. */
function isAddressed(inputs: VmSriovInterfaceInputs, failures: readonly Failure[]): boolean {
  const isWrong = failures.some(({ property }) => property === "domain");
  return !isWrong && typeof inputs.domain === "string" && inputs.domain !== "";
}

/** The VM as it is now; undefined, with a warning or a failure, when it cannot be had. */
function askForVm(
  context: Context,
  inputs: VmSriovInterfaceInputs,
  failures: Failure[],
): Promise<{ session: Session; current: Current } | undefined> {
  return askHost(context, inputs.host, failures, async (session) => {
    const current = await readCurrent(session, inputs.domain);
    if (current) return { session, current };
    const names = (await (await session.libvirt()).listDomains()).map((domain) => domain.name).sort();
    const offer = names.length === 0 ? "it has no VMs" : `its VMs are ${listed(names, "and")}`;
    const reason = `expected a VM of ${session.hostName}, got "${inputs.domain}"; ${offer}`;
    failures.push({ property: "domain", reason });
    return undefined;
  });
}

/** What was found out the last time about the same VM. */
function factsFrom(olds: Values | undefined, inputs: VmSriovInterfaceInputs): Partial<VmSriovInterfaceInputs> {
  if (!olds || olds["domain"] !== inputs.domain) return {};
  return Object.fromEntries(factNames.filter((name) => name in olds).map((name) => [name, olds[name]]));
}
