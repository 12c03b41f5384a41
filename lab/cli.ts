// `npm run lab`: the emulated SR-IOV host from the command line. Answers go to stdout, progress to stderr.
import { explain } from "../provider/base/errors.js";
import { parseArguments, type Arguments } from "./arguments.js";
import { findLab, startLab, stopLab, type Lab } from "./lab.js";
import { progress } from "./progress.js";
import { listLabs, sshTarget } from "./run-state.js";
import { openShell } from "./ssh.js";

async function up({ name, pfs }: Arguments): Promise<number> {
  const running = await findLab(name);
  const options = pfs === undefined ? { name } : { name, pfs };
  const lab =
    running === undefined
      ? await progress.step(`Lab "${name}"`, (report) => startLab({ ...options, report }))
      : await startLab(options);
  if (running !== undefined) say(`The lab "${name}" runs already.`);
  await describe(lab);
  return 0;
}

async function down({ name }: Arguments): Promise<number> {
  say((await stopLab(name)) ? `The lab "${name}" is stopped; its disk is gone.` : `There is no lab "${name}".`);
  return 0;
}

async function ssh({ name, rest }: Arguments): Promise<number> {
  const lab = await findLab(name);
  return lab === undefined ? notRunning(name) : openShell(sshTarget(name, lab.sshPort), rest);
}

async function status(): Promise<number> {
  const names = await listLabs();
  if (names.length === 0) say("No lab runs. Start one with: npm run lab -- up");
  for (const name of names) {
    const lab = await findLab(name);
    if (lab === undefined) say(`Lab "${name}": not running; what it left is cleared by \`up\` and by \`down\`.`);
    else await describe(lab);
  }
  return 0;
}

async function reset({ name }: Arguments): Promise<number> {
  const lab = await findLab(name);
  if (lab === undefined) return notRunning(name);
  await describe(await progress.step(`Lab "${name}"`, (report) => lab.reset(report)));
  return 0;
}

async function describe(lab: Lab): Promise<void> {
  const state = (await lab.answers()) ? "running" : "booting";
  say(`Lab "${lab.name}": ${state}, ${lab.pfs} PFs, SSH port ${lab.sshPort}, QEMU process ${lab.pid}`);
  say(`  uri      ${lab.uri}`);
  say(`  shell    npm run lab -- ssh${lab.name === "default" ? "" : ` --name ${lab.name}`}`);
  say(`  console  ${lab.serialLog}`);
}

function notRunning(name: string): number {
  process.stderr.write(`The lab "${name}" does not run. Start it with: npm run lab -- up --name ${name}\n`);
  return 1;
}

const say = (line: string) => process.stdout.write(`${line}\n`);

const actions = { up, down, ssh, status, reset };

async function main(): Promise<number> {
  const parsed = parseArguments(process.argv.slice(2));
  return actions[parsed.command](parsed);
}

main()
  .then((code) => (process.exitCode = code))
  .catch((error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  });
