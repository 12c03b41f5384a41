// SSH against a server in this process: what goes wrong, and how many channels are open at once.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { PassThrough } from "node:stream";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, utils } from "ssh2";
import { newEd25519 } from "./ed25519.js";
import { type SriovError, explain, isSriovError } from "../../../provider/base/errors.js";
import { Pulse, Questions } from "../../../provider/transport/pulse.js";
import { SshConnection } from "../../../provider/transport/ssh-connection.js";
import { openTcp } from "../../../provider/transport/tcp.js";
import { type SshTarget, connectSsh } from "../../../provider/transport/ssh.js";
import { type Behaviour, type FakeSshServer, finish, startFakeSsh } from "./ssh-server.js";

const cleanUps: (() => Promise<void>)[] = [];

async function serve(behaviour: Behaviour = {}): Promise<FakeSshServer> {
  const server = await startFakeSsh(behaviour);
  cleanUps.push(() => server.stop());
  return server;
}

async function meet(target: SshTarget): Promise<SshConnection> {
  const connection = await connectSsh(target);
  cleanUps.push(() => connection.close());
  return connection;
}

async function errorOf(work: Promise<unknown>): Promise<SriovError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isSriovError(error), `expected an error of ours, got ${String(error)}`);
  return error;
}

describe("connectSsh, against a server in this process", function () {
  this.timeout(20_000);
  afterEach(async () => {
    while (cleanUps.length > 0) await cleanUps.pop()?.();
  });

  it("accepts a host key given as a public key or as a fingerprint", async () => {
    const { target, hostKey } = await serve();
    const parsed = utils.parseKey(hostKey);
    assert.ok(!(parsed instanceof Error));
    const refused = await errorOf(connectSsh({ ...target, hostKey: `SHA256:${"A".repeat(43)}` }));
    const print = /got ssh-ed25519 (SHA256:\S+)/.exec(refused.message)?.[1];
    assert.ok(print);
    for (const given of [hostKey, print]) await meet({ ...target, hostKey: given });
  });

  it("refuses another host key than the one given, and shows both", async () => {
    const { target } = await serve();
    const other = newEd25519().public;
    const error = await errorOf(connectSsh({ ...target, hostKey: other }));
    assert.equal(error.kind, "refused");
    assert.match(
      error.message,
      /admin@127\.0\.0\.1.*expected ssh-ed25519 SHA256:\S{43} .*got ssh-ed25519 SHA256:\S{43}/,
    );
  });

  it("takes a hostKey that is neither key nor fingerprint for a mistake", async () => {
    const error = await errorOf(connectSsh({ hostName: "127.0.0.1", hostKey: "ssh-ed25519", configFile: "none" }));
    assert.equal(error.kind, "invalid-input");
  });

  it("takes any host key where nothing is verified", async () => {
    const { target } = await serve();
    await meet({ ...target, hostKey: undefined, hostKeyPolicy: "none" });
  });

  it("says who could not log in, with which key, and what the host accepts; never a secret", async () => {
    const { target } = await serve({ isWelcome: () => false });
    const error = await errorOf(connectSsh({ ...target, password: "hunter2-secret" }));
    assert.equal(error.kind, "permission-denied");
    assert.match(error.message, /Cannot log in as admin@127\.0\.0\.1:\d+: tried key ssh\.privateKey \(SHA256:\S+\)/);
    assert.match(error.message, /it accepts publickey/);
    assert.doesNotMatch(explain(error), /hunter2|PRIVATE KEY/);
    assert.doesNotMatch(String(error.cause), /hunter2|PRIVATE KEY/);
  });

  it("answers a host that asks for the password interactively", async () => {
    const { target } = await serve({ asksFor: "correct horse" });
    const login = { ...target, privateKey: undefined, agent: "none" };
    await meet({ ...login, password: "correct horse" });
    const error = await errorOf(connectSsh({ ...login, password: "wrong horse" }));
    assert.equal(error.kind, "permission-denied");
    assert.match(error.message, /the password \(keyboard-interactive\)/);
    assert.doesNotMatch(explain(error), /wrong horse/);
  });

  it("wants a passphrase for an encrypted key when there is no agent", async () => {
    const { private: privateKey } = newEd25519("open sesame");
    const { target } = await serve();
    const agent = "none";
    const error = await errorOf(connectSsh({ ...target, privateKey, agent }));
    assert.equal(error.kind, "invalid-input");
    assert.match(error.message, /ssh\.privateKey is encrypted and there is no passphrase/);
    const wrong = await errorOf(connectSsh({ ...target, privateKey, agent, passphrase: "not this one" }));
    assert.match(wrong.message, /passphrase does not fit/);
    await meet({ ...target, privateKey, agent, passphrase: "open sesame" });
  });

  it("says where nothing listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const error = await errorOf(connectSsh({ hostName: "127.0.0.1", port, user: "admin", configFile: "none" }));
    assert.equal(error.kind, "unreachable");
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}.*nothing listens there`));
    assert.ok(error.remedy);
  });

  it("gives up on a host that says nothing", async () => {
    const server = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanUps.push(async () => void server.close());
    const { port } = server.address() as AddressInfo;
    const target = { hostName: "127.0.0.1", port, user: "admin", configFile: "none", connectTimeout: 0.3 };
    const error = await errorOf(connectSsh(target));
    assert.equal(error.kind, "unreachable");
    assert.match(error.message, /no answer within 0\.3 s/);
  });

  it("sends every packet at once (TCP_NODELAY)", async () => {
    const { target } = await serve();
    const socket = await openTcp(
      "Cannot connect",
      { hostName: "127.0.0.1", port: target.port ?? 0, server: "sshd" },
      new AbortController().signal,
    );
    cleanUps.push(async () => void socket.destroy());
    const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "kSetNoDelay");
    assert.ok(symbol);
    assert.equal((socket as unknown as Record<symbol, unknown>)[symbol], true);
  });
});

describe("SshConnection, against a server in this process", function () {
  this.timeout(20_000);
  afterEach(async () => {
    while (cleanUps.length > 0) await cleanUps.pop()?.();
  });

  it("rejects what is pending as unreachable, naming the host, when the connection breaks", async () => {
    const server = await serve({ onCommand: () => undefined, canEcho: true });
    const connection = await meet(server.target);
    const socket = await connection.openUnixSocket("/run/x");
    const ended = Promise.race([once(socket.resume(), "end"), once(socket, "close")]);
    const pending = [connection.run("sleep 1"), connection.run("sleep 2")].map(errorOf);
    while (server.commands.length < 2) await sleep(5);
    server.dropConnections();
    for (const error of await Promise.all(pending)) {
      assert.equal(error.kind, "unreachable");
      assert.match(error.message, /admin@127\.0\.0\.1/);
    }
    await ended;
    assert.equal(connection.isOpen, false);
    assert.equal((await errorOf(connection.run("true"))).kind, "unreachable");
    assert.equal((await errorOf(connection.openUnixSocket("/run/x"))).kind, "unreachable");
  });

  it("is unreachable where the socket is gone and nobody has said so yet: not a host that allows no commands", async () => {
    const throwing = () => {
      throw new Error("Not connected");
    };
    const client = Object.assign(new EventEmitter(), { exec: throwing, openssh_forwardOutStreamLocal: throwing });
    for (const ask of [
      (connection: SshConnection) => connection.run("true"),
      (connection: SshConnection) => connection.openUnixSocket("/run/x"),
    ]) {
      const questions = new Questions(new Pulse(), "Cannot reach root@kvm1");
      const connection = new SshConnection({
        client: client as unknown as Client,
        stream: new PassThrough(),
        name: "root@kvm1",
        questions,
      });
      const error = await errorOf(ask(connection));
      assert.equal(error.kind, "unreachable");
      assert.match(error.message, /^Cannot reach root@kvm1: the connection is lost/);
      assert.equal(connection.isOpen, false);
    }
  });

  it("closes within seconds where the host hangs: it waited for a goodbye until the host was given up", async () => {
    const server = await serve({});
    const connection = await meet(server.target);
    server.hang();
    await connection.close();
    assert.equal(connection.isOpen, false);
  }).timeout(8_000);

  it("rejects what waits for its turn, too, when the connection is closed", async () => {
    const server = await serve({ onCommand: () => undefined });
    const connection = await meet(server.target);
    const pending = Array.from({ length: 12 }, () => errorOf(connection.run("sleep 1")));
    while (server.commands.length < 8) await sleep(5);
    await connection.close();
    await connection.close();
    for (const error of await Promise.all(pending)) assert.equal(error.kind, "unreachable");
  });

  it("keeps what a command printed before it ran out of time, and goes on working", async () => {
    const server = await serve({
      onCommand: (channel, command) => {
        if (!command.includes("hang")) return finish(channel);
        return void channel.write("half");
      },
    });
    const connection = await meet(server.target);
    const error = await errorOf(connection.run("hang", { timeoutMs: 200 }));
    assert.equal(error.kind, "timeout");
    assert.match(error.message, /`hang` on admin@127\.0\.0\.1:\d+: it did not end within 0\.2 s/);
    assert.equal((error as SriovError & { stdout: string }).stdout, "half");
    assert.equal((await connection.run("true")).exitCode, 0);
    const told = server.commands.filter((command) => command.includes("kill -TERM"));
    assert.equal(told.length, 1);
  });

  it("stops at the caller's signal, with the caller's reason", async () => {
    const server = await serve({ onCommand: () => undefined });
    const connection = await meet(server.target);
    const controller = new AbortController();
    const work = connection.run("sleep 1", { signal: controller.signal });
    while (server.commands.length === 0) await sleep(5);
    controller.abort(new Error("enough"));
    await assert.rejects(work, /^Error: enough$/);
    await assert.rejects(connection.run("true", { signal: controller.signal }), /^Error: enough$/);
  });

  it("opens at most 8 channels for commands at once, and runs them all", async () => {
    const server = await serve({ onCommand: (channel) => void setTimeout(finish, 10, channel) });
    const connection = await meet(server.target);
    const results = await Promise.all(Array.from({ length: 30 }, () => connection.run("true")));
    assert.equal(results.length, 30);
    assert.equal(server.mostAtOnce(), 8);
  });

  it("makes do with a host that allows fewer", async () => {
    const server = await serve({ maxSessions: 2, onCommand: (channel) => void setTimeout(finish, 10, channel) });
    const connection = await meet(server.target);
    const results = await Promise.all(Array.from({ length: 12 }, () => connection.run("true")));
    assert.equal(results.length, 12);
    assert.equal(server.mostAtOnce(), 2);
  });

  it("tries again when the others ended before it heard that there was no room: open failed", async () => {
    const { target, commands } = await serve({ maxSessions: 1, refusesAfterMs: 500 });
    const connection = await meet(target);
    const ended = await Promise.all(["one", "two"].map((command) => connection.run(command)));
    assert.deepEqual(
      ended.map(({ exitCode }) => exitCode),
      [0, 0],
    );
    assert.equal(commands.length, 2);
  });

  it("says that a host takes no commands at all", async () => {
    const connection = await meet((await serve({ maxSessions: 0 })).target);
    const errors = await Promise.all([1, 2, 3].map(() => errorOf(connection.run("true"))));
    assert.deepEqual(
      errors.map(({ kind }) => kind),
      ["remote-failure", "remote-failure", "remote-failure"],
    );
    assert.match(errors[0]?.remedy ?? "", /MaxSessions/);
  });

  it("opens a unix socket as a stream of bytes", async () => {
    const server = await serve({ canEcho: true });
    const socket = await (await meet(server.target)).openUnixSocket("/run/echo");
    socket.write("ping");
    const [answer] = (await once(socket, "data")) as [Buffer];
    assert.equal(answer.toString(), "ping");
    socket.destroy();
  });

  it("says that a host forbids unix sockets, and which setting does", async () => {
    const server = await serve();
    const error = await errorOf((await meet(server.target)).openUnixSocket("/run/x"));
    assert.equal(error.kind, "unsupported");
    assert.match(error.remedy ?? "", /AllowStreamLocalForwarding/);
  });
});
