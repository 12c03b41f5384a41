// The parts of HostSetup that edit files of the host: the real scripts over a host of files, with boot loaders' commands that
// do what the real ones do with those files.
import assert from "node:assert/strict";
import type { Values } from "../../../../provider/resources/lifecycle.js";
import { hostSetup } from "../../../../provider/resources/host-setup/index.js";
import type { HostSetupState } from "../../../../provider/resources/host-setup/model.js";
import { FakeHost } from "../../../fakes/fake-host.js";
import { type FakeWorld, fakeWorld } from "../../../fakes/fake-host-context.js";

const intel = {
  "proc/cmdline": "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet",
  "proc/cpuinfo": "processor\t: 0\nvendor_id\t: GenuineIntel",
  "sys/firmware/acpi/tables/DMAR": "",
};
const grub = {
  ...intel,
  "etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX="console=ttyS0"',
};
const updateGrub = `#!/bin/sh
[ -e "$SRIOV_ROOT/fake/grub-fails" ] && exit 1
GRUB_CMDLINE_LINUX= GRUB_CMDLINE_LINUX_DEFAULT=
for file in "$SRIOV_ROOT/etc/default/grub" "$SRIOV_ROOT"/etc/default/grub.d/*.cfg; do [ -e "$file" ] && . "$file"; done
mkdir -p "$SRIOV_ROOT/boot/grub"
printf 'menuentry x {\\n\\tlinux\\t/vmlinuz root=/dev/sda1 ro %s %s\\n}\\n' "$GRUB_CMDLINE_LINUX" "$GRUB_CMDLINE_LINUX_DEFAULT" > "$SRIOV_ROOT/boot/grub/grub.cfg"
`;
const grubby = `#!/bin/sh
args=$SRIOV_ROOT/boot/args
for option; do
  case $option in
  --info=*) printf 'index=0\\nargs="%s"\\n' "$(cat "$args")" ;;
  --args=*) echo "$(cat "$args") \${option#--args=}" > "$args" ;;
  --remove-args=*) line=" $(cat "$args") "; for word in \${option#--remove-args=}; do line=$(printf '%s' "$line" | sed "s# $word # #"); done; echo $line > "$args" ;;
  esac
done
`;
const kernelInstall = `#!/bin/sh
[ -e "$SRIOV_ROOT/fake/install-fails" ] && exit 1
echo "$*" | sed "s#$SRIOV_ROOT##" >> "$SRIOV_ROOT/fake/installed"
`;

