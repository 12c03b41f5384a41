// Whether the program's inputs make sense, alone and on the host as it is: all failures at once. Pure: index.ts asks the host.
import { parseMac, whyNotUnicastMac, zeroMac } from "../../base/mac.js";
import type { KnownPf, PfReading } from "../../host/sysfs/pf.js";
import { type Failure, type Value, type Values, isUnknown } from "../lifecycle.js";
import { parseModel } from "../model-failures.js";
import { bootFailures, bootFailuresOnHost } from "./boot-check.js";
import { named } from "./guard.js";
import { judgeOwners } from "./guards/second-owner.js";
import { defaultConfirmTimeout } from "./guards/refusal.js";
import { refusals } from "./guards/refusals.js";
import { type PfSelector, type VfConfigInputs, type VfInputs, factNames, vfConfigModel } from "./model.js";
import type { Current } from "./current.js";
import { plan, wantedBy } from "./plan.js";

type VfValues = { [K in keyof VfInputs]?: Value };

/** The model, what it cannot say about several values at once, and the defaults. */
export function checkInputs(news: Values): { inputs: VfConfigInputs; failures: Failure[] } {
  const failures = parseModel(vfConfigModel, news).failures.map((failure) =>
    factNames.includes(failure.property as (typeof factNames)[number])
      ? { ...failure, reason: `expected no value here: "${failure.property}" is found out on the host` }
      : failure,
  );
  const vfs = vfsOf(news);
  failures.push(
    ...duplicateIndexes(vfs),
    ...duplicateMacs(vfs),
    ...lonelyTags(vfs),
    ...bootFailures(news),
    ...notOurs(news),
  );
  if (typeof news["numVfs"] === "number") failures.push(...indexesBeyond(vfs, news["numVfs"], "numVfs"));
  return { inputs: withDefaults(news), failures };
}

/** Unknown values stay what they are, so the type is a promise for the known ones only. */
function withDefaults(news: Values): VfConfigInputs {
  const defaults = {
    pfUp: true,
    persistence: "systemd-unit",
    externallyManaged: false,
    allowDisruption: false,
    confirmTimeout: defaultConfirmTimeout,
    onDelete: "restore",
  };
  const given = Object.fromEntries(Object.entries(news).filter(([, value]) => value !== undefined));
  const vfs = Array.isArray(news["vfs"]) ? { vfs: news["vfs"].map(withOneSpelling) } : {};
  return { ...defaults, ...given, pf: withOneSpelling(news["pf"]), ...vfs } as unknown as VfConfigInputs;
}

/** Of the MAC address in a VF's entry or in a selector. */
function withOneSpelling(vf: Value): Value {
  if (typeof vf !== "object" || vf === null || Array.isArray(vf)) return vf;
  const mac = vf["mac"];
  return isMac(mac) ? { ...vf, mac: parseMac(mac) } : vf;
}

/** With their place in the list; an entry that is not known or no object is left out. */
function vfsOf(news: Values): [number, VfValues][] {
  const list = Array.isArray(news["vfs"]) ? news["vfs"] : [];
  return list
    .map((vf, place): [number, Value] => [place, vf])
    .filter((entry): entry is [number, VfValues] => typeof entry[1] === "object" && entry[1] !== null);
}

const isMac = (value: Value): value is string => typeof value === "string" && whyNotUnicastMac(value) === undefined;

function duplicateIndexes(vfs: [number, VfValues][]): Failure[] {
  return vfs.flatMap(([place, { index }], i) => {
    const first = vfs.slice(0, i).find(([, earlier]) => typeof index === "number" && earlier.index === index);
    if (!first) return [];
    return [
      {
        property: `vfs[${place}].index`,
        reason: `expected each VF once, got index ${JSON.stringify(index)} as in vfs[${first[0]}]`,
      },
    ];
  });
}

function duplicateMacs(vfs: [number, VfValues][]): Failure[] {
  const known = vfs.flatMap(([place, { mac }]) =>
    isMac(mac) && parseMac(mac) !== zeroMac ? [{ place, mac: parseMac(mac) }] : [],
  );
  return known.flatMap(({ place, mac }, i) => {
    const first = known.slice(0, i).find((earlier) => earlier.mac === mac);
    if (!first) return [];
    return [{ property: `vfs[${place}].mac`, reason: `${mac} is also the MAC address of vfs[${first.place}]` }];
  });
}

/** Priority and protocol are parts of a VLAN tag; drivers take them without one and forget them. */
function lonelyTags(vfs: [number, VfValues][]): Failure[] {
  return vfs.flatMap(([place, { vlan, qos, vlanProto }]) => {
    if (isUnknown(vlan) || (typeof vlan === "number" && vlan !== 0)) return [];
    const reason = (beside: string) =>
      `expected a vlan from 1 to 4094 beside ${beside}, got ${vlan === undefined ? "none" : JSON.stringify(vlan)}`;
    const isLonely = typeof vlanProto === "string" && (vlanProto !== "802.1Q" || vlan === undefined);
    return [
      ...(typeof qos === "number" && qos !== 0 ? [{ property: `vfs[${place}].qos`, reason: reason("qos") }] : []),
      ...(isLonely ? [{ property: `vfs[${place}].vlanProto`, reason: reason("vlanProto") }] : []),
    ];
  });
}

