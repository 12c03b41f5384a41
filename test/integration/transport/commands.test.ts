// Commands and unix sockets over one connection to a real sshd.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { symlink } from "node:fs/promises";
import { type Server, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { quote } from "../../../provider/base/quote.js";
import { kindOf } from "../../../provider/base/errors.js";
import { shellOver } from "../../../provider/host/shell-over-connection.js";
import { Pool } from "../../../provider/transport/pool.js";
import type { SshConnection } from "../../../provider/transport/ssh-connection.js";
import { connectSsh } from "../../../provider/transport/ssh.js";
import { type Sshd, sshTargetOf, startSshd } from "../sshd.js";

const execute = promisify(execFile);
const kindFrom = (work: Promise<unknown>) => work.then(() => "no error", kindOf);

describe("a real sshd: commands", function () {
  this.timeout(60_000);
  let sshd: Sshd;
  let connection: SshConnection;
  before(async () => {
    sshd = await startSshd();
    connection = await connectSsh(sshTargetOf(sshd));
  });
  after(async () => {
    await connection?.close();
    await sshd?.stop();
  });

  it("answers exit code, signal and both outputs as they are", async () => {
    const result = await connection.run("echo out; echo err >&2; exit 7");
    assert.deepEqual([result.exitCode, result.signal, result.stdout, result.stderr], [7, undefined, "out\n", "err\n"]);
    const killed = await connection.run("kill -KILL $$");
    assert.deepEqual([killed.exitCode, killed.signal], [undefined, "SIGKILL"]);
  });

  it("carries any text in both directions", async () => {
    const text = `zwölf 'quotes' "double" \\ back\\\\slash ! $HOME \`x\` %s\n\ttab \u0001 ${"ü".repeat(1000)}\n\n`;
    assert.equal((await connection.run("cat", { input: text })).stdout, text);
    assert.equal((await connection.run(`printf %s ${quote(text)}`)).stdout, text);
    assert.equal((await connection.run("printf 'a\\0b'")).stdout, "a\0b");
  });

  it("carries large output and large input", async () => {
    const { stdout } = await connection.run("head -c 20000000 /dev/zero | tr '\\0' x");
    assert.equal(stdout.length, 20_000_000);
    const { stdout: count } = await connection.run("wc -c", { input: "y".repeat(5_000_000) });
    assert.equal(count.trim(), "5000000");
  });

  it("closes a command's input, with or without a text", async () => {
    assert.equal((await connection.run("cat; echo end")).stdout, "end\n");
    assert.equal((await connection.run("exec true", { input: "x".repeat(1_000_000) })).exitCode, 0);
  });

  it("runs 30 commands at once over one TCP connection", async () => {
    const results = await Promise.all(Array.from({ length: 30 }, (_, i) => connection.run(`sleep 0.1; echo ${i}`)));
    assert.deepEqual(
      results.map(({ stdout }) => stdout.trim()),
      Array.from({ length: 30 }, (_, i) => String(i)),
    );
    assert.equal(sshd.connections(), 1);
  });

  it("stops a command and its children on the host when time is up", async () => {
    const name = `test-${process.pid}-${Date.now()}`;
    const work = connection.run(`echo begun; sh -c 'sleep 300; echo ${name}' & wait`, { timeoutMs: 1500 });
    const error: unknown = await work.catch((e: unknown) => e);
    assert.equal(kindOf(error), "timeout");
    assert.equal((error as { stdout: string }).stdout, "begun\n");
    const isRunning = async () => (await execute("ps", ["-eo", "args"])).stdout.includes(name);
    for (let i = 0; i < 100 && (await isRunning()); i++) await sleep(50);
    assert.equal(await isRunning(), false);
    assert.equal((await connection.run("echo on")).stdout, "on\n");
  });

  it("reads, lists and writes files as the Shell says", async () => {
    const shell = shellOver(connection);
    const path = join(sshd.folder, "it's a file");
    await shell.writeText(path, "a\\b\nc", { mode: "0600" });
    assert.equal(await shell.readText(path), "a\\b\nc");
    assert.equal(await shell.readText(`${path}/none`), undefined);
    assert.ok((await shell.list(sshd.folder))?.includes("it's a file"));
    assert.equal(await shell.readLink("/proc/self/none"), undefined);
    const error: unknown = await shell.writeText("/proc/sys/kernel/ostype", "x").catch((e: unknown) => e);
    assert.equal((error as { errno?: string }).errno, "EACCES");
  });
});

describe("a real sshd: unix sockets", function () {
  this.timeout(60_000);
  let sshd: Sshd;
  let connection: SshConnection;
  let echo: Server;
  let path: string;
  before(async () => {
    sshd = await startSshd();
    connection = await connectSsh(sshTargetOf(sshd));
    path = join(sshd.folder, "echo.sock");
    echo = createServer((socket) => socket.on("error", () => undefined).pipe(socket)).listen(path);
    await once(echo, "listening");
  });
  after(async () => {
    await connection?.close();
    echo?.close();
    await sshd?.stop();
  });

  it("are streams of bytes, many at once, over the same TCP connection", async () => {
    const all = Array.from({ length: 20 }, async (_, i) => {
      const stream = await connection.openUnixSocket(path);
      stream.write(`ping ${i}`);
      const [answer] = (await once(stream, "data")) as [Buffer];
      assert.equal(answer.toString(), `ping ${i}`);
      stream.destroy();
    });
    await Promise.all(all);
    assert.equal(sshd.connections(), 1);
  });

  it("carry megabytes unharmed", async () => {
    const stream = await connection.openUnixSocket(path);
    const sent = Buffer.alloc(8_000_000, "0123456789abcdef");
    const received: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => received.push(chunk));
    stream.end(sent);
    await once(stream, "end");
    assert.ok(Buffer.concat(received).equals(sent));
  });

  it("answer without the delay of Nagle's algorithm", async () => {
    const stream = await connection.openUnixSocket(path);
    const times: number[] = [];
    for (let i = 0; i < 40; i++) {
      const begin = performance.now();
      // Two writes a question, as a header and a body: the second would wait for the first's acknowledgement.
      stream.write("header");
      stream.write("body");
      for (let got = 0; got < 10;) got += ((await once(stream, "data")) as [Buffer])[0].length;
      times.push(performance.now() - begin);
    }
    stream.destroy();
    const median = times.sort((a, b) => a - b)[20] ?? Infinity;
    assert.ok(median < 30, `median ${median} ms; delayed acknowledgements take 40`);
  });

  it("that are not there, or have nobody behind them, are not found", async () => {
    assert.equal(await kindFrom(connection.openUnixSocket(join(sshd.folder, "none.sock"))), "not-found");
    const dead = join(sshd.folder, "dead.sock");
    // Left behind by a process that was killed.
    const bind = `require("net").createServer().listen(${JSON.stringify(dead)}, () => process.kill(process.pid, "SIGKILL"))`;
    await execute(process.execPath, ["-e", bind]).catch(() => undefined);
    const error: unknown = await connection.openUnixSocket(dead).catch((e: unknown) => e);
    assert.equal(kindOf(error), "not-found");
    assert.match((error as Error).message, /nothing listens there/);
  });

  it("end when their other side does, and are there again", async () => {
    const stream = await connection.openUnixSocket(path);
    stream.end("x");
    await once(stream.resume(), "end");
    const again = await connection.openUnixSocket(path);
    again.destroy();
  });
});

