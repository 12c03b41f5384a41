// The functions as the engine calls them: `sriov:index:getHost`.
import { type InvokeRequest, InvokeResponse } from "@pulumi/pulumi/proto/provider_pb";
import { SriovError } from "../base/errors.js";
import { type FunctionName, callFunction, functions } from "../functions/registry.js";
import { withHost } from "./configuration.js";
import { tokenOf } from "./resource-types.js";
import type { Help } from "./resources.js";
import { Secrets, fromStruct, toStruct } from "./values.js";

export async function invoke(request: InvokeRequest, help: Help): Promise<InvokeResponse> {
  const name = functionIn(request.getTok());
  const secrets = new Secrets();
  const args = withHost(fromStruct(request.getArgs(), secrets), help.configuration);
  const result = await help.run("", 0, (context) => callFunction(name, context, args));
  const response = new InvokeResponse();
  response.setReturn(toStruct(result, secrets));
  return response;
}

function functionIn(token: string): FunctionName {
  const name = token.split(":").at(-1) ?? "";
  if (Object.hasOwn(functions, name)) return name as FunctionName;
  const known = Object.keys(functions).map(tokenOf).join(", ");
  throw new SriovError("unsupported", `this version of the sriov plugin has no function "${token}"; it has ${known}`);
}
