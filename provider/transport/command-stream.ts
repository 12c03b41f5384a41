// A command's standard input and output as one stream of bytes. How the command ended is how the stream ends: with an error that
// says what it printed on standard error, unless we had closed it before.
import { Duplex } from "node:stream";
import { CommandError } from "../base/errors.js";
import { type Running, shorten } from "./command.js";

const maxComplaint = 4_096;

export function streamOf(where: string, command: string, running: Running): Duplex {
  let complaint = "";
  let isOver = false;
  running.stderr.on("data", (chunk: Buffer) => {
    if (complaint.length < maxComplaint) complaint += chunk.toString();
  });
  const stream = new Duplex({
    read: () => void running.stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => void running.stdin.write(chunk, done),
    final: (done) => void running.stdin.end(done),
    destroy: (error, done) => {
      if (!isOver) running.stop();
      done(error);
    },
  });
  // A command that is gone cannot be written to; `ended` says why it is.
  running.stdin.on("error", () => undefined);
  running.stdout.on("data", (chunk: Buffer) => {
    if (!stream.push(chunk)) running.stdout.pause();
  });
  running.ended.then(
    ({ exitCode, signal }) => {
      isOver = true;
      if (exitCode === 0 || stream.writableEnded) return void stream.push(null);
      const said = complaint.trim().split("\n").at(-1) ?? "";
      const how = exitCode === undefined ? `was ended by ${signal ?? "a signal"}` : `ended with exit code ${exitCode}`;
      const message = `\`${shorten(command)}\` on ${where} ${how}${said === "" ? "" : `: ${said}`}`;
      const codes = { ...(exitCode === undefined ? {} : { exitCode }), ...(signal === undefined ? {} : { signal }) };
      return void stream.destroy(
        new CommandError(message, { command, ...codes, stdout: "", stderr: complaint }, "unreachable"),
      );
    },
    (error: Error) => {
      isOver = true;
      stream.destroy(error);
    },
  );
  return stream;
}
