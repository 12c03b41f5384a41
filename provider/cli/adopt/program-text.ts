// What was found, as the TypeScript program that says the same. Pure.
import type { Importable } from "../../functions/importable.js";
import { z } from "zod";
import type { HostInputs } from "../../resources/host-inputs.js";
import type { Value, Values } from "../../resources/lifecycle.js";
import { models } from "../../resources/models.js";

export type Named = Importable & { variable: string; dependsOn: Named[]; references: { [property: string]: Named } };

/** Who refers to whom: a pool to its VFs, an interface to its pool; what a VM starts with waits for the host's setup. */
export function linked(resources: readonly Importable[]): Named[] {
  const taken = new Set(["pulumi", "sriov", "host"]);
  const named = resources.map((one): Named => ({
    ...one,
    variable: identifier(one.name, taken),
    dependsOn: [],
    references: {},
  }));
  const of = (type: Importable["type"], isIt: (one: Named) => boolean) =>
    named.find((one) => one.type === type && isIt(one));
  for (const one of named) {
    const refer = (property: string, to: Named | undefined) => {
      if (to) one.references[property] = to;
    };
    if (one.type === "SriovNetwork") {
      refer(
        "pf",
        of("VfConfig", ({ state }) => state["pfName"] !== "" && state["pfName"] === one.inputs["pf"]),
      );
      one.dependsOn = named.filter(({ type }) => type === "HostSetup");
    }
    if (one.type === "VmSriovInterface") {
      refer(
        "network",
        of("SriovNetwork", ({ state }) => state["name"] === one.inputs["network"]),
      );
    }
  }
  return named;
}

const outputs: { [property: string]: string } = { pf: "pfName", network: "name" };

export function programText(resources: readonly Named[], host: HostInputs, hostName: string): string {
  const isUsed = (one: Named) =>
    resources.some(({ dependsOn, references }) => dependsOn.includes(one) || Object.values(references).includes(one));
  return [
    `// The SR-IOV of ${hostName} as \`pulumi-sriov adopt\` found it.`,
    'import * as sriov from "pulumi-sriov";',
    "",
    `const host = ${literal(host, "")};`,
    "",
    ...resources.flatMap((one) => [`${isUsed(one) ? `const ${one.variable} = ` : ""}${constructor(one)}`, ""]),
  ].join("\n");
}

function constructor({ type, name, inputs, references, dependsOn }: Named): string {
  const lines = Object.entries(stated(type, inputs)).map(([property, value]) => {
    const to = references[property];
    const text = to ? `${to.variable}.${outputs[property]}` : literal(value, "  ");
    return `  ${property}: ${text},`;
  });
  const options =
    dependsOn.length === 0 ? "" : `, { dependsOn: [${dependsOn.map(({ variable }) => variable).join(", ")}] }`;
  return [`new sriov.${type}(${JSON.stringify(name)}, {`, "  host,", ...lines, `}${options});`].join("\n");
}

/** What a program has to say: neither facts that check finds out nor what is so by default. */
function stated(type: Importable["type"], inputs: Values): Values {
  const { shape }: z.ZodObject = models[type].inputs;
  return Object.fromEntries(
    Object.entries(shape).flatMap(([property, schema]): [string, Value][] => {
      const value = inputs[property];
      const byDefault: unknown = schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
      const isNeeded =
        property !== "host" && value !== undefined && JSON.stringify(value) !== JSON.stringify(byDefault);
      return isNeeded ? [[property, value]] : [];
    }),
  );
}

const maxLine = 100;

/** As prettier writes it: on one line while it fits. */
function literal(value: Value, indent: string): string {
  const flat = flatLiteral(value);
  if (indent.length + flat.length <= maxLine || typeof value !== "object" || value === null) return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => `${inner}${literal(item, inner)},\n`).join("")}${indent}]`;
  }
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{\n${fields.map(([name, item]) => `${inner}${key(name)}: ${literal(item, inner)},\n`).join("")}${indent}}`;
}

function flatLiteral(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(flatLiteral).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{ ${fields.map(([name, item]) => `${key(name)}: ${flatLiteral(item)}`).join(", ")} }`;
}

const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

/** `pool-eno49` -> `poolEno49`; never twice the same. */
function identifier(name: string, taken: Set<string>): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const joined = words
    .map((word, i) => (i === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1))
    .join("");
  const base = /^[A-Za-z]/.test(joined) ? joined : `r${joined}`;
  let free = base;
  for (let i = 2; taken.has(free) || reserved.has(free); i += 1) free = `${base}${i}`;
  taken.add(free);
  return free;
}

const reserved = new Set(
  "await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return static super switch this throw true try typeof var void while with yield let".split(
    " ",
  ),
);
