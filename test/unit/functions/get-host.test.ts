// The doctor over a host of files and a libvirtd in memory.
import assert from "node:assert/strict";
import { callFunction } from "../../../provider/functions/registry.js";
import { SriovError } from "../../../provider/base/errors.js";
import { FakeKvm } from "../../fakes/fake-libvirt-context.js";
import { counting } from "../../fakes/round-trips.js";

const host = { uri: "qemu+ssh://root@kvm1/system" };

describe("getHost", () => {
  let kvm: FakeKvm;
  beforeEach(() => {
    kvm = new FakeKvm();
    kvm.host.put("proc/cmdline", "root=/dev/sda1 ro quiet intel_iommu=on");
    kvm.host.put("proc/interrupts", " 24:  5  0  IR-PCI-MSI 1048576-edge  nvme0q0");
    kvm.host.put("sys/firmware/acpi/tables/DMAR", "");
    kvm.host.put("sys/kernel/iommu_groups/1/devices/0000:01:00.0", "-> ../../../../bus/pci/devices/0000:01:00.0");
    kvm.host.put("sys/bus/pci/drivers/vfio-pci/module", "-> x");
  });
  afterEach(() => kvm.dispose());

  const ids = async (context = kvm.context) =>
    (await callFunction("getHost", context, { host })).findings.map(({ id, about }) =>
      about ? `${id}: ${about}` : id,
    );

  it("has nothing to say of a host that is ready, but which PFs have no VFs", async () => {
    assert.deepEqual(await ids(), ["no-vfs: PF eno49", "no-vfs: PF eno50"]);
    const { healthy, iommuActive, hostId } = await callFunction("getHost", kvm.context, { host });
    assert.deepEqual([healthy, iommuActive, hostId], [true, true, kvm.machineId]);
  });

  it("needs two commands on the host, whatever it has", async () => {
    await kvm.setNumVfs("eno49", 3);
    const counted = counting(kvm.context);
    await ids(counted.context);
    assert.equal(counted.shell, 2);
    assert.ok(counted.libvirt <= 4, `${counted.libvirt} round trips to libvirt`);
  });

  it("finds a PF that is down, a line of qemu.conf, and the DENIED line of the kernel's log", async () => {
    await kvm.setNumVfs("eno49", 2);
    kvm.host.put("etc/libvirt/qemu.conf", "# a comment\n\ndynamic_ownership = 0\n");
    kvm.libvirt.securityModels = ["apparmor"];
    kvm.host.put("sys/module/apparmor/parameters/enabled", "Y");
    kvm.host.put("etc/apparmor.d/abstractions/libvirt-qemu", "  include if exists <local/abstractions/libvirt-qemu>");
    kvm.host.put(
      "var/log/kern.log",
      'Nov 23 kvm1 kernel: audit: type=1400: apparmor="DENIED" operation="open" profile="libvirt-1" name="/dev/vfio/9" pid=9',
    );
    kvm.host.put(
      "var/log/libvirt/qemu/web.log",
      "2026-11-22: starting up libvirt version: 9.0.0\nvfio: failed to open /dev/vfio/1: Permission denied\n2026-11-23: starting up libvirt version: 9.0.0\nvfio 0000:01:10.0: failed to open /dev/vfio/9: Permission denied\n",
    );
    const { findings } = await callFunction("getHost", kvm.context, { host });
    const seen = (id: string) => findings.find((one) => one.id === id)?.seen.join("\n") ?? "";
    assert.match(seen("pf-down"), /eno49/);
    assert.match(seen("dynamic-ownership-off"), /^\/etc\/libvirt\/qemu\.conf:3: dynamic_ownership = 0/);
    assert.match(seen("apparmor-no-vfio-rule"), /apparmor="DENIED".*name="\/dev\/vfio\/9"/);
    assert.match(seen("apparmor-no-vfio-rule"), /web\.log: .*\/dev\/vfio\/9: Permission denied/);
    // What failed before the last start is no fact any more.
    assert.doesNotMatch(seen("apparmor-no-vfio-rule"), /vfio\/1:/);
  });

  it("answers also when libvirt does not, with that as a finding", async () => {
    const connect = kvm.context.connect.bind(kvm.context);
    const context = {
      ...kvm.context,
      connect: async (uri: Parameters<typeof connect>[0]) => ({
        ...(await connect(uri)),
        libvirt: () => Promise.reject(new SriovError("unreachable", "cannot open a libvirt socket on kvm1: tried x")),
      }),
    };
    const { findings, healthy, libvirtVersion } = await callFunction("getHost", context, { host });
    assert.equal(findings[0]?.id, "libvirt-not-running");
    assert.deepEqual([healthy, libvirtVersion], [false, undefined]);
  });
});
