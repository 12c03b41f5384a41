// What a lifecycle is called with, around one session: nobody cancels it, and its host is never silent.
import { deadlineIn } from "../../provider/base/deadline.js";
import { type Log, silentLog } from "../../provider/base/log.js";
import type { Context } from "../../provider/resources/lifecycle.js";
import { Program } from "../../provider/resources/program.js";
import type { Session } from "../../provider/resources/session.js";

export function fakeContext(connect: () => Promise<Session>, log: Partial<Log> = {}, program = new Program()): Context {
  return {
    connect,
    whileAlive: async (_host, work) => work(await connect()),
    program,
    log: { ...silentLog, ...log },
    signal: new AbortController().signal,
    deadline: deadlineIn(120_000),
  };
}
