// What the resource classes share: a custom resource of Pulumi's dynamic provider whose provider is a constant text.
import * as pulumi from "@pulumi/pulumi";
import { holdsCredential } from "../../provider/resources/credentials.js";
import { dynamicProviderText, dynamicType, providerProperty } from "../../provider/resources/dynamic.js";
import { lostArguments } from "./lost.js";
import { properties } from "./properties.gen.js";
import { withoutTraces } from "./traces.js";
import type { HostArgs } from "./types.gen.js";
import { lostProperty, nameProperty, stackProperty } from "./wire.js";

/** Keys, passphrases and passwords are secrets, whether or not the program says so. */
function withSecrets(host: pulumi.Input<HostArgs>): pulumi.Output<unknown> {
  return pulumi.output(host).apply((resolved): unknown => {
    return holdsCredential(resolved) ? pulumi.secret(resolved) : resolved;
  });
}

export abstract class SriovResource extends pulumi.CustomResource {
  protected constructor(
    type: keyof typeof properties,
    name: string,
    args: { host: pulumi.Input<HostArgs> },
    options?: pulumi.CustomResourceOptions,
  ) {
    // A property that is not among the arguments becomes an output of the class only when it is named.
    const named = Object.fromEntries(properties[type].map((key) => [key, undefined]));
    const all = {
      ...named,
      ...args,
      host: withSecrets(args.host),
      [nameProperty]: name,
      [stackProperty]: `${pulumi.getProject()}/${pulumi.getStack()}`,
      [lostProperty]: lostArguments(args),
      [providerProperty]: dynamicProviderText(type),
    };
    const again = withoutTraces();
    try {
      super(dynamicType(type), name, all, options);
    } finally {
      again();
    }
  }
}
