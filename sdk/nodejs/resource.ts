// What the resource classes share: a custom resource of Pulumi's dynamic provider whose provider is a constant text.
import * as pulumi from "@pulumi/pulumi";
import type { ResourceName } from "../../provider/resources/registry.js";
import type { HostArgs } from "./types.gen.js";
import { nameProperty, providerProperty } from "./wire.js";

const credentials = ["privateKey", "passphrase", "password"] as const;

type HostLike = { ssh?: Record<string, unknown> | undefined };

/** Keys, passphrases and passwords are secrets, whether or not the program says so. */
function withSecrets(host: pulumi.Input<HostArgs>): pulumi.Output<unknown> {
  return pulumi.output(host).apply((resolved): unknown => {
    const ssh = (resolved as HostLike | undefined)?.ssh;
    return ssh && credentials.some((key) => ssh[key] !== undefined) ? pulumi.secret(resolved) : resolved;
  });
}

export abstract class SriovResource extends pulumi.CustomResource {
  protected constructor(
    type: ResourceName,
    name: string,
    args: { host: pulumi.Input<HostArgs> },
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
