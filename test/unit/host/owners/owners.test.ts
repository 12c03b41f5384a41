// Second owners of a PF's VFs: golden folders, each the files of a host and what is found in them. The real reader runs.
import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { matchesGlob } from "../../../../provider/host/owners/glob.js";
import type { Owner } from "../../../../provider/host/owners/owner.js";
import { readPf } from "../../../../provider/host/sysfs/read-pf.js";
import { FakeHost, pfTree } from "../../../fakes/fake-host.js";

const golden = join(__dirname, "..", "..", "..", "golden", "owners");

async function ownersOn(host: FakeHost): Promise<Owner[]> {
  const reading = await readPf(host.shell, "eno49");
  assert.equal(reading.found, "pf");
  return reading.found === "pf" ? reading.surroundings.owners : [];
}

const textOf = ({ kind, file, line, text, numVfs, sets, isSure, acts }: Owner): string =>
  `${kind} ${file}:${line}: ${text}\n  ${sets}${numVfs === undefined ? "" : ` ${numVfs}`}, ${isSure ? "this PF" : "perhaps this PF"}, acts: ${acts}\n`;

describe("the owners of a PF's VFs", () => {
  for (const folder of readdirSync(golden)) {
    it(`are found: ${folder}`, async () => {
      const host = new FakeHost(pfTree());
      try {
        cpSync(join(golden, folder, "host"), host.root, { recursive: true, verbatimSymlinks: true });
        const owners = await ownersOn(host);
        const text = owners.length === 0 ? "nobody\n" : owners.map(textOf).join("");
        const file = join(golden, folder, "owners.txt");
        if (process.env["GOLDEN_UPDATE"]) writeFileSync(file, text);
        assert.equal(text, existsSync(file) ? readFileSync(file, "utf8") : "");
      } finally {
        host.dispose();
      }
    });
  }
});

describe("a pattern", () => {
  const cases: [pattern: string, text: string, matches: boolean][] = [
    ["eno4*", "eno49", true],
    ["eno4?", "eno4", false],
    ["eno[45]9", "eno49", true],
    ["eno[!4]9", "eno49", false],
    ["pci-0000:01:00.0", "pci-0000:01:00x0", false],
    ["*", "", true],
    ["[", "[", true],
  ];
  for (const [pattern, text, matches] of cases) {
    it(`${pattern} ${matches ? "matches" : "does not match"} "${text}"`, () => {
      assert.equal(matchesGlob(pattern, text), matches);
    });
  }
});
