// The same fleet without a cluster, for CI: the stack of the site, then all racks at once, each by a `pulumi` process of its own.
//   npx tsx run.ts preview|up|refresh|destroy [--racks FILE] [--at-once N]
// A rack whose process was killed (out of memory, a runner that went) is run once more: what it had made is in its state or is taken
// over. A rack that fails is named in the end, and holds up no other. Secrets and the backend are the environment's, as for `pulumi`.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { parse } from "yaml";

const commands = ["preview", "up", "refresh", "destroy"] as const;
type Command = (typeof commands)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { racks: { type: "string" }, "at-once": { type: "string", default: "4" } },
});
const command = commands.find((one) => one === positionals[0]);
if (!command) throw new Error(`expected one of ${commands.join(", ")}, got "${positionals[0] ?? ""}"`);
const file = resolve(values.racks ?? join(__dirname, "rack", "racks.yaml"));

async function run(stack: Stack, what: Command): Promise<void> {
  // Continues where another host has failed: one that is down is no reason to leave the others as they are.
  const options = { onOutput: (text: string) => write(stack.name, text), continueOnError: true };
  if (what === "up") await stack.up(options);
  else if (what === "destroy") await stack.destroy(options);
  else if (what === "refresh") await stack.refresh({ onOutput: options.onOutput });
  else await stack.preview({ onOutput: options.onOutput });
}

const write = (name: string, text: string) => process.stdout.write(text.replace(/^(?=.)/gm, `${name}: `));

/** Undefined when it went right. */
async function runRack(name: string, what: Command): Promise<string | undefined> {
  const stack = await LocalWorkspace.createOrSelectStack({ stackName: name, workDir: join(__dirname, "rack") });
  await stack.setAllConfig({
    "sriov-rack:racks": { value: file },
    "sriov-rack:site": { value: process.env["SITE"] ?? "organization/sriov-site/main" },
  });
  for (let isAgain = false; ; isAgain = true) {
    try {
      await run(stack, what);
      return undefined;
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      const wasKilled = /was killed with SIG/.test(said);
      if (!wasKilled || isAgain) return said.trim().split("\n").slice(-5).join("\n");
      write(name, "its process was killed; once more\n");
      // The lock is the dead process's own. Anybody else's would have ended the run in another way, and stays.
      await stack.cancel();
    }
  }
}

async function main(): Promise<void> {
  const what = command ?? "preview";
  const racks = Object.keys(parse(readFileSync(file, "utf8")) as object);
  const site = () => LocalWorkspace.createOrSelectStack({ stackName: "main", workDir: join(__dirname, "site") });
  if (what === "up" || what === "preview") await run(await site(), what);
  const left = [...racks];
  const failed: string[] = [];
  const worker = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const why = await runRack(name, what).catch((error: unknown) => String(error));
      if (why !== undefined) failed.push(`${name}: ${why}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values["at-once"]) }, worker));
  if (what === "destroy" && failed.length === 0) await run(await site(), what);
  process.stdout.write(`${racks.length - failed.length} of ${racks.length} racks done\n`);
  for (const why of failed) process.stderr.write(`${why}\n`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

void main();
