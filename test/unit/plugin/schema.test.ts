// The package schema against the models that it is made of: what SDKs, import and documentation rest on.
import assert from "node:assert/strict";
import schema from "../../../provider/plugin/schema.gen.json";
import { settledOutputs } from "../../../provider/plugin/previews.js";
import { resourceType } from "../../../provider/plugin/resource-types.js";
import { functions } from "../../../provider/functions/registry.js";
import { registry } from "../../../provider/resources/registry.js";

type Property = { description?: string; secret?: boolean; $ref?: string };
type Resource = {
  description: string;
  properties: Record<string, Property>;
  inputProperties: Record<string, Property>;
  requiredInputs: string[];
  aliases: { type: string }[];
};
const resources = schema.resources as unknown as Record<string, Resource>;

describe("the package schema", () => {
  it("has every resource and every function, and nothing else", () => {
    assert.deepEqual(
      Object.keys(resources).sort(),
      Object.keys(registry)
        .map((name) => `sriov:index:${name}`)
        .sort(),
    );
    assert.deepEqual(
      Object.keys(schema.functions).sort(),
      Object.keys(functions)
        .map((name) => `sriov:index:${name}`)
        .sort(),
    );
  });

  for (const [token, resource] of Object.entries(resources)) {
    it(`shows ${token} in six languages, says how to import it, and where it was before`, () => {
      for (const language of ["typescript", "python", "go", "csharp", "java", "yaml"]) {
        assert.ok(resource.description.includes(`\`\`\`${language}\n`), language);
      }
      assert.match(resource.description, new RegExp(`pulumi import ${token} \\S+ kvm1/`));
      assert.deepEqual(resource.aliases, [{ type: `pulumi-nodejs:dynamic/sriov:${token.split(":").at(-1)}` }]);
    });

    it(`describes every property of ${token}, and asks for no host`, () => {
      for (const [name, property] of Object.entries({ ...resource.properties, ...resource.inputProperties })) {
        assert.ok(property.description, name);
      }
      assert.ok("host" in resource.inputProperties && !resource.requiredInputs.includes("host"));
    });

    it(`takes only outputs of ${token} for settled that it has`, () => {
      const type = resourceType(token);
      for (const name of settledOutputs(type)) assert.ok(type.outputNames.includes(name), name);
    });
  }

  it("marks credentials as secrets, of a host and of the provider", () => {
    const ssh = schema.types["sriov:index:HostSsh"].properties as Record<string, Property>;
    const settings = schema.config.variables as Record<string, Property>;
    for (const name of ["privateKey", "passphrase", "password"]) {
      assert.equal(ssh[name]?.secret, true, name);
      assert.equal(settings[`ssh${name.charAt(0).toUpperCase()}${name.slice(1)}`]?.secret, true, name);
    }
    assert.equal(ssh["user"]?.secret, undefined);
  });
});
