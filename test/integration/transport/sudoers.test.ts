// The sudoers file of the documentation, asked by the real sudo: it lets every command pass that the provider runs with
// `become: "sudo"`, as it was sent over SSH, and no other kind of command.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { asRoot } from "../../../lab/as-root.js";
import { openLibvirtSocket } from "../../../provider/libvirt/sockets.js";
import { parseLibvirtUri } from "../../../provider/libvirt/uri.js";
import { connectSsh } from "../../../provider/transport/ssh.js";
import { FaultyConnection } from "../../bench/faults/faulty-connection.js";
import { hostScenes } from "../../bench/faults/host-scenes.js";
import { Process } from "../../bench/faults/process.js";
import { finish, startFakeSsh } from "../../unit/transport/ssh-server.js";

const execute = promisify(execFile);
const sudoers = join(__dirname, "../../../docs/pulumi-sriov.sudoers");

/** Every command of VfConfig's and HostSetup's lives, which are those that need root. */
async function commandsOfLives(): Promise<string[]> {
  const commands = new Set<string>();
  for (const scene of hostScenes()) {
    const stage = await scene.begin();
    const { way } = stage;
    const run: typeof way.run = (command, options) => (commands.add(command), way.run(command, options));
    const process = new Process(new FaultyConnection({ ...way, run }));
    const { resource, does, news } = scene;
    if (does === "up") await process.up(resource, news, stage.stored);
    else if (stage.stored) await process[does](resource, stage.stored);
    await process.close();
    await stage.end();
    await scene.end?.();
  }
  return [...commands];
}

/** The same as they go over the wire, and what the transport adds: whether there is sudo, libvirt's socket, a time that is up. */
async function linesSent(commands: readonly string[]): Promise<string[]> {
  const server = await startFakeSsh({
    onCommand: (channel, line) => {
      if (line.includes("for ever")) return;
      // Where the user is not root; and where nc leads to libvirt.
      channel.write(line.includes("id -un") ? "pulumi\n" : "nc quits 0\n");
      finish(channel);
    },
  });
  const connection = await connectSsh({ ...server.target, become: "sudo" });
  try {
    for (const command of commands) await connection.run(command);
    const socket = await openLibvirtSocket(connection, parseLibvirtUri("qemu+ssh://pulumi@kvm1/system"));
    socket.destroy();
    await connection.run("for ever", { timeoutMs: 100 }).catch(() => undefined);
    while (!server.commands.some((line) => line.includes("kill -TERM")))
      await new Promise((resolve) => setTimeout(resolve, 10));
    return server.commands;
  } finally {
    await connection.close();
    await server.stop();
  }
}

describe("the sudoers file of the documentation", function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "test-sudoers-"));
  });
  after(() => execute("rm", ["-rf", folder]).catch(() => rm(folder, { recursive: true, force: true })));

  /** What sudo says to each line: asked about, or run. */
  async function verdicts(lines: readonly string[], how: "asked" | "run"): Promise<string[]> {
    const place = await mkdtemp(join(folder, "lines-"));
    const file = (i: number) => join(place, `${String(i).padStart(3, "0")}.${how}`);
    await Promise.all(lines.map((line, i) => writeFile(file(i), `${line}\n`)));
    await execute("chmod", ["0755", folder, place]);
    const [program = "", ...args] = asRoot(["unshare", "-m", "sh", join(__dirname, "sudoers.sh"), place, sudoers]);
    await execute(program, args);
    return Promise.all(
      lines.map(async (_, i) => {
        const [verdict, out] = await Promise.all([
          readFile(`${file(i)}.verdict`, "utf8"),
          readFile(`${file(i)}.out`, "utf8"),
        ]);
        return `${verdict.trim()}: ${out.trim()}`;
      }),
    );
  }

  it("is one that visudo accepts", async () => {
    const { stdout } = await execute("visudo", ["-c", "-f", sudoers], {
      env: { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` },
    });
    assert.match(stdout, /parsed OK/);
  });

  it("lets every command pass that the provider sends, asked one by one", async () => {
    const commands = await commandsOfLives();
    // `sh -s` and the machine id at least, and nothing that changes with every run.
    assert.ok(commands.includes("sh -s") && commands.length < 20, commands.join("\n"));
    const lines = await linesSent([...commands, "two\nlines, and a 'quote' and \\ and !"]);
    const isSudo = lines.filter((line) => /sudo -n/.test(line));
    // The first one finds out whether there is sudo.
    assert.equal(isSudo.length, lines.length);
    const found = await verdicts(lines, "asked");
    found.forEach((verdict, i) => assert.match(verdict, /^allowed: [^]*sh -c/, `${lines[i]}\n${verdict}`));
  });

  it("makes them root's, and refuses every other kind of command and every other user", async () => {
    const mark = "PULUMI_SRIOV_COMMAND=3e3b1f7a-1111-4222-8333-abcdefabcdef";
    const run = async (command: string) => (await verdicts([command], "run"))[0];
    assert.equal(await run(`sudo -n -- env ${mark} sh -c 'id -un'`), "allowed: root");
    const others = [
      "sudo -n -- id",
      "sudo -n -- sh -c id",
      "sudo -n -- bash -c true",
      "sudo -n -i",
      `sudo -n -u daemon -- env ${mark} sh -c id`,
      `sudo -n -- env LD_PRELOAD=x ${mark} sh -c id`,
      `sudo -n -- env ${mark} bash -c id`,
      "sudo -n -- env sh -c id",
      "sudo -n -- env sh -c 'for f in x; do id; done'",
      "sudo -n -e /etc/shadow",
    ];
    for (const verdict of await verdicts(others, "run"))
      assert.match(verdict, /^refused: .*(password is required|not allowed)/);
  });
});
