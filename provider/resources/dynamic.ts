// How Pulumi's dynamic provider knows a resource: in everybody's state, so neither of the two texts ever changes.
import type { ResourceName } from "./registry.js";

export const dynamicType = (name: ResourceName): string => `pulumi-nodejs:dynamic/sriov:${name}`;

/** What Pulumi makes the provider of: it requires this package where the program is, and names the resource. */
export const dynamicProviderText = (name: ResourceName): string =>
  `exports.handler = () => require("pulumi-sriov/dynamic").provider("${name}");`;

/** The property of inputs and outputs that has the text. */
export const providerProperty = "__provider";
