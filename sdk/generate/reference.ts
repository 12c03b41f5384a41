// docs/resources.md as text: a table of properties and one of outputs for each resource.
import { models } from "../../provider/resources/models.js";
import { type Schema, schemaOf } from "./schema.js";

function typeOf(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(" or ");
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
    const inner = property.items?.properties
      ? { schema: property.items, mark: "[]." }
      : { schema: property, mark: "." };
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
