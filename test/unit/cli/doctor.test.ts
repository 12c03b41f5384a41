// `pulumi-sriov doctor`: the report for people, JSON, colour, exit codes. What is found is the findings' own tests' matter.
import assert from "node:assert/strict";
import { reportText } from "../../../provider/cli/doctor/report.js";
import { type FunctionResult, functions } from "../../../provider/functions/registry.js";
import { FakeKvm } from "../../fakes/fake-libvirt-context.js";
import { isGolden } from "./golden.js";
import { CliWorld, uri } from "./world.js";

type Answer = FunctionResult<"getHost">;

const sick: Answer = {
  hostId: "0123456789abcdef0123456789abcdef",
  libvirtVersion: "9.0.0",
  iommuActive: true,
  healthy: false,
  findings: [
    {
      id: "apparmor-vfio",
      severity: "error",
      about: "VM web",
      seen: [
        'audit: apparmor="DENIED" operation="open" profile="libvirt-1b2c" name="/dev/vfio/94" comm="qemu-system-x86"',
        "/etc/apparmor.d/abstractions/libvirt-qemu: no rule for /dev/vfio",
      ],
      why: "AppArmor keeps QEMU from opening the VFIO device of a VF that libvirt takes from a pool, so the VM does not start: libvirt writes no rule for a device that it does not know yet.",
      remedy: "Let AppArmor's rules for libvirt's QEMU open VFIO devices, then start the VM again.",
      command:
        "echo '/dev/vfio/[0-9]* rw,' >> /etc/apparmor.d/local/abstractions/libvirt-qemu\nsystemctl reload apparmor",
      hostSetup: { apparmorVfioRule: true },
      documentation: "docs/findings/apparmor-vfio.md",
    },
    {
      id: "pf-no-link",
      severity: "warning",
      about: "PF eno50",
      seen: ["eno50: NO-CARRIER"],
      why: "No packet passes.",
      remedy: "Plug the cable in.",
      documentation: "docs/findings/pf-no-link.md",
    },
  ],
};
const sound: Answer = { hostId: sick.hostId, libvirtVersion: "11.3.0", iommuActive: true, healthy: true, findings: [] };

describe("`pulumi-sriov doctor`", () => {
  let kvm: FakeKvm;
  let world: CliWorld;
  const original = Object.getOwnPropertyDescriptor(functions.getHost, "call") ?? {};
  let answer: Answer;
  beforeEach(() => {
    kvm = new FakeKvm();
    world = new CliWorld(kvm.context);
    answer = sick;
    functions.getHost.call = () => Promise.resolve(answer as never);
  });
  afterEach(() => {
    Object.defineProperty(functions.getHost, "call", original);
    kvm.dispose();
    world.dispose();
  });

  it("says what, where it was seen, why it matters and what to do", async () => {
    const { code, stdout, stderr } = await world.run(["doctor", uri]);
    assert.deepEqual([code, stderr], [1, ""]);
    isGolden("doctor-sick.txt", stdout);
  });

  it("says of a sound host that it is, and ends with 0", async () => {
    answer = sound;
    const { code, stdout } = await world.run(["doctor", uri]);
    assert.equal(code, 0);
    assert.equal(stdout, "kvm1: nothing keeps its VMs from having VFs (libvirt 11.3.0, IOMMU active)\n");
  });

  it("ends with 0 when there is nothing worse than a warning", async () => {
    answer = { ...sick, healthy: true, findings: sick.findings.slice(1) };
    assert.equal((await world.run(["doctor", uri])).code, 0);
  });

  it("answers JSON that is the function's own answer", async () => {
    const { code, stdout } = await world.run(["doctor", uri, "--json"], { isTTY: true });
    assert.equal(code, 1);
    assert.deepEqual(JSON.parse(stdout), sick);
  });

  it("is in colour on a terminal only, and never with NO_COLOR or on a dumb one", async () => {
    const isColoured = async (options: Parameters<CliWorld["run"]>[1]) =>
      (await world.run(["doctor", uri], options)).stdout.includes("\u001b[");
    assert.equal(await isColoured({ isTTY: true }), true);
    assert.equal(await isColoured({ isTTY: false }), false);
    assert.equal(await isColoured({ isTTY: true, env: { NO_COLOR: "1" } }), false);
    assert.equal(await isColoured({ isTTY: true, env: { NO_COLOR: "" } }), true);
    assert.equal(await isColoured({ isTTY: true, env: { TERM: "dumb" } }), false);
  });

  it("says the same in colour as without", () => {
    const marked = reportText("kvm1", sick, (style, text) => `<${style}>${text}</${style}>`);
    assert.equal(
      marked.replaceAll(/<\/?[a-z]+>/g, ""),
      reportText("kvm1", sick, (_style, text) => text),
    );
  });

  it("asks the host for real", async () => {
    Object.defineProperty(functions.getHost, "call", original);
    const { code, stdout, stderr } = await world.run(["doctor", uri, "--json"]);
    assert.equal(stderr, "");
    const { healthy, hostId } = functions.getHost.result.parse(JSON.parse(stdout));
    assert.equal(hostId, kvm.machineId);
    assert.equal(code, healthy ? 0 : 1);
  });
});