describe("HostSetup's files", () => {
  let fake: FakeHost;
  let world: FakeWorld;
  const on = async (tree: { [path: string]: string }, commands: { [name: string]: string } = {}) => {
    fake = new FakeHost(tree);
    world = fakeWorld(fake);
    // None of the machine that the tests run on.
    const none = { modprobe: "#!/bin/sh\nexit 0\n" };
    for (const [name, text] of Object.entries({ ...none, ...commands })) {
      fake.put(`bin/${name}`, text);
      await fake.shell.run(`chmod +x "$SRIOV_ROOT/bin/${name}"`);
    }
  };
  afterEach(() => fake.dispose());

  const inputsOf = async (news: Values) => {
    const checked = await hostSetup.check(world.context, { host: { uri: "qemu:///system" }, ...news }, undefined);
    assert.deepEqual(checked.failures, []);
    return checked.inputs;
  };
  const create = async (news: Values): Promise<HostSetupState> => {
    const outcome = await hostSetup.create(world.context, await inputsOf(news));
    assert.ok(outcome.done, JSON.stringify(outcome));
    return outcome.state;
  };
  const destroy = (state: HostSetupState) => hostSetup.delete(world.context, "", state);
  const snapshot = () => Object.fromEntries(fake.files("etc").map((path) => [path, fake.text(path)]));
  const refreshed = async (state: HostSetupState) => {
    const observed = await hostSetup.read(world.context, "kvm1/setup", state);
    assert.ok(observed.here);
    return observed;
  };

  describe("the kernel's arguments", () => {
    it("go into a drop-in of GRUB's beside what is there, and delete leaves none of it", async () => {
      await on(grub, { "update-grub": updateGrub });
      const before = snapshot();
      const state = await create({ iommu: {} });
      assert.match(fake.text("boot/grub/grub.cfg") ?? "", /ro console=ttyS0 quiet intel_iommu=on iommu=pt$/m);
      assert.deepEqual(
        [state.rebootRequired, state.kernelArguments, state.iommuActive],
        [true, "intel_iommu=on iommu=pt", false],
      );
      assert.match(state.rebootReason, /intel_iommu=on iommu=pt are set for the next boot/);
      assert.match(world.warnings.join(), /has to boot/);
      await destroy(state);
      assert.deepEqual(snapshot(), before);
      assert.match(fake.text("boot/grub/grub.cfg") ?? "", /ro console=ttyS0 quiet$/m);
      await destroy(state);
    });

    it("need no reboot any more once the host has booted with them, and nothing differs then", async () => {
      await on(grub, { "update-grub": updateGrub });
      const inputs = await inputsOf({ iommu: {} });
      const state = await create({ iommu: {} });
      fake.put("proc/cmdline", "root=/dev/sda1 ro console=ttyS0 quiet intel_iommu=on iommu=pt");
      fake.put("sys/kernel/iommu_groups/0/devices/x", "");
      const after = await refreshed(state);
      assert.deepEqual(
        [after.state.rebootRequired, after.state.rebootReason, after.state.iommuActive],
        [false, "", true],
      );
      assert.deepEqual(after.inputs, inputs);
      assert.deepEqual(hostSetup.diff("", after.state, inputs).changes, []);
    });

    it("are not said twice: what the administrator has said stays the administrator's", async () => {
      await on({ ...grub, "etc/default/grub": 'GRUB_CMDLINE_LINUX="intel_iommu=on"' }, { "update-grub": updateGrub });
      const state = await create({ iommu: {} });
      assert.equal(state.kernelArguments, "iommu=pt");
      assert.match(fake.text("boot/grub/grub.cfg") ?? "", /ro intel_iommu=on\s+iommu=pt$/m);
      await destroy(state);
      assert.match(fake.text("boot/grub/grub.cfg") ?? "", /ro intel_iommu=on\s*$/m);
    });

    it("stand behind an intel_iommu=off, which they overrule", async () => {
      await on(
        { ...grub, "etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="intel_iommu=off"' },
        { "update-grub": updateGrub },
      );
      await create({ iommu: {} });
      assert.match(fake.text("boot/grub/grub.cfg") ?? "", /intel_iommu=off intel_iommu=on iommu=pt$/m);
    });

    it("are put back by an update when somebody took them away, and changed when the program changes", async () => {
      await on(grub, { "update-grub": updateGrub });
      const inputs = await inputsOf({ iommu: {} });
      const state = await create({ iommu: {} });
      fake.remove("etc/default/grub.d/90-pulumi-sriov.cfg");
      await fake.shell.run("update-grub");
      const observed = await refreshed(state);
      assert.deepEqual(hostSetup.diff("", observed.state, inputs).changes, [{ property: "iommu", kind: "update" }]);
      const less = await inputsOf({ iommu: { passthrough: false } });
      await hostSetup.update(world.context, "", observed.state, less);
      assert.match(fake.text("boot/grub/grub.cfg") ?? "", /quiet intel_iommu=on$/m);
    });

    it("leave everything as it was when update-grub fails", async () => {
      await on(grub, { "update-grub": updateGrub });
      const before = snapshot();
      fake.put("fake/grub-fails", "");
      const inputs = await inputsOf({ iommu: {} });
      await assert.rejects(hostSetup.create(world.context, inputs), /update-grub failed/);
      assert.deepEqual(snapshot(), before);
    });

    it("go through grubby on hosts that have it", async () => {
      await on({ ...intel, "boot/args": "ro crashkernel=auto" }, { grubby });
      const state = await create({ iommu: {} });
      assert.equal(fake.text("boot/args"), "ro crashkernel=auto intel_iommu=on iommu=pt");
      await destroy(state);
      assert.equal(fake.text("boot/args"), "ro crashkernel=auto");
    });

    it("go into /etc/kernel/cmdline for systemd-boot, and every kernel is installed again", async () => {
      await on(
        {
          ...intel,
          "etc/kernel/cmdline": "root=/dev/sda1 ro quiet",
          "lib/modules/6.1.0/modules.dep": "",
          "boot/vmlinuz-6.1.0": "",
          "lib/modules/6.12.0/vmlinuz": "",
        },
        { "kernel-install": kernelInstall },
      );
      const state = await create({ iommu: {} });
      assert.equal(fake.text("etc/kernel/cmdline"), "root=/dev/sda1 ro quiet intel_iommu=on iommu=pt");
      assert.deepEqual(fake.text("fake/installed")?.split("\n"), [
        "add 6.1.0 /boot/vmlinuz-6.1.0",
        "add 6.12.0 /lib/modules/6.12.0/vmlinuz",
      ]);
      await destroy(state);
      assert.equal(fake.text("etc/kernel/cmdline"), "root=/dev/sda1 ro quiet");
    });

    it("leave no /etc/kernel/cmdline where there was none", async () => {
      await on({ ...intel, "boot/loader/entries/x.conf": "options x" }, { "kernel-install": kernelInstall });
      const before = snapshot();
      const state = await create({ iommu: {} });
      assert.equal(fake.text("etc/kernel/cmdline"), "root=/dev/sda1 ro quiet intel_iommu=on iommu=pt");
      await destroy(state);
      assert.deepEqual(snapshot(), before);
    });

    it("put /etc/kernel/cmdline back when kernel-install fails", async () => {
      await on(
        { ...intel, "etc/kernel/cmdline": "root=/dev/sda1", "lib/modules/6.1.0/vmlinuz": "" },
        { "kernel-install": kernelInstall },
      );
      const before = snapshot();
      fake.put("fake/install-fails", "");
      const inputs = await inputsOf({ iommu: {} });
      await assert.rejects(hostSetup.create(world.context, inputs), /kernel-install failed/);
      assert.deepEqual(snapshot(), before);
    });

    it("need only iommu=pt for AMD, by the firmware's table or as the program says", async () => {
      await on({ ...grub, "sys/firmware/acpi/tables/IVRS": "" }, { "update-grub": updateGrub });
      fake.remove("sys/firmware/acpi/tables/DMAR");
      assert.equal((await create({ iommu: {} })).kernelArguments, "iommu=pt");
      assert.equal((await create({ iommu: { vendor: "intel" } })).kernelArguments, "intel_iommu=on iommu=pt");
    });

    it("are refused on a host whose boot loader is unknown, with what to do", async () => {
      await on(intel);
      const inputs = await inputsOf({ iommu: {} });
      await assert.rejects(hostSetup.create(world.context, inputs), /has no boot loader whose arguments we know/);
    });
  });

  it("load the VFIO modules at boot, and delete takes the file away", async () => {
    await on({ "proc/1/comm": "systemd" });
    const state = await create({ vfioModules: true });
    assert.match(fake.text("etc/modules-load.d/pulumi-sriov.conf") ?? "", /^vfio_pci$/m);
    assert.deepEqual((await refreshed(state)).state, state);
    await destroy(state);
    assert.deepEqual(fake.files("etc"), []);
  });

  const conf = `# Master configuration file
dynamic_ownership = 0

user = "libvirt-qemu"
cgroup_device_acl = [
    "/dev/null", "/dev/zero",
    "/dev/vfio/vfio"
]
#dynamic_ownership = 1
`;

  it("mend qemu.conf in marked blocks that keep the old lines, and delete restores the file to the letter", async () => {
    await on({ "etc/libvirt/qemu.conf": conf });
    const state = await create({ dynamicOwnership: true, cgroupDeviceAcl: true });
    const text = fake.text("etc/libvirt/qemu.conf") ?? "";
    assert.match(text, /^#\| dynamic_ownership = 0\ndynamic_ownership = 1$/m);
    assert.match(
      text,
      /^cgroup_device_acl = \[ "\/dev\/null", "\/dev\/zero", "\/dev\/vfio\/vfio", .*"\/dev\/kvm".* \]$/m,
    );
    assert.ok(fake.commands.some((line) => /try-restart libvirtd.service virtqemud.service/.test(line)));
    assert.deepEqual((await refreshed(state)).state, state);
    await destroy(state);
    assert.equal(`${fake.text("etc/libvirt/qemu.conf") ?? ""}\n`, conf);
  });

  it("leave a qemu.conf alone that is as it should be, and restart nothing", async () => {
    await on({ "etc/libvirt/qemu.conf": "#dynamic_ownership = 0\n" });
    await create({ dynamicOwnership: true, cgroupDeviceAcl: true });
    assert.equal(fake.text("etc/libvirt/qemu.conf"), "#dynamic_ownership = 0");
    assert.deepEqual(fake.commands, []);
  });

  it("are seen as changed when somebody breaks qemu.conf again behind our block", async () => {
    await on({ "etc/libvirt/qemu.conf": conf });
    const inputs = await inputsOf({ dynamicOwnership: true });
    const state = await create({ dynamicOwnership: true });
    fake.put("etc/libvirt/qemu.conf", `${fake.text("etc/libvirt/qemu.conf") ?? ""}\ndynamic_ownership = 0\n`);
    const observed = await refreshed(state);
    assert.deepEqual(hostSetup.diff("", observed.state, inputs).changes, [
      { property: "dynamicOwnership", kind: "update" },
    ]);
  });

  it("go when the program leaves their part out, each by itself, and the other parts stay", async () => {
    await on({ ...grub, "etc/libvirt/qemu.conf": conf }, { "update-grub": updateGrub });
    const before = snapshot();
    const state = await create({ iommu: {}, vfioModules: true, dynamicOwnership: true, cgroupDeviceAcl: true });
    const less = await inputsOf({ vfioModules: true, cgroupDeviceAcl: true });
    assert.deepEqual(hostSetup.diff("", state, less).changes, [
      { property: "iommu", kind: "update" },
      { property: "dynamicOwnership", kind: "update" },
    ]);
    const outcome = await hostSetup.update(world.context, "", state, less);
    assert.ok(outcome.done, JSON.stringify(outcome));
    assert.match(fake.text("boot/grub/grub.cfg") ?? "", /ro console=ttyS0 quiet$/m);
    assert.match(fake.text("etc/libvirt/qemu.conf") ?? "", /^dynamic_ownership = 0$/m);
    assert.match(fake.text("etc/libvirt/qemu.conf") ?? "", /"\/dev\/kvm"/);
    assert.ok(fake.text("etc/modules-load.d/pulumi-sriov.conf"));
    assert.deepEqual(hostSetup.diff("", outcome.state, less).changes, []);
    await hostSetup.update(world.context, "", outcome.state, await inputsOf({}));
    assert.deepEqual(snapshot(), before);
  });

  it("stay in the state when they could not be taken back, and the next update does it", async () => {
    await on(grub, { "update-grub": updateGrub });
    const before = snapshot();
    const state = await create({ iommu: {}, vfioModules: true });
    fake.put("fake/grub-fails", "");
    const none = await inputsOf({});
    const outcome = await hostSetup.update(world.context, "", state, none);
    assert.ok(!outcome.done);
    assert.match(outcome.reasons.join(), /update-grub failed[^]*Done before: no longer load the VFIO modules at boot/);
    assert.deepEqual(hostSetup.diff("", outcome.state, none).changes, [{ property: "iommu", kind: "update" }]);
    fake.remove("fake/grub-fails");
    assert.ok((await hostSetup.update(world.context, "", outcome.state, none)).done);
    assert.deepEqual(snapshot(), before);
  });

  it("are taken over by an import: what is ours on the host", async () => {
    await on({ ...grub, "etc/libvirt/qemu.conf": conf }, { "update-grub": updateGrub });
    await create({ iommu: {}, vfioModules: true, dynamicOwnership: true });
    const observed = await hostSetup.read(world.context, "kvm1/setup", { host: { uri: "qemu:///system" } } as never);
    assert.ok(observed.here);
    const { iommu, vfioModules, dynamicOwnership, cgroupDeviceAcl } = observed.inputs;
    assert.deepEqual(
      { iommu, vfioModules, dynamicOwnership, cgroupDeviceAcl },
      {
        iommu: { vendor: "intel", passthrough: true },
        vfioModules: true,
        dynamicOwnership: true,
        cgroupDeviceAcl: undefined,
      },
    );
  });
});
