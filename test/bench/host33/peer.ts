// The peer: Pulumi's own provider for commands, running virsh over SSH, one resource for each network and interface. It is no
// dependency of ours: the language host would ask for its plugin in every program that runs beside our node_modules.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type BuiltOnceOptions, builtOnce } from "../../../lab/built-once.js";
import { lastWords, runChild } from "../../../lab/child.js";
import { findExecutable } from "../../../lab/executables.js";
import type { PulumiCli } from "../../../lab/pulumi-cli.js";
import { explain } from "../../../provider/base/errors.js";
import type { KvmHost } from "./kvm-host.js";
import { type Commands, interfaceCommands, macOf, networkCommands, pools } from "./commands.js";
import { vms } from "./kvm-host.js";

const version = "1.2.1";
const plugin = "pulumi-resource-command";

export type Peer = {
  program: string;
  env: NodeJS.ProcessEnv;
};

/** Or why it cannot be had on this machine. */
export async function findPeer(host: KvmHost, pulumi: PulumiCli): Promise<Peer | { why: string }> {
  try {
    const [sdk, folder] = [await ensureSdk(), await ensurePlugin(pulumi)];
    const program = peerProgram(sdk, host, await readFile(host.sshd.identityFile, "utf8"));
    // Its SDK lies apart and shares our copy of Pulumi's; a plugin on PATH goes before all others.
    const modules = join(__dirname, "..", "..", "..", "node_modules");
    return { program, env: { NODE_PATH: modules, PATH: `${folder}:${process.env.PATH ?? ""}` } };
  } catch (error) {
    return { why: explain(error) };
  }
}

/** Equivalent to: `npm pack @pulumi/command` */
async function ensureSdk(options: BuiltOnceOptions = {}): Promise<string> {
  const build = async (root: string) => {
    const name = `@pulumi/command@${version}`;
    await must("npm", ["pack", "--silent", "--pack-destination", root, name], root);
    await must("tar", ["-xzf", `pulumi-command-${version}.tgz`], root);
  };
  const folder = await builtOnce({ name: "command-sdk", version, ingredients: "npm pack", build }, options);
  return join(folder, "package");
}

/** The folder of the machine's own, or of what Pulumi's installer fetches. */
async function ensurePlugin({ pulumi }: PulumiCli): Promise<string> {
  const found = await findExecutable(plugin, process.env.PATH);
  if (found !== undefined) return dirname(found);
  const build = (root: string) =>
    must(pulumi, ["plugin", "install", "resource", "command", version], root, { PULUMI_HOME: root });
  const folder = await builtOnce({ name: "command-plugin", version, ingredients: "plugin install", build });
  return join(folder, "plugins", `resource-command-v${version}`);
}

async function must(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const ran = await runChild(command, args, { cwd, env: { ...process.env, ...env }, timeoutMs: 120_000 });
  if (ran.exitCode !== 0) throw new Error(`\`${command} ${args.join(" ")}\` failed: ${lastWords(ran)}`);
}

/** The same 32 resources with the same dependencies. It reads nothing, before or afterwards. */
function peerProgram(sdk: string, { sshd }: KvmHost, privateKey: string): string {
  const connection = { host: "127.0.0.1", port: sshd.port, user: sshd.user, privateKey };
  const networks = pools.map((name, pool) => ({ name, ...networkCommands(pool) }));
  const interfaces = vms.flatMap((vm, v) =>
    pools.map((_, pool) => ({ name: `${vm}-${pool}`, pool, ...interfaceCommands(vm, macOf(v, pool), pool) })),
  );
  type Named = Commands & { name: string };
  return `
const command = require(${JSON.stringify(sdk)});
const connection = ${JSON.stringify(connection)};
const networks = ${JSON.stringify(networks satisfies Named[])}.map(({ name, create, remove }) =>
  new command.remote.Command(name, { connection, create, delete: remove }));
${JSON.stringify(interfaces satisfies Named[])}.forEach(({ name, pool, create, remove }) =>
  new command.remote.Command(name, { connection, create, delete: remove }, { dependsOn: [networks[pool]] }));
`;
}
