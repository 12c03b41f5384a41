// Whether the program's inputs make sense by themselves. Pure.
import type { Failure, Values } from "../lifecycle.js";
import { parseModel } from "../model-failures.js";
import { type HostSetupInputs, hostSetupModel } from "./model.js";

export function checkInputs(news: Values): { inputs: HostSetupInputs; failures: Failure[] } {
  const inputs = Object.fromEntries(Object.entries(news).filter(([, value]) => value !== undefined));
  return { inputs: inputs as unknown as HostSetupInputs, failures: parseModel(hostSetupModel, news).failures };
}
