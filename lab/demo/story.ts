// The demo as a list of steps, each of which proves its title or throws. `npm run demo` tells it to a person; the
// end-to-end tests run the same steps.
import assert from "node:assert/strict";
import { runInGuest } from "../guest.js";
import { adoptAndPreview, pulumiSriov } from "./adoption.js";
import { hostView } from "./host-view.js";
import { onHost, type Scene, type Step, succeeded, until } from "./scene.js";

const node1 = { vm: "z-k8s-n-1", address: "10.77.0.11" };
const node2 = { vm: "z-k8s-n-2", address: "10.77.0.12" };

async function startVm(scene: Scene, vm: string): Promise<void> {
  await onHost(scene, `virsh start ${vm}`);
  await runInGuest(scene.lab, vm, "true", { timeoutMs: 200_000 });
}

async function interfaceOf(scene: Scene, vm: string): Promise<string> {
  return onHost(scene, `virsh dumpxml ${vm} | sed -n '/<interface/,/<\\/interface>/p'`);
}

/** A hot-plugged NIC takes a guest some seconds, and a NIC that is not up yet proves nothing about VLANs. */
async function untilUp(scene: Scene): Promise<void> {
  for (const { vm, address } of [node1, node2]) {
    await until(`the NIC of ${vm} is up with ${address}`, 120, async () => {
      const { output } = await runInGuest(scene.lab, vm, "cat /sys/class/net/eth*/carrier; ip -4 addr show");
      return /^1$/m.test(output) && output.includes(`${address}/`);
    });
  }
}

async function untilReached(scene: Scene): Promise<void> {
  await until(`${node2.vm} answers ${node1.vm}`, 60, async () => {
    const { exitCode } = await runInGuest(scene.lab, node1.vm, `ping -c 1 -W 2 ${node2.address}`);
    return exitCode === 0;
  });
}

/** Three pings from the first VM to the second: all answered, or none. */
async function ping(scene: Scene): Promise<"answered" | "unanswered"> {
  const { output } = await runInGuest(scene.lab, node1.vm, `ping -c 3 -W 5 ${node2.address}`);
  scene.show(output.split("\n").slice(-3).join("\n"));
  const received = /(\d+) packets received/.exec(output)?.[1];
  assert.ok(received === "3" || received === "0", `expected 3 or 0 answers:\n${output}`);
  return received === "3" ? "answered" : "unanswered";
}

/** The names of the resources that a preview would change, by what it says of each. */
function changed(preview: string): string[] {
  return [
    ...preview.matchAll(
      /^ *[~+-]{1,2} +(?:pulumi-nodejs:dynamic\/sriov:|sriov:)?([A-Z]\w+) +(\S+) +(update|create|delete|replace)/gm,
    ),
  ]
    .map((match) => `${match[3]} ${match[1]} ${match[2]}`)
    .sort();
}

const linesWith = (text: string, pattern: RegExp): string =>
  text
    .split("\n")
    .filter((line) => pattern.test(line))
    .join("\n");

