// One example, told once as data, in every language that Pulumi programs are written in.
import { models } from "../../provider/resources/models.js";
import type { ResourceName } from "../../provider/resources/registry.js";
import { type Schema, schemaOf } from "./schema.js";
import { typeName } from "./type-names.js";

/** An output of another resource of the example. */
type Ref = { variable: string; output: string };
type Value = string | number | boolean | Ref | Value[] | { [key: string]: Value };

export type Example = { title: string; resources: Declared[] };
type Declared = {
  variable: string;
  type: ResourceName;
  name: string;
  properties: Record<string, Value>;
  dependsOn?: string[];
};

export const ref = (variable: string, output: string): Ref => ({ variable, output });
const isRef = (value: Value): value is Ref => typeof value === "object" && "variable" in value;

type Write = (value: Value, schema: Schema, name: string, indent: string) => string;

const pascal = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const snake = (text: string): string => text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const quoted = (value: Value): string => JSON.stringify(value);

type Field = { key: string; value: Value; schema: Schema; name: string };

/** The fields of an object with what the model says of each. */
const fields = (value: Value, schema: Schema, name: string): Field[] =>
  Object.entries(value as Record<string, Value>).map(([key, item]) => ({
    key,
    value: item,
    schema: schema.properties?.[key] ?? {},
    name: typeName(name, key),
  }));

const topFields = ({ type, properties }: Declared): Field[] => fields(properties, schemaOf(models[type].inputs), type);

const typescript: Write = (value, schema, name, indent) => {
  if (typeof value !== "object") return quoted(value);
  if (isRef(value)) return `${value.variable}.${value.output}`;
  const inner = `${indent}    `;
  if (Array.isArray(value)) return `[${value.map((item) => typescript(item, {}, name, indent)).join(", ")}]`;
  const lines = fields(value, schema, name).map((at) => `${inner}${at.key}: ${typescript(at.value, {}, "", inner)},`);
  return `{\n${lines.join("\n")}\n${indent}}`;
};

function typescriptText({ resources }: Example): string {
  const text = resources.map((declared) => {
    const options = declared.dependsOn ? `, { dependsOn: [${declared.dependsOn.join(", ")}] }` : "";
    const args = typescript(declared.properties, {}, declared.type, "");
    return `const ${declared.variable} = new sriov.${declared.type}("${declared.name}", ${args}${options});`;
  });
  return ['import * as sriov from "@pulumi/sriov";', "", ...text].join("\n");
}

const python: Write = (value, schema, name, indent) => {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return quoted(value);
  if (isRef(value)) return `${value.variable}.${snake(value.output)}`;
  const inner = `${indent}    `;
  if (Array.isArray(value)) return `[${value.map((item) => python(item, {}, name, indent)).join(", ")}]`;
  const lines = fields(value, schema, name).map(
    (at) => `${inner}"${snake(at.key)}": ${python(at.value, {}, "", inner)},`,
  );
  return `{\n${lines.join("\n")}\n${indent}}`;
};

function pythonText({ resources }: Example): string {
  const text = resources.map((declared) => {
    const args = topFields(declared).map((at) => `    ${snake(at.key)}=${python(at.value, {}, "", "    ")},`);
    if (declared.dependsOn)
      args.push(`    opts=pulumi.ResourceOptions(depends_on=[${declared.dependsOn.join(", ")}]),`);
    return `${declared.variable} = sriov.${declared.type}(\n    "${declared.name}",\n${args.join("\n")}\n)`;
  });
  return ["import pulumi", "import pulumi_sriov as sriov", "", ...text].join("\n");
}

const go: Write = (value, schema, name, indent) => {
  if (typeof value === "boolean") return `pulumi.Bool(${value})`;
  if (typeof value === "number") return `pulumi.Int(${value})`;
  if (typeof value === "string") return `pulumi.String(${quoted(value)})`;
  if (isRef(value)) return `${value.variable}.${pascal(value.output)}`;
  const inner = `${indent}\t`;
  if (Array.isArray(value)) {
    const items = value.map((item) => `${inner}${go(item, schema.items ?? {}, name, inner)},`);
    const type = schema.items?.type === "object" ? `sriov.${name}Array` : "pulumi.StringArray";
    return `${type}{\n${items.join("\n")}\n${indent}}`;
  }
  const lines = fields(value, schema, name).map(
    (at) => `${inner}${pascal(at.key)}: ${go(at.value, at.schema, at.name, inner)},`,
  );
  return `&sriov.${name}Args{\n${lines.join("\n")}\n${indent}}`;
};

function goText({ resources }: Example): string {
  const used = (variable: string) =>
    resources.some(({ properties, dependsOn = [] }) => dependsOn.includes(variable) || uses(properties, variable));
  let isDeclared = false;
  const text = resources.map((declared) => {
    const { variable, type, name, properties, dependsOn } = declared;
    const args = go(properties, schemaOf(models[type].inputs), type, "\t\t");
    const options = dependsOn ? `, pulumi.DependsOn([]pulumi.Resource{${dependsOn.join(", ")}})` : "";
    const target = used(variable) ? `${variable}, err :=` : `_, err ${isDeclared ? "=" : ":="}`;
    isDeclared = true;
    return `\t\t${target} sriov.New${type}(ctx, "${name}", ${args}${options})\n\t\tif err != nil {\n\t\t\treturn err\n\t\t}`;
  });
  // As the CLI calls the SDK that it makes of a plugin without a repository.
  const imports = ["example.com/pulumi-sriov/sdk/go/sriov", "github.com/pulumi/pulumi/sdk/v3/go/pulumi"];
  return [
    "package main",
    "",
    `import (\n${imports.map((path) => `\t"${path}"`).join("\n")}\n)`,
    "",
    "func main() {",
    "\tpulumi.Run(func(ctx *pulumi.Context) error {",
    ...text,
    "\t\treturn nil",
    "\t})",
    "}",
  ].join("\n");
}

