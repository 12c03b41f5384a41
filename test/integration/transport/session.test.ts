// A session as the resources get it: by URI, shared, with libvirt on first use; over a real sshd and on the machine itself.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type Server, createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { kindOf } from "../../../provider/base/errors.js";
import { silentLog } from "../../../provider/base/log.js";
import { closeEverything, createContext } from "../../../provider/resources/context.js";
import type { HostInputs } from "../../../provider/resources/host-inputs.js";
import { FakeLibvirtd } from "../../unit/libvirt/fake-libvirtd.js";
import { wire } from "../../unit/libvirt/rpc/naive-writer.js";
import { type Sshd, startSshd } from "../sshd.js";

describe("a real sshd: sessions", function () {
  this.timeout(60_000);
  let sshd: Sshd;
  let libvirtd: Server;
  let host: HostInputs;
  let opened: FakeLibvirtd[];

  beforeEach(async () => {
    sshd = await startSshd();
    opened = [];
    const path = join(sshd.folder, "libvirt-sock");
    libvirtd = createServer((socket) => {
      const fake = new FakeLibvirtd({
        connectGetLibVersion: () => wire().u64(9_000_000n),
        connectGetCapabilities: () => wire().text("<capabilities/>"),
      });
      opened.push(fake);
      socket
        .on("error", () => undefined)
        .pipe(fake.client)
        .pipe(socket);
    }).listen(path);
    await once(libvirtd, "listening");
    host = {
      uri: `qemu+ssh://${sshd.user}@127.0.0.1:${sshd.port}/system?socket=${path}`,
      ssh: { privateKeyPath: sshd.identityFile, knownHosts: sshd.knownHostsFile, configFile: "none" },
    };
  });
  afterEach(async () => {
    await closeEverything();
    await closeEverything();
    libvirtd.close();
    await sshd.stop();
  });

  const context = (signal = new AbortController().signal) =>
    createContext({ log: silentLog, signal, timeoutMs: 30_000 });

  it("has the host's machine id, whichever way leads there", async () => {
    const machineId = (await readFile("/etc/machine-id", "utf8")).trim();
    const session = await context().connect(host);
    assert.equal(session.machineId, machineId);
    assert.equal(session.hostName, "127.0.0.1");
    const local = await context().connect({ uri: "qemu:///system" });
    assert.equal(local.machineId, machineId);
    assert.equal(local.hostName, hostname());
  });

  it("is one for the whole process: one TCP connection, one libvirt connection", async () => {
    const sessions = await Promise.all(Array.from({ length: 10 }, () => context().connect(host)));
    const clients = await Promise.all(sessions.map((session) => session.libvirt()));
    const versions = await Promise.all(clients.map((client) => client.libVersion()));
    assert.deepEqual([...new Set(versions)], [9_000_000]);
    await Promise.all(sessions.map(({ shell }) => shell.readText("/etc/machine-id")));
    assert.equal(new Set(clients).size, 1);
    assert.equal(opened.length, 1);
    assert.equal(sshd.connections(), 1);
  });

  it("connects to libvirt again after libvirt hung up, and after the connection was lost", async () => {
    const session = await context().connect(host);
    const first = await session.libvirt();
    opened[0]?.hangUp();
    assert.equal(await first.capabilities(), "<capabilities/>");
    assert.equal(opened.length, 2);
    assert.equal(sshd.connections(), 1);

    await sshd.dropConnections();
    assert.equal(await first.capabilities(), "<capabilities/>");
    assert.equal(await session.libvirt(), first);
    assert.equal(opened.length, 3);
    assert.equal(await session.shell.readText("/none"), undefined);
    assert.equal(sshd.connections(), 2);
  });

  it("tries again after a failure, with what the next caller gives", async () => {
    const wrong = { ...host, ssh: { ...host.ssh, knownHosts: "/dev/null" } };
    assert.equal(await context().connect(wrong).catch(kindOf), "refused");
    assert.equal((await context().connect(host)).hostName, "127.0.0.1");
  });

  it("is opened anew after everything was closed", async () => {
    await (await context().connect(host)).libvirt();
    await closeEverything();
    await (await context().connect(host)).libvirt();
    assert.equal(sshd.connections(), 2);
  });

  it("is not opened for a caller who has given up, nor for a URI that we do not support", async () => {
    await assert.rejects(context(AbortSignal.abort(new Error("enough"))).connect(host), /^Error: enough$/);
    assert.equal(await context().connect({ uri: "qemu+ext://kvm1/system" }).catch(kindOf), "unsupported");
    assert.equal(sshd.connections(), 0);
  });
});
