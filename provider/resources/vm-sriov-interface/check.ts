// Whether the program's inputs make sense, alone and on the host as it is: all failures at once. Pure: index.ts asks the host.
import { macFromSeed, parseMac, whyNotUnicastMac } from "../../base/mac.js";
import { isPciAddress, parsePciAddress } from "../../base/pci-address.js";
import { type Failure, type Value, type Values, isUnknown, unknown } from "../lifecycle.js";
import { listed, parseModel } from "../model-failures.js";
import type { DeclaredInterface } from "../program.js";
import { type Current, halvesOf } from "./current.js";
import { type VmSriovInterfaceInputs, factNames, vmSriovInterfaceModel } from "./model.js";
import { plan, targetsOf } from "./plan.js";

/** The model, what it cannot say about several values at once, and the defaults; also those made of the resource's name. */
export function checkInputs(
  news: Values,
  olds: Values | undefined,
  name: string,
): { inputs: VmSriovInterfaceInputs; failures: Failure[] } {
  const failures = parseModel(vmSriovInterfaceModel, news).failures.map((failure) =>
    factNames.includes(failure.property as (typeof factNames)[number])
      ? { ...failure, reason: `expected no value here: "${failure.property}" is found out on the host` }
      : failure,
  );
  failures.push(...oneSource(news));
  return { inputs: withDefaults(news, olds, name), failures };
}

function oneSource({ network, portgroup, vf }: Values): Failure[] {
  const failures: Failure[] = [];
  if (network !== undefined && vf !== undefined) {
    failures.push({ property: "vf", reason: "expected either network or vf, got both" });
  }
  if (network === undefined && vf === undefined) {
    failures.push({
      property: "network",
      reason: "required, unless vf is given: the libvirt network to take a VF from",
    });
  }
  if (portgroup !== undefined && network === undefined) {
    failures.push({ property: "portgroup", reason: "expected a network beside the portgroup, got none" });
  }
  return failures;
}

function withDefaults(news: Values, olds: Values | undefined, name: string): VmSriovInterfaceInputs {
  const given = Object.fromEntries(Object.entries(news).filter(([, value]) => value !== undefined));
  const alias = news["alias"] ?? olds?.["alias"] ?? `ua-sriov-${name.replace(/[^A-Za-z0-9_-]/g, "-")}`;
  return {
    apply: "auto",
    detachTimeout: 60,
    ...given,
    ...inOneSpelling("mac", news["mac"] ?? madeMac(news, olds, alias)),
    ...inOneSpelling("vf", news["vf"]),
    alias,
  } as unknown as VmSriovInterfaceInputs;
}

/** Made once: the one in the state stays, and a program that lost its state gets the same again. */
function madeMac({ host, domain }: Values, olds: Values | undefined, alias: Value): Value {
  if (olds?.["mac"] !== undefined && olds["domain"] === domain) return olds["mac"];
  const uri = typeof host === "object" && host !== null && !Array.isArray(host) ? host["uri"] : host;
  const seed = [uri, domain, alias];
  return seed.some(isUnknown) ? unknown : macFromSeed(JSON.stringify(seed));
}

function inOneSpelling(property: "mac" | "vf", value: Value): Values {
  if (value === undefined) return {};
  if (typeof value !== "string") return { [property]: value };
  if (property === "mac") return { mac: whyNotUnicastMac(value) === undefined ? parseMac(value) : value };
  return { vf: isPciAddress(value) ? parsePciAddress(value) : value };
}

/** What was found out about the network, the VF and the host's AppArmor; undefined where nothing is to be said. */
export type Surroundings = {
  hostName: string;
  /** The pool; `declared`: this program makes it, so libvirt need not have it yet. */
  pool?: {
    isDeclared: boolean;
    found?: { mode: string | undefined; portgroups: string[]; isActive: boolean };
    others: string[];
    /** How many VFs it hands out; undefined when that is not known yet. */
    size: number | undefined;
    /** Who has one: `VM web (52:54:00:...)`. Without this interface. */
    users: string[];
  };
  vf?: { isVf: boolean; isPromised: boolean; user: string | undefined };
  /** AppArmor would keep the VM from a VF of a pool. */
  isBlockedByAppArmor: boolean;
  /** This program's other interfaces on the host. */
  declared: readonly DeclaredInterface[];
};

