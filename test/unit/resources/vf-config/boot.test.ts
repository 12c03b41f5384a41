// What is written for the boot: golden folders (inputs and host as YAML; the files, or why they are refused, as a person reads
// them), and the words for what is wrong with what is installed.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { planFile } from "../../../../provider/host/applier/plan-file.js";
import type { BootFiles } from "../../../../provider/host/persistence/install.js";
import { linkOf, planOf, ruleOf } from "../../../../provider/host/persistence/paths.js";
import type { PersistenceFacts } from "../../../../provider/host/persistence/reader.js";
import { lateUnitText, ratesUnitText, unitText } from "../../../../provider/host/persistence/unit.js";
import {
  type BootWanted,
  bootFiles,
  bootSteps,
  persistenceNow,
} from "../../../../provider/resources/vf-config/boot.js";
import { checkInputs, checkOnHost } from "../../../../provider/resources/vf-config/check.js";
import type { Current } from "../../../../provider/resources/vf-config/current.js";
import { bootLines, wantedBy } from "../../../../provider/resources/vf-config/plan.js";
import { currentFrom } from "./current-from.js";

const golden = join(__dirname, "..", "..", "..", "golden");
const pf = "0000:01:00.0";

/** What udev says of the lab's PFs; a case names only what is special about it. */
const usual: PersistenceFacts = {
  isEnabled: false,
  systemdVersion: 252,
  idPath: "pci-0000:01:00.0",
  linkFile: "/etc/systemd/network/10-eno49.link",
  baseLink: {
    path: "/etc/systemd/network/10-eno49.link",
    text: "# The name a four-port server gives this PF.\n[Match]\nPath=pci-0000:01:00.0\n\n[Link]\nName=eno49\nMACAddressPolicy=none\n",
  },
};

function hostOf(special: Partial<Current>): Current {
  const facts = Object.entries({ ...usual, ...special.persistence }).filter(([, value]) => (value as unknown) !== null);
  return { ...currentFrom(JSON.stringify(special)), persistence: Object.fromEntries(facts) as PersistenceFacts };
}

function expected(folder: string): string {
  const file = (name: string): object => {
    const path = join(golden, "boot", folder, name);
    return existsSync(path) ? ((parse(readFileSync(path, "utf8")) ?? {}) as object) : {};
  };
  const host = { uri: "qemu+ssh://root@kvm1/system" };
  const { inputs, failures } = checkInputs({ host, pf: "eno49", ...file("inputs.yaml") });
  const current = hostOf(file("host.yaml"));
  failures.push(...checkOnHost(inputs, current, "kvm1", { areSound: failures.length === 0 }));
  if (failures.length > 0) return failures.map(({ property, reason }) => `${property}: ${reason}\n`).join("");
  const wanted = wantedBy(inputs);
  const files = bootFiles(wanted, current, () => bootLines(wanted, current.pf, new Map()));
  return files === undefined ? "no file\n" : textOf(files);
}

function textOf(files: BootFiles): string {
  switch (files.persistence) {
    case "systemd-unit":
      return `== ${planOf(pf)}\n${planFile(pf, files.lines)}`;
    case "udev":
      return `== ${ruleOf(pf)}\n${files.text}`;
    case "systemd-link":
      return `== ${linkOf(pf)}\n${files.text}`;
  }
}

function compare(text: string, ...path: string[]): void {
  const file = join(golden, ...path);
  if (process.env["GOLDEN_UPDATE"]) writeFileSync(file, text);
  assert.equal(text, readFileSync(file, "utf8"));
}

describe("the file of a boot", () => {
  for (const folder of readdirSync(join(golden, "boot"))) {
    it(`is as reviewed: ${folder}`, () => compare(expected(folder), "boot", folder, "files.txt"));
  }

  it("is as reviewed: the units", () => {
    compare(unitText, "boot-units", "pulumi-sriov-vfs@.service");
    compare(lateUnitText, "boot-units", "pulumi-sriov-vfs-late@.service");
    compare(ratesUnitText, "boot-units", "pulumi-sriov-vf-rates@.service");
  });
});

const lines = ["pf 0000:01:00.0", "pf-up", "num-vfs 3"];
const unit: PersistenceFacts = {
  ...usual,
  isEnabled: true,
  planLines: lines,
  applierSha256: "a",
  unitSha256: "b",
  ratesUnitSha256: "c",
  lateUnitSha256: "d",
};

