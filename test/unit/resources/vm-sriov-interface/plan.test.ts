// Plans: golden folders (inputs and the VM's two halves as YAML, the plan as a person reads it).
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseDomainXml } from "../../../../provider/libvirt/xml/domain.js";
import type { Values } from "../../../../provider/resources/lifecycle.js";
import { checkInputs } from "../../../../provider/resources/vm-sriov-interface/check.js";
import type { Current } from "../../../../provider/resources/vm-sriov-interface/current.js";
import { describe as describeStep, plan } from "../../../../provider/resources/vm-sriov-interface/plan.js";

const golden = join(__dirname, "..", "..", "..", "golden", "vm-sriov-interface");
const byDefault = { host: { uri: "qemu:///system" }, domain: "web", alias: "ua-nic", mac: "52:54:00:00:00:01" };

/** The halves hold the interface, or nothing. */
type Case = {
  config?: string;
  live?: string;
  isActive?: boolean;
  isPersistent?: boolean;
  freeRootPorts?: number;
  old?: Values;
};

const domainWith = (device = "") =>
  parseDomainXml(`<domain type='kvm'><name>web</name><uuid>u1</uuid><devices>${device}</devices></domain>`);

function currentFrom({ config, live, isActive = true, isPersistent = true, freeRootPorts = 4 }: Case): Current {
  return {
    domain: { name: "web", uuid: "u1", id: isActive ? 1 : -1 },
    isActive,
    isPersistent,
    inactive: domainWith(config),
    live: isActive ? { ...domainWith(live), freeRootPorts } : undefined,
  };
}

function inputsFrom(news: Values) {
  const { inputs, failures } = checkInputs({ ...byDefault, ...news }, undefined, "nic");
  assert.deepEqual(failures, []);
  return inputs;
}

function planText(folder: string): string {
  const read = (name: string): unknown => parse(readFileSync(join(golden, folder, name), "utf8"));
  const current = read("current.yaml") as Case;
  const inputs = inputsFrom(read("inputs.yaml") as Values);
  const steps = plan(inputs, currentFrom(current), current.old && inputsFrom(current.old));
  return [...steps.map((step) => describeStep(step, "web")), ""].join("\n");
}

describe("plan of a VmSriovInterface", () => {
  for (const folder of readdirSync(golden)) {
    it(folder.replaceAll("-", " "), () => {
      const file = join(golden, folder, "plan.txt");
      const got = planText(folder);
      if (process.env["GOLDEN_UPDATE"]) writeFileSync(file, got);
      assert.equal(got, readFileSync(file, "utf8"));
    });
  }
});
