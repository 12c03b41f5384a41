// What differs between a SriovNetwork's state and its inputs, and what people are told.
import assert from "node:assert/strict";
import { unknown } from "../../../../provider/resources/lifecycle.js";
import { diff } from "../../../../provider/resources/sriov-network/diff.js";
import type { SriovNetworkInputs, SriovNetworkState } from "../../../../provider/resources/sriov-network/model.js";

const inputs: SriovNetworkInputs = {
  host: { uri: "qemu:///system" },
  ...{ name: "pool", mode: "hostdev", pf: "eno49", managed: true, autostart: true, active: true },
  ...{ hostId: "m1", owner: "pool", numVfs: 2 },
};
const state: SriovNetworkState = {
  ...inputs,
  ...{ hostId: "m1", uuid: "u1", connections: 0, stale: false },
  virtualFunctions: [{ pciAddress: "0000:01:10.0" }],
};
const changes = (now: object, wanted: object) =>
  diff({ ...state, ...now }, { ...inputs, ...wanted }).changes.map(({ property, kind }) => `${kind} ${property}`);

describe("diff of a SriovNetwork", () => {
  it("is empty where everything is as asked", () => assert.deepEqual(changes({}, {}), []));

  it("replaces for another name and another machine, and updates for another way to the same one", () => {
    assert.deepEqual(changes({}, { name: "other" }), ["replace name"]);
    assert.deepEqual(changes({}, { hostId: "m2", vlan: 3 }), ["replace host"]);
    assert.deepEqual(changes({}, { host: { uri: "qemu+ssh://kvm1/system" } }), ["update host"]);
  });

  it("does not take a machine it could not ask for another one", () => {
    const { hostId: _hostId, ...rest } = inputs;
    assert.deepEqual(diff(state, rest).changes, []);
  });

  it("updates for everything else", () => {
    assert.deepEqual(changes({}, { vlan: 42, managed: false, active: false }), [
      "update managed",
      "update vlan",
      "update active",
    ]);
    assert.deepEqual(changes({ vfs: ["0000:01:10.0"], pf: undefined }, {}), ["update pf"]);
  });

  it("leaves alone what is unset, in the network and in a portgroup", () => {
    const portgroups = [{ name: "a", vlan: 5, default: true }];
    assert.deepEqual(changes({ vlan: 42, portgroups }, {}), []);
    assert.deepEqual(changes({ portgroups }, { portgroups: [{ name: "a" }] }), []);
    assert.deepEqual(changes({ portgroups }, { portgroups: [{ name: "a", vlan: 6 }] }), ["update portgroups"]);
    assert.deepEqual(changes({ portgroups }, { portgroups: [] }), ["update portgroups"]);
  });

  it("takes what is not known yet for a change", () => {
    assert.deepEqual(changes({}, { pf: unknown, name: unknown }), ["update name", "update pf"]);
    assert.deepEqual(changes({}, { portgroups: [{ name: unknown }] }), ["update portgroups"]);
  });

  it("calls a pool whose VFs were made anew drift", () => {
    const { changes: found, notes } = diff({ ...state, stale: true }, inputs);
    assert.deepEqual(found, [{ property: "stale", kind: "update", drift: true }]);
    assert.deepEqual(notes, ["stops and starts network pool"]);
  });

  it("says who would be in the way of a restart", () => {
    const held = { pciAddress: "0000:01:10.0", allocatedTo: { domain: "web", mac: "52:54:00:00:00:01" } };
    const { notes } = diff({ ...state, virtualFunctions: [held] }, { ...inputs, vlan: 3 });
    assert.deepEqual(notes, ["stops and starts network pool, if it is not in use: web held VFs of it"]);
  });
});
