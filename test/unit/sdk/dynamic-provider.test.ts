// What Pulumi gets to see of our lifecycles: its own conventions for partial failure, drift and errors.
import assert from "node:assert/strict";
import { SriovError } from "../../../provider/base/errors.js";
import type { Lifecycle, Outcome } from "../../../provider/resources/lifecycle.js";
import { registry } from "../../../provider/resources/registry.js";
import { provider } from "../../../sdk/nodejs/dynamic-provider.js";
import { providerProperty, unknownSentinel } from "../../../sdk/nodejs/wire.js";

type Lived = Lifecycle<Record<string, unknown>, Record<string, unknown>>;

/** A lifecycle of which a test states what it needs. */
function withLifecycle(methods: Partial<Lived>) {
  const table = registry as unknown as Record<string, Lived>;
  table["Test"] = { schemaVersion: 3, ...methods } as Lived;
  return provider("Test" as never);
}

const text = "exports.handler = ...";

describe("the dynamic provider", () => {
  after(() => delete (registry as unknown as Record<string, Lived>)["Test"]);

  it("records what a half-done create made: id, properties with __provider, and the reasons", async () => {
    const outcome: Outcome<Record<string, unknown>> = {
      done: false,
      id: "kvm1/x",
      state: { pf: "eno49", gone: undefined },
      reasons: ["VF 3: vlan did not take"],
    };
    const failure = await withLifecycle({ create: async () => outcome })
      .create({ pf: "eno49", [providerProperty]: text })
      .catch((error: unknown) => error as Record<string, unknown>);
    assert.deepEqual(
      { ...failure, id: (failure as { id: unknown }).id },
      {
        name: "",
        stack: "",
        id: "kvm1/x",
        properties: { pf: "eno49", schemaVersion: 3, [providerProperty]: text },
        reasons: ["VF 3: vlan did not take"],
      },
    );
  });

  it("says an error with its remedy and without a stack", async () => {
    const create = async () => {
      throw new SriovError("refused", "Refused to shrink.", { remedy: "Detach it first." });
    };
    const error = (await withLifecycle({ create })
      .create({})
      .catch((thrown: unknown) => thrown)) as Error;
    assert.equal(String(error), "Refused to shrink.\nDetach it first.");
    assert.equal(error.stack, "");
  });

  it("keeps the stack of a programming error: a report needs it", async () => {
    const create = async () => {
      throw new TypeError("x is not a function");
    };
    const error = (await withLifecycle({ create })
      .create({})
      .catch((thrown: unknown) => thrown)) as Error;
    assert.match(error.message, /TypeError: x is not a function\n\s+at /);
  });

  it("answers nothing, so that Pulumi forgets the resource, only for what is gone", async () => {
    const gone = withLifecycle({ read: async () => ({ here: false }) });
    assert.deepEqual(await gone.read("id", {}), {});
    const lost = withLifecycle({
      read: async () => {
        throw new SriovError("unreachable", "kvm1 does not answer");
      },
    });
    await assert.rejects(lost.read("id", {}), /kvm1 does not answer/);
  });

  it("gives inputs as well as outputs when it reads, both with __provider", async () => {
    const read = async () => ({ here: true as const, id: "id", inputs: { vlan: 7 }, state: { vlan: 7, live: true } });
    assert.deepEqual(await withLifecycle({ read }).read("id", { [providerProperty]: text }), {
      id: "id",
      props: { vlan: 7, live: true, schemaVersion: 3, [providerProperty]: text },
      inputs: { vlan: 7, [providerProperty]: text },
    });
  });

  it("names the replaced properties by their first part, as Pulumi knows them", async () => {
    const diff = () => ({
      changes: [
        { property: "vfs[2].mac", kind: "update" as const },
        { property: "host.uri", kind: "replace" as const },
      ],
      notes: [],
    });
    assert.deepEqual(await withLifecycle({ diff }).diff("id", {}, {}), {
      changes: true,
      replaces: ["host"],
      deleteBeforeReplace: true,
    });
  });

  it("passes unknown values through check untouched", async () => {
    const check: Lived["check"] = async (_context, news) => ({ inputs: news, failures: [] });
    const checked = await withLifecycle({ check }).check({}, { pf: unknownSentinel });
    assert.deepEqual(checked, { inputs: { pf: unknownSentinel }, failures: [] });
  });

  it("refuses state of a newer version instead of misreading it", async () => {
    const error = withLifecycle({ delete: async () => {} }).delete("id", { schemaVersion: 4 });
    await assert.rejects(error, /newer pulumi-sriov/);
  });
});
