// What the resource classes share: a custom resource of Pulumi's dynamic provider whose provider is a constant text.
import * as pulumi from "@pulumi/pulumi";
import type { ResourceName } from "../../provider/resources/registry.js";
import { nameProperty, providerProperty } from "./wire.js";

/** Every property may be an output, at any depth. */
export type Inputs<T> = { [K in keyof T]: pulumi.Input<T[K] extends object | undefined ? InputsOf<T[K]> : T[K]> };
type InputsOf<T> = T extends readonly (infer Item)[]
  ? pulumi.Input<Item extends object ? Inputs<Item> : Item>[]
  : T extends object
    ? Inputs<T>
    : T;

const credentials = ["privateKey", "passphrase", "password"] as const;

type HostLike = { ssh?: Record<string, unknown> | undefined };

/** Keys, passphrases and passwords are secrets, whether or not the program says so. */
function withSecrets(host: unknown): pulumi.Output<unknown> {
  return pulumi.output(host).apply((resolved) => {
    const ssh = (resolved as HostLike | undefined)?.ssh;
    return ssh && credentials.some((key) => ssh[key] !== undefined) ? pulumi.secret(resolved) : resolved;
  });
}

export abstract class SriovResource extends pulumi.CustomResource {
  protected constructor(
    type: ResourceName,
    name: string,
    args: { host: unknown },
    outputs: readonly string[],
    options?: pulumi.CustomResourceOptions,
  ) {
    const declared = Object.fromEntries(outputs.map((output) => [output, undefined]));
    super(
      `pulumi-nodejs:dynamic/sriov:${type}`,
      name,
      {
        ...declared,
        ...args,
        host: withSecrets(args.host),
        [nameProperty]: name,
        [providerProperty]: `exports.handler = () => require("pulumi-sriov/dynamic").provider("${type}");`,
      },
      options,
    );
  }
}
