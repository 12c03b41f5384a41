// HostSetup's whole life over the fake host.
import assert from "node:assert/strict";
import type { Values } from "../../../../provider/resources/lifecycle.js";
import { hostSetup } from "../../../../provider/resources/host-setup/index.js";
import type { HostSetupState } from "../../../../provider/resources/host-setup/model.js";
import { FakeHost } from "../../../fakes/fake-host.js";
import { type FakeWorld, fakeWorld } from "../../../fakes/fake-host-context.js";

const local = "etc/apparmor.d/local/abstractions/libvirt-qemu";
const debian12 = {
  "sys/module/apparmor/parameters/enabled": "Y",
  "etc/apparmor.d/abstractions/libvirt-qemu": "  include if exists <local/abstractions/libvirt-qemu>",
};
const debian13 = {
  "sys/module/apparmor/parameters/enabled": "Y",
  "etc/apparmor.d/abstractions/libvirt-qemu": "  include if exists <abstractions/libvirt-qemu.d>",
};

describe("HostSetup", () => {
  let fake: FakeHost;
  let world: FakeWorld;
  const on = (tree: { [path: string]: string }) => {
    fake = new FakeHost(tree);
    world = fakeWorld(fake);
  };
  afterEach(() => fake.dispose());

  const inputsOf = async (news: Values) => {
    const checked = await hostSetup.check(world.context, { host: { uri: "qemu:///system" }, ...news }, undefined);
    assert.deepEqual(checked.failures, []);
    return checked.inputs;
  };
  const create = async (news: Values): Promise<HostSetupState> => {
    const outcome = await hostSetup.create(world.context, await inputsOf(news));
    assert.ok(outcome.done);
    assert.equal(outcome.id, "kvm1/setup");
    return outcome.state;
  };

  it("adds a marked block beside the administrator's lines, and delete takes only that", async () => {
    on({ ...debian12, [local]: "# mine\n/srv/iso/** r,\n" });
    const state = await create({ apparmorVfioRule: true });
    assert.equal(state.apparmorRuleFile, `/${local}`);
    assert.match(
      fake.text(local) ?? "",
      /^# mine\n\/srv\/iso\/\*\* r,\n# BEGIN pulumi-sriov.*\n\/dev\/vfio\/\[0-9\]\* rw,\n# END pulumi-sriov$/,
    );
    await hostSetup.delete(world.context, "", state);
    assert.equal(fake.text(local), "# mine\n/srv/iso/** r,");
    await hostSetup.delete(world.context, "", state);
  });

  it("uses a file of its own in the drop-in folder, and delete leaves none", async () => {
    on(debian13);
    const before = fake.files("etc");
    const state = await create({ apparmorVfioRule: true });
    assert.match(fake.text("etc/apparmor.d/abstractions/libvirt-qemu.d/pulumi-sriov") ?? "", /\/dev\/vfio/);
    await hostSetup.delete(world.context, "", state);
    assert.deepEqual(fake.files("etc"), before);
  });

  it("is not said to be undone, with its rule still there, when half of the host's answer is missing", async () => {
    on(debian12);
    const state = await create({ apparmorVfioRule: true });
    const whole = world.shell;
    world.shell = {
      ...whole,
      run: async (command, options) => {
        const result = await whole.run(command, options);
        return { ...result, stdout: result.stdout.slice(0, result.stdout.length / 2) };
      },
    };
    await assert.rejects(hostSetup.delete(world.context, "", state), /the answer ended half-way/);
    world.shell = whole;
    await hostSetup.delete(world.context, "", state);
    assert.equal(fake.text(local), "");
  });

  it("is not said to be undone when the host said yes and its rule is still there", async () => {
    on(debian12);
    const state = await create({ apparmorVfioRule: true });
    const whole = world.shell;
    const yes = { exitCode: 0, signal: undefined, stdout: "", stderr: "" };
    world.shell = {
      ...whole,
      run: async (command, options) =>
        options?.input?.includes("sha256sum") ? { command, ...yes } : whole.run(command, options),
    };
    await assert.rejects(hostSetup.delete(world.context, "", state), /^SriovError: .*not undone: apparmorVfioRule: /);
    world.shell = whole;
    await hostSetup.delete(world.context, "", state);
    assert.equal(fake.text(local), "");
  });

  it("reads a fixed point", async () => {
    on(debian12);
    const inputs = await inputsOf({ apparmorVfioRule: true });
    const state = await create({ apparmorVfioRule: true });
    const observed = await hostSetup.read(world.context, "kvm1/setup", state);
    assert.ok(observed.here);
    assert.deepEqual(observed.inputs, inputs);
    assert.deepEqual(observed.state, state);
    assert.deepEqual(hostSetup.diff("", observed.state, inputs).changes, []);
  });

  it("finds that the rule was taken away, and puts it back", async () => {
    on(debian12);
    const inputs = await inputsOf({ apparmorVfioRule: true });
    const state = await create({ apparmorVfioRule: true });
    fake.put(local, "");
    const observed = await hostSetup.read(world.context, "", state);
    assert.ok(observed.here);
    assert.deepEqual(hostSetup.diff("", observed.state, inputs).changes, [
      { property: "apparmorVfioRule", kind: "update" },
    ]);
    await hostSetup.update(world.context, "", observed.state, inputs);
    assert.match(fake.text(local) ?? "", /\/dev\/vfio/);
  });

  it("writes nothing where somebody's rule is there already, and delete leaves it", async () => {
    on({ ...debian12, [local]: "/dev/vfio/[0-9]* rw,\n" });
    const state = await create({ apparmorVfioRule: true });
    assert.equal(state.apparmorRuleFile, "");
    await hostSetup.delete(world.context, "", state);
    assert.equal(fake.text(local), "/dev/vfio/[0-9]* rw,");
  });

  it("is fine with a host without AppArmor, and says that it has none", async () => {
    on({ "proc/1/comm": "systemd" });
    const state = await create({ apparmorVfioRule: true });
    assert.equal(state.apparmor, "absent");
    assert.deepEqual(fake.files("etc"), []);
  });

  it("removes its block for false, and leaves everything alone when unset", async () => {
    on(debian12);
    await create({ apparmorVfioRule: true });
    await create({});
    assert.match(fake.text(local) ?? "", /\/dev\/vfio/);
    await create({ apparmorVfioRule: false });
    assert.doesNotMatch(fake.text(local) ?? "", /\/dev\/vfio/);
  });

  it("takes its block back when the program no longer names it, and leaves an administrator's rule", async () => {
    on({ ...debian12, [local]: "# mine" });
    const state = await create({ apparmorVfioRule: true });
    const outcome = await hostSetup.update(world.context, "", state, await inputsOf({}));
    assert.ok(outcome.done);
    assert.equal(fake.text(local), "# mine");
    assert.equal(outcome.state.apparmorVfioRule, undefined);
    fake.put(local, "/dev/vfio/[0-9]* rw,\n");
    await hostSetup.update(world.context, "", await create({ apparmorVfioRule: true }), await inputsOf({}));
    assert.equal(fake.text(local), "/dev/vfio/[0-9]* rw,");
  });

  it("waits for whoever else edits the set-up of the host, also for AppArmor's rules", async () => {
    on(debian12);
    const inputs = await inputsOf({ apparmorVfioRule: true });
    const seconds = 2;
    const lock = '"$SRIOV_ROOT/run/lock/pulumi-sriov-host-setup"';
    await fake.shell.run('mkdir -p "$SRIOV_ROOT/run/lock"');
    const held = fake.shell.run(
      `flock ${lock} sh -c 'touch "$SRIOV_ROOT/held"; sleep ${seconds}; echo after > "$SRIOV_ROOT/held"'`,
    );
    while (fake.text("held") === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    const outcome = await hostSetup.create(world.context, inputs);
    assert.ok(outcome.done);
    assert.equal(fake.text("held"), "after");
    await held;
  });

  it("refuses what is no boolean", async () => {
    on(debian12);
    const { failures } = await hostSetup.check(
      world.context,
      { host: { uri: "qemu:///system" }, apparmorVfioRule: "yes", apparmorRule: true },
      undefined,
    );
    assert.deepEqual(failures.map(({ property }) => property).sort(), ["apparmorRule", "apparmorVfioRule"]);
  });
});
