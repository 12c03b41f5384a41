// docs/resources.md as text: a table of properties and one of outputs for each resource.
import { functions } from "../../provider/functions/registry.js";
import { models } from "../../provider/resources/models.js";
import { type Schema, schemaOf } from "./schema.js";

function typeOf(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(" or ");
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.type === "array") return `${typeOf(schema.items ?? {})}[]`;
  return schema.type ?? "value";
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** A row a property; those of a nested object follow it, with their path. */
function rows(schema: Schema, prefix: string, side: "input" | "output"): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const required =
      (schema.required ?? []).includes(key) && property.default === undefined && side === "input" ? ", required" : "";
    const path = `${prefix}${key}`;
    const row = `| \`${path}\` | ${typeOf(property)}${required} | ${cell(property.description ?? "")} |`;
    // The host has a page of its own.
    if (path === "host") return [row];
    const object = property.anyOf?.find((option) => option.properties) ?? property;
    const inner = property.items?.properties ? { schema: property.items, mark: "[]." } : { schema: object, mark: "." };
    return [row, ...rows(inner.schema, `${path}${inner.mark}`, side)];
  });
}

const table = (schema: Schema, side: "input" | "output"): string =>
  ["| property | type | |", "|---|---|---|", ...rows(schema, "", side)].join("\n");

export function referenceText(): string {
  const sections = Object.entries(models).map(([name, { inputs, outputs }]) => {
    const input = schemaOf(inputs);
    return `## ${name}\n${input.description ?? ""}\n\n${table(input, "input")}\n\nOutputs, besides the properties:\n\n${table(schemaOf(outputs), "output")}\n`;
  });
  return [
    "<!-- Made from the models of provider/resources by sdk/generate (`npm run schema`). Do not edit. -->",
    "# The resources",
    "",
    'Unset means "leave alone", never "reset", unless the property says otherwise. `host` is on [a page of its own](hosts.md). Every property may be an output of another resource.',
    "",
    ...sections,
  ].join("\n");
}

export function functionReferenceText(): string {
  const sections = Object.entries(functions)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { args, result }]) => {
      const answer = schemaOf(result);
      return `## ${name}\n${answer.description ?? ""}\n\n${table(schemaOf(args), "input")}\n\nAnswers:\n\n${table(answer, "output")}\n`;
    });
  return [
    "<!-- Made from the models of provider/functions by sdk/generate (`npm run schema`). Do not edit. -->",
    "# The functions",
    "",
    "Questions to a host that change nothing. Each comes twice: `getX(args)` takes plain values and gives a Promise; `getXOutput(args)` takes outputs of resources too, asks when they are known, and gives an Output. `host` is on [a page of its own](hosts.md). A host that cannot be asked, and a name that it does not have, is an error.",
    "",
    "```ts",
    'const { virtualFunctions } = await sriov.getVirtualFunctions({ host, pf: "eno49" });',
    'export const free = virtualFunctions.filter((vf) => vf.use === "free").length;',
    "export const users = sriov.getNetworkOutput({ host, network: pool.name }).allocations;",
    "```",
    "",
    ...sections,
  ].join("\n");
}