export const story: Step[] = [
  {
    title: "The host as it is found: no VFs, no pools, AppArmor on",
    async tell(scene) {
      scene.seen.found = await hostView(scene);
      scene.show(scene.seen.found);
      assert.equal(await onHost(scene, "cat /sys/module/apparmor/parameters/enabled"), "Y");
    },
  },
  {
    title: "VM z-k8s-n-2 runs already; it will get its interface while it runs",
    tell: (scene) => startVm(scene, node2.vm),
  },
  {
    title: "`pulumi preview` says what would be made, and touches nothing",
    async tell(scene) {
      const preview = succeeded(await scene.project.preview(), "preview");
      scene.show(
        preview
          .split("\n")
          .filter((line) => /^ +\+/.test(line))
          .join("\n"),
      );
      assert.equal(await hostView(scene), scene.seen.found);
    },
  },
  {
    title: "`pulumi up` makes the VFs, the pools and the interfaces",
    async tell(scene) {
      succeeded(await scene.project.up({ args: ["--skip-preview"] }), "up");
      scene.say("The host now:");
      scene.show(await onHost(scene, "ip link show eno49"));
      scene.show(await onHost(scene, "virsh -q net-list"));
      scene.say("z-k8s-n-2, live:");
      const live = await interfaceOf(scene, node2.vm);
      scene.show(live);
      assert.match(live, /<interface type='hostdev' managed='yes'>/);
      assert.match(live, /<tag id='42'\/>/);
      assert.equal(
        await onHost(scene, "cat /sys/class/net/eno4*/device/sriov_numvfs /sys/class/net/eno50/device/sriov_numvfs"),
        "7\n7",
      );
    },
  },
  {
    title: "VM z-k8s-n-1 starts on a VF of the pool, with AppArmor on",
    async tell(scene) {
      await startVm(scene, node1.vm);
      const live = await interfaceOf(scene, node1.vm);
      scene.show(live);
      assert.match(live, /<interface type='hostdev' managed='yes'>/);
      assert.match(
        await onHost(scene, "cat /proc/$(pgrep -f guest=z-k8s-n-1 | head -n 1)/attr/current"),
        /libvirt-.*\(enforce\)/,
      );
    },
  },
  {
    title: "In one VLAN the two VMs reach each other",
    async tell(scene) {
      await untilUp(scene);
      await untilReached(scene);
      assert.equal(await ping(scene), "answered");
    },
  },
  {
    title: "A second `pulumi up` changes nothing",
    async tell(scene) {
      const before = await hostView(scene);
      const output = succeeded(await scene.project.up({ args: ["--expect-no-changes"] }), "the second up");
      scene.show(
        output
          .split("\n")
          .filter((line) => /unchanged/.test(line))
          .slice(-1)
          .join("\n"),
      );
      assert.equal(await hostView(scene), before);
    },
  },
  {
    title: "z-k8s-n-2 moved to VLAN 43 by the program: across two VLANs no packet passes",
    async tell(scene) {
      await scene.project.setConfig("vlan2", "43");
      succeeded(await scene.project.up({ args: ["--skip-preview"] }), "up with VLAN 43");
      assert.match(await interfaceOf(scene, node2.vm), /<tag id='43'\/>/);
      await untilUp(scene);
      assert.equal(await ping(scene), "unanswered");
    },
  },
  {
    title: "And back in VLAN 42: they reach each other again",
    async tell(scene) {
      await scene.project.setConfig("vlan2", "42");
      succeeded(await scene.project.up({ args: ["--skip-preview"] }), "up with VLAN 42");
      await untilUp(scene);
      await untilReached(scene);
      assert.equal(await ping(scene), "answered");
      scene.seen.made = await hostView(scene);
    },
  },
  {
    title: "Somebody changes VF 6's VLAN and stops a pool by hand: `pulumi preview --refresh` finds exactly that",
    async tell(scene) {
      await onHost(scene, "ip link set eno49 vf 6 vlan 7 && virsh -q net-destroy pool-eno50");
      const preview = succeeded(await scene.project.preview({ refresh: true, diff: true }), "preview --refresh --diff");
      const short = succeeded(await scene.project.preview({ refresh: true }), "preview --refresh");
      scene.show(linesWith(short, /^ +~ +pulumi-nodejs:.* update/));
      scene.show(linesWith(preview, /^ +~ (vlan|active) +:/));
      assert.deepEqual(changed(short), ["update SriovNetwork pool-eno50", "update VfConfig eno49"]);
    },
  },
  {
    title: "`pulumi up --refresh` mends it",
    async tell(scene) {
      succeeded(await scene.project.up({ args: ["--refresh", "--skip-preview"] }), "up --refresh");
      assert.equal(await hostView(scene), scene.seen.made);
    },
  },
  {
    title: "`pulumi-sriov topology` shows what hangs on what",
    async tell(scene) {
      const tree = await pulumiSriov(["topology", scene.lab.uri]);
      scene.show(tree);
      assert.match(tree, /[▲△] PF eno49 +0000:01:00\.0 +igb +up.* +7 of 7 VFs/);
      for (const { vm } of [node1, node2]) {
        assert.match(tree, new RegExp(`● VF \\d .* pool-eno49 +VM ${vm}$`, "m"));
        assert.match(tree, new RegExp(`▶ ${vm}\n.*VLAN 42 +pool pool-eno49 +eno49 VF \\d$`, "m"));
      }
      assert.match(tree, /▶ pool-eno49 +active +2 of 7 VFs in use/);
    },
  },
  {
    title: "`pulumi-sriov adopt` into a new project: imported, its first preview changes nothing",
    async tell(scene) {
      await adoptAndPreview(scene);
      assert.equal(await hostView(scene), scene.seen.made);
    },
  },
  {
    title: "The host reboots: VFs, PF state, VF attributes and pools are back",
    async tell(scene) {
      await scene.lab.reboot();
      await until(
        "the pools are active",
        120,
        async () => (await hostView(scene)).split("\n").filter((line) => / active yes/.test(line)).length === 2,
      );
      scene.show(await onHost(scene, "ip -br link show up; virsh -q net-list"));
      const preview = succeeded(await scene.project.preview({ refresh: true }), "preview --refresh after the reboot");
      assert.deepEqual(changed(preview), []);
    },
  },
  {
    title: "`pulumi destroy`: the host as it was found",
    async tell(scene) {
      succeeded(await scene.project.destroy({ args: ["--skip-preview"] }), "destroy");
      const now = await hostView(scene);
      scene.show(now);
      assert.equal(now, scene.seen.found);
    },
  },
];
