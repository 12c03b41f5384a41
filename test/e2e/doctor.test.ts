// The doctor on a real host: each cause is made, found with the very line it shows in, and mended by its own remedy. One lab,
// started without an IOMMU, walks through them until its VM runs; each step needs the one before it.
import assert from "node:assert/strict";
import { type Lab, startLab } from "../../lab/lab.js";
import { ensurePulumi } from "../../lab/pulumi-cli.js";
import { createProject, type PulumiProject } from "../../lab/pulumi-project.js";
import { silentLog } from "../../provider/base/log.js";
import type { Finding } from "../../provider/findings/finding.js";
import { callFunction } from "../../provider/functions/registry.js";
import { closeEverything, createContext } from "../../provider/resources/context.js";
import { e2eLab, untyped } from "./e2e-lab.js";

const vm = "z-k8s-n-1";
const nic = `<interface type="network"><source network="pool"/><mac address="52:54:00:00:77:01"/></interface>`;
const pool = `<network><name>pool</name><forward mode="hostdev" managed="yes"><pf dev="eno49"/></forward></network>`;

describe("the doctor, on a host that was started without an IOMMU", function () {
  this.timeout(600_000);
  let lab: Lab;
  let project: PulumiProject;

  const onHost = (command: string) => lab.mustRun(command, { timeoutMs: 180_000 });
  const ask = async (uri = lab.uri): Promise<Finding[]> => {
    const context = createContext({ log: silentLog, signal: new AbortController().signal, timeoutMs: 120_000 });
    try {
      return (await callFunction("getHost", context, { host: { uri } })).findings as Finding[];
    } finally {
      await closeEverything();
    }
  };
  const find = async (id: string, uri?: string): Promise<Finding> => {
    const findings = await ask(uri);
    const found = findings.find((finding) => finding.id === id);
    assert.ok(found, `no ${id} among ${findings.map((finding) => finding.id).join(", ")}`);
    return found;
  };
  const isGone = async (id: string, uri?: string): Promise<void> => {
    const left = (await ask(uri)).filter((finding) => finding.id === id);
    assert.deepEqual(left, []);
  };
  /** As a user would: what the finding says, on the host. */
  const apply = async ({ id, command }: Finding): Promise<void> => {
    assert.ok(command !== undefined, `${id} has no command`);
    await onHost(command);
  };
  const start = (name = vm) => lab.run(`virsh start ${name}`, { timeoutMs: 180_000 });
  const stop = (name = vm) => onHost(`virsh destroy ${name}`);
  const startFails = async (text: RegExp) => {
    const { exitCode, stderr } = await start();
    assert.notEqual(exitCode, 0);
    assert.match(stderr, text);
  };
  const startWorks = async (name = vm) => {
    const { exitCode, stderr } = await start(name);
    assert.equal(exitCode, 0, stderr);
  };
  const withSetup = (inputs: string) => `import * as sriov from "pulumi-sriov";
const host = { uri: ${JSON.stringify(lab.uri)} };
const setup = new sriov.HostSetup("kvm", { host, ${inputs} });
export const rebootRequired = setup.rebootRequired;
export const rebootReason = setup.rebootReason;`;
  const setUp = async (inputs: string) => {
    await project.write(withSetup(inputs));
    const up = await project.up({ args: ["--skip-preview"] });
    assert.equal(up.exitCode, 0, up.stdout + up.stderr);
  };

  before(async () => {
    // Not the lab of the other tests: it was started with an IOMMU.
    lab = await startLab({ name: `${e2eLab.name}-doctor`, pfs: 1, kernelArguments: ["intel_iommu=off"] });
    project = await createProject({
      ...{ name: "doctor", program: { text: "" }, pulumi: await ensurePulumi() },
      env: untyped,
    });
    // A host that boots by systemd-boot's entries: the lab's boot loader reads them.
    await onHost(`set -e
      mkdir -p /boot/loader/entries /etc/kernel "/boot/$(cat /etc/machine-id)"
      echo layout=bls > /etc/kernel/install.conf
      echo 'root=/dev/vda rw quiet intel_iommu=off' > /etc/kernel/cmdline
      kernel-install add "$(uname -r)" "/boot/vmlinuz-$(uname -r)"
      echo '${pool}' > /tmp/pool.xml && virsh net-define /tmp/pool.xml
      echo '${nic}' > /tmp/nic.xml && virsh attach-device ${vm} /tmp/nic.xml --config`);
  });

  after(async () => {
    await project?.dispose();
    if (!process.env["KEEP_LAB"]) await lab?.stop();
  });

  it("finds that the IOMMU is off, and HostSetup asks for a reboot that turns it on", async () => {
    const { seen } = await find("iommu-off");
    assert.match(seen.join("\n"), /intel_iommu=off/);
    await setUp("iommu: {}");
    const { rebootRequired, rebootReason } = await project.outputs();
    assert.equal(rebootRequired, true);
    assert.match(String(rebootReason), /intel_iommu=on/);
    await lab.reboot();
    const up = await project.up({ args: ["--skip-preview", "--refresh", "--expect-no-changes"] });
    assert.equal(up.exitCode, 0, up.stdout + up.stderr);
    assert.equal((await project.outputs())["rebootRequired"], false);
    await isGone("iommu-off");
  });

  it("finds a PF without VFs, of which a pool is made", async () => {
    const found = await find("no-vfs");
    assert.equal(found.severity, "error");
    await apply(found);
    await isGone("no-vfs");
  });

  it("finds a PF that is down, with its flags", async () => {
    await onHost("ip link set eno49 down");
    await apply(await find("pf-down"));
    await isGone("pf-down");
  });

  it("finds a pool that does not run and is needed", async () => {
    await apply(await find("pool-inactive"));
    await isGone("pool-inactive");
  });

  it("foresees Permission denied on /dev/vfio at preview, explains it by the DENIED line, and HostSetup mends it", async () => {
    await project.write(`${withSetup("iommu: {}")}
new sriov.VmSriovInterface("nic", { host, domain: "${vm}", network: "pool" });`);
    const preview = await project.preview();
    assert.notEqual(preview.exitCode, 0, preview.stdout);
    assert.match(preview.stdout + preview.stderr, /AppArmor[^]*apparmorVfioRule/);
    await startFails(/failed to open \/dev\/vfio\/\d+: Permission denied/);
    const { seen, hostSetup } = await find("apparmor-no-vfio-rule");
    assert.match(seen.join("\n"), /apparmor="DENIED".*name="\/dev\/vfio\/\d+"/);
    await setUp(`iommu: {}, apparmorVfioRule: ${hostSetup?.apparmorVfioRule}`);
    await isGone("apparmor-no-vfio-rule");
    await startWorks();
    await stop();
  });

  it("finds dynamic_ownership = 0 by its line, and HostSetup mends it", async () => {
    await onHost("echo 'dynamic_ownership = 0' >> /etc/libvirt/qemu.conf && systemctl try-restart libvirtd.service");
    await startFails(/\/dev\/vfio\/\d+: Permission denied/);
    assert.match((await find("dynamic-ownership-off")).seen[0] ?? "", /qemu\.conf:\d+: dynamic_ownership = 0/);
    await setUp("iommu: {}, apparmorVfioRule: true, dynamicOwnership: true");
    await isGone("dynamic-ownership-off");
    await startWorks();
    await stop();
  });

  it("finds too low a limit of locked memory", async () => {
    await onHost(`virsh memtune ${vm} --hard-limit 131072 --config`);
    // Whichever limit is reached first: that of locked memory, or the same number as the limit of the VM's cgroup.
    await startFails(/VFIO_MAP_DMA|closed the monitor|while connecting to monitor/);
    assert.match(
      await onHost("journalctl -k -b --no-pager; cat /var/log/libvirt/qemu/*.log"),
      /vfio_pin_pages_remote[^]*Memory cgroup out of memory: Killed process \d+ \(qemu|VFIO_MAP_DMA failed/,
    );
    const found = await find("memlock-too-low");
    assert.match(found.seen.join("\n"), /<hard_limit> 131072 KiB/);
    await apply(found);
    await isGone("memlock-too-low");
    await startWorks();
  });

  it("finds a VF that another VM holds", async () => {
    const vf = /address type='pci' domain='0x0000' bus='0x01' slot='(0x1[01])' function='(0x[0-7])'/.exec(
      await onHost(`virsh dumpxml ${vm} | grep -A6 "<interface type='hostdev'"`),
    );
    assert.ok(vf);
    await onHost(`echo '<interface type="hostdev" managed="yes"><source><address type="pci" domain="0" bus="1" slot="${vf[1]}" function="${vf[2]}"/></source></interface>' > /tmp/held.xml
      virsh attach-device z-k8s-n-2 /tmp/held.xml --config`);
    const found = await find("vf-held");
    assert.match(found.seen.join("\n"), new RegExp(`running VM ${vm}`));
    await stop();
    await isGone("vf-held");
    await startWorks("z-k8s-n-2");
    await stop("z-k8s-n-2");
    await onHost("virsh detach-device z-k8s-n-2 /tmp/held.xml --config");
  });

  it("finds a pool whose VFs were made anew", async () => {
    await onHost("cd /sys/bus/pci/devices/0000:01:00.0 && echo 0 > sriov_numvfs && echo 3 > sriov_numvfs");
    await apply(await find("stale-pool"));
    await isGone("stale-pool");
    await startWorks();
    await stop();
  });

  it("finds a second owner of the VFs", async () => {
    const rule = (file: string, n: number) =>
      `echo 'ACTION=="add", SUBSYSTEM=="net", KERNELS=="0000:01:00.0", ATTR{device/sriov_numvfs}="${n}"' > /etc/udev/rules.d/${file}`;
    await onHost(`${rule("80-a.rules", 4)} && ${rule("81-b.rules", 5)}`);
    assert.match((await find("second-owner")).seen.join("\n"), /80-a\.rules[^]*81-b\.rules/);
    await onHost("rm /etc/udev/rules.d/81-b.rules");
    await isGone("second-owner");
  });

  it("finds a user who is not in the group libvirt", async () => {
    const uri = lab.uri.replace("root@", "admin@");
    await apply(await find("user-not-in-libvirt-group", uri));
    await isGone("user-not-in-libvirt-group", uri);
  });

  it("finds that libvirt does not run", async () => {
    await onHost("systemctl stop libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd.service");
    await apply(await find("libvirt-not-running"));
    await isGone("libvirt-not-running");
    await startWorks();
  });

  it("leaves the host as it was when HostSetup goes: the arguments, qemu.conf, AppArmor's rules", async () => {
    const destroy = await project.destroy({ args: ["--skip-preview"] });
    assert.equal(destroy.exitCode, 0, destroy.stdout + destroy.stderr);
    assert.equal(await onHost("cat /etc/kernel/cmdline"), "root=/dev/vda rw quiet intel_iommu=off\n");
    assert.equal(await onHost("tail -n 1 /etc/libvirt/qemu.conf"), "dynamic_ownership = 0\n");
    assert.equal(
      await onHost("cat /boot/loader/entries/*.conf | sed -n 's/^options *//p' | grep -c iommu=on || true"),
      "0\n",
    );
    const { exitCode } = await lab.run("grep -rs pulumi-sriov /etc/apparmor.d /etc/libvirt /etc/kernel");
    assert.notEqual(exitCode, 0);
  });
});
