// What must never happen, tried for real: a VF taken from a running VM, our own connection cut, two owners of one PF's VFs.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { hostView } from "../../lab/demo/host-view.js";
import type { PulumiProject } from "../../lab/pulumi-project.js";
import { newProject, onHost, programText, sharedLab } from "./stage.js";

const vfs = (numVfs: number) => `
const vfs = new sriov.VfConfig("eno49", { host, pf: "eno49", numVfs: ${numVfs} });`;
const rest = `
const setup = new sriov.HostSetup("kvm", { host, apparmorVfioRule: true });
const pool = new sriov.SriovNetwork("pool", { host, pf: vfs.pfName }, { dependsOn: setup });
new sriov.VmSriovInterface("nic", { host, domain: "z-k8s-n-1", network: pool.name });
`;
const view = async () => hostView({ lab: await sharedLab() } as never);

describe("a VF that a running VM holds", function () {
  this.timeout(300_000);
  let project: PulumiProject;
  let found: string;

  before(async () => {
    found = await view();
    project = await newProject("guard", { text: await programText(vfs(7) + rest) });
    const up = await project.up({ args: ["--skip-preview"] });
    assert.equal(up.exitCode, 0, up.stdout + up.stderr);
    await onHost("virsh start z-k8s-n-1");
  });

  after(async () => {
    await onHost("virsh destroy z-k8s-n-1 >/dev/null 2>&1 || true");
    const destroy = await project.destroy({ args: ["--skip-preview"] });
    assert.equal(destroy.exitCode, 0, destroy.stdout + destroy.stderr);
    assert.equal(await view(), found);
  });

  for (const [when, act] of [
    ["at preview", () => project.preview()],
    ["at up", () => project.up({ args: ["--skip-preview"] })],
  ] as const) {
    it(`is not destroyed by shrinking, ${when}: VM and VF are named`, async () => {
      await project.write(await programText(vfs(3) + rest));
      const before = await view();
      const ran = await act();
      assert.notEqual(ran.exitCode, 0, ran.stdout);
      assert.match(ran.stdout + ran.stderr, /z-k8s-n-1/);
      assert.match(ran.stdout + ran.stderr, /0000:01:1[01]\.[0246]/);
      assert.equal(await view(), before);
    });
  }

  it("is not destroyed by deleting the VfConfig: refused, with the VM's name, and the state is kept", async () => {
    await project.write(await programText(""));
    const before = (await view()).split("\n").filter((line) => line.startsWith("eno49"));
    // Only the VfConfig: in a whole destroy the interface goes first, and then nothing is in the way.
    const ran = await project.destroy({
      args: [
        "--skip-preview",
        "--target",
        "urn:pulumi:test::guard::pulumi-nodejs:dynamic/sriov:VfConfig::eno49",
        "--target-dependents=false",
      ],
    });
    assert.notEqual(ran.exitCode, 0, ran.stdout);
    assert.deepEqual(
      (await view()).split("\n").filter((line) => line.startsWith("eno49")),
      before,
    );
    const kept = (await project.stackExport()).map((resource) => resource.type);
    assert.ok(kept.includes("pulumi-nodejs:dynamic/sriov:VfConfig"), kept.join(", "));
  });
});

