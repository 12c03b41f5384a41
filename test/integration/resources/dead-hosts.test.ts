// A fleet in which not every host is well, with the real CLI.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { type PulumiProject, createProject } from "../../../lab/pulumi-project.js";
import { ensurePulumi } from "../../../lab/pulumi-cli.js";
import { type Fleet, startFleet } from "../../bench/fleet/fleet.js";
import { fleetProgram, wanted } from "../../bench/fleet/program.js";

const [silentAddress, refusingAddress] = ["127.77.200.1", "127.77.200.2"];

async function listen(address: string, take: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer(take).listen(0, address);
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

describe("a fleet with dead hosts", () => {
  let fleet: Fleet;
  let project: PulumiProject | undefined;
  let silent: { server: Server; port: number };
  const sockets: Socket[] = [];

  before(async function () {
    // On a new machine the CLI has to be made first.
    this.timeout(600_000);
    const pulumi = await ensurePulumi();
    fleet = await startFleet(4);
    silent = await listen(silentAddress, (socket) => sockets.push(socket));
    const refusing = await listen(refusingAddress, () => undefined);
    await close(refusing.server);
    const dead = [
      `qemu+ssh://root@${silentAddress}:${silent.port}/system`,
      `qemu+ssh://root@${refusingAddress}:${refusing.port}/system`,
    ];
    const text = fleetProgram([...dead, ...fleet.uris], { connectTimeout: 3 });
    project = await createProject({ name: "dead-hosts", program: { text }, pulumi });
  });
  after(async () => {
    await project?.dispose();
    for (const socket of sockets) socket.destroy();
    if (silent) await close(silent.server);
    await fleet?.stop();
  });

  it("makes everything on the others, and names the one that says nothing and the one that refuses", async function () {
    this.timeout(90_000);
    const { exitCode, stdout, stderr } = await project!.up({ args: ["--skip-preview", "--continue-on-error"] });
    const said = stdout + stderr;
    assert.notEqual(exitCode, 0, said);
    for (const { vfs, networks, interfaces } of await fleet.counts()) {
      assert.deepEqual({ vfs, networks, interfaces }, wanted, said);
    }
    assert.match(said, new RegExp(`error: .*root@${silentAddress}:${silent.port} .*no answer within 3 s`));
    assert.match(said, new RegExp(`error: .*root@${refusingAddress}:\\d+`));
    // One attempt for all checks, one for the VFs, which are not made: the rest of it is not tried.
    assert.ok(sockets.length <= 2, `${sockets.length} connections to the host that says nothing`);
    const types = (await project!.stackExport()).map(({ type }) => type);
    assert.equal(types.filter((type) => type.endsWith("SriovNetwork")).length, 4);
    assert.equal(types.filter((type) => type.endsWith("VmSriovInterface")).length, 4 * wanted.interfaces);
  });
});
