// The disk below libvirtd's own definitions is full: a small file system in its namespace.
import assert from "node:assert/strict";
import { explain } from "../../../provider/base/errors.js";
import type { Values } from "../../../provider/resources/lifecycle.js";
import { Program } from "../../../provider/resources/program.js";
import { sriovNetwork } from "../../../provider/resources/sriov-network/index.js";
import { vmSriovInterface } from "../../../provider/resources/vm-sriov-interface/index.js";
import { defineDomain, mustRun } from "../libvirtd.js";
import { type World, host, startWorld } from "./world.js";

describe("a libvirt whose disk is full", function () {
  this.timeout(60_000);
  let world: World;
  const run = (command: string) => mustRun(world.fixture, command);
  const fill = () => run("dd if=/dev/zero of=/etc/libvirt/qemu/filler bs=4096 2>/dev/null || true");
  const empty = () => run("rm -f /etc/libvirt/qemu/filler");
  const definition = () => run("virsh dumpxml --inactive web; cat /etc/libvirt/qemu/web.xml");

  before(async () => {
    world = await startWorld();
    await defineDomain(world.fixture, "web");
    await run(
      `cp -a /etc/libvirt/qemu /run/definitions && mount -t tmpfs -o size=256k tmpfs /etc/libvirt/qemu &&
       cp -a /run/definitions/. /etc/libvirt/qemu/`,
    );
  });
  after(() => world?.close());
  afterEach(empty);
  beforeEach(() => void (world.context = { ...world.context, program: new Program() }));

  async function makePool() {
    const news: Values = { host, name: "pool", pf: "ens1f0" };
    const { inputs, failures } = await sriovNetwork.check(world.context, news, undefined, "pool");
    assert.deepEqual(failures, []);
    return sriovNetwork.create(world.context, inputs);
  }
  async function attach() {
    const news: Values = { host, domain: "web", network: "pool", vlan: 42 };
    const { inputs, failures } = await vmSriovInterface.check(world.context, news, undefined, "nic");
    assert.deepEqual(failures, []);
    return vmSriovInterface.create(world.context, inputs);
  }
  /** It says so, by an error or by the reasons of a half-done outcome. */
  async function saysFull(doing: Promise<unknown>): Promise<void> {
    const said = await doing.then((outcome) => JSON.stringify(outcome), explain);
    assert.match(said, /No space left on device/);
  }

  it("has no network that could not be written down, and has it when there is room again", async () => {
    await fill();
    await saysFull(makePool());
    await empty();
    const outcome = await makePool();
    assert.ok(outcome.done, JSON.stringify(outcome));
    assert.equal((await run("virsh -q net-list --all --name")).trim(), "pool");
  });

  it("leaves the VM's definition as it was, and gets the interface once when there is room again", async () => {
    const before = await definition();
    await fill();
    await saysFull(attach());
    assert.equal(await definition(), before);
    await empty();
    const made = await attach();
    assert.ok(made.done, JSON.stringify(made));
    assert.equal((await definition()).match(/<alias name='ua-sriov-nic'/g)?.length, 2);
  });

  it("keeps an interface that it could not write out of the definition, and says so", async () => {
    const made = await attach();
    assert.ok(made.done);
    const before = await definition();
    await fill();
    await saysFull(vmSriovInterface.delete(world.context, made.id, made.state));
    assert.equal(await definition(), before);
    await empty();
    await vmSriovInterface.delete(world.context, made.id, made.state);
    assert.doesNotMatch(await definition(), /ua-sriov-nic/);
  });
});
