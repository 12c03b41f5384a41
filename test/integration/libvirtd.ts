// A real libvirtd (qemu:///system) over SR-IOV hardware that is made of files, in namespaces of its own: define and start
// networks, allocate VFs, attach to domains' configurations, get events. Only a live VFIO attach needs the emulated host.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { type Socket, createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { asRoot, isRoot } from "../../lab/as-root.js";
import { SriovError } from "../../provider/base/errors.js";
import type { LibvirtClient } from "../../provider/libvirt/client.js";
import { connectLibvirt } from "../../provider/libvirt/client-rpc.js";
import { openLibvirtSocket } from "../../provider/libvirt/sockets.js";
import { parseLibvirtUri } from "../../provider/libvirt/uri.js";
import type { CommandResult, Connection } from "../../provider/transport/connection.js";

/** What the fixture needs of Debian or Ubuntu. Not libvirt-daemon-system: it wants systemd. */
export const libvirtdPackages = [
  "iproute2",
  "libvirt-clients",
  "libvirt-daemon",
  "libvirt-daemon-driver-qemu",
  ...(hasDriverPackages() ? ["libvirt-daemon-driver-network", "libvirt-daemon-driver-nodedev"] : []),
  "qemu-system-x86",
  "util-linux",
];

/** Since libvirt 11 (Debian 13, Ubuntu 25.04) each driver is a package. Backports may have them where the release has not. */
function hasDriverPackages(): boolean {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const of = (name: string) => new RegExp(`^${name}="?([^"\n]*)`, "m").exec(release)?.[1];
  return Number(of("VERSION_ID")) >= (of("ID") === "ubuntu" ? 25.04 : 13);
}

export type FakePf = { netdev: string; bus: string; slot: string; vfs: string[] };

/** Two PFs of one 82576 card with 7 VFs each, and one PF without any. */
export const fakePfs: FakePf[] = [
  { netdev: "ens1f0", bus: "03", slot: "00.0", vfs: ["10.0", "10.2", "10.4", "10.6", "11.0", "11.2", "11.4"] },
  { netdev: "ens1f1", bus: "03", slot: "00.1", vfs: ["10.1", "10.3", "10.5", "10.7", "11.1", "11.3", "11.5"] },
  { netdev: "ens2f0", bus: "05", slot: "00.0", vfs: [] },
];

export type LibvirtdFixture = {
  /** The path of its socket, as seen from here. */
  socket: string;
  uriName: "qemu:///system";
  /** Seen under this path from inside, too. */
  folder: string;
  /** Runs a POSIX shell command line beside libvirtd, where `virsh` finds it and /sys has the PFs. */
  run(command: string): Promise<CommandResult>;
  /** The beginning of a command line that runs a program there. */
  enter: string[];
  /** The same for its network alone. */
  enterNetwork: string[];
  /** The same as the resources see a host. Paths of sockets are those on the host. */
  connection: Connection;
  /** Idempotent. */
  stop(): Promise<void>;
};

const startMs = 30_000;
const stopMs = 10_000;

export type LibvirtdOptions = {
  /** Another Debian's files to run in. */
  root?: string;
  /** Default: libvirtd alone. The others come back when they are killed. */
  daemons?: string[];
  /** libvirtd alone comes back, too, when it is killed. */
  comesBack?: boolean;
  /** Puts more into the fixture's folder before anything is started. */
  prepare?: (folder: string) => Promise<void>;
  /** Lines for the configuration of the daemon that listens on TLS and TCP; without them none does. */
  listen?: (folder: string) => string[];
  environment?: (folder: string) => { [name: string]: string };
};

