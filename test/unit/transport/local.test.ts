// The machine itself as a host.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { kindOf } from "../../../provider/base/errors.js";
import { type LocalConnection, connectLocal, socketError } from "../../../provider/transport/local.js";

const kindFrom = (work: Promise<unknown>) => work.then(() => "no error", kindOf);

describe("LocalConnection", function () {
  this.timeout(20_000);
  let connection: LocalConnection;
  let folder: string;
  beforeEach(async () => {
    connection = connectLocal();
    folder = await mkdtemp(join(tmpdir(), "sriov-local-"));
  });
  afterEach(async () => {
    await connection.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("answers exit code, signal and both outputs as they are", async () => {
    const result = await connection.run("echo out; echo err >&2; exit 7");
    assert.deepEqual(
      { ...result },
      { command: result.command, exitCode: 7, signal: undefined, stdout: "out\n", stderr: "err\n" },
    );
    const killed = await connection.run("kill -KILL $$");
    assert.deepEqual([killed.exitCode, killed.signal], [undefined, "SIGKILL"]);
  });

  it("gives a command its input and closes it", async () => {
    assert.equal((await connection.run("cat", { input: "zwölf\n" })).stdout, "zwölf\n");
    assert.equal((await connection.run("cat")).stdout, "");
    assert.equal((await connection.run("true", { input: "x".repeat(1_000_000) })).exitCode, 0);
  });

  it("puts characters together that two chunks share", async () => {
    const { stdout } = await connection.run("printf '\\303'; sleep 0.05; printf '\\274'");
    assert.equal(stdout, "ü");
  });

  it("stops a command and its children when time is up, and keeps what it printed", async () => {
    const error: unknown = await connection
      .run("echo $$; sleep 60 & wait", { timeoutMs: 300 })
      .catch((e: unknown) => e);
    assert.equal(kindOf(error), "timeout");
    const group = Number((error as { stdout: string }).stdout.trim());
    assert.ok(group > 1);
    for (let i = 0; i < 100 && isAlive(group); i++) await sleep(20);
    assert.equal(isAlive(group), false);
  });

  it("stops at the caller's signal", async () => {
    const work = connection.run("sleep 60", { signal: AbortSignal.timeout(50) });
    await assert.rejects(work, { name: "TimeoutError" });
  });

  it("rejects what is pending when it is closed, and everything after", async () => {
    const pending = kindFrom(connection.run("sleep 60"));
    await connection.close();
    await connection.close();
    assert.equal(await pending, "unreachable");
    assert.equal(await kindFrom(connection.run("true")), "unreachable");
    assert.equal(connection.isOpen, false);
  });

  it("opens a unix socket", async () => {
    const path = join(folder, "echo");
    const server = createServer((socket) => socket.pipe(socket)).listen(path);
    await once(server, "listening");
    const socket = await connection.openUnixSocket(path);
    socket.write("ping");
    const [answer] = (await once(socket, "data")) as [Buffer];
    assert.equal(answer.toString(), "ping");
    socket.destroy();
    server.close();
  });

  it("says that a socket is not there", async () => {
    assert.equal(await kindFrom(connection.openUnixSocket(join(folder, "none"))), "not-found");
    assert.equal(await kindFrom(connection.openUnixSocket(join(folder, "none/below"))), "not-found");
  });

  it("says that a socket may not be used", () => {
    // Root may use every socket, so this is what the kernel says to others.
    const error = socketError("/run/x", Object.assign(new Error("connect EACCES /run/x"), { code: "EACCES" }));
    assert.equal(error.kind, "permission-denied");
    assert.ok(error.remedy);
  });
});

function isAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
