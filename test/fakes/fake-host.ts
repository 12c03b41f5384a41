// A Linux host in a temporary folder: a tree literal for its files, and commands that behave as the kernel does. The real
// scripts run over it with the real `sh`, so it is they that are tested.
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Shell } from "../../provider/host/shell.js";
import type { CommandResult, RunOptions } from "../../provider/transport/connection.js";
import { fakeCommands } from "./fake-host-commands.js";

/** Paths without the leading slash, and their text; "-> target" makes a link. */
export type Tree = { [path: string]: string };

export class FakeHost {
  readonly root = mkdtempSync(join(tmpdir(), "fake-host-"));
  /** How many commands were run: round trips. */
  runs = 0;
  /** More of the commands' environment. */
  environment: { [name: string]: string } = {};

  constructor(tree: Tree = {}) {
    for (const [path, text] of Object.entries(tree)) this.put(path, text);
    for (const [name, script] of Object.entries(fakeCommands)) {
      this.put(`bin/${name}`, script);
      chmodSync(join(this.root, "bin", name), 0o755);
    }
    this.put("fake/commands", "");
    this.put("fake/writes", "");
    mkdirSync(join(this.root, "tmp"));
  }

  put(path: string, text: string): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    if (text.startsWith("-> ")) {
      rmSync(file, { force: true });
      symlinkSync(text.slice(3), file);
    } else {
      writeFileSync(file, text === "" || text.endsWith("\n") ? text : `${text}\n`);
    }
  }

  /** The text of a file without the newline at its end; undefined when there is none. */
  text(path: string): string | undefined {
    const file = join(this.root, path);
    return existsSync(file) ? readFileSync(file, "utf8").replace(/\n$/, "") : undefined;
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true, force: true });
  }

  /** Every file below a folder, as paths in the tree. */
  files(folder: string): string[] {
    const start = join(this.root, folder);
    if (!existsSync(start)) return [];
    return readdirSync(start, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.root.length + 1))
      .sort();
  }

  /** What was written to files of the kernel, as `value file`; what was run that changes something. */
  get writes(): string[] {
    return (this.text("fake/writes") ?? "")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.replace("\t", " ").replace(this.root, ""));
  }
  get commands(): string[] {
    return (this.text("fake/commands") ?? "").split("\n").filter((line) => line !== "" && !/ show( |$)/.test(line));
  }
  forget(): void {
    this.put("fake/commands", "");
    this.put("fake/writes", "");
  }

  /** What systemd would do once their time has come. */
  async fireTimers(): Promise<void> {
    for (const file of this.files("fake/timers")) {
      const command = this.text(file) ?? "";
      this.remove(file);
      await this.shell.run(command);
    }
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  readonly shell: Shell = {
    name: "root@kvm1",
    run: (command, options) => this.#run(command, options),
    readText: async (path) => this.text(path),
    readLink: async (path) => {
      try {
        return readlinkSync(join(this.root, path));
      } catch {
        return undefined;
      }
    },
    list: async (path) => {
      const folder = join(this.root, path);
      return existsSync(folder) ? readdirSync(folder).sort() : undefined;
    },
    writeText: async (path, text) => this.put(path, text),
  };

  #run(command: string, options: RunOptions = {}): Promise<CommandResult> {
    this.runs += 1;
    return new Promise((resolve, reject) => {
      const child = spawn("sh", ["-c", command], {
        // A process group of its own, which can be killed as a whole.
        detached: true,
        env: {
          PATH: `${join(this.root, "bin")}:${process.env["PATH"] ?? ""}`,
          SRIOV_ROOT: this.root,
          SRIOV_NETDEV_WAIT: "0",
          SRIOV_CARRIER_WAIT: "0",
          SRIOV_VFS_WAIT: "0",
          SRIOV_BUSY_WAIT: "1",
          SRIOV_WRITE_LIMIT: "6",
          SRIOV_LOCK_WAIT: "0",
          TMPDIR: join(this.root, "tmp"),
          ...this.environment,
        },
      });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
      child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
      child.on("error", reject);
      child.on("close", (code, signal) =>
        resolve({ command, exitCode: code ?? undefined, signal: signal ?? undefined, stdout, stderr }),
      );
      // A command that reads no input can be over before it gets any.
      child.stdin.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") reject(error);
      });
      child.stdin.end(options.input ?? "");
    });
  }
}

