import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { silentLog } from "../../../provider/base/log.js";
import { closeEverything, createContext, readAgeMs } from "../../../provider/resources/context.js";
import type { HostInputs } from "../../../provider/resources/host-inputs.js";

describe("resources/context", () => {
  let server: Server;
  let host: HostInputs;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    server = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const uri = `qemu+ssh://root@127.0.0.1:${port}/system?no_verify=1`;
    host = { uri, ssh: { connectTimeout: 0.3, configFile: "none" } };
  });
  afterEach(async () => {
    await closeEverything();
    for (const socket of sockets.splice(0)) socket.destroy();
    server.close();
    await once(server, "close");
  });

  const connect = (maxAgeMs: number) =>
    assert.rejects(
      createContext({ log: silentLog, signal: new AbortController().signal, timeoutMs: 5_000, maxAgeMs }).connect(host),
      { name: "SriovError", kind: "unreachable", message: /no answer within 0\.3 s/ },
    );

  it("waits once for a host that accepts and says nothing, however many resources of it are checked", async () => {
    await connect(readAgeMs);
    const start = performance.now();
    for (let resource = 2; resource <= 4; resource += 1) await connect(readAgeMs);
    assert.ok(performance.now() - start < 250);
    assert.equal(sockets.length, 1);
  });

  it("tries a silent host again for a call that writes", async () => {
    await connect(readAgeMs);
    await connect(0);
    assert.equal(sockets.length, 2);
  });
});