export async function startLibvirtd(
  pfs: FakePf[] = fakePfs,
  { root, daemons = ["libvirtd"], comesBack = false, prepare, listen, environment }: LibvirtdOptions = {},
): Promise<LibvirtdFixture> {
  const dir = await mkdtemp(join(tmpdir(), "test-libvirtd-"));
  await prepare?.(dir);
  const settings = Object.entries({
    ROOT: root ?? "",
    DAEMONS: daemons.join(" "),
    COMES_BACK: comesBack ? "yes" : "",
    LISTEN: listen?.(dir).join("\n") ?? "",
    ...environment?.(dir),
  }).map(([name, value]) => `${name}=${value}`);
  const pfArgs = pfs.map(({ netdev, bus, slot, vfs }, i) => [netdev, bus, slot, i + 2, vfs.join()].join(":"));
  const unshare = ["unshare", "-m", "-n", "-p", "--fork", "--kill-child", "--mount-proc"];
  const script = join(__dirname, "libvirt", "namespace.sh");
  const [file = "", ...args] = asRoot([...unshare, "env", ...settings, "sh", script, dir, ...pfArgs]);
  const child = spawn(file, args, { stdio: ["pipe", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exited = new Promise<void>((resolve) => {
    child.on("error", (error) => (stderr += error.message));
    child.on("close", () => resolve());
  });

  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= stopChild(child, exited, dir));
  const socketOf = (daemon: string) => join(dir, "run", `${daemon === "libvirtd" ? "libvirt" : daemon}-sock`);
  const socket = socketOf(daemons[0] ?? "libvirtd");
  try {
    for (const daemon of daemons.filter((name) => name !== "virtproxyd")) await answering(socketOf(daemon), exited);
    const nsenter = asRoot(["nsenter", "-t", await processOne(dir)]);
    const enter = [...nsenter, "-m", "-n", "-p", "-r", "-w"];
    const run = runIn(enter);
    const enterNetwork = [...nsenter, "-n"];
    const connection = connectionTo(dir, run);
    return { socket, uriName: "qemu:///system", folder: dir, run, enter, enterNetwork, connection, stop };
  } catch (error) {
    const read = (daemon: string) => readFile(join(dir, `${daemon}.log`), "utf8").catch(() => "");
    const log = (await Promise.all(daemons.map(read))).join("");
    await stop();
    throw new Error(`libvirtd did not start: ${(error as Error).message}\n${stderr}${log}`, { cause: error });
  }
}

/** Equivalent to: `virsh -c qemu:///system` beside it. */
export const connectTo = (fixture: LibvirtdFixture): Promise<LibvirtClient> =>
  connectLibvirt(() => openLibvirtSocket(fixture.connection, parseLibvirtUri(fixture.uriName)), {
    uri: fixture.uriName,
    name: "test-host",
  });

/** Runs a command that has to succeed; answers its output. */
export async function mustRun(fixture: LibvirtdFixture, command: string): Promise<string> {
  const { exitCode, stdout, stderr } = await fixture.run(command);
  if (exitCode !== 0) throw new Error(`\`${command}\` ended with exit code ${exitCode}: ${stderr}`);
  return stdout;
}

/** Equivalent to: `virsh define`. A q35 domain that can run (without KVM) but boots nothing. */
export async function defineDomain(fixture: LibvirtdFixture, name: string, devices = ""): Promise<void> {
  const rootPorts = `<controller type='pci' index='0' model='pcie-root'/>${"<controller type='pci' model='pcie-root-port'/>".repeat(4)}`;
  const xml = `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
    <os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features>
    <devices>${rootPorts}<memballoon model='none'/>${devices}</devices></domain>`;
  await mustRun(fixture, `cat > /run/domain.xml <<'END'\n${xml}\nEND\nvirsh define /run/domain.xml`);
}

/** NETWORK_PORT_CREATE_XML: takes a VF from a pool for a domain, as its start would. Equivalent to: `virsh net-port-create` */
export async function allocatePort(
  fixture: LibvirtdFixture,
  { network, domain, mac, portgroup }: { network: string; domain: string; mac: string; portgroup?: string },
): Promise<void> {
  const domainUuid = (await mustRun(fixture, `virsh domuuid ${domain}`)).trim();
  const group = portgroup === undefined ? "" : `<group>${portgroup}</group>`;
  const xml = `<networkport><uuid>${crypto.randomUUID()}</uuid>
    <owner><name>${domain}</name><uuid>${domainUuid}</uuid></owner>${group}<mac address='${mac}'/></networkport>`;
  await mustRun(fixture, `cat > /run/port.xml <<'END'\n${xml}\nEND\nvirsh net-port-create ${network} /run/port.xml`);
}

/** What `echo N > sriov_numvfs` does: the PF's first `count` VFs are there, the others are not. */
export async function setNumVfs(fixture: LibvirtdFixture, pf: FakePf, count: number): Promise<void> {
  const devices = "/sys/devices/pci0000:00";
  const pfPath = `${devices}/0000:${pf.bus}:${pf.slot}`;
  const links = pf.vfs.map((vf, i) => {
    const name = `0000:${pf.bus}:${vf}`;
    return i < count
      ? `ln -sfn ../${name} ${pfPath}/virtfn${i}; ln -sfn ../../../devices/pci0000:00/${name} /sys/bus/pci/devices/${name}`
      : `rm -f ${pfPath}/virtfn${i} /sys/bus/pci/devices/${name}`;
  });
  await mustRun(fixture, [...links, `echo ${count} > ${pfPath}/sriov_numvfs`].join("\n"));
}

function openSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path, () => resolve(socket));
    socket.on("error", reject);
  });
}

