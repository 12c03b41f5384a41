// The resources as the engine names them: `sriov:index:VfConfig`, `urn:pulumi:STACK::PROJECT::TYPE::NAME`.
import { SriovError } from "../base/errors.js";
import type { Lifecycle } from "../resources/lifecycle.js";
import { models } from "../resources/models.js";
import { type ResourceName, registry } from "../resources/registry.js";

export const tokenOf = (name: string): string => `sriov:index:${name}`;

export type ResourceType = {
  name: ResourceName;
  lifecycle: Lifecycle<object, object>;
  /** The names of what a program may say, and of what the resource shows besides. */
  inputNames: readonly string[];
  outputNames: readonly string[];
};

export type Urn = {
  urn: string;
  /** `project/stack` */
  stack: string;
  token: string;
  name: string;
};

export function parseUrn(urn: string): Urn {
  const [head = "", project = "", types = "", ...rest] = urn.split("::");
  // A child's type is after its parents': `parent$child`.
  const token = types.slice(types.lastIndexOf("$") + 1);
  return { urn, stack: `${project}/${head.replace(/^urn:pulumi:/, "")}`, token, name: rest.join("::") };
}

export function resourceType(token: string): ResourceType {
  const name = token.split(":").at(-1) ?? "";
  if (!Object.hasOwn(registry, name)) {
    const known = Object.keys(registry).map(tokenOf).join(", ");
    throw new SriovError("unsupported", `this version of the sriov plugin has no resource "${token}"; it has ${known}`);
  }
  const { inputs, outputs } = models[name as ResourceName];
  return {
    name: name as ResourceName,
    lifecycle: registry[name as ResourceName],
    inputNames: Object.keys(inputs.shape),
    outputNames: Object.keys(outputs.shape),
  };
}
