// The place where every end-to-end test works: one lab, one Pulumi CLI, and throw-away projects on them.
import assert from "node:assert/strict";
import { type Lab, startLab } from "../../lab/lab.js";
import { tail } from "../../lab/host-process.js";
import { e2eLab, untyped } from "./e2e-lab.js";
import { createProject, type ProjectOptions, type PulumiProject } from "../../lab/pulumi-project.js";
import { ensurePulumi } from "../../lab/pulumi-cli.js";

let lab: Promise<Lab> | undefined;
/** The lab that all test files share; each leaves the host as it found it. */
export const sharedLab = (): Promise<Lab> => (lab ??= startLab(e2eLab));

const projects = new Set<PulumiProject>();

export async function newProject(name: string, program: ProjectOptions["program"]): Promise<PulumiProject> {
  const project = await createProject({
    ...{ name, program, pulumi: await ensurePulumi() },
    ...("text" in program ? { env: untyped } : {}),
  });
  projects.add(project);
  return project;
}

/** A program that has `sriov` and the lab's `host` in scope. */
export async function programText(body: string): Promise<string> {
  const { uri } = await sharedLab();
  return ['import * as sriov from "pulumi-sriov";', `const host = { uri: ${JSON.stringify(uri)} };`, body].join("\n");
}

export async function disposeProjects(): Promise<void> {
  for (const project of projects) await project.dispose();
  projects.clear();
}

export async function onHost(command: string): Promise<string> {
  const { exitCode, stdout, stderr } = await (await sharedLab()).run(command, { timeoutMs: 180_000 });
  assert.equal(exitCode, 0, `on the host: ${command}\n${stdout}${stderr}`);
  return stdout.trimEnd();
}

// The host's own console says what no answer over SSH can, when it is the host that hangs.
afterEach(async function () {
  if (this.currentTest?.state !== "failed") return;
  const { serialLog } = await sharedLab();
  process.stdout.write(`The end of the host's console:\n${tail(serialLog, 30)}\n`);
});

// mocha runs these once, around all files of the run that import this one.
after(async function () {
  this.timeout(60_000);
  await disposeProjects();
  // For a look at the host as a failed test left it.
  if (!process.env["KEEP_LAB"]) await (await lab)?.stop();
});
