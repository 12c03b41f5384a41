// How the VFs come back after a reboot: which files that takes, what is wrong with those that are there, and the steps that put
// it right. Pure: plan.ts asks for the steps, read.ts for the words.
import type { BootFiles } from "../../host/persistence/install.js";
import { type LinkVf, linkFile } from "../../host/persistence/link-file.js";
import { linkOf, ruleOf } from "../../host/persistence/paths.js";
import type { PersistenceFacts } from "../../host/persistence/reader.js";
import { udevRule } from "../../host/persistence/udev-rule.js";
import type { Current } from "./current.js";

export type Choice = BootFiles["persistence"];
export const choices = ["systemd-unit", "udev", "systemd-link"] as const satisfies Choice[];

/** What has to be there after a reboot, as far as it is written into files. */
export type BootWanted = {
  persistence: Choice | "none";
  numVfs?: number | undefined;
  pf: "up" | "down" | undefined;
  driversAutoprobe?: boolean | undefined;
  mtu?: number | undefined;
  vfs?: readonly LinkVf[] | undefined;
  /** The number of VFs is somebody else's, at boot too. */
  externallyManaged?: boolean | undefined;
};

export type BootStep =
  | { do: "install-boot-plan"; pf: string; lines: readonly string[] }
  | { do: "install-boot-file"; pf: string; persistence: "udev" | "systemd-link"; text: string }
  | { do: "remove-boot-plan"; pf: string }
  | { do: "remove-boot-file"; pf: string; persistence: "udev" | "systemd-link" };

/**
 * The files of the choice; undefined for "none", and for a .link file whose place udev does not tell. `lines`: the applier's,
 * for a host that just booted.
 */
export function bootFiles(
  wanted: BootWanted,
  { pf: { pciAddress: pf }, persistence }: Pick<Current, "pf" | "persistence">,
  lines: () => readonly string[],
): BootFiles | undefined {
  const { numVfs, driversAutoprobe, mtu, vfs = [] } = wanted;
  const settings = {
    ...(numVfs === undefined || wanted.externallyManaged ? {} : { numVfs }),
    ...(mtu === undefined ? {} : { mtu }),
  };
  switch (wanted.persistence) {
    case "none":
      return undefined;
    case "systemd-unit":
      return { persistence: "systemd-unit", lines: lines() };
    case "udev": {
      const autoprobe = driversAutoprobe === undefined ? {} : { driversAutoprobe };
      return { persistence: "udev", text: udevRule(pf, { ...settings, ...autoprobe, pfUp: wanted.pf === "up" }) };
    }
    case "systemd-link": {
      const { idPath, baseLink } = persistence;
      if (idPath === undefined || baseLink === undefined) return undefined;
      return { persistence: "systemd-link", text: linkFile(pf, idPath, baseLink, { ...settings, vfs }) };
    }
  }
}

/** What is installed of ours: all of it, as it is. It is what deleting puts back when it was there before. */
export function installedFiles({ planLines, rule, link }: PersistenceFacts): BootFiles[] {
  return [
    ...(planLines === undefined ? [] : [{ persistence: "systemd-unit" as const, lines: planLines }]),
    ...(rule === undefined ? [] : [{ persistence: "udev" as const, text: rule }]),
    ...(link === undefined ? [] : [{ persistence: "systemd-link" as const, text: link }]),
  ];
}

/** An enabled unit without its plan counts too: it is left of one. */
const installed = (facts: PersistenceFacts): Choice[] =>
  choices.filter(
    (choice) =>
      installedFiles(facts).some(({ persistence }) => persistence === choice) ||
      (choice === "systemd-unit" && facts.isEnabled),
  );

/** The new way comes before the old one goes: in between, two ways make the same VFs, and never none. */
export function bootSteps(wanted: BootWanted, current: Current, lines: () => readonly string[]): BootStep[] {
  const pf = current.pf.pciAddress;
  const files = bootFiles(wanted, current, lines);
  const isWrong = files !== undefined && whyWrong(files, current.persistence, current.whyNotInstalled) !== undefined;
  const others = installed(current.persistence).filter((choice) => choice !== wanted.persistence);
  return [...(isWrong ? [installStep(pf, files)] : []), ...others.map((choice) => removeStep(pf, choice))];
}

const installStep = (pf: string, files: BootFiles): BootStep =>
  files.persistence === "systemd-unit"
    ? { do: "install-boot-plan", pf, lines: files.lines }
    : { do: "install-boot-file", pf, ...files };

const removeStep = (pf: string, persistence: Choice): BootStep =>
  persistence === "systemd-unit" ? { do: "remove-boot-plan", pf } : { do: "remove-boot-file", pf, persistence };