describe("what is installed for the boot", () => {
  const wanted = (persistence: BootWanted["persistence"]): BootWanted => ({ persistence, numVfs: 3, pf: "up" });
  const current = (persistence: PersistenceFacts): Current => hostOf({ persistence });
  const textFor = (persistence: "udev" | "systemd-link"): string => {
    const files = bootFiles(wanted(persistence), current(usual), () => lines);
    return files && files.persistence !== "systemd-unit" ? files.text : "";
  };
  const rule = textFor("udev");
  const link = textFor("systemd-link");
  const ours = { ...usual, link, linkFile: linkOf(pf) };

  const cases: [claim: string, BootWanted["persistence"], PersistenceFacts, words: string][] = [
    ["the unit, as it has to be", "systemd-unit", unit, "systemd-unit"],
    ["the rule, as it has to be", "udev", { ...usual, rule }, "udev"],
    ["the .link file, as it has to be", "systemd-link", ours, "systemd-link"],
    ["nothing where nothing is wanted", "none", usual, "none"],
    ["nothing where a unit is wanted", "systemd-unit", usual, "none"],
    ["nothing where a rule is wanted", "udev", usual, "none"],
    ["nothing where a .link file is wanted", "systemd-link", usual, "none"],
    ["a unit where nothing is wanted", "none", unit, "systemd-unit"],
    ["a unit where a rule is wanted", "udev", unit, "systemd-unit"],
    ["two ways at once", "udev", { ...unit, rule }, "udev, and also systemd-unit"],
    ["all ways where none is wanted", "none", { ...unit, rule, link }, "systemd-unit and udev and systemd-link"],
    ["a disabled unit", "systemd-unit", { ...unit, isEnabled: false }, "systemd-unit, but the unit is disabled"],
    [
      "a masked unit",
      "systemd-unit",
      { ...unit, isEnabled: false, isMasked: true },
      "systemd-unit, but the unit is masked",
    ],
    [
      "a unit that failed",
      "systemd-unit",
      { ...unit, failedUnits: ["pulumi-sriov-vfs@0000:01:00.0.service"] },
      "systemd-unit, but pulumi-sriov-vfs@0000:01:00.0.service failed when it ran last (journalctl -u pulumi-sriov-vfs@0000:01:00.0.service)",
    ],
    [
      "an edited plan",
      "systemd-unit",
      { ...unit, planLines: ["pf 0000:01:00.0", "pf-up", "num-vfs 1"] },
      'systemd-unit, but its plan file was edited: "num-vfs 1" instead of "num-vfs 3"',
    ],
    [
      "a plan with a line too few",
      "systemd-unit",
      { ...unit, planLines: lines.slice(0, 2) },
      'systemd-unit, but its plan file was edited: nothing instead of "num-vfs 3"',
    ],
    [
      "a plan with a line too many",
      "systemd-unit",
      { ...unit, planLines: [...lines, "vf 0 trust on"] },
      'systemd-unit, but its plan file was edited: "vf 0 trust on" instead of nothing',
    ],
    [
      "an enabled unit without its plan",
      "systemd-unit",
      { ...usual, isEnabled: true, applierSha256: "a", unitSha256: "b" },
      "systemd-unit, but no plan file",
    ],
    [
      "a unit whose applier is gone",
      "systemd-unit",
      Object.fromEntries(Object.entries(unit).filter(([key]) => key !== "applierSha256")) as PersistenceFacts,
      "systemd-unit, but the applier is missing",
    ],
    [
      "an edited rule",
      "udev",
      { ...usual, rule: rule.replace('numvfs}="3"', 'numvfs}="1"') },
      'udev, but its rule was edited: "KERNELS=="0000:01:00.0", ATTR{device/sriov_numvfs}="1"" instead of "KERNELS=="0000:01:00.0", ATTR{device/sriov_numvfs}="3""',
    ],
    [
      "an edited .link file",
      "systemd-link",
      { ...ours, link: link.replace("Functions=3", "Functions=1") },
      'systemd-link, but its file was edited, or /etc/systemd/network/10-eno49.link, which it repeats: "SR-IOVVirtualFunctions=1" instead of "SR-IOVVirtualFunctions=3"',
    ],
    [
      "a .link file that no longer repeats what it took the place of",
      "systemd-link",
      { ...ours, baseLink: { path: "/etc/systemd/network/10-eno49.link", text: "[Link]\nName=lan0\n" } },
      'systemd-link, but its file was edited, or /etc/systemd/network/10-eno49.link, which it repeats: "Name=eno49" instead of "Name=lan0"',
    ],
    [
      "a .link file that another one keeps from counting",
      "systemd-link",
      { ...ours, linkFile: "/etc/systemd/network/00-all.link" },
      "systemd-link, but /etc/systemd/network/00-all.link comes before ours and counts alone",
    ],
    [
      "somebody else's file where ours should be",
      "udev",
      { ...usual, foreign: [ruleOf(pf)] },
      `none: ${ruleOf(pf)} is somebody else's`,
    ],
  ];
  for (const [claim, choice, facts, words] of cases) {
    it(`is told in words: ${claim}`, () => {
      assert.equal(
        persistenceNow(wanted(choice), current(facts), () => lines),
        words,
      );
    });
  }

  it("takes no step where all is as it has to be, and the new way before the old one goes where it is not", () => {
    const doing = (choice: BootWanted["persistence"], facts: PersistenceFacts) =>
      bootSteps(wanted(choice), current(facts), () => lines).map((step) =>
        "persistence" in step ? `${step.do} ${step.persistence}` : step.do,
      );
    assert.deepEqual(doing("systemd-unit", unit), []);
    assert.deepEqual(doing("udev", { ...usual, rule }), []);
    assert.deepEqual(doing("systemd-link", ours), []);
    assert.deepEqual(doing("none", usual), []);
    assert.deepEqual(doing("udev", unit), ["install-boot-file udev", "remove-boot-plan"]);
    assert.deepEqual(doing("systemd-unit", { ...usual, rule }), ["install-boot-plan", "remove-boot-file udev"]);
    assert.deepEqual(doing("systemd-link", { ...unit, rule }), [
      "install-boot-file systemd-link",
      "remove-boot-plan",
      "remove-boot-file udev",
    ]);
    assert.deepEqual(doing("none", { ...usual, isEnabled: true }), ["remove-boot-plan"]);
    assert.deepEqual(doing("systemd-unit", { ...unit, planLines: lines.slice(1) }), ["install-boot-plan"]);
  });
});
