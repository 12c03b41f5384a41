// VmSriovInterface: one VF in one VM. This file only joins the parts and asks the host for what `check` needs.
import { explain, isSriovError } from "../../base/errors.js";
import { whyNotAttachInterfaces } from "../../libvirt/versions.js";
import { askHost } from "../ask-host.js";
import { type Context, type Failure, type Lifecycle, type Values, isImport, isUnknown, nameIn } from "../lifecycle.js";
import { driverFailures } from "../libvirt-parts.js";
import { hasUnknown, listed } from "../model-failures.js";
import type { Session } from "../session.js";
import { hostKey } from "../host-inputs.js";
import { forecast } from "../forecast.js";
import { converge } from "./apply.js";
import { checkInputs } from "./check.js";
import { checkOnHost, checkTwins } from "./check-host.js";
import { type Current, halvesOf } from "./current.js";
import { diff } from "./diff.js";
import { type Step, plan } from "./plan.js";
import { addressOf } from "./vf.js";
import { importInterface } from "./import.js";
import { type VmSriovInterfaceInputs, type VmSriovInterfaceState, factNames } from "./model.js";
import { observe, readCurrent } from "./read.js";
import { remove } from "./remove.js";
import { readSurroundings } from "./surroundings.js";

export const vmSriovInterface = {
  schemaVersion: 1,

  async check(context, news, olds, name) {
    const { inputs, failures } = checkInputs(news, olds, name);
    if (!isAddressed(inputs, failures)) return { inputs, failures };
    const host = await askForVm(context, inputs, failures);
    if (!host) {
      failures.push(...declare(context, withStandIns(inputs, olds, name), name, inputs.domain));
      return { inputs: { ...inputs, ...factsFrom(olds, inputs) }, failures };
    }
    const { session, current } = host;
    const known = {
      ...inputs,
      ...(await resolved(context, session, inputs)),
      ...fromPartner(context, news, inputs, current),
    };
    let checked: VmSriovInterfaceInputs = { ...known, hostId: session.machineId, domainUuid: current.domain.uuid };
    const asText = () => withStandIns(checked, olds, name);
    let plugs = false;
    if (failures.length === 0) {
      const [around, foreseen] = await Promise.all([
        readSurroundings(context, session, asText(), current, name),
        olds === undefined ? foreseenBy(context, session, checked) : [],
      ]);
      // libvirt's own default, rtl8139, is not what anybody wants of a macvtap.
      if (around.pool?.mode !== undefined && around.pool.mode !== "hostdev") checked = { model: "virtio", ...checked };
      const { failures: found, warnings } = checkOnHost(asText(), current, around);
      const steps = plan(asText(), current);
      failures.push(...found, ...(await versionFailures(session, checked, steps)));
      for (const warning of [...warnings, ...foreseen]) context.log.warn(`${name}: ${warning}`);
      plugs = steps.some((step) => step.do === "attach" && step.live);
    }
    failures.push(...declare(context, asText(), name, current.domain.name, plugs));
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
    return remove(context, await context.connect(state.host), state);
  },
} satisfies Lifecycle<VmSriovInterfaceInputs, VmSriovInterfaceState>;

/** For an alias or a MAC address that is not known yet: what it was, or a name for it. What the host is asked about are texts. */
function withStandIns(inputs: VmSriovInterfaceInputs, olds: Values | undefined, name: string): VmSriovInterfaceInputs {
  const textOf = (property: "alias" | "mac", what: string) => {
    if (!isUnknown(inputs[property])) return inputs[property];
    const before = olds?.[property];
    return typeof before === "string" ? before : `${what} of ${name}`;
  };
  return { ...inputs, alias: textOf("alias", "alias"), mac: textOf("mac", "MAC address") };
}

/** Tells the rest of the program, and finds what it has said already: of two resources the later one is at fault. */
function declare(
  context: Context,
  inputs: VmSriovInterfaceInputs,
  resource: string,
  domain: string,
  plugs = false,
): Failure[] {
  if (hasUnknown(inputs.host)) return [];
  const host = hostKey(inputs.host);
  const others = context.program.interfaces(host).filter((other) => other.resource !== resource);
  const { alias, mac, network, teaming } = inputs;
  const vf = typeof inputs.vf === "string" ? inputs.vf : undefined;
  const declared = { resource, domain, alias, mac, network, vf, plugs, teaming: teaming?.type };
  context.program.declareInterface(host, declared);
  return checkTwins(inputs, domain, others);
}

/** `{ pf, index }` as the PCI address, where the host has that VF already. */
async function resolved(
  { signal }: Context,
  session: Session,
  { vf }: VmSriovInterfaceInputs,
): Promise<Pick<VmSriovInterfaceInputs, "vf">> {
  if (typeof vf !== "object" || hasUnknown(vf)) return {};
  const address = await addressOf(session, vf, signal);
  return address === undefined ? {} : { vf: address };
}

/** The transient half has the MAC address of the persistent one, when the program gives it none. */
function fromPartner(
  context: Context,
  news: Values,
  { host, teaming }: VmSriovInterfaceInputs,
  current: Current,
): Pick<VmSriovInterfaceInputs, "mac"> | undefined {
  const persistent = teaming?.type === "transient" ? teaming.persistent : undefined;
  if (persistent === undefined || news["mac"] !== undefined) return undefined;
  const name = current.domain.name;
  const coming = context.program
    .interfaces(hostKey(host))
    .find((other) => other.domain === name && other.alias === persistent);
  const { config, live } = halvesOf(current, persistent);
  const mac = coming?.mac ?? config?.mac ?? live?.mac;
  return mac === undefined ? undefined : { mac };
}

/** What the host's libvirt is too old for, or too broken. Asked only where it matters. */
async function versionFailures(
  session: Session,
  { driver, domain }: VmSriovInterfaceInputs,
  steps: readonly Step[],
): Promise<Failure[]> {
  const attaches = steps.some((step) => step.do === "attach");
  if (!attaches && driver?.model === undefined) return [];
  const version = await (await session.libvirt()).libVersion();
  const why = attaches ? whyNotAttachInterfaces(version) : undefined;
  const reason = `VM "${domain}" on ${session.hostName} can be given no interface: ${why}. Update libvirt on the host`;
  return [
    ...(why === undefined ? [] : [{ property: "domain", reason }]),
    ...driverFailures(driver, version, session.hostName),
  ];
}

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

/** What the doctor says of the host as it is. A host that cannot be examined is no reason to stop a preview. */
async function foreseenBy(context: Context, session: Session, inputs: VmSriovInterfaceInputs): Promise<string[]> {
  const { host, domain, network, vf } = inputs;
  const asked = {
    domain,
    ...(typeof network === "string" ? { network } : {}),
    ...(typeof vf === "string" ? { vf } : {}),
    // A VfConfig of this program brings its PF up first.
    pfsComeUp: context.program.hasVfs(hostKey(host)),
  };
  try {
    return await forecast(session, asked, context.signal);
  } catch (error) {
    if (!isSriovError(error)) throw error;
    context.log.debug(`${session.hostName} could not be examined: ${explain(error)}`);
    return [];
  }
}

/** What was found out the last time about the same VM. */
function factsFrom(olds: Values | undefined, inputs: VmSriovInterfaceInputs): Partial<VmSriovInterfaceInputs> {
  if (!olds || olds["domain"] !== inputs.domain) return {};
  return Object.fromEntries(factNames.filter((name) => name in olds).map((name) => [name, olds[name]]));
}
