// `npm run demo`: sets up what it needs, starts an emulated SR-IOV host, and tells the story of examples/sriov-pool on it.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { explain } from "../provider/base/errors.js";
import { createProject } from "./pulumi-project.js";
import { ensurePulumi } from "./pulumi-cli.js";
import { ensurePackages, labPackages } from "./packages.js";
import { startLab } from "./lab.js";
import { createProgress } from "./progress.js";
import type { Scene } from "./demo/scene.js";
import { story } from "./demo/story.js";

const root = join(__dirname, "..");
const progress = createProgress(process.stdout);

async function main(): Promise<void> {
  await progress.step("Packages of this machine", () => ensurePackages(labPackages));
  await progress.step("pulumi-sriov, compiled", async () => {
    const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
    if (status !== 0) throw new Error("the build failed");
  });
  const pulumi = await progress.step("The Pulumi CLI", (report) => ensurePulumi({ report }));
  const lab = await progress.step("The emulated host: 2 PFs, libvirt, AppArmor", (report) =>
    startLab({ name: "demo", pfs: 2, report }),
  );
  try {
    const project = await createProject({
      name: "sriov-pool",
      program: { dir: join(root, "examples", "sriov-pool") },
      pulumi,
    });
    try {
      await project.setConfig("uri", lab.uri);
      const scene: Scene = {
        lab,
        project,
        seen: {},
        say: (text) => progress.note(text),
        show: (text) => progress.show(text),
      };
      for (const { title, tell } of story) await progress.step(title, () => tell(scene));
    } finally {
      await project.dispose();
    }
    progress.note("");
    progress.note(
      "That was all of it. The program is examples/sriov-pool/index.ts; an emulated host of your own: npm run lab -- up",
    );
  } finally {
    await lab.stop();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`\n${explain(error)}\n`);
  process.exitCode = 1;
});