describe("a PF whose VFs others want", function () {
  this.timeout(300_000);
  let project: PulumiProject;
  const numVfs = (count: number) =>
    programText(`new sriov.VfConfig("eno50", { host, pf: "eno50", numVfs: ${count}, persistence: "none" });`);
  const netdevOf = (vf: number) => onHost(`ls /sys/bus/pci/devices/0000:02:00.0/virtfn${vf}/net`);
  const refusedWith = async (pattern: RegExp) => {
    const { exitCode, stdout, stderr } = await project.preview();
    assert.notEqual(exitCode, 0, stdout);
    assert.match((stdout + stderr).replace(/\s+/g, " "), pattern);
  };

  before(async () => {
    project = await newProject("others", { text: await numVfs(3) });
    const up = await project.up({ args: ["--skip-preview"] });
    assert.equal(up.exitCode, 0, up.stdout + up.stderr);
  });
  after(async () => {
    await onHost(
      "ip netns del red 2>/dev/null; rm -f /etc/udev/rules.d/90-vfs.rules; rm -rf /etc/NetworkManager/system-connections; true",
    );
    const destroy = await project.destroy({ args: ["--skip-preview"] });
    assert.equal(destroy.exitCode, 0, destroy.stdout + destroy.stderr);
  });

  it("a network namespace that has a VF is named, and so is an address on another one", async () => {
    const [first, second] = [await netdevOf(1), await netdevOf(2)];
    await onHost(`ip netns add red && ip link set dev ${first} netns red && ip addr add 10.77.0.1/24 dev ${second}`);
    await project.write(await numVfs(5));
    await refusedWith(
      /from 3 VFs to 5: the host itself \(10\.77\.0\.1\/24 on \S+\) holds VF 2 .*, network namespace red holds VF 1/,
    );
    await onHost(`ip netns del red; ip addr del 10.77.0.1/24 dev ${second}`);
  });

  const owned = (count: number) => programText(`new sriov.VfConfig("eno50", { host, pf: "eno50", numVfs: ${count} });`);

  it("a udev rule that makes another number is named with its line", async () => {
    await onHost(
      `printf '%s\\n' '# ours' 'ACTION=="add", SUBSYSTEM=="net", ENV{ID_NET_DRIVER}=="igb", ATTR{device/sriov_numvfs}="7"' > /etc/udev/rules.d/90-vfs.rules`,
    );
    await project.write(await owned(3));
    await refusedWith(/second owner: udev rule \/etc\/udev\/rules\.d\/90-vfs\.rules:2 makes 7 VFs/);
    await onHost("rm /etc/udev/rules.d/90-vfs.rules");
  });

  it("a NetworkManager profile for the PF is named with its line", async () => {
    await onHost(`mkdir -p /etc/NetworkManager/system-connections
printf '%s\\n' '[connection]' type=ethernet interface-name=eno50 '' '[sriov]' total-vfs=4 > /etc/NetworkManager/system-connections/eno50.nmconnection`);
    await refusedWith(
      /NetworkManager profile \/etc\/NetworkManager\/system-connections\/eno50\.nmconnection:6 makes 4 VFs/,
    );
    await onHost("rm -r /etc/NetworkManager/system-connections");
    const { exitCode, stdout, stderr } = await project.preview();
    assert.equal(exitCode, 0, stdout + stderr);
  });
});

