// Asks a function of the provider from within the program: there is no provider process to ask, so the program's own asks the
// host. Connections last as long as questions are open: an idle one would keep the program from ending.
import * as pulumi from "@pulumi/pulumi";
import { explain, isSriovError } from "../../provider/base/errors.js";
import { type FunctionName, callFunction } from "../../provider/functions/registry.js";
import { closeEverything, createContext } from "../../provider/resources/context.js";
import type { Values } from "../../provider/resources/lifecycle.js";

const callTimeoutMs = 5 * 60_000;

let open = 0;
let closing: Promise<void> = Promise.resolve();

/**
 * Rejects with what is wrong with the arguments, all of it, or why the host cannot be asked. `Result` is the type that is made
 * of the function's model.
 */
export async function ask<Result>(name: FunctionName, args: object): Promise<Result> {
  await closing;
  open += 1;
  try {
    const context = createContext({ log, signal: new AbortController().signal, timeoutMs: callTimeoutMs });
    return (await callFunction(name, context, args as Values)) as Result;
  } catch (error) {
    // A stack trace helps nobody who reads why a host cannot be reached.
    throw isSriovError(error) ? new pulumi.RunError(explain(error)) : error;
  } finally {
    open -= 1;
    if (open === 0) await (closing = closeEverything());
  }
}

const log = {
  debug: (message: string) => void pulumi.log.debug(message),
  info: (message: string) => void pulumi.log.info(message),
  warn: (message: string) => void pulumi.log.warn(message),
};