const uses = (value: Value, variable: string): boolean =>
  typeof value === "object" &&
  (isRef(value) ? value.variable === variable : Object.values(value).some((item: Value) => uses(item, variable)));

const csharp: Write = (value, schema, name, indent) => {
  if (typeof value !== "object") return quoted(value);
  if (isRef(value)) return `${value.variable}.${pascal(value.output)}`;
  const inner = `${indent}    `;
  if (Array.isArray(value)) {
    const items = value.map((item) => `${inner}${csharp(item, schema.items ?? {}, name, inner)},`);
    return `new[]\n${indent}{\n${items.join("\n")}\n${indent}}`;
  }
  const lines = fields(value, schema, name).map(
    (at) => `${inner}${pascal(at.key)} = ${csharp(at.value, at.schema, at.name, inner)},`,
  );
  return `new Sriov.Inputs.${name}Args\n${indent}{\n${lines.join("\n")}\n${indent}}`;
};

function csharpText({ resources }: Example): string {
  const text = resources.map((declared) => {
    const { variable, type, name, dependsOn } = declared;
    const lines = topFields(declared).map(
      (at) => `        ${pascal(at.key)} = ${csharp(at.value, at.schema, at.name, "        ")},`,
    );
    const options = dependsOn ? `, new() { DependsOn = { ${dependsOn.join(", ")} } }` : "";
    return `    var ${variable} = new Sriov.${type}("${name}", new()\n    {\n${lines.join("\n")}\n    }${options});`;
  });
  return [
    "using Pulumi;",
    "using Sriov = Pulumi.Sriov;",
    "",
    "return await Deployment.RunAsync(() =>",
    "{",
    ...text,
    "});",
  ].join("\n");
}

const java: Write = (value, schema, name, indent) => {
  if (typeof value !== "object") return quoted(value);
  if (isRef(value)) return `${value.variable}.${value.output}()`;
  const inner = `${indent}    `;
  if (Array.isArray(value)) return value.map((item) => java(item, schema.items ?? {}, name, indent)).join(", ");
  const lines = fields(value, schema, name).map(
    (at) => `${inner}.${at.key}(${java(at.value, at.schema, at.name, inner)})`,
  );
  return `${name}Args.builder()\n${lines.join("\n")}\n${inner}.build()`;
};

function javaText({ resources }: Example): string {
  const text = resources.map(({ variable, type, name, properties, dependsOn }) => {
    const args = java(properties, schemaOf(models[type].inputs), type, "            ");
    const options = dependsOn ? `, CustomResourceOptions.builder().dependsOn(${dependsOn.join(", ")}).build()` : "";
    return `            var ${variable} = new ${type}("${name}", ${args}${options});`;
  });
  return [
    "import com.pulumi.Pulumi;",
    "import com.pulumi.resources.CustomResourceOptions;",
    "import com.pulumi.sriov.*;",
    "import com.pulumi.sriov.inputs.*;",
    "",
    "public class App {",
    "    public static void main(String[] args) {",
    "        Pulumi.run(ctx -> {",
    ...text,
    "        });",
    "    }",
    "}",
  ].join("\n");
}

/** A YAML value in one line; text that YAML would read as something else is quoted. */
function yaml(value: Value): string {
  if (typeof value !== "object") return quoted(value);
  if (isRef(value)) return `\${${value.variable}.${value.output}}`;
  if (Array.isArray(value)) return `[${value.map(yaml).join(", ")}]`;
  return `{ ${Object.entries(value)
    .map(([key, item]) => `${key}: ${yaml(item)}`)
    .join(", ")} }`;
}

export function yamlText({ resources }: Example): string {
  const text = resources.flatMap(({ variable, type, name, properties, dependsOn }) => [
    `  ${variable}:`,
    `    type: sriov:${type}`,
    `    name: ${name}`,
    "    properties:",
    ...Object.entries(properties).map(([key, value]) => `      ${key}: ${yaml(value)}`),
    ...(dependsOn
      ? ["    options:", `      dependsOn: [${dependsOn.map((variable_) => `"\${${variable_}}"`).join(", ")}]`]
      : []),
  ]);
  return ["resources:", ...text].join("\n");
}

const languages: [string, (example: Example) => string][] = [
  ["typescript", typescriptText],
  ["python", pythonText],
  ["go", goText],
  ["csharp", csharpText],
  ["java", javaText],
  ["yaml", yamlText],
];

export const exampleText = (example: Example): string =>
  languages.map(([language, write]) => `\`\`\`${language}\n${write(example)}\n\`\`\``).join("\n\n");