/** Whoever makes the VFs also says how: with `externallyManaged` that is somebody else. */
function notOurs(news: Values): Failure[] {
  if (news["externallyManaged"] !== true) return [];
  const ofMaking = ["eswitchMode", "driversAutoprobe"].filter((property) => news[property] !== undefined);
  return ofMaking.map((property) => ({
    property,
    reason: "expected none beside externallyManaged: whoever makes the VFs sets it",
  }));
}

function indexesBeyond(vfs: [number, VfValues][], numVfs: number, source: string): Failure[] {
  return vfs.flatMap(([place, { index }]) => {
    if (typeof index !== "number" || index < numVfs) return [];
    const expected = numVfs === 0 ? `no VF with ${source} 0` : `an index below ${numVfs} (${source})`;
    return [{ property: `vfs[${place}].index`, reason: `expected ${expected}, got ${index}` }];
  });
}

/** Why `pf` is not one PF with SR-IOV on this host. */
export function wrongPf(selector: PfSelector, reading: PfReading, hostName: string): Failure | undefined {
  const asked = typeof selector === "string" ? selector : selector.mac;
  const fail = (reason: string): Failure => ({ property: "pf", reason });
  const offer = `The SR-IOV PFs of ${hostName}: ${listed(reading.pfs)}.`;
  switch (reading.found) {
    case "nothing": {
      const what = typeof selector === "string" ? "netdev, altname or PCI address" : "MAC address";
      return fail(`expected the ${what} of a PF of ${hostName}, got "${asked}". ${offer}`);
    }
    case "several":
      return fail(
        `expected a MAC address that one PF of ${hostName} has, got "${asked}", which matches ${listed(reading.matches)}; name one by its PCI address`,
      );
    case "no-pci-device":
      return fail(`expected a PF, got "${asked}": the netdev ${reading.netdev} is no PCI device. ${offer}`);
    case "vf":
      return fail(
        `expected a PF, got "${asked}": ${reading.pciAddress} is a VF of PF ${reading.pfPciAddress}. ${offer}`,
      );
    case "no-sriov":
      return fail(
        `expected a PF with SR-IOV, got "${asked}": ${reading.pciAddress} shows no sriov_totalvfs. Either the card has no SR-IOV, or it is off in the firmware: look for SR-IOV in the BIOS setup and in the card's own. ${offer}`,
      );
    case "pf":
      return reading.pf.driver === undefined
        ? fail(
            `expected a PF with a driver, got "${asked}": ${named(reading.pf)} has none bound, so it can have no VFs`,
          )
        : undefined;
    case "short-vf-list":
      return undefined;
  }
}

const listed = (pfs: KnownPf[]): string =>
  pfs.length === 0
    ? "none; SR-IOV is off in the firmware, or no card has it"
    : pfs.map((pf) => `${pf.netdev ?? "no netdev"} (${pf.pciAddress}, up to ${pf.totalVfs} VFs)`).join(", ");

/** What the host as it is has against the inputs; the guard is asked only about inputs that are sound by themselves. */
export function checkOnHost(
  inputs: VfConfigInputs,
  current: Current,
  hostName: string,
  options: { areSound: boolean },
): Failure[] {
  const { pf } = current;
  const failures: Failure[] = [];
  const numVfs: unknown = inputs.numVfs;
  if (typeof numVfs === "number" && numVfs > pf.totalVfs) {
    const reason = `expected at most ${pf.totalVfs}, which is what PF ${named(pf)} on ${hostName} can have (sriov_totalvfs), got ${numVfs}`;
    failures.push({ property: "numVfs", reason });
  }
  if (numVfs === undefined) {
    failures.push(...indexesBeyond(vfsOf(inputs), pf.numVfs, `the VFs of ${named(pf)} now`));
  }
  failures.push(...bootFailuresOnHost(known(inputs), current, hostName));
  if (!options.areSound || failures.length > 0) return failures;
  const steps = plan(wantedBy(known(inputs)), current);
  // What is not known yet may allow it.
  const allowDisruption = (inputs.allowDisruption as unknown) !== false;
  const confirmTimeout = known(inputs).confirmTimeout ?? defaultConfirmTimeout;
  for (const { property, message, remedy } of refusals(steps, current, { hostName, allowDisruption, confirmTimeout })) {
    failures.push({ property, reason: `${message} ${remedy}` });
  }
  return [...failures, ...judgeOwners(known(inputs), current, hostName).failures];
}

/** The inputs without what is not known yet: what a plan can be made for now. */
export function known(inputs: VfConfigInputs): VfConfigInputs {
  const prune = (value: Value): Value => {
    if (Array.isArray(value)) return value.filter((item) => !isUnknown(item)).map(prune);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).filter(([, item]) => !isUnknown(item));
    return Object.fromEntries(entries.map(([key, item]) => [key, prune(item)]));
  };
  const pruned = prune(inputs) as unknown as VfConfigInputs;
  const vfs: unknown = pruned.vfs;
  return Array.isArray(vfs) ? { ...pruned, vfs: pruned.vfs?.filter((vf) => vf.index !== undefined) ?? [] } : pruned;
}
