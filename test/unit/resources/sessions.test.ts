// How long is waited for whom. Time is the tests': nothing here waits for a clock.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect as dial, createServer } from "node:net";
import { mock } from "node:test";
import type { Connection, ServerChannel } from "ssh2";
import { isSriovError } from "../../../provider/base/errors.js";
import { silentLog } from "../../../provider/base/log.js";
import type { HostInputs } from "../../../provider/resources/host-inputs.js";
import type { Session } from "../../../provider/resources/session.js";
import { type Patience, Sessions } from "../../../provider/resources/sessions.js";
import { type Behaviour, type FakeSshServer, startFakeSsh } from "../transport/ssh-server.js";

/** Accepts connections and says nothing. */
type SilentHost = { server: Server; port: number; sockets: Socket[]; taken(count: number): Promise<void> };

async function startSilentHost(): Promise<SilentHost> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    server.emit("taken");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const taken = async (count: number) => {
    while (sockets.length < count) await once(server, "taken");
    await settled();
  };
  return { server, port: (server.address() as AddressInfo).port, sockets, taken };
}

/** What has been sent on loopback has arrived, and what waited for it has run. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

describe("Sessions", () => {
  let sessions: Sessions;
  let fake: FakeSshServer | undefined;
  const hosts: SilentHost[] = [];

  beforeEach(() => {
    sessions = new Sessions();
    mock.timers.enable({ apis: ["setTimeout", "Date"] });
  });
  afterEach(async () => {
    // Whatever is still being tried is given up: closing waits for that.
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      mock.timers.tick(20_000);
      await settled();
    }
    mock.timers.reset();
    for (const { server, sockets } of hosts.splice(0)) {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    }
    await sessions.closeAll();
    await fake?.stop();
    fake = undefined;
  });

  async function silentHost(): Promise<SilentHost> {
    const host = await startSilentHost();
    hosts.push(host);
    return host;
  }
  const inputsFor = (port: number, ssh: HostInputs["ssh"] = {}): HostInputs => ({
    uri: `qemu+ssh://root@127.0.0.1:${port}/system?no_verify=1`,
    ssh: { connectTimeout: 20, configFile: "none", agent: "none", ...ssh },
  });

  /** What a call has come to by now. */
  function call(connecting: Promise<unknown>) {
    let said = "pending";
    const end = connecting.then(
      () => (said = "connected"),
      (error: unknown) => (said = isSriovError(error) ? `${error.kind}: ${error.message}` : String(error)),
    );
    const now = async () => {
      await settled();
      return said;
    };
    return Object.assign(now, { end });
  }
  const connect = (inputs: HostInputs, patience: Patience) =>
    sessions.connect(inputs, { log: silentLog, patience, maxAgeMs: 0 });
  const check = (inputs: HostInputs, ask: (session: Session) => Promise<unknown> = async () => undefined) =>
    call(sessions.whileAlive(inputs, async () => ask(await connect(inputs, "until-silent"))));
  const write = (inputs: HostInputs) => call(connect(inputs, "full"));
  const givenUp = (port: number) => `unreachable: Cannot connect to root@127.0.0.1:${port}: no sign of life yet`;

  /** The first check of all, of that host, goes on without it. */
  async function isGivenUp(host: SilentHost): Promise<void> {
    const first = check(inputsFor(host.port));
    await host.taken(1);
    mock.timers.tick(3_300);
    assert.equal(await first(), givenUp(host.port));
  }

  it("answers a check while the host is still being tried, and names it", async () => {
    const host = await silentHost();
    const checked = check(inputsFor(host.port));
    await host.taken(1);
    mock.timers.tick(3_299);
    assert.equal(await checked(), "pending");
    mock.timers.tick(1);
    assert.equal(await checked(), givenUp(host.port));
    assert.equal(host.sockets[0]?.destroyed, false);
    assert.equal(host.sockets[0]?.readableEnded, false);
  });

  it("waits for a host once, however many resources of it are checked", async () => {
    const host = await silentHost();
    await isGivenUp(host);
    for (let resource = 2; resource <= 4; resource += 1) {
      const next = check(inputsFor(host.port));
      await settled();
      mock.timers.tick(0);
      assert.equal(await next(), givenUp(host.port));
    }
    assert.equal(host.sockets.length, 1);
  });

  it("waits less for the next hosts when one was silent", async () => {
    const [one, other] = [await silentHost(), await silentHost()];
    await isGivenUp(one);
    const second = check(inputsFor(other.port));
    await other.taken(1);
    mock.timers.tick(1_499);
    assert.equal(await second(), "pending");
    mock.timers.tick(1);
    assert.equal(await second(), givenUp(other.port));
  });

  it("waits for a host that has begun to speak for as long as connectTimeout says: a login may be slow", async () => {
    const host = await silentHost();
    const checked = check(inputsFor(host.port));
    await host.taken(1);
    host.sockets[0]?.write("SSH-2.0-");
    await settled();
    mock.timers.tick(19_999);
    assert.equal(await checked(), "pending");
    mock.timers.tick(1);
    assert.match(await checked(), /^unreachable: .*root@127\.0\.0\.1:\d+ .*no answer within 20 s$/);
  });

  it("writes only after a host had its whole connectTimeout, though its check had begun before", async () => {
    const host = await silentHost();
    const checked = check(inputsFor(host.port));
    await host.taken(1);
    mock.timers.tick(15_000);
    assert.equal(await checked(), givenUp(host.port));
    const writes = [write(inputsFor(host.port)), write(inputsFor(host.port))];
    mock.timers.tick(5_000);
    await host.taken(2);
    for (const written of writes) assert.equal(await written(), "pending");
    mock.timers.tick(20_000);
    for (const written of writes) assert.match(await written(), /root@127\.0\.0\.1:\d+ .*no answer within 20 s$/);
    assert.equal(host.sockets.length, 2);
  });

  it("has waited once for all that is read and deleted on a silent host, also when that comes in waves", async () => {
    const host = await silentHost();
    const first = write(inputsFor(host.port));
    await host.taken(1);
    mock.timers.tick(20_000);
    assert.match(await first(), /no answer within 20 s/);
    mock.timers.tick(4 * 60_000);
    assert.match(await write(inputsFor(host.port))(), /no answer within 20 s/);
    assert.equal(host.sockets.length, 1);
    mock.timers.tick(2 * 60_000);
    write(inputsFor(host.port));
    await host.taken(2);
  });

  it("tries a host that refuses again for each call: it costs nothing", async () => {
    const host = await silentHost();
    host.server.close();
    await once(host.server, "close");
    assert.match(await write(inputsFor(host.port)).end, /nothing listens there/);
    hosts.splice(hosts.indexOf(host), 1);
    const again = createServer().listen(host.port, "127.0.0.1");
    await once(again, "listening");
    const taken = once(again, "connection") as Promise<[Socket]>;
    write(inputsFor(host.port));
    const [socket] = await taken;
    socket.destroy();
    again.close();
    await once(again, "close");
  });

  it("uses a host that comes up after its check for whatever comes next", async () => {
    fake = await startFakeSsh({ onCommand: sayMachineId });
    const { target } = fake;
    const host = await silentHost();
    const inputs = inputsFor(host.port, { user: target.user, privateKey: target.privateKey });
    const checked = check(inputs);
    await host.taken(1);
    mock.timers.tick(3_300);
    assert.match(await checked(), /no sign of life yet/);
    const socket = host.sockets[0] as Socket;
    const beyond = dial(target.port as number, "127.0.0.1");
    socket.pipe(beyond).pipe(socket);
    socket.once("close", () => beyond.destroy());
    const asking = { log: silentLog, patience: "until-silent", maxAgeMs: 0 } as const;
    await assertConnects(sessions, inputs, { ...asking, patience: "full" });
    await assertConnects(sessions, inputs, asking);
    assert.equal(host.sockets.length, 1);
  });

  it("waits for the jump host's sign of life and then for the target's, and names who is silent", async () => {
    const reached = new EventEmitter();
    const acceptAndSayNothing = (connection: Connection) =>
      connection.on("tcpip", (accept) => {
        accept().resume();
        reached.emit("target");
      });
    fake = await startFakeSsh({ onReady: (connection) => void acceptAndSayNothing(connection) });
    const { port, privateKey, hostKey } = fake.target;
    const hop = { host: "127.0.0.1", user: "jumper", privateKey, hostKey };
    const asked = once(reached, "target");
    const checked = check(inputsFor(22, { jump: [{ ...hop, port }] }));
    await asked;
    mock.timers.tick(3_299);
    assert.equal(await checked(), "pending");
    mock.timers.tick(1);
    assert.match(await checked(), /Cannot connect to root@127\.0\.0\.1: no sign of life yet/);

    const silentJump = await silentHost();
    const behind = check(
      inputsFor(22, {
        jump: [
          { ...hop, port: silentJump.port },
          { ...hop, port },
        ],
      }),
    );
    await silentJump.taken(1);
    mock.timers.tick(1_500);
    assert.equal(
      await behind(),
      `unreachable: Cannot connect to jumper@127.0.0.1:${silentJump.port}: no sign of life yet`,
    );
  });

  it("gives up on a target that its jump host does not get through to, after connectTimeout", async () => {
    const reached = new EventEmitter();
    const neverAccept = (connection: Connection) => connection.on("tcpip", () => void reached.emit("target"));
    fake = await startFakeSsh({ onReady: (connection) => void neverAccept(connection) });
    const { port, privateKey, hostKey } = fake.target;
    const asked = once(reached, "target");
    const written = write(inputsFor(22, { jump: [{ host: "127.0.0.1", user: "jumper", privateKey, hostKey, port }] }));
    await asked;
    mock.timers.tick(20_000);
    assert.match(await written(), /root@127\.0\.0\.1 .*no answer within 20 s/);
  });

  async function startHost(behaviour: Behaviour = {}) {
    fake = await startFakeSsh({ onCommand: sayMachineId, ...behaviour });
    const { user, privateKey, port } = fake.target;
    return { server: fake, name: `${user}@127.0.0.1:${port}`, inputs: inputsFor(port as number, { user, privateKey }) };
  }
  const uname = (session: Session) => session.shell.run("uname");

  it("goes on without a host that hangs after its login, and names it", async () => {
    const { server, inputs, name } = await startHost();
    await check(inputs, uname).end;
    server.hang();
    const second = check(inputs, uname);
    await settled();
    mock.timers.tick(9_999);
    assert.equal(await second(), "pending");
    mock.timers.tick(1);
    assert.equal(await second(), `unreachable: Cannot reach ${name}: no sign of life yet`);
    const third = check(inputs, uname);
    await settled();
    mock.timers.tick(0);
    assert.match(await third(), /no sign of life yet$/);
  });

  it("waits for a command that has begun for as long as it takes", async () => {
    const begun = new EventEmitter();
    const { inputs } = await startHost({
      onCommand: (channel, command) => (command.includes("uname") ? begun.emit("uname") : sayMachineId(channel)),
    });
    const hasBegun = once(begun, "uname");
    const checked = check(inputs, uname);
    await hasBegun;
    // Answers come in their order: the news that it has begun is here, too.
    await check(inputs, (session) => session.shell.run("true")).end;
    mock.timers.tick(50_000);
    assert.equal(await checked(), "pending");
  });

  it("goes on without a libvirt that hangs on a host that is well, ten seconds after it was asked", async () => {
    const asked = new EventEmitter();
    const acceptAndSayNothing = (connection: Connection) =>
      connection.on("openssh.streamlocal", (accept) => accept().once("data", () => asked.emit("libvirt")));
    const { inputs, name } = await startHost({ onReady: (connection) => void acceptAndSayNothing(connection) });
    const isAsked = once(asked, "libvirt");
    await Promise.all([isAsked, check(inputs).end]);
    const checked = check(inputs, (session) => session.libvirt());
    await settled();
    mock.timers.tick(9_999);
    assert.equal(await checked(), "pending");
    mock.timers.tick(1);
    assert.equal(await checked(), `unreachable: Cannot ask libvirt on ${name}: no sign of life yet`);
    assert.equal(await check(inputs, uname).end, "connected");
  });

  it("waits for a libvirt over the network only until nobody takes the connection, or the TLS handshake is not answered", async () => {
    const host = await silentHost();
    const uri = `qemu+tls://127.0.0.1:${host.port}/system`;
    const checked = check({ uri, tls: { noVerify: true } });
    await host.taken(1);
    mock.timers.tick(3_300);
    assert.equal(await checked(), "unreachable: Cannot connect to libvirt on 127.0.0.1: no sign of life yet");
  });
});

const sayMachineId = (channel: ServerChannel) => {
  channel.write(`${"0123456789abcdef".repeat(2)}\n`);
  channel.exit(0);
  channel.end();
};

async function assertConnects(sessions: Sessions, inputs: HostInputs, asking: Parameters<Sessions["connect"]>[1]) {
  assert.equal((await sessions.connect(inputs, asking)).machineId, "0123456789abcdef".repeat(2));
}
