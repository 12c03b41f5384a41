// Walks test/golden/findings: `change.yaml` is laid over a healthy host, and `findings.txt` is what the doctor then says.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Finding } from "../../../provider/findings/finding.js";
import type { HostInventory } from "../../../provider/findings/inventory.js";
import { examine, explainFailure, rules } from "../../../provider/findings/registry.js";
import { healthyInventory } from "../../fakes/healthy-inventory.js";

const root = join(__dirname, "../../golden/findings");

/** Objects are merged, `null` takes away, `{ at: { 0: ... } }` changes members of a list, all else replaces. */
function changed(value: unknown, change: unknown): unknown {
  if (change === null) return undefined;
  if (typeof change !== "object" || Array.isArray(change)) return change;
  if (Array.isArray(value) && "at" in change) {
    const at = change.at as { [index: number]: unknown };
    return value.map((one: unknown, i) => (i in at ? changed(one, at[i]) : one));
  }
  const before = typeof value === "object" && value !== null ? (value as { [key: string]: unknown }) : {};
  const merged = { ...before };
  for (const [key, to] of Object.entries(change)) {
    const now = changed(before[key], to);
    if (now === undefined) delete merged[key];
    else merged[key] = now;
  }
  return merged;
}

const text = (findings: Finding[]): string =>
  findings
    .map(({ id, severity, about, seen, why, remedy, command, hostSetup, documentation }) =>
      [
        `${severity} ${id}${about === undefined ? "" : ` (${about})`}`,
        ...seen.map((line) => `  seen: ${line}`),
        `  why: ${why}`,
        `  remedy: ${remedy}`,
        ...(command === undefined ? [] : [`  command: ${command}`]),
        ...(hostSetup === undefined ? [] : [`  HostSetup: ${JSON.stringify(hostSetup)}`]),
        `  more: ${documentation}`,
        "",
      ].join("\n"),
    )
    .join("");

const cases = readdirSync(root).sort();
const read = (name: string) => parse(readFileSync(join(root, name, "change.yaml"), "utf8")) as { failure?: string };
const inventoryOf = (name: string) => changed(healthyInventory(), read(name)) as HostInventory;
const findingsOf = (name: string): Finding[] => {
  const { failure } = read(name);
  return failure === undefined ? examine(inventoryOf(name)) : explainFailure(inventoryOf(name), failure);
};

describe("the doctor's findings", () => {
  for (const name of cases) {
    it(`are as written down: ${name}`, () => {
      const path = join(root, name, "findings.txt");
      const found = text(findingsOf(name));
      if (process.env["GOLDEN_UPDATE"] === "1") writeFileSync(path, found);
      assert.equal(found, readFileSync(path, "utf8"));
    });
  }

  it("are none on a healthy host", () => {
    assert.deepEqual(examine(healthyInventory()), []);
  });

  it("are none where nothing is known", () => {
    const nothing: HostInventory = {
      pfs: [],
      libvirt: { answers: true, version: 11_003_000, securityModels: [], networks: [], domains: [] },
    };
    assert.deepEqual(examine(nothing), []);
  });

  it("are shown by a case each", () => {
    const shown = new Set(cases.flatMap((name) => findingsOf(name).map(({ id }) => id)));
    assert.deepEqual(
      rules.map(({ id }) => id).filter((id) => !shown.has(id)),
      [],
    );
  });

  it("have a page each, and every page is of a finding", () => {
    const pages = readdirSync(join(__dirname, "../../../docs/findings")).map((page) => page.replace(/\.md$/, ""));
    const ids = rules.map(({ id }) => id);
    assert.deepEqual(pages.filter((page) => page !== "README").sort(), [...ids].sort());
    assert.ok(existsSync(join(__dirname, "../../../docs/findings/README.md")));
    const index = readFileSync(join(__dirname, "../../../docs/findings/README.md"), "utf8");
    for (const id of ids) assert.ok(index.includes(`(${id}.md)`), `${id} is not in the index`);
  });
});
