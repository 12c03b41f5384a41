// A real sshd that runs beside the libvirtd of libvirtd.ts, in its namespaces. TCP from out here gets into its network one
// connection at a time.
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { join } from "node:path";
import type { HostInputs } from "../../provider/resources/host-inputs.js";
import { type LibvirtdFixture, mustRun } from "./libvirtd.js";
import { makeKey } from "./sshd.js";

export type Program = "virt-ssh-helper" | "nc" | "socat" | "sudo";

export type PeerSshd = { host(parameters?: string, more?: NonNullable<HostInputs["ssh"]>): HostInputs; log(): string };

/** Each connection becomes the standard input and output of a program in the peer's namespaces. */
export function serve(start: (socket: Socket) => ChildProcess): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on("error", () => undefined);
      const child = start(socket);
      child.once("error", () => socket.destroy());
      // It is the child's now.
      child.once("spawn", () => socket.destroy());
    });
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

const shellsOwn = ["sh", "env", "id", "cat", "grep", "readlink", "true"];

/** `lines` are of sshd_config; `programs` are all that a session finds on its PATH besides the shell's own. */
export async function startSshdIn(
  fixture: LibvirtdFixture,
  { lines = [], programs = [], user = "root" }: { lines?: string[]; programs?: Program[]; user?: string } = {},
): Promise<{ server: Server; sshd: PeerSshd }> {
  const folder = await mkdtemp(join(fixture.folder, "sshd-"));
  // A user who is not root has to get there.
  for (const each of [fixture.folder, folder]) await chmod(each, 0o755);
  const at = (name: string) => join(folder, name);
  await makeKey(at("host_key"));
  await makeKey(at("identity"));
  const tools = [...shellsOwn, ...programs].map((name) => `ln -s "$(command -v ${name})" ${folder}/bin/${name}`);
  await mustRun(fixture, ["set -e", `mkdir ${folder}/bin /run/sshd -p`, ...tools].join("\n"));
  const config = [
    ...lines,
    `HostKey ${folder}/host_key`,
    `AuthorizedKeysFile ${folder}/identity.pub`,
    `SetEnv PATH=${folder}/bin SHLVL=1`,
    ...["UsePAM no", "StrictModes no", "PermitRootLogin yes", "LogLevel VERBOSE", "PasswordAuthentication no"],
  ];
  await writeFile(at("sshd_config"), `${config.join("\n")}\n`);
  let log = "";
  const [file = "", ...args] = [...fixture.enter, "/usr/sbin/sshd", "-i", "-e", "-f", `${folder}/sshd_config`];
  const server = await serve((socket) => {
    const child = spawn(file, args, { stdio: [socket, socket, "pipe"] });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (log += text));
    return child;
  });
  const { port } = server.address() as AddressInfo;
  const hostKey = (await readFile(at("host_key.pub"), "utf8")).split(" ").slice(0, 2).join(" ");
  return {
    server,
    sshd: {
      log: () => log,
      host: (parameters = "", more = {}) => ({
        uri: `qemu+ssh://${user}@127.0.0.1:${port}/system${parameters === "" ? "" : `?${parameters}`}`,
        ssh: { privateKeyPath: at("identity"), hostKey, configFile: "none", ...more },
      }),
    },
  };
}
