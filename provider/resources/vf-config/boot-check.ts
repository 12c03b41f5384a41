// What the chosen way back after a reboot cannot express, said before anything is made: a PF that came back as something else
// than what the program says would be no choice. Pure.
import { zeroMac } from "../../base/mac.js";
import { isBefore, makesVfs } from "../../host/persistence/link-file.js";
import { linkOf } from "../../host/persistence/paths.js";
import type { Failure, Value, Values } from "../lifecycle.js";
import { type Choice, foreignFiles, whyNotFirst } from "./boot.js";
import type { Current } from "./current.js";
import { type VfConfigInputs, vfAttributes } from "./model.js";

type Limits = {
  /** Properties of the PF that the choice has no word for. */
  pf: readonly string[];
  /** Why an attribute of a VF cannot be had with this value; undefined when it can. */
  attribute: (attribute: string, value: Value) => string | undefined;
};

const only = "can bring back the number of VFs, and nothing of a single one";

const limits: { [choice: string]: Limits } = {
  udev: { pf: ["eswitchMode"], attribute: () => `persistence "udev" ${only}` },
  "systemd-link": {
    pf: ["driversAutoprobe", "eswitchMode"],
    attribute: (attribute, value) => {
      if (attribute === "maxTxRate" || attribute === "minTxRate") return "a .link file has no transmit rates";
      if (attribute === "vlan" && value === 0) return "a .link file has no VLAN 0: it sets one from 1 to 4094 or none";
      if (attribute === "mac" && value === zeroMac) return "a .link file takes no MAC address of zeros";
      return undefined;
    },
  },
};

const instead = 'expected persistence "systemd-unit", which takes everything, or "none"';

/** By the inputs alone. What is not known yet is judged when it is. */
export function bootFailures(news: Values): Failure[] {
  const choice = news["persistence"];
  if (typeof choice !== "string") return [];
  const limit = limits[choice];
  if (!limit) return [];
  const ofPf = limit.pf
    .filter((property) => isStated(news[property]))
    .map((property) => ({ property, reason: `persistence "${choice}" cannot bring this back: ${instead}` }));
  const ofVfs = vfsOf(news).flatMap(([place, vf]) =>
    vfAttributes.flatMap((attribute) => {
      const why = isStated(vf[attribute]) ? limit.attribute(attribute, vf[attribute]) : undefined;
      return why === undefined ? [] : [{ property: `vfs[${place}].${attribute}`, reason: `${why}: ${instead}` }];
    }),
  );
  return [...ofPf, ...ofVfs, ...(choice === "systemd-link" ? linkFailures(news) : [])];
}

function linkFailures(news: Values): Failure[] {
  const failures: Failure[] = [];
  const pfUp = news["pfUp"] ?? true;
  if (pfUp === true) {
    const got = news["pfUp"] === undefined ? "true, the default" : "true";
    failures.push({
      property: "pfUp",
      reason: `a .link file brings no PF up: expected false beside persistence "systemd-link", where something else (systemd-networkd, NetworkManager) brings it up, got ${got}; or ${instead}`,
    });
  }
  if (news["externallyManaged"] === true && vfsOf(news).length > 0) {
    failures.push({
      property: "externallyManaged",
      reason: `a .link file with attributes of VFs makes the VFs too: ${instead}`,
    });
  } else if (news["numVfs"] === undefined && vfsOf(news).length > 0) {
    failures.push({
      property: "numVfs",
      reason: `expected the number of VFs beside vfs and persistence "systemd-link", got none: without it systemd makes as many as the highest index asks for`,
    });
  }
  return failures;
}

const isStated = (value: Value): boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

function vfsOf(news: Values): [number, { [attribute: string]: Value }][] {
  const list = Array.isArray(news["vfs"]) ? news["vfs"] : [];
  return list.flatMap((vf, place): [number, { [attribute: string]: Value }][] =>
    typeof vf === "object" && vf !== null && !Array.isArray(vf) ? [[place, vf]] : [],
  );
}

/** What the host has against the choice. */
export function bootFailuresOnHost(
  inputs: Pick<VfConfigInputs, "numVfs" | "persistence">,
  { pf, persistence: facts }: Pick<Current, "pf" | "persistence">,
  hostName: string,
): Failure[] {
  const choice: Choice | "none" = inputs.persistence;
  const fail = (reason: string): Failure => ({ property: "persistence", reason });
  const failures = foreignFiles(facts, choice, pf.pciAddress).map((path) =>
    fail(
      `${path} on ${hostName}, where the file of "${choice}" would go, was not written by pulumi-sriov and is left as it is: move it away, or choose another persistence`,
    ),
  );
  if ((choice === "udev" || choice === "systemd-link") && pf.driver === "bnxt_en" && (inputs.numVfs ?? 0) > 0) {
    failures.push(
      fail(`the driver bnxt_en makes no VFs while its PF is down, as it is when udev comes to it: ${instead}`),
    );
  }
  const why = choice === "systemd-link" && failures.length === 0 ? whyNoLink(pf.pciAddress, facts) : undefined;
  return why === undefined ? failures : [...failures, fail(`${why.replace("HOST", hostName)}: ${instead}`)];
}

function whyNoLink(pf: string, facts: Current["persistence"]): string | undefined {
  const { systemdVersion, idPath, baseLink, linkFile } = facts;
  if (systemdVersion === undefined || systemdVersion < 251) {
    return `a .link file makes VFs from systemd 251 on, and HOST has ${systemdVersion ?? "none that says its version"}`;
  }
  if (idPath === undefined || baseLink === undefined) {
    const found = linkFile === undefined || linkFile === linkOf(pf) ? "" : ` (it names ${linkFile}, which is gone)`;
    return `udev on HOST does not tell which .link file counts for the PF without ours${found}; \`udevadm trigger --action=change\` for its netdev makes it look again`;
  }
  if (makesVfs(baseLink)) return `${baseLink.path} on HOST makes VFs of this PF already, and only one file can`;
  if (isBefore(pf, baseLink)) {
    return `${baseLink.path} on HOST matches the PF and comes before ${linkOf(pf)}, so that it counts alone`;
  }
  return whyNotFirst(facts, pf);
}
