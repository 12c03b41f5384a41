// AppArmor: where the rule goes on which distribution, whose lines are touched, and what a denial means.
import assert from "node:assert/strict";
import { explainVfioDenied, isVfioDenied } from "../../../../provider/host/apparmor/diagnose.js";
import { readAppArmor } from "../../../../provider/host/apparmor/facts.js";
import { block, withBlock, withoutBlock } from "../../../../provider/host/apparmor/rule.js";
import { FakeHost } from "../../../fakes/fake-host.js";

const enabled = { "sys/module/apparmor/parameters/enabled": "Y" };
const abstraction = "etc/apparmor.d/abstractions/libvirt-qemu";
const facts = async (tree: { [path: string]: string }) => {
  const fake = new FakeHost(tree);
  try {
    return await readAppArmor(fake.shell);
  } finally {
    fake.dispose();
  }
};

describe("AppArmor's rules for QEMU", () => {
  it("belong into the drop-in folder where the abstraction reads one (libvirt >= 9.6)", async () => {
    const found = await facts({
      ...enabled,
      [abstraction]:
        "  include <abstractions/base>\n  include if exists <abstractions/libvirt-qemu.d>\n  include if exists <local/abstractions/libvirt-qemu>\n",
    });
    assert.equal(found.ruleFile, "/etc/apparmor.d/abstractions/libvirt-qemu.d/pulumi-sriov");
    assert.equal(found.hasRule, false);
  });

  it("belong into the local file on Debian 12", async () => {
    const found = await facts({
      ...enabled,
      [abstraction]:
        "  # Site-specific additions and overrides. See local/README for details.\n  #include <local/abstractions/libvirt-qemu>\n",
      "etc/apparmor.d/local/abstractions/libvirt-qemu": "# mine\n",
    });
    assert.equal(found.ruleFile, "/etc/apparmor.d/local/abstractions/libvirt-qemu");
    assert.equal(found.ruleFileText, "# mine\n");
  });

  it("are there already where somebody else wrote one", async () => {
    for (const line of ["/dev/vfio/[0-9]* rw,", "  /dev/vfio/* rw,", "/dev/vfio/** rwk,"]) {
      const found = await facts({
        ...enabled,
        [abstraction]: "include <local/abstractions/libvirt-qemu>",
        "etc/apparmor.d/local/abstractions/libvirt-qemu": line,
      });
      assert.equal(found.hasRule, true, line);
    }
  });

  it("are not there with the rule for the container alone, a comment, or a file that nothing includes", async () => {
    for (const line of ["/dev/vfio/vfio rw,", "# /dev/vfio/[0-9]* rw,"]) {
      const found = await facts({ ...enabled, [abstraction]: `include <local/abstractions/libvirt-qemu>\n${line}` });
      assert.equal(found.hasRule, false, line);
    }
    const unread = await facts({
      ...enabled,
      [abstraction]: "include if exists <abstractions/libvirt-qemu.d>",
      "etc/apparmor.d/local/abstractions/libvirt-qemu": "/dev/vfio/[0-9]* rw,",
    });
    assert.equal(unread.hasRule, false);
  });

  it("are not needed where there is no AppArmor", async () => {
    assert.deepEqual(await facts({}), {
      apparmor: "absent",
      ruleFile: undefined,
      ruleFileText: undefined,
      hasRule: false,
    });
  });

  it("keep every other line when our block comes and goes, in any file", () => {
    for (const text of ["", "# mine\n", "a\n\nb\n", "no newline"]) {
      const back = withoutBlock(withBlock(text));
      assert.equal(back, text === "no newline" ? "no newline\n" : text);
      assert.equal(withBlock(withBlock(text)), withBlock(text));
    }
    assert.equal(withoutBlock(`a\n${block}b\n`), "a\nb\n");
  });
});

describe("a VFIO device that QEMU may not open", () => {
  const text =
    "internal error: process exited while connecting to monitor: vfio 0000:01:10.0: failed to open /dev/vfio/94: Permission denied";
  const line =
    'audit: type=1400 apparmor="DENIED" operation="open" profile="libvirt-5a0f" name="/dev/vfio/94" pid=900 comm="qemu-system-x86"';
  const without = {
    apparmor: "enabled" as const,
    hasRule: false,
    ruleFile: "/etc/apparmor.d/local/abstractions/libvirt-qemu",
  };

  it("is AppArmor's doing where it is on and has no rule; the remedy is HostSetup", () => {
    for (const told of [text, line]) {
      assert.match(
        explainVfioDenied(told, without) ?? "",
        /AppArmor.*HostSetup \{ apparmorVfioRule: true \}.*local\/abstractions/,
      );
    }
  });

  it("is something else where the rule is there and no denial was logged", () => {
    assert.match(
      explainVfioDenied(text, { ...without, hasRule: true }) ?? "",
      /AppArmor is not the cause.*dynamic_ownership/,
    );
  });

  it("is not what other errors are about", () => {
    for (const other of [
      "network 'pool' is not active",
      "/dev/vfio/94: Operation not permitted",
      "Permission denied",
    ]) {
      assert.equal(isVfioDenied(other), false);
      assert.equal(explainVfioDenied(other, without), undefined);
    }
  });
});
