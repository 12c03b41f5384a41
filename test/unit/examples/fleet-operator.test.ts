// examples/fleet-operator: the operator's objects against the operator's own published definition of them.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { parse, parseAllDocuments } from "yaml";

const root = join(__dirname, "..", "..", "..");
const example = join(root, "examples", "fleet-operator");
type Schema = { properties?: Record<string, Schema>; items?: Schema; additionalProperties?: unknown } & Record<
  string,
  unknown
>;
type Stack = {
  kind: string;
  metadata: { name: string; namespace: string };
  spec: {
    stack: string;
    repoDir: string;
    serviceAccountName: string;
    config?: Record<string, string>;
    prerequisites?: { name: string }[];
  } & Record<string, unknown>;
};

/** Kubernetes drops what it does not know, and nobody is told of a misspelt name: here that is an error. */
function strict(schema: Schema): Schema {
  const { properties, items } = schema;
  return {
    ...schema,
    ...(items ? { items: strict(items) } : {}),
    ...(properties
      ? {
          properties: Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, strict(part)])),
          additionalProperties: false,
        }
      : {}),
  };
}

const documents = readdirSync(join(example, "operator"))
  .flatMap((file) => parseAllDocuments(readFileSync(join(example, "operator", file), "utf8")))
  .map((document) => document.toJS() as Stack);
const stacks = documents.filter(({ kind }) => kind === "Stack");

describe("examples/fleet-operator", () => {
  const { spec: published } = JSON.parse(readFileSync(join(root, "test/golden/operator/stack-v1.json"), "utf8")) as {
    spec: Schema;
  };
  const ajv = new Ajv({ unknownFormats: ["int32", "int64"] });
  const isStack = ajv.compile(strict(published));

  it("has stacks as the operator's definition of them wants", () => {
    assert.equal(stacks.length, 3);
    for (const { metadata, spec } of stacks)
      assert.ok(isStack(spec), `${metadata.name}: ${ajv.errorsText(isStack.errors)}`);
    const [{ spec } = assert.fail()] = stacks;
    assert.ok(!isStack({ ...spec, refersh: true }), "a misspelt name is found");
    assert.ok(!isStack({ ...spec, refresh: "yes" }), "and so is a value of another type");
  });

  it("has a stack a rack, each with its hosts, after the stack of the site that it reads", () => {
    const racks = parse(readFileSync(join(example, "rack", "racks.yaml"), "utf8")) as Record<string, object>;
    const site = stacks.find(({ spec }) => spec.repoDir === "site");
    const ofRacks = stacks.filter(({ spec }) => spec.repoDir === "rack");
    assert.ok(site);
    assert.deepEqual(ofRacks.map(({ spec }) => spec.stack.split("/").at(-1)).sort(), Object.keys(racks).sort());
    const [organization, name] = site.spec.stack.split("/");
    for (const { spec } of ofRacks) {
      assert.deepEqual(spec.prerequisites, [{ name: site.metadata.name }]);
      assert.equal(spec.config?.["sriov-rack:site"], `${organization}/sriov-site/${name}`);
    }
  });

  it("destroys nothing when a stack is deleted from the cluster, and names accounts that are there", () => {
    const accounts = documents.filter(({ kind }) => kind === "ServiceAccount").map(({ metadata }) => metadata.name);
    for (const { spec } of stacks) {
      assert.ok(!("destroyOnFinalize" in spec));
      assert.ok(accounts.includes(spec.serviceAccountName));
    }
  });
});
