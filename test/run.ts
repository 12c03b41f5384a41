// `npm test`: everything that must hold, from a fresh clone. What is slow to make (the lab's image, the Pulumi CLI) is made
// in the background while the quick tests run. Arguments name the groups to run; default is all of them.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChild } from "../lab/child.js";
import { ensurePackages, labPackages } from "../lab/packages.js";
import { ensureSelfLink } from "../lab/self-link.js";
import { browserPackages } from "./integration/browser.js";
import { libvirtdPackages } from "./integration/libvirtd.js";
import { debian13Packages } from "./integration/debian13.js";
import { peersPackages } from "./integration/peers.js";
import { sshdPackages } from "./integration/sshd.js";

const groups = ["check", "unit", "integration", "e2e"] as const;
type Group = (typeof groups)[number];
type Failure = { title: string; why: string };
type Counts = { passed: number; failed: Failure[]; skipped: string[] };

const root = join(__dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "pulumi-sriov-test-"));

/** Runs a command with its output shown; answers its exit code. */
function run(command: string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const [file = "", ...args] = command;
    const child = spawn(file, args, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...env },
    });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

async function must(what: string, command: string[]): Promise<void> {
  const code = await run(command);
  if (code !== 0) throw new Error(`${what} failed: \`${command.join(" ")}\` ended with exit code ${code}`);
}

async function mocha(group: Group): Promise<Counts> {
  const file = join(scratch, `${group}.json`);
  const code = await run(["mocha", "--reporter", "test/reporter.cjs", `test/${group}/**/*.test.ts`], {
    COUNTS_FILE: file,
  });
  try {
    const counts = JSON.parse(readFileSync(file, "utf8")) as Counts;
    // A crash after the last test, an open handle that was killed: not a pass.
    return code !== 0 && counts.failed.length === 0 ? { ...counts, failed: [crash(`exit code ${code}`)] } : counts;
  } catch {
    return { passed: 0, failed: [crash(`exit code ${code}, before they were counted`)], skipped: [] };
  }

  function crash(why: string): Failure {
    return { title: `the ${group} tests end by themselves`, why };
  }
}

async function check(): Promise<Counts> {
  const steps = [
    ["types", "tsc", "--noEmit"],
    ["lint", "eslint", "."],
    ["format", "prettier", "--check", "--log-level", "warn", "."],
    ["the house", "depcruise", "provider", "sdk", "lab", "test", "--output-type", "err"],
    ["generated files", "node", "--require", "tsx/cjs", "sdk/generate/main.ts", "--check"],
    ["the lock file", "node", "--require", "tsx/cjs", "test/check/lock-file.ts"],
    ["known vulnerabilities", "node", "--require", "tsx/cjs", "test/check/audit.ts"],
  ];
  const counts: Counts = { passed: 0, failed: [], skipped: [] };
  for (const [name = "", file = "", ...args] of steps) {
    const onLine = (line: string) => void process.stdout.write(`${line}\n`);
    const { exitCode, stdout, stderr } = await runChild(file, args, { cwd: root, onLine });
    process.stdout.write(`  ${exitCode === 0 ? "✔" : "✘"} ${name}\n`);
    if (exitCode === 0) counts.passed += 1;
    else counts.failed.push({ title: name, why: (stdout + stderr).trimEnd() || `exit code ${exitCode}` });
  }
  return counts;
}

async function main(): Promise<number> {
  const asked = process.argv.slice(2);
  const unknown = asked.find((group) => !groups.includes(group as Group));
  if (unknown !== undefined) throw new Error(`no test group "${unknown}": expected ${groups.join(", ")}`);
  const wanted = asked.length === 0 ? [...groups] : groups.filter((group) => asked.includes(group));

  const needed = new Set<string>();
  const forIntegration = [
    ...sshdPackages,
    ...libvirtdPackages,
    ...peersPackages,
    ...debian13Packages,
    ...browserPackages,
  ];
  if (wanted.includes("integration")) for (const name of forIntegration) needed.add(name);
  if (wanted.includes("e2e"))
    for (const name of [...labPackages, ...libvirtdPackages, "python3", "python3-pip"]) needed.add(name);
  await ensurePackages([...needed]);
  await must("the build", ["tsc", "-p", "tsconfig.build.json"]);
  await ensureSelfLink();

  // They are cached; on a new machine they take minutes, and the quick tests need not wait for them.
  const prepare = (group: Group) =>
    wanted.includes(group) ? run(["node", "--require", "tsx/cjs", `test/${group}/prepare.ts`]) : Promise.resolve(0);
  const [debian13, lab] = [prepare("integration"), prepare("e2e")];

  const totals: Counts = { passed: 0, failed: [], skipped: [] };
  for (const group of wanted) {
    if (group === "integration" && (await debian13) !== 0) throw new Error("Debian 13's libvirt could not be made");
    if (group === "e2e" && (await lab) !== 0) throw new Error("the lab or the Pulumi CLI could not be prepared");
    process.stdout.write(`\n== ${group}\n`);
    const counts = group === "check" ? await check() : await mocha(group);
    totals.passed += counts.passed;
    totals.failed.push(...counts.failed);
    totals.skipped.push(...counts.skipped);
  }

  // Said once more where whoever reads only the end of a log finds it.
  for (const { title, why } of totals.failed)
    process.stdout.write(`\nfailed: ${title}\n${why.split("\n").slice(0, 25).join("\n")}\n`);
  for (const title of totals.skipped) process.stdout.write(`skipped: ${title}\n`);
  // Everything these tests need is installed by the run itself, so a skip is never expected.
  const unexpected = process.env["CI"] ? totals.skipped.length : 0;
  if (unexpected > 0) process.stdout.write("Skips are failures in CI.\n");
  process.stdout.write(`\n${totals.passed} passed, ${totals.failed.length} failed, ${totals.skipped.length} skipped\n`);
  return totals.failed.length + unexpected > 0 ? 1 : 0;
}

main()
  .then((code) => (process.exitCode = code))
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.stdout.write("\n0 passed, 1 failed, 0 skipped\n");
    process.exitCode = 1;
  })
  .finally(() => rmSync(scratch, { recursive: true, force: true }));
