// VfConfig and HostSetup over a host of files: the provider's scripts run with the real sh, flock, mktemp and sed over a file tree;
// the kernel's files and ip, systemctl, update-grub are behaving fakes (test/fakes/fake-host.ts), and so is the libvirt that says
// which VM holds a VF.
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import type { Duplex } from "node:stream";
import { SriovError } from "../../../provider/base/errors.js";
import type { Values } from "../../../provider/resources/lifecycle.js";
import type { ResourceName } from "../../../provider/resources/registry.js";
import type { Connection } from "../../../provider/transport/connection.js";
import { FakeHost, type Tree, pfTree } from "../../fakes/fake-host.js";
import { domainHolding, giveToVm } from "../../fakes/fake-host-context.js";
import { FakeLibvirt } from "../../fakes/fake-libvirt.js";
import { openFakeLibvirt } from "../../fakes/fake-libvirt-wire.js";
import { type Stored, before as upBefore } from "./process.js";
import type { Scene, Stage } from "./scene.js";
import { SmallDisk } from "./small-disk.js";

/** A libvirt that has none. */
export const noVms = () => openFakeLibvirt(new FakeLibvirt());
const machineId = "0123456789abcdef0123456789abcdef";

/** Paths that scripts do not look for below the tree's root by themselves. */
export function wayTo(fake: FakeHost, openSocket: () => Duplex): Connection {
  return {
    name: "root@kvm1",
    usesSudo: false,
    run: (command, options) =>
      command.startsWith("cat /etc/machine-id")
        ? Promise.resolve({ command, exitCode: 0, signal: undefined, stdout: `${machineId}\n`, stderr: "" })
        : fake.shell.run(command.replace(/p='(?=\/(sys|proc|etc)\/)/, `p='${fake.root}`), options),
    openUnixSocket: async () => openSocket(),
    openCommand: () => Promise.reject(new SriovError("unsupported", "no commands")),
    close: async () => undefined,
  };
}

type Story = {
  title: string;
  resource: ResourceName;
  tree: Tree;
  commands?: { [name: string]: string };
  before?: Values;
  /** Something of the world between the two. */
  meanwhile?: (fake: FakeHost) => void;
  does: Scene["does"];
  news: Values;
  safe?: (fake: FakeHost) => Promise<void>;
};

/** What of the tree a program is about. */
function shown(fake: FakeHost): string {
  const device = "sys/bus/pci/devices/0000:01:00.0";
  const vfs = Array.from({ length: 7 }, (_, index) => fake.files(`${device}/vf-${index}`)).flat();
  return [`${device}/sriov_numvfs`, `${device}/net/eno49/flags`, ...vfs, ...fake.files("etc"), ...fake.files("boot")]
    .map((path) => `${path}: ${fake.text(path)}`)
    .join("\n");
}

async function tidy(fake: FakeHost): Promise<void> {
  assert.deepEqual([...fake.files("fake/timers"), ...fake.files("run/pulumi-sriov"), ...fake.files("tmp")], [], "left");
  const half = ["etc", "usr", "boot"]
    .flatMap((folder) => fake.files(folder))
    .filter((path) => /\.new$|-new$/.test(path));
  assert.deepEqual(half, [], "half-written files");
  for (const lock of fake.files("run/lock")) {
    const { exitCode } = await fake.shell.run(`flock -n "$SRIOV_ROOT/${lock}" true`);
    assert.equal(exitCode, 0, `${lock} is locked`);
  }
}

/** Where VM `web` runs, and has the VF. */
function libvirtWithVm(): FakeLibvirt {
  const libvirt = new FakeLibvirt();
  const web = libvirt.domains.add("web");
  web.live = domainHolding("11", "2");
  web.id = 1;
  return libvirt;
}

function sceneOf(
  { title, resource, tree, commands = {}, before, meanwhile, does, news, safe }: Story,
  { onSmallDisk = false }: { onSmallDisk?: boolean } = {},
): Scene {
  let prepared: Promise<{ fake: FakeHost; stored: Stored | undefined }> | undefined;
  const prepare = async () => {
    const fake = new FakeHost(tree);
    for (const [name, text] of Object.entries({ modprobe: "#!/bin/sh\nexit 0\n", ...commands })) {
      fake.put(`bin/${name}`, text);
      await fake.shell.run(`chmod +x "$SRIOV_ROOT/bin/${name}"`);
    }
    return { fake, stored: await upBefore(wayTo(fake, noVms), resource, before) };
  };
  const begin = async (): Promise<Stage> => {
    const { fake: original, stored } = await (prepared ??= prepare());
    const fake = new FakeHost();
    cpSync(original.root, fake.root, { recursive: true, verbatimSymlinks: true });
    fake.forget();
    // Whoever comes after a connection that broke waits for what it left running.
    fake.environment["SRIOV_LOCK_WAIT"] = "20";
    meanwhile?.(fake);
    const libvirt = meanwhile ? libvirtWithVm() : new FakeLibvirt();
    const disk = onSmallDisk ? new SmallDisk(fake.root, ["etc", "usr", "boot", "tmp"]) : undefined;
    return {
      way: wayTo(fake, () => openFakeLibvirt(libvirt)),
      stored,
      shown: async () => shown(fake),
      ...(safe ? { safe: () => safe(fake) } : {}),
      tidy: () => tidy(fake),
      ...(disk ? { disk } : {}),
      end: async () => {
        disk?.dispose();
        fake.dispose();
      },
    };
  };
  const end = async () => (await prepared)?.fake.dispose();
  return { title: `${resource}: ${title}`, resource, news, does, lanes: 2, begin, end };
}

const attributes = [
  { index: 0, vlan: 42, qos: 3, mac: "52:54:00:00:00:10" },
  { index: 2, trust: true, spoofchk: false, maxTxRate: 100 },
];
const held = "0000:01:11.2";
const startVm = (fake: FakeHost) => giveToVm(fake, held, 95, "web");
async function vmHasItsNic(fake: FakeHost): Promise<void> {
  assert.deepEqual(
    fake.writes.filter((write) => write.includes("sriov_numvfs")),
    [],
    "VFs were made anew under a VM",
  );
  assert.match((await fake.shell.readLink(`sys/bus/pci/devices/${held}/driver`)) ?? "", /vfio-pci$/);
}

const pf = { resource: "VfConfig", tree: pfTree() } as const;
const made = { pf: "eno49", numVfs: 3, vfs: attributes };
const busy = { pf: "eno49", numVfs: 7, vfs: attributes };

const vfConfigStories: Story[] = [
  { ...pf, title: "makes VFs with attributes", does: "up", news: made },
  {
    ...pf,
    title: "changes attributes beside a running VM's VF",
    before: busy,
    meanwhile: startVm,
    does: "up",
    news: {
      pf: "eno49",
      numVfs: 7,
      vfs: [
        { index: 1, vlan: 7 },
        { index: 2, trust: false },
      ],
      persistence: "none",
    },
    safe: vmHasItsNic,
  },
  { ...pf, title: "reads them", before: made, does: "refresh", news: made },
  {
    ...pf,
    title: "reads them beside a running VM",
    before: busy,
    meanwhile: startVm,
    does: "refresh",
    news: busy,
    safe: vmHasItsNic,
  },
  { ...pf, title: "deletes what it made", before: made, does: "destroy", news: made },
];

const updateGrub = `#!/bin/sh
GRUB_CMDLINE_LINUX= GRUB_CMDLINE_LINUX_DEFAULT=
for file in "$SRIOV_ROOT/etc/default/grub" "$SRIOV_ROOT"/etc/default/grub.d/*.cfg; do [ -e "$file" ] && . "$file"; done
mkdir -p "$SRIOV_ROOT/boot/grub"
cfg=$SRIOV_ROOT/boot/grub/grub.cfg
# As grub-mkconfig does it: beside it first, so that a full disk leaves the old one.
printf 'menuentry x {\\n\\tlinux\\t/vmlinuz root=/dev/sda1 ro %s %s\\n}\\n' "$GRUB_CMDLINE_LINUX" "$GRUB_CMDLINE_LINUX_DEFAULT" | cat > "$cfg.new" || { rm -f "$cfg.new"; exit 1; }
cat "$cfg.new" > "$cfg" || exit 1
rm -f "$cfg.new"
`;
const setup = {
  resource: "HostSetup",
  commands: { "update-grub": updateGrub },
  tree: {
    "proc/cmdline": "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet",
    "proc/cpuinfo": "processor\t: 0\nvendor_id\t: GenuineIntel",
    "sys/firmware/acpi/tables/DMAR": "",
    "sys/module/apparmor/parameters/enabled": "Y",
    "etc/apparmor.d/abstractions/libvirt-qemu": "  include if exists <local/abstractions/libvirt-qemu>",
    "etc/apparmor.d/local/abstractions/libvirt-qemu": "# the administrator's\n/srv/iso/** r,",
    "etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX="console=ttyS0"',
    "boot/grub/grub.cfg": "menuentry x {\n\tlinux\t/vmlinuz root=/dev/sda1 ro console=ttyS0 quiet\n}",
    "etc/libvirt/qemu.conf": 'user = "root"\ndynamic_ownership = 0',
  },
} as const;
const { "etc/default/grub": _defaults, "boot/grub/grub.cfg": _made, ...noGrub } = setup.tree;
const all = { iommu: { vendor: "intel" }, vfioModules: true, apparmorVfioRule: true, dynamicOwnership: true };
const some = { apparmorVfioRule: true, vfioModules: true };

const hostSetupStories: Story[] = [
  { ...setup, title: "sets everything up", does: "up", news: some },
  { ...setup, title: "sets up the kernel's arguments", does: "up", news: { iommu: all.iommu } },
  {
    ...setup,
    title: "takes back what the program no longer says",
    before: some,
    does: "up",
    news: { vfioModules: true },
  },
  { ...setup, title: "reads it", before: some, does: "refresh", news: some },
  {
    ...setup,
    title: "undoes it",
    before: { ...some, iommu: all.iommu },
    does: "destroy",
    news: { ...some, iommu: all.iommu },
  },
];

const kernelInstall = `#!/bin/sh
entry=$SRIOV_ROOT/boot/loader/entries/$2.conf
mkdir -p "\${entry%/*}"
cat "$SRIOV_ROOT/etc/kernel/cmdline" > "$entry.new" && mv "$entry.new" "$entry" || { rm -f "$entry.new"; exit 1; }
`;

/** What an administrator has written by hand, and a HostSetup edits. */
const editedStories: Story[] = [
  { ...setup, title: "mends qemu.conf", does: "up", news: { dynamicOwnership: true } },
  {
    ...setup,
    title: "edits the kernel's command line",
    tree: {
      ...noGrub,
      "etc/kernel/cmdline": "root=/dev/sda1 ro quiet",
      "boot/loader/entries/6.1.0.conf": "root=/dev/sda1 ro quiet",
      "lib/modules/6.1.0/vmlinuz": "a kernel",
    },
    commands: { "kernel-install": kernelInstall },
    does: "up",
    news: { iommu: all.iommu },
  },
];

const stories = [...vfConfigStories, ...hostSetupStories];

export const hostScenes = (): Scene[] => stories.map((story) => sceneOf(story));

/** With /etc, /usr, /boot and /tmp on a file system that can be filled; all that write there. */
export const diskScenes = (): Scene[] =>
  [...stories, ...editedStories]
    .filter(({ does }) => does !== "refresh")
    .map((story) => sceneOf(story, { onSmallDisk: true }));