describe("a PF that our SSH connection comes in over, below a bridge", function () {
  this.timeout(300_000);
  const seconds = 45;
  let project: PulumiProject;
  let way: Way;
  let wasUp: boolean;
  let found: string;
  const file = "/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs";
  const timers = () =>
    onHost(
      "ls /run/pulumi-sriov 2>/dev/null; systemctl list-units --all --plain --no-legend 'pulumi-sriov-dead-man-*'",
    );
  const program = (numVfs: number, allowDisruption: boolean) => `import * as sriov from "pulumi-sriov";
const host = { uri: ${JSON.stringify(way.uri)} };
new sriov.VfConfig("eno49", { host, pf: "eno49", numVfs: ${numVfs}, vfs: [{ index: 1, vlan: 42 }], allowDisruption: ${allowDisruption}, confirmTimeout: ${seconds} });`;

  before(async () => {
    found = await view();
    wasUp = (Number(await onHost("cat /sys/class/net/eno49/flags")) & 1) === 1;
    await onHost(
      "ip link add br0 type bridge && ip link set eno49 up master br0 && ip addr add 10.9.0.15/24 dev br0 && ip link set br0 up",
    );
    way = await openWay();
    project = await newProject("link", { text: program(2, false) });
  });
  after(async () => {
    const destroy = await project.destroy({ args: ["--skip-preview"] });
    await way.close();
    await onHost(`ip link del br0; ip link set eno49 ${wasUp ? "up" : "down"}`);
    assert.equal(destroy.exitCode, 0, destroy.stdout + destroy.stderr);
    assert.equal(await timers(), "");
    assert.equal(await view(), found);
  });

  it("is not taken down: the route and the netdevs down to the PF are named at preview", async () => {
    const { exitCode, stdout, stderr } = await project.preview();
    assert.notEqual(exitCode, 0, stdout);
    assert.match(
      (stdout + stderr).replace(/\s+/g, " "),
      /the SSH connection from 10\.9\.0\.2 comes in over br0, eno49 \(0000:01:00\.0\), and changing from 0 VFs to 2 takes that link down/,
    );
  });

  it("is changed where the program allows it, and the timer is taken away once that is confirmed", async () => {
    await project.write(program(2, true));
    const up = await project.up({ args: ["--skip-preview"] });
    assert.equal(up.exitCode, 0, up.stdout + up.stderr);
    assert.equal(await onHost(`cat ${file}`), "2");
    assert.equal(await timers(), "");
  });

  it("is put back by the host when the connection is cut in the middle, and the error tells so", async () => {
    await project.write(program(4, true));
    const up = project.up({ args: ["--skip-preview"] });
    // Another way into the host, which stays: the timer is set, and the change begins.
    await onHost(
      "for i in $(seq 600); do [ -d /run/pulumi-sriov/dead-man/0000:01:00.0 ] && exit; sleep 0.1; done; exit 1",
    );
    way.cut();
    await onHost(
      "for i in $(seq 1200); do [ -e /run/pulumi-sriov/dead-man/0000:01:00.0/restored ] && exit; sleep 0.1; done; exit 1",
    );
    assert.equal(await onHost(`cat ${file}`), "2");
    assert.match(await onHost("ip link show eno49"), /vf 1 .*vlan 42/);
    await way.mend();
    const { exitCode, stdout, stderr } = await up;
    assert.notEqual(exitCode, 0, stdout);
    assert.match(
      (stdout + stderr).replace(/\s+/g, " "),
      /the connection was lost, and nobody came back within 45 s\. So the host put back what was before \(2 VFs and their attributes\)/,
    );
    assert.equal(await timers(), "");
    await project.write(program(2, true));
    const again = await project.preview({ args: ["--refresh", "--expect-no-changes"] });
    assert.equal(again.exitCode, 0, again.stdout + again.stderr);
  });
});

type Way = { uri: string; cut(): void; mend(): Promise<void>; close(): Promise<void> };

/** A way to the host over its first PF that can be cut: a relay in front of the lab's port for it. */
async function openWay(): Promise<Way> {
  const lab = await sharedLab();
  const sockets = new Set<Socket>();
  let isCut = false;
  const relay: Server = createServer((inner) => {
    if (isCut) return void inner.destroy();
    const outer = connect(lab.pfSshPort, "127.0.0.1");
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    inner.pipe(outer);
    outer.pipe(inner);
    inner.on("close", () => outer.destroy());
    outer.on("close", () => inner.destroy());
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const { port } = relay.address() as AddressInfo;
  const knownHosts = `${lab.knownHostsFile}.relay`;
  const line = await readFile(lab.knownHostsFile, "utf8");
  await writeFile(knownHosts, line.replace(`:${lab.sshPort} `, `:${port} `));
  return {
    uri: `qemu+ssh://root@127.0.0.1:${port}/system?keyfile=${lab.identityFile}&known_hosts=${knownHosts}`,
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend: async () => {
      isCut = false;
      await sleep(0);
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      relay.close();
      await once(relay, "close");
      await rm(knownHosts, { force: true });
    },
  };
}
