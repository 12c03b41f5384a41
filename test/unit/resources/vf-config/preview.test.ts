// What a preview says: golden folders with the inputs, the host as it is, and all that a person reads: what cannot be, what
// to mind, what a change does in words, and its steps.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkDriver } from "../../../../provider/resources/vf-config/check-driver.js";
import { checkInputs, checkOnHost } from "../../../../provider/resources/vf-config/check.js";
import type { MacInUse } from "../../../../provider/host/sysfs/pf.js";
import { plan, wantedBy } from "../../../../provider/resources/vf-config/plan.js";
import { describe as describeStep } from "../../../../provider/resources/vf-config/steps.js";
import { summary } from "../../../../provider/resources/vf-config/summary.js";
import { currentFrom } from "./current-from.js";

const golden = join(__dirname, "..", "..", "..", "golden", "vf-config-preview");

function previewText(folder: string): string {
  const file = (name: string) => readFileSync(join(golden, folder, name), "utf8");
  const host = { uri: "qemu+ssh://root@kvm1/system" };
  const { inputs, failures } = checkInputs({ host, pf: "eno49", ...(parse(file("inputs.yaml")) as object) });
  const text = file("current.yaml");
  const { macsInUse = [] } = (parse(text) ?? {}) as { macsInUse?: MacInUse[] };
  const current = currentFrom(text);
  failures.push(...checkOnHost(inputs, current, "kvm1", { areSound: failures.length === 0 }));
  const verdict = checkDriver(inputs, current, macsInUse);
  const cannot = [...failures, ...verdict.failures].map(({ property, reason }) => `cannot: ${property}: ${reason}`);
  const mind = verdict.warnings.map((warning) => `mind: ${warning}`);
  if (cannot.length > 0) return [...cannot, ...mind, ""].join("\n");
  const steps = plan(wantedBy(inputs), current);
  const words = summary(steps, current).map((word) => `does: ${word}`);
  return [...mind, ...words, ...steps.map(describeStep), ...(steps.length === 0 ? ["nothing to do"] : []), ""].join(
    "\n",
  );
}

describe("a preview", () => {
  for (const folder of readdirSync(golden)) {
    it(`says what was reviewed: ${folder.replaceAll("-", " ")}`, () => {
      const text = previewText(folder);
      const file = join(golden, folder, "preview.txt");
      if (process.env["GOLDEN_UPDATE"]) writeFileSync(file, text);
      assert.equal(text, readFileSync(file, "utf8"));
    });
  }
});
