// Whether the program's inputs make sense by themselves: all failures at once. Pure; check-host.ts has what the host says to them.
import { macFromSeed, parseMac, whyNotUnicastMac } from "../../base/mac.js";
import { isPciAddress, parsePciAddress } from "../../base/pci-address.js";
import { type Failure, type Value, type Values, isUnknown, unknown } from "../lifecycle.js";
import { virtualportFailures } from "../libvirt-parts.js";
import { parseModel } from "../model-failures.js";
import { type VmSriovInterfaceInputs, factNames, vmSriovInterfaceModel } from "./model.js";

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
  failures.push(
    ...oneSource(news),
    ...oneTeam(news),
    ...virtualportFailures(news["virtualport"], "virtualport", news["vlan"]),
  );
  if (news["driver"] !== undefined && news["network"] !== undefined) {
    failures.push({
      property: "driver",
      reason: "expected none beside network: a VF of a pool has the network's driver",
    });
  }
  if (news["apply"] === "live" && news["restartDomain"] === "ifNeeded") {
    const reason = 'expected "never" for apply "live": what is only in the running VM is gone after a restart';
    failures.push({ property: "restartDomain", reason });
  }
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

function oneTeam({ teaming, vf }: Values): Failure[] {
  if (typeof teaming !== "object" || teaming === null || Array.isArray(teaming)) return [];
  const { type, persistent } = teaming;
  if (type === "transient" && persistent === undefined) {
    return [{ property: "teaming.persistent", reason: 'required for type "transient": the alias of the virtio NIC' }];
  }
  if (type !== "persistent") return [];
  const failures: Failure[] = [];
  if (persistent !== undefined) {
    failures.push({ property: "teaming.persistent", reason: 'expected none for type "persistent": it is that one' });
  }
  if (vf !== undefined) {
    failures.push({ property: "vf", reason: 'expected network for teaming type "persistent": a VF cannot stay' });
  }
  return failures;
}

function withDefaults(news: Values, olds: Values | undefined, name: string): VmSriovInterfaceInputs {
  const given = Object.fromEntries(Object.entries(news).filter(([, value]) => value !== undefined));
  const alias = news["alias"] ?? olds?.["alias"] ?? `ua-sriov-${name.replace(/[^A-Za-z0-9_-]/g, "-")}`;
  return {
    apply: "auto",
    detachTimeout: 60,
    restartDomain: "never",
    ...given,
    ...inOneSpelling("mac", news["mac"] ?? madeMac(news, olds, alias)),
    ...inOneSpelling("vf", news["vf"]),
    ...inOneSpelling("address", news["address"]),
    ...(isPersistent(news["teaming"]) && news["model"] === undefined ? { model: "virtio" } : {}),
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

const isPersistent = (teaming: Value): boolean =>
  typeof teaming === "object" && teaming !== null && !Array.isArray(teaming) && teaming["type"] === "persistent";

function inOneSpelling(property: "mac" | "vf" | "address", value: Value): Values {
  if (value === undefined) return {};
  if (typeof value !== "string") return { [property]: value };
  if (property === "mac") return { mac: whyNotUnicastMac(value) === undefined ? parseMac(value) : value };
  return { [property]: isPciAddress(value) ? parsePciAddress(value) : value };
}
