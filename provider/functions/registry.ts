// Every function by the name it has in programs. The adapters read this table, and ask through `callFunction`.
import type { z } from "zod";
import { SriovError } from "../base/errors.js";
import type { Context, Values } from "../resources/lifecycle.js";
import { parseModel } from "../resources/model-failures.js";
import type { HostFunction } from "./function.js";
import { getDomainInterfaces } from "./get-domain-interfaces.js";
import { getHost } from "./get-host.js";
import { getNetwork } from "./get-network.js";
import { getPhysicalFunctions } from "./get-physical-functions.js";
import { getVirtualFunctions } from "./get-virtual-functions.js";

export const functions = {
  getDomainInterfaces,
  getHost,
  getNetwork,
  getPhysicalFunctions,
  getVirtualFunctions,
};

export type FunctionName = keyof typeof functions;
export type FunctionArgs<Name extends FunctionName> = z.infer<(typeof functions)[Name]["args"]>;
export type FunctionResult<Name extends FunctionName> = z.infer<(typeof functions)[Name]["result"]>;

/** Throws `invalid-input` that says everything that is wrong with the arguments at once. */
export async function callFunction<Name extends FunctionName>(
  name: Name,
  context: Context,
  args: Values,
): Promise<FunctionResult<Name>> {
  const asked = functions[name] as unknown as HostFunction<unknown, FunctionResult<Name>>;
  const { inputs, failures } = parseModel(asked.args, args);
  if (failures.length > 0) {
    const reasons = failures.map(({ property, reason }) => `${property === "" ? "" : `${property}: `}${reason}`);
    throw new SriovError("invalid-input", `${name}: ${reasons.join("\n")}`);
  }
  return asked.call(context, inputs);
}
