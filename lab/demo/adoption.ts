// A step of the story: what the program made, taken over by a project that knows nothing of it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { runChild } from "../child.js";
import { ensurePulumi } from "../pulumi-cli.js";
import { createProject } from "../pulumi-project.js";
import { type Scene, succeeded } from "./scene.js";

const checkout = join(__dirname, "..", "..");

/** The command as npm installs it. */
export async function pulumiSriov(args: readonly string[]): Promise<string> {
  const main = join(checkout, "dist", "provider", "cli", "main.js");
  const ran = await runChild(process.execPath, [main, ...args], { timeoutMs: 120_000 });
  return succeeded(ran, `pulumi-sriov ${args.join(" ")}`);
}

/** Adopts into a new project, imports, previews; forgets the project again. */
export async function adoptAndPreview(scene: Scene): Promise<void> {
  const project = await createProject({ name: "adopted", program: { text: "" }, pulumi: await ensurePulumi() });
  try {
    const names = ["--project", "adopted", "--stack", "test"];
    const said = await pulumiSriov(["adopt", scene.lab.uri, "--out", project.dir, "--force", ...names]);
    scene.show(said.split("\n", 1)[0] ?? "");
    assert.match(said, /: 1 HostSetup, 2 VfConfigs, 2 SriovNetworks, 2 VmSriovInterfaces\./);
    assert.doesNotMatch(said, /Left out|differs/);
    await project.mustRun(["stack", "import", "--stack", "test", "--file", join(project.dir, "adopted-state.json")]);
    for (const refresh of [false, true]) {
      const preview = await project.preview({ refresh, diff: true, args: ["--expect-no-changes"] });
      const output = succeeded(preview, `the first preview${refresh ? ", with --refresh" : ""}`);
      assert.match(output, /\b8 unchanged/, output);
    }
  } finally {
    await project.dispose();
  }
}
