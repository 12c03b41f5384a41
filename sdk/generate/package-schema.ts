// The Pulumi package schema as text: what the engine, the SDKs of all languages and the registry know of this package.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { configurationKeys } from "../../provider/plugin/configuration-keys.js";
import { functions } from "../../provider/functions/registry.js";
import { isCredential } from "../../provider/resources/credentials.js";
import { models } from "../../provider/resources/models.js";
import { listModels } from "../../provider/plugin/list-models.js";
import { tokenOf } from "../../provider/plugin/resource-types.js";
import { functionText, packageText, resourceText } from "./package-docs.js";
import { type Schema, schemaOf } from "./schema.js";
import { typeName } from "./type-names.js";

const packageJson = JSON.parse(readFileSync(join(__dirname, "..", "..", "package.json"), "utf8")) as {
  version: string;
  description: string;
  license: string;
  keywords: string[];
  peerDependencies: Record<string, string>;
};

type Spec = Record<string, unknown>;
/** Enums are of a program's side: what a resource shows may be more, such as why it is not as it should be. */
type Side = "input" | "output";

const dynamicToken = (name: string): string => `pulumi-nodejs:dynamic/sriov:${name}`;
const pascal = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

class Types {
  readonly made: Record<string, Spec> = {};

  /** The specification of a property's type; `name` is what an object or enum of it is called. */
  of(schema: Schema, name: string, side: Side): Spec {
    if (schema.anyOf) {
      const options = schema.anyOf.map((option) => this.of(option, name, side));
      const different = [...new Map(options.map((option) => [JSON.stringify(option), option])).values()];
      return different.length === 1 ? (different[0] ?? {}) : { oneOf: different };
    }
    if (schema.enum && side === "input" && schema.enum.every((value) => typeof value === "string")) {
      this.#make(name, { type: "string", enum: schema.enum.map((value) => ({ name: enumName(value), value })) });
      return { $ref: refTo(name) };
    }
    if (schema.enum || schema.const !== undefined) return { type: typeof (schema.const ?? schema.enum?.[0]) };
    if (schema.type === "array") return { type: "array", items: this.of(schema.items ?? {}, name, side) };
    if (schema.type === "object" && schema.properties) {
      // A nested type is the same one on both sides.
      const { properties, required } = this.properties(schema, name, "input");
      this.#make(name, { type: "object", ...described(schema), properties, required });
      return { $ref: refTo(name) };
    }
    if (schema.type === "object" && typeof schema.additionalProperties === "object") {
      return { type: "object", additionalProperties: this.of(schema.additionalProperties, name, side) };
    }
    if (schema.type === "null" || schema.type === undefined) {
      throw new Error(`${name}: no type of Pulumi's for ${JSON.stringify(schema)}`);
    }
    return { type: schema.type };
  }

  /** `host` is never required: the provider may be configured for one. */
  properties(schema: Schema, owner: string, side: Side): { properties: Record<string, Spec>; required: string[] } {
    const entries = Object.entries(schema.properties ?? {}).map(([key, property]) => [
      key,
      this.#property(owner, key, property, side),
    ]);
    const required = (schema.required ?? []).filter((key) => key !== "host");
    return { properties: Object.fromEntries(entries) as Record<string, Spec>, required };
  }

  #property(owner: string, key: string, schema: Schema, side: Side): Spec {
    const name = typeName(owner, key);
    const isPlain = ["string", "number", "boolean"].includes(typeof schema.default);
    return {
      ...this.of(schema, name, side),
      ...described(schema),
      ...(side === "input" && isPlain ? { default: schema.default } : {}),
      // A type's name says the path to it: `HostTls`.
      ...(isCredential(["host", owner === "HostTls" ? "tls" : owner, key]) ? { secret: true } : {}),
      // The models say it in words; whether it does is the lifecycle's answer, which knows another name of the same thing.
      ...(side === "input" && /\breplaces the\b/.test(schema.description ?? "") ? { willReplaceOnChanges: true } : {}),
    };
  }

  #make(name: string, spec: Spec): void {
    const before = this.made[tokenOf(name)];
    if (before && JSON.stringify(before) !== JSON.stringify(spec)) {
      throw new Error(`two different types would be called ${tokenOf(name)}: rename a property`);
    }
    this.made[tokenOf(name)] = spec;
  }
}