/** What is wrong with what is installed, for people; undefined when nothing is. */
function whyWrong(files: BootFiles, facts: PersistenceFacts, whyNot: string | undefined): string | undefined {
  switch (files.persistence) {
    case "systemd-unit":
      return whyNot ?? edited("its plan file was edited", facts.planLines ?? [], files.lines);
    case "udev":
      return edited("its rule was edited", linesOf(facts.rule), linesOf(files.text));
    case "systemd-link":
      return edited(
        `its file was edited, or ${facts.baseLink?.path ?? ""}, which it repeats`,
        linesOf(facts.link),
        linesOf(files.text),
      );
  }
}

/** What is wrong with the applier and the units, the plan's lines aside. */
export function whyNotInstalled(facts: PersistenceFacts): string | undefined {
  if (facts.planLines === undefined) return "no plan file";
  if (facts.applierSha256 === undefined) return "the applier is missing";
  if (facts.unitSha256 === undefined) return "the unit is missing";
  if (facts.lateUnitSha256 === undefined) return "the unit for VFs that something else makes is missing";
  if (facts.ratesUnitSha256 === undefined) return "the unit for the rates is missing";
  if (facts.isMasked) return "the unit is masked";
  if (!facts.isEnabled) return "the unit is disabled";
  const [failed] = facts.failedUnits ?? [];
  return failed === undefined ? undefined : `${failed} failed when it ran last (journalctl -u ${failed})`;
}

const linesOf = (text: string | undefined): string[] => (text ?? "").split("\n");

function edited(what: string, found: readonly string[], expected: readonly string[]): string | undefined {
  const place = expected.findIndex((line, i) => line !== found[i]);
  if (place === -1 && found.length <= expected.length) return undefined;
  const at = place === -1 ? expected.length : place;
  const quoted = (line: string | undefined) => (line === undefined ? "nothing" : `"${line}"`);
  return `${what}: ${quoted(found[at])} instead of ${quoted(expected[at])}`;
}

/** The choice when all is as it has to be; otherwise what is there, and what is wrong with it. */
export function persistenceNow(wanted: BootWanted, current: Current, lines: () => readonly string[]): string {
  const { persistence: facts, pf } = current;
  const there = installed(facts);
  const others = there.filter((choice) => choice !== wanted.persistence);
  if (wanted.persistence === "none" || !there.includes(wanted.persistence)) {
    const [foreign] = foreignFiles(facts, wanted.persistence, pf.pciAddress);
    const none = foreign === undefined ? "none" : `none: ${foreign} is somebody else's`;
    return others.length === 0 ? none : others.join(" and ");
  }
  const files = bootFiles(wanted, current, lines);
  const why =
    (files
      ? whyWrong(files, facts, whyNotInstalled(facts))
      : "udev does not tell which .link file counts for the PF without it") ??
    (wanted.persistence === "systemd-link" ? whyNotFirst(facts, pf.pciAddress) : undefined);
  if (why !== undefined) return `${wanted.persistence}, but ${why}`;
  return others.length === 0 ? wanted.persistence : `${wanted.persistence}, and also ${others.join(" and ")}`;
}

/** Another .link file that udev takes for the PF in place of ours; after an edit by hand, until udev looks again, none. */
export function whyNotFirst(facts: PersistenceFacts, pf: string): string | undefined {
  const ours = linkOf(pf);
  if (facts.link === undefined || facts.linkFile === undefined || facts.linkFile === ours) return undefined;
  const name = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  return name(facts.linkFile) < name(ours) ? `${facts.linkFile} comes before ours and counts alone` : undefined;
}

/** Files of somebody else's at the places where the choice's files go. */
export function foreignFiles(facts: PersistenceFacts, choice: Choice | "none", pf: string): string[] {
  const isOfChoice = (path: string): boolean => {
    switch (choice) {
      case "none":
        return false;
      case "udev":
        return path === ruleOf(pf);
      case "systemd-link":
        return path === linkOf(pf);
      case "systemd-unit":
        return path !== ruleOf(pf) && path !== linkOf(pf);
    }
  };
  return (facts.foreign ?? []).filter(isOfChoice);
}

/** The step as a person would type it. */
export function describeBoot(step: BootStep): string {
  switch (step.do) {
    case "install-boot-plan":
      return [`install the boot plan of ${step.pf} and enable its unit:`, ...step.lines].join("\n    ");
    case "install-boot-file":
      return [`write ${fileOf(step)}:`, ...linesOf(step.text).filter((line) => !/^(#|$)/.test(line))].join("\n    ");
    case "remove-boot-plan":
      return `disable the boot unit of ${step.pf} and remove its plan`;
    case "remove-boot-file":
      return `rm ${fileOf(step)}`;
  }
}

const fileOf = ({ pf, persistence }: { pf: string; persistence: "udev" | "systemd-link" }): string =>
  persistence === "udev" ? ruleOf(pf) : linkOf(pf);
