// What the engine gets to see of our lifecycles through the plugin: Pulumi's conventions for unknowns, secrets, differences,
// previews, half-done work, import and cancellation.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceError } from "@grpc/grpc-js";
import {
  CheckRequest,
  type CheckResponse,
  CreateRequest,
  type CreateResponse,
  DeleteRequest,
  DiffRequest,
  DiffResponse,
  ErrorResourceInitFailed,
  PropertyDiff,
  ReadRequest,
  type ReadResponse,
  UpdateRequest,
  type UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { SriovError } from "../../../provider/base/errors.js";
import { type Difference, type Values, unknown } from "../../../provider/resources/lifecycle.js";
import {
  type Lived,
  type Plugin,
  secret,
  startPlugin,
  struct,
  unknownText,
  urn,
  withLifecycle,
  withoutLifecycle,
} from "./plugin-under-test.js";

const uri = "qemu+ssh://root@kvm1/system";

describe("the plugin", () => {
  let plugin: Plugin;
  before(async () => (plugin = await startPlugin({ uri, sshPrivateKey: secret("-----BEGIN KEY-----") })));
  after(async () => {
    await plugin.stop();
    withoutLifecycle();
  });

  async function check(news: object, olds: object = {}): Promise<CheckResponse.AsObject & { values: Values }> {
    const request = new CheckRequest();
    request.setUrn(urn);
    request.setNews(struct(news));
    request.setOlds(struct(olds));
    const response = await plugin.call<CheckRequest, CheckResponse>("check", request);
    return { ...response.toObject(), values: response.getInputs()?.toJavaScript() as Values };
  }

  describe("check", () => {
    it("gives the lifecycle the resource's name and stack, and unknown values as such", async () => {
      const seen: unknown[] = [];
      withLifecycle({
        check: async (_context, news, olds, name, stack) => {
          seen.push(news["vlan"], olds, name, stack);
          return { inputs: news, failures: [] };
        },
      });
      const { values } = await check({ vlan: unknownText });
      assert.deepEqual(seen, [unknown, undefined, "nic", "web/dev"]);
      assert.deepEqual(values, { vlan: unknownText });
    });

    it("means the configured host where a resource names none, and keeps it out of the inputs", async () => {
      let host: unknown;
      withLifecycle({
        check: async (_context, news) => {
          host = news["host"];
          return { inputs: news, failures: [] };
        },
      });
      const { values } = await check({ vlan: 7 });
      assert.deepEqual(host, { uri, ssh: { privateKey: "-----BEGIN KEY-----" } });
      assert.deepEqual(values, { vlan: 7 });
      const own = { uri: "qemu+ssh://kvm2/system" };
      assert.deepEqual((await check({ host: own })).values, { host: own });
      assert.deepEqual(host, { ...own, ssh: { privateKey: "-----BEGIN KEY-----" } });
    });

    it("marks a credential as secret whether or not the program did, and what the program marked", async () => {
      withLifecycle({ check: async (_context, news) => ({ inputs: news, failures: [] }) });
      const { values } = await check({ host: { uri, ssh: { password: "letmein-please" } }, name: secret("web") });
      assert.deepEqual(values, {
        host: { uri, ssh: { password: secret("letmein-please") } },
        name: secret("web"),
      });
    });

    it("answers all failures with their property", async () => {
      const failures = [
        { property: "vlan", reason: "expected a whole number" },
        { property: "vfs[0].mac", reason: "expected a MAC address" },
      ];
      withLifecycle({ check: async (_context, news) => ({ inputs: news, failures }) });
      assert.deepEqual((await check({})).failuresList, failures);
    });

    it("takes facts that an import gives back for what they are, and no mistake of the program", async () => {
      let seen: Values = {};
      withLifecycle({
        check: async (_context, news) => {
          seen = news;
          return { inputs: news, failures: [] };
        },
      });
      await check({ vlan: 7, hostId: "m1" }, { vlan: 7, hostId: "m1" });
      assert.ok(!("hostId" in seen));
      await check({ vlan: 7, hostId: "m2" }, { vlan: 7, hostId: "m1" });
      assert.ok("hostId" in seen, "what a program makes up is for the lifecycle to refuse");
    });
  });

  describe("diff", () => {
    const changes = (...properties: string[]): Difference => ({
      changes: properties.map((property) => ({ property, kind: "update" })),
      notes: ["the VM loses this NIC for a moment"],
    });

    async function diff(
      difference: Difference,
      values: { state?: object; inputs?: object; news?: object; ignore?: string[] },
    ) {
      withLifecycle({ diff: () => difference });
      const request = new DiffRequest();
      request.setUrn(urn);
      request.setId("kvm1/x");
      request.setOlds(struct(values.state ?? {}));
      request.setOldInputs(struct(values.inputs ?? {}));
      request.setNews(struct(values.news ?? {}));
      request.setIgnorechangesList(values.ignore ?? []);
      const response = await plugin.call<DiffRequest, DiffResponse>("diff", request);
      const details = Object.fromEntries(
        response.getDetaileddiffMap().toObject(false, (_include, detail) => [detail.getKind(), detail.getInputdiff()]),
      );
      return { response, details };
    }
    const { Kind } = PropertyDiff;

    it("tells what the program changed from what changed on the host", async () => {
      const { details, response } = await diff(changes("vlan", "mtu"), {
        inputs: { vlan: 7, mtu: 1500 },
        state: { vlan: 7, mtu: 9000 },
        news: { vlan: 8, mtu: 1500 },
      });
      assert.deepEqual(details, { vlan: [Kind.UPDATE, true], mtu: [Kind.UPDATE, false] });
      assert.equal(response.getChanges(), DiffResponse.DiffChanges.DIFF_SOME);
      assert.ok(response.getHasdetaileddiff());
    });

    it("says what is added, and what is taken away", async () => {
      const { details } = await diff(changes("vfs[1].mac", "vlan"), {
        inputs: { vfs: [{ index: 0 }, { index: 1 }], vlan: 7 },
        news: { vfs: [{ index: 0 }, { index: 1, mac: "52:54:00:00:00:01" }] },
      });
      assert.deepEqual(details, { "vfs[1].mac": [Kind.ADD, true], vlan: [Kind.DELETE, true] });
    });

    it("says a replacement in all three ways that engines look for", async () => {
      const { response, details } = await diff(
        { changes: [{ property: "vfs[0].pf", kind: "replace" }], notes: [] },
        { inputs: { vfs: [{ pf: "a" }] }, news: { vfs: [{ pf: "b" }] } },
      );
      assert.deepEqual(response.getReplacesList(), ["vfs"]);
      assert.deepEqual(details, { "vfs[0].pf": [Kind.UPDATE_REPLACE, true] });
      assert.ok(response.getDeletebeforereplace(), "VFs and names collide: the old one goes first");
    });

    it("says nothing changed when all that differs is to be ignored, by path and by pattern", async () => {
      const { response } = await diff(changes("vfs[0].mac", "vlan"), { ignore: ["vfs[*].mac", "vlan"] });
      assert.equal(response.getChanges(), DiffResponse.DiffChanges.DIFF_NONE);
      const { details } = await diff(changes("vfs[0].mac", "vlans"), { ignore: ["vfs[1]", "vlan"] });
      assert.deepEqual(Object.keys(details), ["vfs[0].mac", "vlans"]);
    });

    it("does not react to what the dynamic adapter left in the state", async () => {
      let state: Values = {};
      withLifecycle({
        diff: (_id, given) => {
          state = given as Values;
          return { changes: [], notes: [] };
        },
      });
      const request = new DiffRequest();
      request.setUrn(urn);
      request.setOlds(struct({ vlan: 7, __provider: "exports.handler = ...", schemaVersion: 3 }));
      request.setNews(struct({ vlan: 7 }));
      await plugin.call("diff", request);
      assert.deepEqual(Object.keys(state).sort(), ["host", "vlan"]);
    });
  });

  describe("create and update", () => {
    function create(inputs: object, { preview = false, timeout = 0 } = {}): Promise<CreateResponse> {
      const request = new CreateRequest();
      request.setUrn(urn);
      request.setProperties(struct(inputs));
      request.setPreview(preview);
      request.setTimeout(timeout);
      return plugin.call<CreateRequest, CreateResponse>("create", request);
    }

    it("touch nothing in a preview: inputs are known, outputs are not", async () => {
      withLifecycle({
        create: async () => {
          throw new Error("created in a preview");
        },
      });
      const response = await create({ vlan: 7, hostId: "m1" }, { preview: true });
      assert.deepEqual(response.getProperties()?.toJavaScript(), {
        vlan: 7,
        hostId: "m1",
        port: unknownText,
        schemaVersion: 3,
      });
    });

    it("keep the configured host and its key out of the state, and ask for a refresh before the next update", async () => {
      withLifecycle({
        create: async (_context, inputs) => ({ done: true, id: "kvm1/x", state: { ...inputs, port: "p1" } }),
      });
      const response = await create({ vlan: 7 });
      assert.equal(response.getId(), "kvm1/x");
      assert.deepEqual(response.getProperties()?.toJavaScript(), { vlan: 7, port: "p1", schemaVersion: 3 });
      assert.ok(response.getRefreshBeforeUpdate());
    });

    it("keep what a half-done create made: id, properties, reasons", async () => {
      withLifecycle({
        create: async () => ({ done: false, id: "kvm1/x", state: { vlan: 7 }, reasons: ["VF 3: vlan did not take"] }),
      });
      const error = await create({ vlan: 8 }).then(
        () => assert.fail("it was done"),
        (thrown: ServiceError) => thrown,
      );
      const [bytes] = error.metadata.get("grpc-status-details-bin");
      const [detail] = Status.deserializeBinary(bytes as Buffer).getDetailsList();
      assert.equal(detail?.getTypeName(), "pulumirpc.ErrorResourceInitFailed");
      const failed = ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
      assert.equal(failed.getId(), "kvm1/x");
      assert.deepEqual(failed.getProperties()?.toJavaScript(), { vlan: 7, schemaVersion: 3 });
      assert.deepEqual(failed.getReasonsList(), ["VF 3: vlan did not take"]);
    });

    it("say an error with its remedy and without a stack; a programming error with it", async () => {
      withLifecycle({
        create: async () => {
          throw new SriovError("refused", "Refused to shrink.", { remedy: "Detach it first." });
        },
      });
      await assert.rejects(create({}), { details: "Refused to shrink.\nDetach it first." });
      withLifecycle({
        create: async () => {
          throw new TypeError("x is not a function");
        },
      });
      await assert.rejects(create({}), ({ details }: ServiceError) =>
        /TypeError: x is not a function\n\s+at /.test(details),
      );
    });

    it("know of an update's outputs in a preview what the program says, and nothing else", async () => {
      const request = new UpdateRequest();
      request.setUrn(urn);
      request.setOlds(struct({ vlan: 7, port: "p1", hostId: "m1", schemaVersion: 3 }));
      request.setNews(struct({ vlan: 8, hostId: "m1" }));
      request.setPreview(true);
      withLifecycle({});
      const response = await plugin.call<UpdateRequest, UpdateResponse>("update", request);
      assert.deepEqual(response.getProperties()?.toJavaScript(), {
        vlan: 8,
        hostId: "m1",
        port: unknownText,
        schemaVersion: 3,
      });
    });

    it("show a step as the resource's status, with the seconds that it takes", async () => {
      withLifecycle({
        create: async (context) => {
          context.log.debug("waiting for the guest to release 0000:04:10.2");
          context.log.warn("AppArmor is in the way");
          const isTimed = () =>
            plugin.said.some(({ message }) => message.startsWith("waiting") && message.endsWith(" s"));
          for (const end = Date.now() + 15_000; !isTimed() && Date.now() < end;) await sleep(100);
          return { done: true, id: "kvm1/x", state: {} };
        },
      });
      plugin.said.length = 0;
      await create({});
      const status = plugin.said.filter(({ isStatus }) => isStatus).map(({ message }) => message);
      assert.equal(status[0], "waiting for the guest to release 0000:04:10.2");
      assert.match(status.at(-1) ?? "", /^waiting for the guest to release 0000:04:10\.2, [2-9] s$/);
      assert.ok(plugin.said.some(({ message, isStatus }) => message === "AppArmor is in the way" && !isStatus));
      assert.deepEqual([...new Set(plugin.said.map((said) => said.urn))], [urn]);
    });

    it("tell a call that takes longer than its customTimeouts, and answer what it did until then", async () => {
      withLifecycle({
        create: async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          return { done: false, id: "kvm1/x", state: { vlan: 7 }, reasons: [(signal.reason as Error).message] };
        },
      });
      await assert.rejects(create({}, { timeout: 0.2 }), /Not done within 0.2 s/);
    });

    it("answer a Ctrl-C within five seconds, with the state of what came to a safe point", async () => {
      const begun: string[] = [];
      withLifecycle({
        create: async ({ signal }, inputs) => {
          begun.push(String(inputs["name"]));
          if (inputs["name"] === "deaf") return new Promise(() => {});
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          return { done: false, id: "kvm1/x", state: { vlan: 7 }, reasons: ["interrupted after the definition"] };
        },
      });
      const calls = [create({ name: "safe" }), create({ name: "deaf" })];
      const ended = Promise.allSettled(calls);
      while (begun.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      const start = Date.now();
      await Promise.all([plugin.call("cancel", new Empty()), plugin.call("cancel", new Empty())]);
      const [safe, deaf] = (await ended) as [PromiseRejectedResult, PromiseRejectedResult];
      assert.ok(Date.now() - start < 5_000);
      assert.match((safe.reason as ServiceError).details, /interrupted after the definition/);
      assert.equal((safe.reason as ServiceError).metadata.get("grpc-status-details-bin").length, 1);
      assert.match((deaf.reason as ServiceError).details, /Interrupted.*half done\nRun `pulumi up` again/);
      await plugin.call("cancel", new Empty());
    });
  });

  describe("read and delete", () => {
    async function read(id: string, properties?: object, inputs?: object): Promise<ReadResponse> {
      const request = new ReadRequest();
      request.setUrn(urn);
      request.setId(id);
      if (properties) request.setProperties(struct(properties));
      if (inputs) request.setInputs(struct(inputs));
      return plugin.call<ReadRequest, ReadResponse>("read", request);
    }
    const found =
      (seen: (state: Values) => void): Lived["read"] =>
      async (_context, id, state) => {
        seen(state as Values);
        return { here: true, id: `${id}!`, inputs: { ...state, vlan: 7 }, state: { ...state, vlan: 7, port: "p1" } };
      };

    it("answer nothing, so that Pulumi forgets the resource, only for what is gone", async () => {
      withLifecycle({ read: async () => ({ here: false }) });
      assert.equal((await read("kvm1/x", { hostId: "m1" })).getId(), "");
      withLifecycle({
        read: async () => {
          throw new SriovError("unreachable", "kvm1 does not answer");
        },
      });
      await assert.rejects(read("kvm1/x", { hostId: "m1" }), /kvm1 does not answer/);
    });

    it("import by the id alone, from the configured host", async () => {
      let state: Values = {};
      withLifecycle({ read: found((given) => (state = given)) });
      const response = await read("kvm1/x");
      assert.deepEqual(state, { host: { uri, ssh: { privateKey: "-----BEGIN KEY-----" } } });
      assert.deepEqual(response.getInputs()?.toJavaScript(), { vlan: 7 });
      assert.deepEqual(response.getProperties()?.toJavaScript(), { vlan: 7, port: "p1", schemaVersion: 3 });
      assert.equal(response.getId(), "kvm1/x!");
    });

    it("import from another host than the configured one, which is then among the inputs", async () => {
      let state: Values = {};
      withLifecycle({ read: found((given) => (state = given)) });
      const response = await read("root@kvm2:2222/x");
      assert.equal((state["host"] as Values)["uri"], "qemu+ssh://root@kvm2:2222/system");
      assert.deepEqual(response.getInputs()?.toJavaScript(), {
        vlan: 7,
        host: { uri: "qemu+ssh://root@kvm2:2222/system" },
      });
    });

    it("keep what the program marked as secret", async () => {
      withLifecycle({ read: found(() => undefined) });
      const response = await read("kvm1/x", { hostId: "m1", vlan: 6 }, { vlan: secret(6) });
      assert.deepEqual(response.getInputs()?.toJavaScript(), { hostId: "m1", vlan: secret(7) });
    });

    it("refuse state of a newer version instead of misreading it", async () => {
      withLifecycle({ delete: async () => {} });
      const request = new DeleteRequest();
      request.setUrn(urn);
      request.setProperties(struct({ schemaVersion: 4 }));
      await assert.rejects(plugin.call("delete", request), /newer pulumi-sriov/);
    });
  });
});
