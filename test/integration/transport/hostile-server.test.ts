// An SSH server that is not what it should be: it floods, announces what no packet has, never comes to an end, and asks us for
// channels. Memory is bounded, the error is one of ours and names the host, and nothing hangs.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";
import type { Writable } from "node:stream";
import type { Connection as ServerConnection, ServerChannel } from "ssh2";
import { type SriovError, isSriovError } from "../../../provider/base/errors.js";
import { connectSsh } from "../../../provider/transport/ssh.js";
import type { SshConnection } from "../../../provider/transport/ssh-connection.js";
import { type Behaviour, finish, startFakeSsh } from "../../unit/transport/ssh-server.js";

/** Bounds of ours are 64 MiB; twice that is on its way in this process, which is server and client. */
const mostMegabytes = 400;
const megabytes = (): number => process.memoryUsage.rss() / 1024 / 1024;

const errorOf = (promise: Promise<unknown>): Promise<SriovError> =>
  promise.then(
    () => assert.fail("expected a rejection"),
    (error: unknown) => (assert.ok(isSriovError(error), String(error)), error),
  );

/** As fast as it is taken. */
function flood(stream: Writable, block: Buffer): void {
  stream.on("error", () => undefined);
  const pump = () => {
    while (stream.writable && stream.write(block));
    stream.once("drain", pump);
  };
  pump();
}

describe("a hostile SSH server", function () {
  this.timeout(60_000);
  const cleanUps: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    while (cleanUps.length > 0) await cleanUps.pop()?.();
  });

  async function meet(behaviour: Behaviour): Promise<{ connection: SshConnection; commands: string[] }> {
    const server = await startFakeSsh(behaviour);
    cleanUps.push(() => server.stop());
    const connection = await connectSsh(server.target);
    cleanUps.push(() => connection.close());
    return { connection, commands: server.commands };
  }

  /** Speaks no SSH, but what the test says. */
  async function refusalOf(greet: (socket: Socket) => void): Promise<SriovError> {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      cleanUps.push(async () => socket.destroy());
      greet(socket);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanUps.push(async () => server.close());
    const { port } = server.address() as AddressInfo;
    const target = {
      hostName: "127.0.0.1",
      port,
      user: "admin",
      hostKey: `SHA256:${"A".repeat(43)}`,
      configFile: "none",
      connectTimeout: 1,
    };
    return errorOf(connectSsh({ ...target, password: "x" }));
  }

  const floods: [what: string, (channel: ServerChannel) => void][] = [
    ["standard output without a line end", (channel) => flood(channel, Buffer.alloc(65_536, "x"))],
    ["standard error without a line end", (channel) => flood(channel.stderr, Buffer.alloc(65_536, "x"))],
    ["endless lines", (channel) => flood(channel, Buffer.alloc(65_536, "line\n"))],
  ];
  for (const [what, act] of floods) {
    it(`that floods ${what} is stopped once, at 64 MiB, and the connection goes on`, async () => {
      const before = megabytes();
      const { connection, commands } = await meet({
        onCommand: (channel, command) => (command.includes("flood") ? act(channel) : finish(channel)),
      });
      const error = await errorOf(connection.run("flood"));
      assert.equal(error.kind, "remote-failure");
      assert.match(error.message, /^Stopped `flood` on admin@127\.0\.0\.1:\d+: it printed more than 64 MiB$/);
      assert.equal((await connection.run("true")).exitCode, 0);
      assert.equal(commands.filter((command) => command.includes("kill -TERM")).length, 1);
      assert.ok(megabytes() - before < mostMegabytes, `${megabytes() - before} MiB`);
    });
  }

  it("that floods standard error of the program that leads to libvirt is read no further than a complaint", async () => {
    const before = megabytes();
    const { connection } = await meet({
      onCommand: (channel) => {
        channel.stderr.write(Buffer.alloc(8 * 1024 * 1024, "x"), () => finish(channel, 1));
      },
    });
    const stream = await connection.openCommand("nc -U /run/libvirt/libvirt-sock");
    const [error] = (await once(stream.resume(), "error")) as [SriovError & { stderr: string }];
    assert.equal(error.kind, "unreachable");
    assert.ok(error.stderr.length < 100_000, `${error.stderr.length}`);
    assert.ok(error.message.length < 100_000, `${error.message.length}`);
    assert.ok(megabytes() - before < mostMegabytes);
  });

  it("that never ends a command is left after its time", async () => {
    const { connection } = await meet({
      onCommand: (channel) => void setInterval(() => channel.write("."), 10).unref(),
    });
    const error = await errorOf(connection.run("for ever", { timeoutMs: 300 }));
    assert.equal(error.kind, "timeout");
  });

  it("that ends a command without an exit code, or with one that there is not, is not taken for success", async () => {
    const { connection } = await meet({
      onCommand: (channel, command) => {
        if (command.includes("none")) return channel.end();
        channel.exit(0xffff_ffff);
        return channel.end();
      },
    });
    const error = await errorOf(connection.run("none"));
    assert.equal(error.kind, "remote-failure");
    assert.notEqual((await connection.run("huge")).exitCode, 0);
  });

  it("that asks us for channels gets none: no forwarded port or socket, no X11", async () => {
    const refusals: string[] = [];
    let asked: Promise<unknown> | undefined;
    const ask = (connection: ServerConnection) => {
      const refused = (name: string) => (error: Error | undefined, channel?: { end(): void }) => {
        refusals.push(`${name}: ${error ? "refused" : "opened"}`);
        channel?.end();
      };
      const one = (name: string, open: (done: ReturnType<typeof refused>) => void) =>
        new Promise<void>((resolve) => open((...args) => (refused(name)(...args), resolve())));
      asked = Promise.all([
        one("port", (done) => connection.forwardOut("127.0.0.1", 22, "127.0.0.1", 4000, done as never)),
        one("socket", (done) => connection.openssh_forwardOutStreamLocal("/run/agent.sock", done as never)),
        one("x11", (done) => connection.x11("127.0.0.1", 6000, done as never)),
      ]);
    };
    const { connection } = await meet({ onReady: ask });
    assert.equal((await connection.run("true")).exitCode, 0);
    await asked;
    assert.deepEqual(refusals.sort(), ["port: refused", "socket: refused", "x11: refused"]);
  });

  const greetings: [what: string, (socket: Socket) => void][] = [
    ["greets without end and without a line end", (socket) => flood(socket, Buffer.alloc(65_536, "x"))],
    ["greets with lines without end", (socket) => flood(socket, Buffer.alloc(65_536, "welcome\r\n"))],
    [
      "announces a packet of 4 GiB",
      (socket) => {
        socket.write("SSH-2.0-OpenSSH_9.2\r\n");
        flood(socket, Buffer.alloc(65_536, 0xff));
      },
    ],
    ["says who it is, and nothing more", (socket) => void socket.write("SSH-2.0-OpenSSH_9.2\r\n")],
    [
      "sends noise",
      (socket) => flood(socket, Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 7919) & 0xff))),
    ],
  ];
  for (const [what, greet] of greetings) {
    it(`that ${what} is unreachable, within the time to connect`, async () => {
      const before = megabytes();
      const start = Date.now();
      const error = await refusalOf(greet);
      assert.equal(error.kind, "unreachable");
      assert.match(error.message, /^Cannot connect to admin@127\.0\.0\.1:\d+/);
      assert.ok(Date.now() - start < 10_000);
      assert.ok(megabytes() - before < mostMegabytes, `${megabytes() - before} MiB`);
    });
  }
});
