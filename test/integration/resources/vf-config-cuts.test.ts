// The connection breaks after each command of an apply, and the applier's process is killed at each: whatever the moment, the
// next `up` gets there, nothing stays locked or lies about, and no running VM has lost its NIC.
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { SriovError } from "../../../provider/base/errors.js";
import type { Shell } from "../../../provider/host/shell.js";
import type { Outcome, Values } from "../../../provider/resources/lifecycle.js";
import { vfConfig } from "../../../provider/resources/vf-config/index.js";
import type { VfConfigInputs, VfConfigState } from "../../../provider/resources/vf-config/model.js";
import { FakeHost, pfTree } from "../../fakes/fake-host.js";
import { type FakeWorld, domainHolding, fakeWorld, giveToVm } from "../../fakes/fake-host-context.js";

const pf = "0000:01:00.0";
const device = `sys/bus/pci/devices/${pf}`;
const host = { uri: "qemu+ssh://root@kvm1/system" };

/** What the user does, from a state of theirs to another. */
type Scene = {
  title: string;
  before?: Values;
  /** Something of the world between the two. */
  meanwhile?: (fake: FakeHost, world: FakeWorld) => void;
  /** Undefined deletes. */
  after: Values | undefined;
};

const attributes = [
  { index: 0, vlan: 42, qos: 3, mac: "52:54:00:00:00:10" },
  { index: 2, trust: true, spoofchk: false, maxTxRate: 100 },
];
const web = { vf: "0000:01:11.2", group: 95 };
const startVm = (fake: FakeHost, world: FakeWorld) => {
  giveToVm(fake, web.vf, web.group, "web");
  world.domains = { web: domainHolding("11", "2") };
};
const comeInOverThePf = (fake: FakeHost) => {
  fake.environment["SSH_CONNECTION"] = "10.9.0.2 50000 10.9.0.15 22";
  fake.put("fake/route", "10.9.0.2 from 10.9.0.15 dev eno49 uid 0");
  fake.put("run/systemd/system/.keep", "");
};

const scenes: Scene[] = [
  { title: "makes VFs with attributes", after: { numVfs: 3, vfs: attributes } },
  {
    title: "changes attributes beside a running VM's VF, and the choice of how they come back",
    before: { numVfs: 7, vfs: attributes },
    meanwhile: startVm,
    after: {
      numVfs: 7,
      vfs: [
        { index: 1, vlan: 7 },
        { index: 2, trust: false },
      ],
      persistence: "none",
    },
  },
  {
    title: "changes the number over the management link, under a dead-man timer",
    before: { numVfs: 2, vfs: attributes.slice(0, 1) },
    meanwhile: comeInOverThePf,
    after: { numVfs: 4, vfs: attributes, allowDisruption: true, confirmTimeout: 15 },
  },
  { title: "deletes what it made", before: { numVfs: 3, vfs: attributes }, after: undefined },
];

type Stage = { fake: FakeHost; world: FakeWorld; act: () => Promise<Outcome<VfConfigState> | undefined> };

/** Where the scene stands before its `after`: made once, and copied for each cut. */
type Prepared = { scene: Scene; fake: FakeHost; old: VfConfigState | undefined; inputs: VfConfigInputs | undefined };

async function prepare(scene: Scene): Promise<Prepared> {
  const { before, meanwhile, after } = scene;
  const fake = new FakeHost(pfTree());
  const world = fakeWorld(fake);
  const inputsOf = async (news: Values) => {
    const { inputs, failures } = await vfConfig.check(world.context, { host, pf: "eno49", ...news }, undefined);
    assert.deepEqual(failures, []);
    return inputs;
  };
  const made = before ? await vfConfig.create(world.context, await inputsOf(before)) : undefined;
  assert.ok(!made || made.done);
  meanwhile?.(fake, world);
  return { scene, fake, old: made?.state, inputs: after ? await inputsOf(after) : undefined };
}

function stageOf({ scene, fake: original, old, inputs }: Prepared): Stage {
  const fake = new FakeHost();
  cpSync(original.root, fake.root, { recursive: true, verbatimSymlinks: true });
  fake.forget();
  const world = fakeWorld(fake);
  scene.meanwhile?.(fake, world);
  // Whoever comes after a connection that broke waits for what it left running.
  fake.environment["SRIOV_LOCK_WAIT"] = "20";
  // As Pulumi does it: what an outcome has as its state, done or not, is what the next call gets.
  let state = old;
  const act = async (): Promise<Outcome<VfConfigState> | undefined> => {
    if (!inputs) return void (state && (await vfConfig.delete(world.context, "", state)));
    const outcome = await (state
      ? vfConfig.update(world.context, "", state, inputs)
      : vfConfig.create(world.context, inputs));
    state = outcome.state;
    return outcome;
  };
  return { fake, world, act };
}

const lost = () => new SriovError("unreachable", "Cannot reach root@kvm1: the connection is lost");

/** An error, or an outcome that is half-done. */
const saysLost = (result: unknown): boolean =>
  result instanceof SriovError
    ? result.kind === "unreachable"
    : /the connection is lost/.test(JSON.stringify((result as { reasons?: string[] } | undefined)?.reasons ?? ""));