/** Failures, and what is only worth a warning. */
export function checkOnHost(
  inputs: VmSriovInterfaceInputs,
  current: Current,
  around: Surroundings,
): { failures: Failure[]; warnings: string[] } {
  const failures: Failure[] = [];
  const warnings: string[] = [];
  const name = current.domain.name;
  const halves = halvesOf(current, inputs.alias);
  const targets = targetsOf(inputs.apply, current);
  const attachesLive = targets.live && !halves.live;

  if (inputs.apply === "live" && !current.isActive) {
    failures.push({ property: "apply", reason: `expected a running VM for "live", and VM "${name}" is shut off` });
  }
  const double = [...current.inactive.interfaces, ...(current.live?.interfaces ?? [])].find(
    (other) => other.mac === inputs.mac && other.alias !== inputs.alias && other.teaming === undefined,
  );
  if (double)
    failures.push({ property: "mac", reason: `another interface of VM "${name}" has the MAC address ${inputs.mac}` });
  const makesNew = plan(inputs, current).some((step) => step.do === "attach" && step.live);
  if (attachesLive && makesNew && current.live?.freeRootPorts === 0) {
    failures.push({
      property: "domain",
      reason: `VM "${name}" runs and has no free PCIe root port to plug a VF into. Add pcie-root-port controllers to its definition, or set apply: "config" and restart it`,
    });
  }
  failures.push(...checkPool(inputs, around, attachesLive, warnings), ...checkVf(inputs, around));
  return { failures, warnings };
}

function checkPool(
  { network, portgroup }: VmSriovInterfaceInputs,
  { hostName, pool, isBlockedByAppArmor }: Surroundings,
  attachesLive: boolean,
  warnings: string[],
): Failure[] {
  if (!pool) return [];
  const failures: Failure[] = [];
  const { found } = pool;
  if (!found && !pool.isDeclared) {
    const others = pool.others.length === 0 ? "It has none" : `It has ${listed(pool.others, "and")}`;
    failures.push({
      property: "network",
      reason: `expected a libvirt network of ${hostName}, got "${network}". ${others}; a SriovNetwork makes one`,
    });
  }
  if (found && found.mode !== "hostdev") {
    const mode = found.mode ?? "isolated";
    failures.push({
      property: "network",
      reason: `expected a network that hands out VFs (hostdev), got "${network}" (${mode})`,
    });
  }
  // libvirt does not check it: an unknown portgroup silently has no VLAN.
  if (found && !pool.isDeclared && typeof portgroup === "string" && !found.portgroups.includes(portgroup)) {
    const groups = found.portgroups.length === 0 ? "which has none" : `which has ${listed(found.portgroups, "and")}`;
    failures.push({
      property: "portgroup",
      reason: `expected a portgroup of network "${network}", ${groups}, got "${portgroup}"`,
    });
  }
  if (pool.size !== undefined && pool.users.length >= pool.size) {
    const text = `network "${network}" has ${pool.size} VFs, and all are spoken for: ${listed(pool.users, "and")}`;
    if (attachesLive && found?.isActive) failures.push({ property: "network", reason: text });
    else warnings.push(`${text}. VMs that do not run at the same time can share them`);
  }
  if (isBlockedByAppArmor) {
    failures.push({
      property: "network",
      reason: `AppArmor on ${hostName} would keep the VM from a VF of "${network}" at its next start ("/dev/vfio/N: Permission denied"): its profile is written before libvirt takes a VF from the pool. Declare HostSetup { apparmorVfioRule: true } for this host`,
    });
  }
  return failures;
}

function checkVf({ vf, domain, alias }: VmSriovInterfaceInputs, around: Surroundings): Failure[] {
  if (!around.vf) return [];
  const failures: Failure[] = [];
  const fail = (reason: string) => failures.push({ property: "vf", reason });
  if (!around.vf.isVf && !around.vf.isPromised) fail(`expected a VF of ${around.hostName}, got "${vf}", which is none`);
  if (around.vf.user !== undefined) fail(`${vf} is held by ${around.vf.user}`);
  const twin = around.declared.find((other) => other.vf === vf && (other.domain !== domain || other.alias !== alias));
  if (twin) fail(`${vf} is also the VF of ${twin.alias} in VM "${twin.domain}" of this program`);
  return failures;
}
