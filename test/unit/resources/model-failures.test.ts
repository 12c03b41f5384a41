// parseModel: sentences for people, and values that are not known yet.
import assert from "node:assert/strict";
import { z } from "zod";
import { hostModel } from "../../../provider/resources/host-inputs.js";
import { type Values, unknown } from "../../../provider/resources/lifecycle.js";
import { parseModel } from "../../../provider/resources/model-failures.js";

const vf = z.strictObject({
  index: z.int().min(0).describe("Which VF, from 0."),
  mac: z.string().optional(),
  vlan: z.int().min(0).max(4094).optional(),
  trust: z.boolean().optional(),
});
const model = z.strictObject({
  host: hostModel.optional(),
  pf: z.string().min(1).describe("The PF: its netdev."),
  numVfs: z.int().min(0).optional(),
  pfUp: z.boolean().default(true),
  mode: z.enum(["fast", "slow", "idle"]).optional(),
  vfs: z.array(vf).min(1).optional(),
});

const failuresOf = (news: Values) => parseModel(model, news).failures;

describe("parseModel", () => {
  it("answers the inputs with the model's defaults", () => {
    assert.deepEqual(parseModel(model, { pf: "eno49" }), { inputs: { pf: "eno49", pfUp: true }, failures: [] });
  });

  it("says property, what was expected and what was got, all failures at once", () => {
    const failures = failuresOf({
      pf: 7,
      numVfs: "seven",
      pfUp: "yes",
      mode: "quick",
      vfs: [{ index: 1, vlan: 5000 }],
    });
    assert.deepEqual(failures, [
      { property: "pf", reason: "expected a string, got 7 (number)" },
      { property: "numVfs", reason: 'expected a whole number of at least 0, got "seven" (string)' },
      { property: "pfUp", reason: 'expected true or false, got "yes" (string)' },
      { property: "mode", reason: 'expected "fast", "slow" or "idle", got "quick" (string)' },
      { property: "vfs[0].vlan", reason: "expected a whole number from 0 to 4094, got 5000 (number)" },
    ]);
  });

  it("says one thing once: 4095.5 is no integer and too big", () => {
    assert.deepEqual(failuresOf({ pf: "eno49", vfs: [{ index: 0, vlan: 4095.5 }] }), [
      { property: "vfs[0].vlan", reason: "expected a whole number from 0 to 4094, got 4095.5 (number)" },
    ]);
  });

  it("offers the near name for a property that does not exist, and all names where none is near", () => {
    assert.deepEqual(failuresOf({ pf: "eno49", vfs: [{ index: 0, mack: "x", colour: 1 }] }), [
      { property: "vfs[0].mack", reason: 'no such property; did you mean "mac"?' },
      { property: "vfs[0].colour", reason: "no such property; expected index, mac, vlan or trust" },
    ]);
  });

  it("says what a missing property means", () => {
    assert.deepEqual(failuresOf({ vfs: [{}] }), [
      { property: "pf", reason: "required: The PF: its netdev." },
      { property: "vfs[0].index", reason: "required: Which VF, from 0." },
    ]);
  });

  it("wants something in a list and in a text that must not be empty", () => {
    assert.deepEqual(failuresOf({ pf: "", vfs: [] }), [
      { property: "pf", reason: 'expected some text, got "" (string)' },
      { property: "vfs", reason: "expected a list with something in it, got an empty list" },
    ]);
  });

  it("lets unknown values through at any depth, and fills in the defaults beside them", () => {
    const news: Values = { pf: unknown, vfs: [{ index: unknown, mac: "x" }, unknown], numVfs: 2 };
    assert.deepEqual(parseModel(model, news), { inputs: { ...news, pfUp: true }, failures: [] });
  });

  it("still judges what is known beside an unknown value", () => {
    assert.deepEqual(
      failuresOf({ pf: unknown, numVfs: -1, vfs: [{ index: unknown, vlan: 9999, x: 1 }, { vlan: unknown }] }),
      [
        { property: "numVfs", reason: "expected a whole number of at least 0, got -1 (number)" },
        { property: "vfs[0].vlan", reason: "expected a whole number from 0 to 4094, got 9999 (number)" },
        { property: "vfs[0].x", reason: "no such property; expected index, mac, vlan or trust" },
        { property: "vfs[1].index", reason: "required: Which VF, from 0." },
      ],
    );
  });

  it("lets an unknown property name be what it is not: still no such property", () => {
    assert.deepEqual(
      failuresOf({ pf: "eno49", nosuch: unknown }).map(({ property }) => property),
      ["nosuch"],
    );
  });

  for (const key of ["password", "privateKey", "passphrase"]) {
    it(`never shows host.ssh.${key}`, () => {
      const failures = failuresOf({ pf: "x", host: { uri: "qemu:///system", ssh: { [key]: 4711 } } });
      assert.deepEqual(failures, [{ property: `host.ssh.${key}`, reason: "expected a string, got a number" }]);
    });
  }

  it("never shows a key given in the place of host.ssh, nor a password in a URI in the place of host", () => {
    const said = JSON.stringify([
      failuresOf({ pf: "x", host: { uri: "qemu:///system", ssh: "hunter2" } }),
      failuresOf({ pf: "x", host: "qemu+ssh://root:hunter2@kvm1/system" }),
    ]);
    assert.doesNotMatch(said, /hunter2/);
    assert.match(said, /host\.ssh.*expected an object/);
  });
});