/** When the connection breaks: before the command has arrived, while it runs, when it has ended and nobody was told. */
const moments = ["before", "during", "after"] as const;

function cutAt(shell: Shell, at: number, moment: (typeof moments)[number]): { shell: Shell; left: Promise<unknown>[] } {
  let runs = 0;
  const left: Promise<unknown>[] = [];
  const run: Shell["run"] = async (command, options) => {
    runs += 1;
    if (runs !== at) return shell.run(command, options);
    if (moment === "before") throw lost();
    const running = shell.run(command, options);
    if (moment === "during") left.push(running);
    else await running;
    throw lost();
  };
  return { shell: { ...shell, run }, left };
}

/** Nothing of an apply that has ended is left on the host. */
async function nothingIsLeft({ fake }: Stage): Promise<void> {
  assert.deepEqual([...fake.files("fake/timers"), ...fake.files("run/pulumi-sriov")], [], "timers");
  const lock = `${fake.root}/run/lock/pulumi-sriov-${pf}.lock`;
  const { exitCode } = await fake.shell.run(`[ ! -e ${lock} ] || flock -n ${lock} true`);
  assert.equal(exitCode, 0, "locked");
  assert.deepEqual(
    [...fake.files("etc"), ...fake.files("usr")].filter((path) => path.endsWith(".new")),
    [],
    "half-written files",
  );
}

async function vmHasItsNic({ fake }: Stage, { meanwhile }: Scene): Promise<void> {
  if (meanwhile !== startVm) return;
  const numbers = fake.writes.filter((write) => write.includes("sriov_numvfs"));
  assert.deepEqual(numbers, [], "VFs were made anew");
  assert.match((await fake.shell.readLink(`sys/bus/pci/devices/${web.vf}/driver`)) ?? "", /vfio-pci$/);
}

/** What the host shows of the PF, for a comparison with a host where nothing was cut. */
function shown({ fake }: Stage): string {
  const vfs = Array.from({ length: 7 }, (_, index) => fake.files(`${device}/vf-${index}`)).flat();
  return [`${device}/sriov_numvfs`, `${device}/net/eno49/flags`, ...vfs, ...fake.files("etc")]
    .map((path) => `${path}: ${fake.text(path)}`)
    .join("\n");
}

describe("a connection that breaks", function () {
  this.timeout(300_000);

  for (const scene of scenes) {
    describe(`while it ${scene.title}`, () => {
      let whole: { shown: string; outcome: Outcome<VfConfigState> | undefined; runs: number };
      let prepared: Prepared;
      before(async () => {
        prepared = await prepare(scene);
        const stage = stageOf(prepared);
        const outcome = await stage.act();
        assert.ok(!outcome || outcome.done);
        whole = { shown: shown(stage), outcome, runs: stage.fake.runs };
        stage.fake.dispose();
      });
      after(() => prepared.fake.dispose());

      for (const moment of moments) {
        it(`${moment} any of its commands: the next up gets there, and nothing is left`, async () => {
          assert.ok(whole.runs >= 3, `${whole.runs} commands`);
          for (let at = 1; at <= whole.runs; at += 1) {
            const where = `cut ${moment} command ${at} of ${whole.runs}`;
            const stage = stageOf(prepared);
            try {
              const cut = cutAt(stage.fake.shell, at, moment);
              stage.world.shell = cut.shell;
              // Under a dead-man timer it comes back by itself.
              const first = await stage.act().catch((error: unknown) => error);
              assert.ok(saysLost(first) || scene.meanwhile === comeInOverThePf, `${where}: ${JSON.stringify(first)}`);
              await vmHasItsNic(stage, scene);
              stage.world.shell = stage.fake.shell;
              assert.deepEqual(await stage.act(), whole.outcome, where);
              await Promise.all(cut.left);
              assert.equal(shown(stage), whole.shown, where);
              await vmHasItsNic(stage, scene);
              await nothingIsLeft(stage);
              assert.deepEqual(stage.fake.files("tmp"), [], where);
            } finally {
              stage.fake.dispose();
            }
          }
        });
      }

      it("and takes the host's process with it, at any command of the scripts: the next up gets there", async () => {
        for (let at = 1; ; at += 1) {
          const where = `killed at command ${at} of the scripts`;
          const stage = stageOf(prepared);
          try {
            stage.fake.put("fake/stop-at", String(at));
            // The whole process group: the command, the applier, the script.
            stage.fake.put("fake/stop", "kill -9 0");
            await stage.act().catch(() => undefined);
            const wasKilled =
              Number((await stage.fake.shell.run(`wc -l < ${stage.fake.root}/fake/counted`)).stdout) >= at;
            stage.fake.remove("fake/stop-at");
            await vmHasItsNic(stage, scene);
            assert.deepEqual(await stage.act(), whole.outcome, where);
            assert.equal(shown(stage), whole.shown, where);
            await vmHasItsNic(stage, scene);
            await nothingIsLeft(stage);
            if (!wasKilled) {
              assert.ok(at > 3, `${at} commands`);
              return;
            }
          } finally {
            stage.fake.dispose();
          }
        }
      });
    });
  }
});
