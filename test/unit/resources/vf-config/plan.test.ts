// Plans: golden folders (inputs and current as YAML, the plan or the refusal as a person reads it). What holds for all plans is in
// plan-properties.test.ts.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkInputs } from "../../../../provider/resources/vf-config/check.js";
import { refusal } from "../../../../provider/resources/vf-config/guard.js";
import { plan, wantedBy } from "../../../../provider/resources/vf-config/plan.js";
import { describe as describeStep } from "../../../../provider/resources/vf-config/steps.js";
import { currentFrom } from "./current-from.js";

const golden = join(__dirname, "..", "..", "..", "golden", "vf-config");

function planText(folder: string): string {
  const file = (name: string) => readFileSync(join(golden, folder, name), "utf8");
  const host = { uri: "qemu+ssh://root@kvm1/system" };
  const { inputs, failures } = checkInputs({ host, pf: "eno49", ...(parse(file("inputs.yaml")) as object) });
  assert.deepEqual(failures, []);
  const current = currentFrom(file("current.yaml"));
  const steps = plan(wantedBy(inputs), current);
  const refused = refusal(steps, current, { hostName: "kvm1", allowDisruption: inputs.allowDisruption });
  if (refused) return `${refused.message}\n${refused.remedy}\n`;
  return steps.length === 0 ? "nothing to do\n" : steps.map((step) => `${describeStep(step)}\n`).join("");
}

describe("a plan", () => {
  for (const folder of readdirSync(golden)) {
    it(`is as reviewed: ${folder}`, () => {
      const text = planText(folder);
      const file = join(golden, folder, "plan.txt");
      if (process.env["GOLDEN_UPDATE"]) writeFileSync(file, text);
      assert.equal(text, readFileSync(file, "utf8"));
    });
  }
});