describe("a real sshd: refusals and losses", function () {
  this.timeout(60_000);

  it("says that unix sockets are forbidden, and what to set", async () => {
    const sshd = await startSshd({ config: ["AllowStreamLocalForwarding no"] });
    const connection = await connectSsh(sshTargetOf(sshd));
    try {
      const path = join(sshd.folder, "x.sock");
      assert.equal(await kindFrom(connection.openUnixSocket(path)), "not-found");
      const listener = createServer().listen(path);
      await once(listener, "listening");
      // By another name than the one it was bound to, as /var/run for /run.
      await symlink(sshd.folder, join(sshd.folder, "alias"));
      const error: unknown = await connection
        .openUnixSocket(join(sshd.folder, "alias/x.sock"))
        .catch((e: unknown) => e);
      listener.close();
      assert.equal(kindOf(error), "unsupported");
      assert.match((error as { remedy: string }).remedy, /AllowStreamLocalForwarding yes/);
      assert.equal((await connection.run("echo still")).stdout, "still\n");
    } finally {
      await connection.close();
      await sshd.stop();
    }
  });

  it("makes do with MaxSessions 2, and says so with MaxSessions 0", async () => {
    const sshd = await startSshd({ config: ["MaxSessions 2"] });
    const connection = await connectSsh(sshTargetOf(sshd));
    try {
      const results = await Promise.all(Array.from({ length: 12 }, (_, i) => connection.run(`echo ${i}`)));
      assert.equal(results.length, 12);
      assert.equal(sshd.connections(), 1);
    } finally {
      await connection.close();
      await sshd.stop();
    }
    const closed = await startSshd({ config: ["MaxSessions 0"] });
    const useless = await connectSsh(sshTargetOf(closed));
    try {
      const error: unknown = await useless.run("true").catch((e: unknown) => e);
      assert.equal(kindOf(error), "remote-failure");
      assert.match((error as { remedy: string }).remedy, /MaxSessions/);
    } finally {
      await useless.close();
      await closed.stop();
    }
  });

  it("tells those who wait that the connection is lost, and the pool makes a new one", async () => {
    const sshd = await startSshd();
    const pool = new Pool();
    try {
      const connection = await pool.connection("host", () => connectSsh(sshTargetOf(sshd)));
      const pending = [connection.run("sleep 60"), connection.run("sleep 60")].map(kindFrom);
      await connection.run("true");
      await sshd.dropConnections();
      assert.deepEqual(await Promise.all(pending), ["unreachable", "unreachable"]);
      const results = await Promise.all([connection.run("echo a"), connection.run("echo b")]);
      assert.deepEqual(
        results.map(({ stdout }) => stdout),
        ["a\n", "b\n"],
      );
      assert.equal(sshd.connections(), 2);
    } finally {
      await pool.closeAll();
      await pool.closeAll();
      await sshd.stop();
    }
  });
});
