// The TypeScript API as text: interfaces of arguments and outputs, with the models' descriptions as their documentation.
import { functions } from "../../provider/functions/registry.js";
import { models } from "../../provider/resources/models.js";
import { type Schema, schemaOf } from "./schema.js";

/** Whether the fields are a program's arguments (each may be an output) or what a resource shows. */
type Side = "input" | "output";

const pascal = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const singular = (text: string): string => (text.endsWith("s") ? text.slice(0, -1) : text);

class Types {
  /** Nested object types by name, each written once. */
  readonly #made = new Map<string, string>();

  /** The TypeScript type of a schema; objects become interfaces named after the path to them. */
  of(schema: Schema, name: string, side: Side): string {
    if (schema.anyOf) return [...new Set(schema.anyOf.map((option) => this.of(option, name, side)))].join(" | ");
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.type === "array") {
      const item = this.of(schema.items ?? {}, singular(name), side);
      return side === "input" ? `pulumi.Input<${item}>[]` : `(${item})[]`;
    }
    if (schema.type === "object") {
      const typeName = side === "input" ? `${name}Args` : name;
      if (!this.#made.has(typeName)) {
        this.#made.set(typeName, "");
        this.#made.set(typeName, this.interface(typeName, schema, name, side, { wrap: side === "input" }));
      }
      return typeName;
    }
    if (schema.type === "integer" || schema.type === "number") return "number";
    if (schema.type === "boolean") return "boolean";
    if (schema.type === "string") return "string";
    throw new Error(`${name}: no TypeScript type for ${JSON.stringify(schema)}`);
  }

  interface(typeName: string, schema: Schema, name: string, side: Side, options: { wrap: boolean }): string {
    const fields = Object.entries(schema.properties ?? {}).map(([key, property]) => {
      // The host is the same type everywhere.
      const type = this.of(property, key === "host" ? "Host" : `${name}${pascal(key)}`, side);
      const isOptional = !(schema.required ?? []).includes(key);
      const wrapped =
        side === "input" ? `pulumi.Input<${type}>` : `pulumi.Output<${type}${isOptional ? " | undefined" : ""}>`;
      const optional = isOptional && !(options.wrap && side === "output") ? "?" : "";
      return `${doc(property)}  readonly ${key}${optional}: ${options.wrap ? wrapped : type};`;
    });
    return `${doc(schema, "")}export interface ${typeName} {\n${fields.join("\n\n")}\n}\n`;
  }

  all(): string[] {
    return [...this.#made.values()];
  }
}

function doc(schema: Schema, indent = "  "): string {
  return schema.description ? `${indent}/** ${schema.description.replaceAll("*/", "*\\/")} */\n` : "";
}

export function typesText(): string {
  const types = new Types();
  const resources = Object.entries(models).flatMap(([name, { inputs, outputs }]) => {
    const both = schemaOf(inputs);
    const made = schemaOf(outputs);
    const shown: Schema = {
      properties: { ...both.properties, ...made.properties },
      // What has a default always has a value.
      required: [...(both.required ?? []), ...(made.required ?? []), ...withDefault(both)],
    };
    return [
      types.interface(`${name}Args`, { ...both, description: `What a program says of a ${name}.` }, name, "input", {
        wrap: true,
      }),
      types.interface(`${name}Outputs`, { ...shown, description: `What a ${name} shows.` }, name, "output", {
        wrap: true,
      }),
    ];
  });
  const asked = Object.entries(functions).flatMap(([name, { args, result }]) => {
    const questions = schemaOf(args);
    const typeName = pascal(name);
    const plain = { ...questions, description: `What to ask ${name} for.` };
    const open = { ...questions, description: `What to ask ${name}Output for.` };
    return [
      types.interface(`${typeName}Args`, plain, typeName, "output", { wrap: false }),
      types.interface(`${typeName}OutputArgs`, open, typeName, "input", { wrap: true }),
      types.interface(`${typeName}Result`, schemaOf(result), typeName, "output", { wrap: false }),
    ];
  });
  return [
    "// Made from the models of provider/resources and provider/functions by sdk/generate (`npm run schema`). Do not edit.",
    'import type * as pulumi from "@pulumi/pulumi";',
    "",
    ...types.all(),
    ...resources,
    ...asked,
  ].join("\n");
}

const withDefault = (schema: Schema): string[] =>
  Object.entries(schema.properties ?? {})
    .filter(([, property]) => property.default !== undefined)
    .map(([name]) => name);