async function answering(socket: string, exited: Promise<void>): Promise<void> {
  const gone = exited.then(() => true);
  const end = Date.now() + startMs;
  for (;;) {
    try {
      (await openSocket(socket)).destroy();
      return;
    } catch (error) {
      if (await Promise.race([gone, sleep(50).then(() => false)])) throw new Error("it ended", { cause: error });
      if (Date.now() > end) throw new Error(`no answer within ${startMs / 1000} s`, { cause: error });
    }
  }
}

/** Process 1 of the namespaces by the number that it has out here: what nsenter wants. */
async function processOne(dir: string): Promise<string> {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const [command, status] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
      readFile(`/proc/${pid}/status`, "utf8").catch(() => ""),
    ]);
    if (command.split("\0").includes(dir) && /^NSpid:\t\d+\t1$/m.test(status)) return pid;
  }
  throw new Error("its process is not in /proc");
}

function runIn([file = "", ...enter]: string[]): LibvirtdFixture["run"] {
  return (command) =>
    new Promise((resolve) => {
      execFile(file, [...enter, "sh", "-c", command], { cwd: "/" }, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        const exitCode = typeof code === "number" ? code : undefined;
        resolve({ command, exitCode, signal: error?.signal ?? undefined, stdout, stderr });
      });
    });
}

const connectionTo = (dir: string, run: LibvirtdFixture["run"]): Connection => ({
  name: "test-host",
  run: (command, { input } = {}) =>
    input === undefined ? run(command) : run(`${command} <<'END-OF-INPUT'\n${input}\nEND-OF-INPUT`),
  openUnixSocket: async (path) => {
    try {
      return await openSocket(path.replace(/^\/(?:var\/)?run\/libvirt/, join(dir, "run")));
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      const kind = code === "ENOENT" ? "not-found" : code === "EACCES" ? "permission-denied" : "unreachable";
      throw new SriovError(kind, message, { cause });
    }
  },
  openCommand: () => Promise.reject(new Error("the fixture opens no commands")),
  usesSudo: false,
  close: async () => {},
});

async function stopChild(child: ChildProcess, exited: Promise<void>, dir: string): Promise<void> {
  child.stdin?.end();
  const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
  await exited;
  clearTimeout(timer);
  // Made by root, where we are not.
  if (!isRoot()) await new Promise((resolve) => execFile("sudo", ["-n", "rm", "-rf", dir], resolve));
  await rm(dir, { recursive: true, force: true });
}