const refTo = (name: string): string => `#/types/${tokenOf(name)}`;

const described = (schema: Schema): Spec => (schema.description ? { description: schema.description } : {});

/** `systemd-unit` -> `SystemdUnit`, which is a name in every language. */
const enumName = (value: unknown): string =>
  String(value)
    .split(/[^A-Za-z0-9]+/)
    .map(pascal)
    .join("");

function resourceSpec(types: Types, name: keyof typeof models): Spec {
  const inputs = schemaOf(models[name].inputs);
  const outputs = schemaOf(models[name].outputs);
  const stated = types.properties(inputs, name, "input");
  const withDefault = Object.entries(inputs.properties ?? {}).filter(([, { default: value }]) => value !== undefined);
  const shown = types.properties(
    {
      properties: { ...withoutEnums(inputs.properties), ...outputs.properties },
      required: [...stated.required, ...withDefault.map(([key]) => key), ...(outputs.required ?? [])],
    },
    name,
    "output",
  );
  return {
    description: resourceText(name, inputs.description ?? ""),
    properties: shown.properties,
    required: [...new Set(shown.required)],
    inputProperties: stated.properties,
    requiredInputs: stated.required,
    listInputs: { type: "object", ...types.properties(schemaOf(listModels[name]), name, "input") },
    aliases: [{ type: dynamicToken(name) }],
  };
}

const withoutEnums = (properties: Schema["properties"] = {}): Record<string, Schema> =>
  Object.fromEntries(
    Object.entries(properties).map(([key, { enum: values, ...rest }]) => [
      key,
      values ? { ...rest, type: typeof values[0] } : rest,
    ]),
  );

function functionSpec(types: Types, name: keyof typeof functions): Spec {
  const owner = pascal(name);
  const args = types.properties(schemaOf(functions[name].args), owner, "input");
  const result = schemaOf(functions[name].result);
  return {
    description: functionText(result.description ?? ""),
    inputs: { type: "object", ...args },
    outputs: { type: "object", ...types.properties(result, owner, "output") },
  };
}

function configSpec(types: Types): Record<string, Spec> {
  const entries = configurationKeys.map(({ name, path, model, description, isSecret }) => {
    const type = types.of(schemaOf(model), path.reduce(typeName, "Host"), "input");
    return [name, { ...type, description, ...(isSecret ? { secret: true } : {}) }];
  });
  return Object.fromEntries(entries) as Record<string, Spec>;
}

export function packageSchemaText(): string {
  const types = new Types();
  const resources = Object.keys(models).map((name) => [
    tokenOf(name),
    resourceSpec(types, name as keyof typeof models),
  ]);
  const asked = Object.keys(functions).map((name) => [
    tokenOf(name),
    functionSpec(types, name as keyof typeof functions),
  ]);
  const config = configSpec(types);
  const schema = {
    "//": "Made from the models of provider/ by sdk/generate (`npm run schema`). Do not edit.",
    name: "sriov",
    displayName: "SR-IOV",
    version: packageJson.version,
    description: packageJson.description,
    keywords: [
      "pulumi",
      "category/network",
      "kind/native",
      ...packageJson.keywords.filter((word) => word !== "pulumi"),
    ],
    license: packageJson.license,
    attribution: packageText,
    config: { variables: config },
    provider: { description: "The settings that hold for all resources.", inputProperties: config },
    types: types.made,
    resources: Object.fromEntries(resources) as Spec,
    functions: Object.fromEntries(asked) as Spec,
    language: {
      nodejs: {
        respectSchemaVersion: true,
        dependencies: { "@pulumi/pulumi": packageJson.peerDependencies["@pulumi/pulumi"] },
      },
      python: { respectSchemaVersion: true, pyproject: { enabled: true } },
      go: { respectSchemaVersion: true, generateResourceContainerTypes: true },
      csharp: { respectSchemaVersion: true },
      java: {},
    },
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
