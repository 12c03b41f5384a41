// The contract between the adapters and the functions: a question to a host that changes nothing. registry.ts has them all.
import type { z } from "zod";
import type { Context } from "../resources/lifecycle.js";

export interface HostFunction<Args, Result> {
  /** What may be asked: every field described, also for people. Strict: an unknown field is a mistake. */
  readonly args: z.ZodType<Args>;
  /** What is answered. Its own description is the function's. */
  readonly result: z.ZodType<Result>;
  /** `args` are checked. Rejects with an error of ours when the host cannot be asked, or has no such thing. */
  call(context: Context, args: Args): Promise<Result>;
}
