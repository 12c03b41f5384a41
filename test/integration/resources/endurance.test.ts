// The benchmark `endurance`, short: what is not given back is found after 25 cycles where it is counted.
import assert from "node:assert/strict";
import { connectLibvirt } from "../../../provider/libvirt/client-rpc.js";
import { openLibvirtSocket } from "../../../provider/libvirt/sockets.js";
import { parseLibvirtUri } from "../../../provider/libvirt/uri.js";
import { connectSsh } from "../../../provider/transport/ssh.js";
import { endure } from "../../bench/endurance/index.js";
import { type KvmHost, startKvmHost } from "../../bench/host33/kvm-host.js";
import { sshTargetOf } from "../sshd.js";

describe("doing the same again and again", function () {
  this.timeout(60_000);
  let host: KvmHost;
  before(async () => (host = await startKvmHost()));
  after(() => host.stop());

  it("leaves nothing open: no file, no SSH channel, no connection to libvirt, no memory", async () => {
    const figures = await endure(host, { cycles: 25, every: 25, warmUp: 5, pfCount: 1 }, () => undefined);
    assert.equal(figures["cycles"], 25);
    assert.equal(figures["libvirtConnections"], 1);
    assert.ok((figures["channels"] ?? 0) > 0);
  });

  it("is seen to leave a connection to libvirt behind in each cycle, where one is", async () => {
    const left: { close(): Promise<void> }[] = [];
    const also = async ({ sshd, libvirtd }: KvmHost) => {
      const ssh = await connectSsh(sshTargetOf(sshd));
      const uri = parseLibvirtUri(`qemu+ssh://host/system?socket=${libvirtd.socket}`);
      left.push(await connectLibvirt(() => openLibvirtSocket(ssh, uri), { uri: "qemu:///system", name: "left" }), ssh);
    };
    const grown = endure(host, { cycles: 2, every: 2, warmUp: 1, pfCount: 1, also }, () => undefined);
    await assert.rejects(grown, (error: Error) => {
      assert.match(error.message, /^After 2 cycles .*handles grew from \d+ to \d+, by more than 0/);
      assert.match(error.message, /channels grew from/);
      assert.match(error.message, /libvirtConnections grew from 2 to 4, by more than 0/);
      return true;
    });
    await Promise.allSettled(left.map((one) => one.close()));
  });
});