/** A PF with a cable in it, down and without VFs, as after a boot. */
export function pfTree(
  address = "0000:01:00.0",
  netdev = "eno49",
  more: { driver?: string; totalVfs?: number } = {},
): Tree {
  const device = `sys/bus/pci/devices/${address}`;
  return {
    "proc/1/comm": "systemd",
    "proc/1/cmdline": "/sbin/init",
    "proc/1/fd/0": "-> /dev/null",
    [`${device}/sriov_totalvfs`]: String(more.totalVfs ?? 7),
    [`${device}/sriov_numvfs`]: "0",
    [`${device}/sriov_drivers_autoprobe`]: "1",
    [`${device}/vendor`]: "0x8086",
    [`${device}/device`]: "0x10c9",
    [`${device}/driver`]: `-> ../../drivers/${more.driver ?? "igb"}`,
    [`${device}/net/${netdev}/address`]: "52:54:00:00:49:00",
    [`${device}/net/${netdev}/flags`]: "0x1002",
    [`${device}/net/${netdev}/carrier`]: "0",
    [`${device}/net/${netdev}/mtu`]: "1500",
    [`${device}/net/${netdev}/ifindex`]: "5",
    [`${device}/net/${netdev}/device`]: `-> ../../../${address}`,
    [`sys/class/net/${netdev}`]: `-> ../../bus/pci/devices/${address}/net/${netdev}`,
  };
}

/** What udev knows of the PF, and the .link files that give it its name: a server's own, and systemd's for everything. */
export function udevTree(address = "0000:01:00.0", netdev = "eno49", ifindex = "5"): Tree {
  return {
    [`run/udev/data/n${ifindex}`]: `I:4711\nE:ID_PATH=pci-${address}\nE:ID_NET_LINK_FILE=/etc/systemd/network/10-${netdev}.link`,
    [`etc/systemd/network/10-${netdev}.link`]: `[Match]\nPath=pci-${address}\n\n[Link]\nName=${netdev}\nMACAddressPolicy=none`,
    "usr/lib/systemd/network/99-default.link": `[Match]\nOriginalName=*\n\n[Link]\nNamePolicy=keep kernel path`,
  };
}

/** A PF of netdevsim, the kernel's simulated card: on a bus of its own, with its limit in debugfs, and with an eswitch. */
export function netdevsimTree(name = "netdevsim7", netdev = "eni7np1"): Tree {
  const device = `sys/bus/netdevsim/devices/${name}`;
  return {
    "proc/1/comm": "systemd",
    "proc/1/cmdline": "/sbin/init",
    "proc/1/fd/0": "-> /dev/null",
    [`sys/kernel/debug/netdevsim/${name}/max_vfs`]: "4",
    [`${device}/sriov_numvfs`]: "0",
    [`${device}/driver`]: "-> ../../drivers/netdevsim",
    [`${device}/net/${netdev}/address`]: "52:54:00:00:70:00",
    [`${device}/net/${netdev}/flags`]: "0x1002",
    [`${device}/net/${netdev}/carrier`]: "1",
    [`${device}/net/${netdev}/mtu`]: "1500",
    [`${device}/net/${netdev}/ifindex`]: "7",
    [`${device}/net/${netdev}/device`]: `-> ../../../${name}`,
    [`sys/class/net/${netdev}`]: `-> ../../bus/netdevsim/devices/${name}/net/${netdev}`,
    [`fake/eswitch-${name}`]: "legacy",
  };
}
