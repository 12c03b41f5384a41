// What changes between the stored state and new inputs, and what a person is told about it.
import assert from "node:assert/strict";
import { diff } from "../../../../provider/resources/vf-config/diff.js";
import type { VfConfigInputs, VfConfigState } from "../../../../provider/resources/vf-config/model.js";
import { unknown } from "../../../../provider/resources/lifecycle.js";

const inputs: VfConfigInputs = {
  host: { uri: "qemu+ssh://root@kvm1/system" },
  pf: "eno49",
  numVfs: 7,
  vfs: [{ index: 2, vlan: 42, mac: "52:54:00:00:00:02" }],
  pfUp: true,
  persistence: "systemd-unit",
  externallyManaged: false,
  allowDisruption: false,
  confirmTimeout: 120,
  onDelete: "restore",
  hostId: "a",
  pfPciAddress: "0000:01:00.0",
  pfName: "eno49",
  driver: "igb",
  totalVfs: 7,
};
const state = {
  ...inputs,
  virtualFunctions: Array.from({ length: 7 }, (_, index) => ({ index, pciAddress: `0000:01:10.${index}` })),
  prior: { numVfs: 0, pfUp: false, vfs: [] },
  declared: { numVfs: 7, pfUp: true, vfs: inputs.vfs, persistence: "systemd-unit" },
} as VfConfigState;

const paths = (news: object, olds: object = {}) =>
  diff({ ...state, ...olds }, { ...inputs, ...news }).changes.map(({ property, kind }) => `${kind} ${property}`);

describe("the difference of a VfConfig", () => {
  it("is nothing where nothing differs", () => {
    assert.deepEqual(diff(state, inputs), { changes: [], deleteBeforeReplace: true, notes: [] });
  });

  it("is a replacement for another PF or another machine only", () => {
    assert.deepEqual(paths({ pf: "eno50", pfPciAddress: "0000:02:00.0", pfName: "eno50" }), ["replace pf"]);
    assert.deepEqual(paths({ hostId: "b" }), ["replace host"]);
    assert.deepEqual(paths({ pf: "0000:01:00.0" }), ["update pf"]);
    assert.deepEqual(paths({ host: { uri: "qemu+ssh://root@10.0.0.1/system" } }), ["update host"]);
  });

  it("names the attribute by its place in the program, and ignores the order of the list", () => {
    const vfs = [{ index: 0 }, { index: 2, vlan: 43, mac: "52:54:00:00:00:02" }];
    assert.deepEqual(paths({ vfs }), ["update vfs[1].vlan"]);
  });

  it("is drift where the program still says what it said", () => {
    const drifted = { ...state, numVfs: 3, vfs: [{ index: 2, vlan: 7, mac: "52:54:00:00:00:02" }] };
    assert.deepEqual(diff(drifted, inputs).changes, [
      { property: "numVfs", kind: "update", drift: true },
      { property: "vfs[0].vlan", kind: "update", drift: true },
    ]);
  });

  it("never minds what is unset, apart from forgetting it", () => {
    const without = { ...inputs };
    delete without.numVfs;
    assert.deepEqual(diff(state, without).changes, [{ property: "numVfs", kind: "update" }]);
    assert.deepEqual(paths({ vfs: [{ index: 2, vlan: 42 }] }), ["update vfs"]);
  });

  it("takes what is not known yet for a change in place", () => {
    assert.deepEqual(paths({ numVfs: unknown }), ["update numVfs"]);
    assert.deepEqual(paths({ vfs: unknown }), ["update vfs"]);
    assert.deepEqual(paths({ vfs: [{ index: 2, vlan: unknown, mac: "52:54:00:00:00:02" }] }), ["update vfs[0].vlan"]);
    assert.deepEqual(paths({ pf: unknown, pfPciAddress: undefined }), ["update pf"]);
  });
});
