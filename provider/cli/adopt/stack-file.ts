// What was found, as a file for `pulumi stack import`: Pulumi imports no dynamic resource by its id, but takes a whole
// state, in every version of its CLI. Pure.
import { createHash } from "node:crypto";
import { dynamicProviderText, dynamicType, providerProperty } from "../../resources/dynamic.js";
import type { Named } from "./program-text.js";

export type StackNames = { project: string; stack: string };

/** `time`: RFC 3339. */
export function stackFile(resources: readonly Named[], { project, stack }: StackNames, time: string): string {
  const urn = (type: string, name: string) => `urn:pulumi:${stack}::${project}::${type}::${name}`;
  const root = urn("pulumi:pulumi:Stack", `${project}-${stack}`);
  const provider = urn("pulumi:providers:pulumi-nodejs", "default");
  const providerId = uuidFrom(provider);
  const urnOf = ({ type, name }: Named) => urn(dynamicType(type), name);
  const entries = resources.map((one) => {
    const { type, id, inputs, state, schemaVersion, references, dependsOn } = one;
    const text = { [providerProperty]: dynamicProviderText(type) };
    const dependencies = [...new Set([...Object.values(references), ...dependsOn].map(urnOf))];
    return {
      urn: urnOf(one),
      custom: true,
      id,
      type: dynamicType(type),
      inputs: { ...inputs, ...text },
      outputs: { ...state, schemaVersion, ...text },
      parent: root,
      provider: `${provider}::${providerId}`,
      dependencies,
      propertyDependencies: Object.fromEntries(
        Object.entries(references).map(([property, to]) => [property, [urnOf(to)]]),
      ),
    };
  });
  const deployment = {
    manifest: { time, magic: "", version: "" },
    resources: [
      { urn: root, custom: false, type: "pulumi:pulumi:Stack" },
      { urn: provider, custom: true, id: providerId, type: "pulumi:providers:pulumi-nodejs", inputs: {}, outputs: {} },
      ...entries,
    ],
  };
  return `${JSON.stringify({ version: 3, deployment }, null, 2)}\n`;
}

/** The same for the same provider: a second run writes the same file. */
function uuidFrom(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
