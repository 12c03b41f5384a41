// A fleet in which not every host is well, with the real CLI.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { type PulumiProject, createProject } from "../../lab/pulumi-project.js";
import { ensurePulumi } from "../../lab/pulumi-cli.js";
import { type Fleet, startFleet } from "../bench/fleet/fleet.js";
import { fleetProgram, wanted } from "../bench/fleet/program.js";

const silentAddresses = [1, 2, 3, 4, 5].map((n) => `127.77.200.${n}`);
const refusingAddress = "127.77.200.9";

async function listen(address: string, take: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer(take).listen(0, address);
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** `root@127.0.0.1:22` of a URI. */
const nameIn = (uri: string): string => /root@[\d.]+:\d+/.exec(uri)?.[0] ?? "";

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

type SilentHost = { address: string; server: Server; port: number; sockets: Socket[] };

async function startSilentHost(address: string): Promise<SilentHost> {
  const sockets: Socket[] = [];
  return {
    address,
    sockets,
    ...(await listen(address, (socket) => sockets.push(socket.on("error", () => undefined)))),
  };
}

describe("a fleet with dead hosts", () => {
  let fleet: Fleet;
  let project: PulumiProject | undefined;
  let dead: string[];
  let ill: string[];
  const silent: SilentHost[] = [];

  before(async function () {
    this.timeout(60_000);
    const pulumi = await ensurePulumi();
    fleet = await startFleet(4, { ill: ["host hangs", "libvirt hangs"] });
    for (const address of silentAddresses) silent.push(await startSilentHost(address));
    const refusing = await listen(refusingAddress, () => undefined);
    await close(refusing.server);
    dead = [
      ...silent.map(({ address, port }) => ({ address, port })),
      { address: refusingAddress, port: refusing.port },
    ].map(({ address, port }) => `qemu+ssh://root@${address}:${port}/system`);
    ill = fleet.uris.slice(4);
    project = await createProject({ name: "dead-hosts", program: { text: program(600) }, pulumi });
  });
  after(async () => {
    await project?.dispose();
    for (const { server, sockets } of silent) {
      for (const socket of sockets) socket.destroy();
      await close(server);
    }
    await fleet?.stop();
  });

  const program = (connectTimeout: number) => fleetProgram([...dead, ...fleet.uris], { connectTimeout });

  it("previews the others while those that say nothing, from the beginning or from their login on, are still waited for, and names them", async function () {
    this.timeout(120_000);
    const { exitCode, stdout, stderr } = await project!.preview();
    const said = stdout + stderr;
    assert.equal(exitCode, 0, said);
    for (const { address, port, sockets } of silent) {
      const name = `root@${address}:${port}`;
      assert.match(
        said,
        new RegExp(`warning: qemu\\+ssh://${name}/system cannot be asked now.*Cannot connect to ${name}: no sign`),
      );
      assert.equal(sockets.length, 1, `${sockets.length} connections to ${name}`);
    }
    assert.match(said, new RegExp(`warning: .*root@${refusingAddress}:\\d+`));
    const [hanging, withoutLibvirt] = ill.map(nameIn);
    // Whichever was asked of it first.
    assert.match(said, new RegExp(`warning: .*: Cannot (reach|ask libvirt on) ${hanging}: no sign of life yet`));
    assert.match(said, new RegExp(`warning: .*: Cannot ask libvirt on ${withoutLibvirt}: no sign of life yet`));
    assert.match(said, new RegExp(`\\+ ${(wanted.interfaces + 2) * (dead.length + fleet.uris.length) + 1} to create`));
  });

  it("makes everything on the others, and names each that says nothing, hangs or refuses", async function () {
    this.timeout(240_000);
    await project!.write(program(6));
    const { exitCode, stdout, stderr } = await project!.up({ args: ["--skip-preview", "--continue-on-error"] });
    const said = stdout + stderr;
    assert.notEqual(exitCode, 0, said);
    for (const { vfs, networks, interfaces } of (await fleet.counts()).slice(0, 4)) {
      assert.deepEqual({ vfs, networks, interfaces }, wanted, said);
    }
    for (const { address, port, sockets } of silent) {
      assert.match(said, new RegExp(`error: .*root@${address}:${port} .*no answer within 6 s`));
      // One of the preview, one attempt for all checks, one for the VFs, which are not made: the rest of it is not tried.
      assert.ok(sockets.length <= 3, `${sockets.length} connections to ${address}`);
    }
    assert.match(said, new RegExp(`error: .*root@${refusingAddress}:\\d+`));
    for (const uri of ill) assert.match(said, new RegExp(`error: .*${nameIn(uri)}`));
    const types = (await project!.stackExport()).map(({ type }) => type);
    assert.equal(types.filter((type) => type.endsWith("SriovNetwork")).length, 4);
    assert.equal(types.filter((type) => type.endsWith("VmSriovInterface")).length, 4 * wanted.interfaces);
  });
});
