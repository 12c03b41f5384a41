// virtqemud is killed at every call of an interface's life, and comes back as systemd would have it: the run ends right or says that
// it did not, and the next one does the rest. Nothing is there twice, and nothing is left.
import assert from "node:assert/strict";
import { type SriovError, isSriovError } from "../../../provider/base/errors.js";
import { silentLog } from "../../../provider/base/log.js";
import type { LibvirtClient } from "../../../provider/libvirt/client.js";
import type { Context } from "../../../provider/resources/lifecycle.js";
import { type OwnedSession, openSession } from "../../../provider/resources/session.js";
import { vmSriovInterface } from "../../../provider/resources/vm-sriov-interface/index.js";
import { Pool } from "../../../provider/transport/pool.js";
import { fakeContext } from "../../fakes/fake-context.js";
import { defineDomain, mustRun } from "../libvirtd.js";
import { type Peer, peerKinds, startPeer } from "../peers.js";

type Made = { id: string; state: Parameters<typeof vmSriovInterface.delete>[2] };
type Moment = "before" | "during";

describe("virtqemud killed", function () {
  this.timeout(300_000);
  let peer: Peer;
  let session: OwnedSession;
  const pool = new Pool();

  before(async function () {
    this.timeout(600_000);
    const modular = peerKinds.find(({ isModular }) => isModular);
    assert.ok(modular);
    peer = await startPeer(modular);
    session = await openSession({ uri: `qemu+unix:///system?socket=${peer.socket}` }, pool, { log: silentLog });
    await defineDomain(peer.fixture, "web");
    await mustRun(
      peer.fixture,
      `echo "<network><name>pool</name><forward mode='hostdev' managed='yes'><pf dev='ens1f0'/></forward></network>" > /run/net.xml
       virsh net-define /run/net.xml && virsh net-start pool`,
    );
  });
  after(async () => {
    await session?.close();
    await pool.closeAll();
    await peer?.stop();
  });

  /** virtqemud dies at one call; without `at`, at none. */
  function contextThatKills(moment: Moment = "before", at = Infinity): { context: Context; calls: () => number } {
    let calls = 0;
    const kill = () => mustRun(peer.fixture, "pkill -KILL -x virtqemud");
    const killing = (client: LibvirtClient) =>
      new Proxy(client, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name, target);
          if (typeof value !== "function") return value;
          return async (...args: unknown[]): Promise<unknown> => {
            calls += 1;
            const isNow = calls === at;
            if (isNow && moment === "before") await kill();
            const answer = Promise.resolve(Reflect.apply(value, target, args));
            if (isNow && moment === "during") await Promise.all([kill(), answer.catch(() => undefined)]);
            return answer;
          };
        },
      });
    const { hostName, machineId, shell } = session;
    const view = { hostName, machineId, shell, libvirt: async () => killing(await session.libvirt()) };
    return { context: fakeContext(async () => view), calls: () => calls };
  }

  const host = { uri: "qemu:///system" };
  async function up(context: Context): Promise<Made> {
    const news = { host, domain: "web", network: "pool", vlan: 42 };
    const { inputs, failures } = await vmSriovInterface.check(context, news, undefined, "nic");
    assert.deepEqual(failures, []);
    const outcome = await vmSriovInterface.create(context, inputs);
    assert.ok(outcome.done, JSON.stringify(outcome));
    return outcome;
  }
  /** Asked in our own way, which waits for a daemon that comes back. */
  const interfaces = async () => {
    const client = await session.libvirt();
    const web = await client.findDomain("web");
    assert.ok(web);
    return ((await client.domainXml(web, { inactive: true })).match(/<interface/g) ?? []).length;
  };
  /** Undefined when it went right; an error that is not one of ours is a bug. */
  const said = (run: Promise<unknown>): Promise<SriovError | undefined> =>
    run.then(
      () => undefined,
      (error: unknown) => {
        assert.ok(isSriovError(error), String(error));
        assert.notEqual(error.kind, "bug");
        return error;
      },
    );

  for (const moment of ["before", "during"] as const) {
    it(`${moment} any call of an up: it ends right, or the next one does`, async () => {
      let at = 1;
      for (; ; at += 1) {
        const { context, calls } = contextThatKills(moment, at);
        const error = await said(up(context));
        if (calls() < at) break;
        if (!error) assert.equal(await interfaces(), 1, `killed at call ${at}`);
        const made = await up(contextThatKills().context);
        assert.equal(await interfaces(), 1, `killed at call ${at}`);
        await vmSriovInterface.delete(contextThatKills().context, made.id, made.state);
        assert.equal(await interfaces(), 0);
      }
      await up(contextThatKills().context).then(({ id, state }) =>
        vmSriovInterface.delete(contextThatKills().context, id, state),
      );
      assert.ok(at > 4, `only ${at - 1} calls`);
    });

    it(`${moment} any call of a delete: it is gone, or the next one takes it away`, async () => {
      let at = 1;
      for (; ; at += 1) {
        const made = await up(contextThatKills().context);
        const { context, calls } = contextThatKills(moment, at);
        const error = await said(vmSriovInterface.delete(context, made.id, made.state));
        if (calls() < at) break;
        if (!error) assert.equal(await interfaces(), 0, `killed at call ${at}`);
        await vmSriovInterface.delete(contextThatKills().context, made.id, made.state);
        assert.equal(await interfaces(), 0, `killed at call ${at}`);
      }
      assert.ok(at > 2, `only ${at - 1} calls`);
    });
  }
});
