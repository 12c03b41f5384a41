// The functions of the provider, as programs call them. What asks is loaded when the first question is asked: most programs have
// none, and it takes ten times as long to load as all the rest of this package.
import * as pulumi from "@pulumi/pulumi";
import type * as askHost from "./ask-host.js";
import type { FunctionName } from "../../provider/functions/registry.js";

/**
 * Rejects with what is wrong with the arguments, all of it, or why the host cannot be asked. `Result` is the type that is made
 * of the function's model.
 */
export async function ask<Result>(name: FunctionName, args: object): Promise<Result> {
  // Not import(): a test runner of a user's may have no ES modules, and another copy of @pulumi/pulumi for them.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const host = require("./ask-host.js") as typeof askHost;
  return host.ask<Result>(name, args);
}

/** The same for arguments that may be outputs: it asks when they are known. Secret arguments make a secret answer. */
export const askOutput = <Result>(name: FunctionName, args: object): pulumi.Output<Result> =>
  pulumi.output(args).apply((known) => ask<Result>(name, known));
