// The demo's story, each step a test: the whole path of examples/sriov-pool with the real CLI on the emulated host.
import { join } from "node:path";
import type { Scene } from "../../lab/demo/scene.js";
import { story } from "../../lab/demo/story.js";
import { newProject, sharedLab } from "./stage.js";

describe("examples/sriov-pool, from the first preview to destroy", function () {
  this.timeout(300_000);
  // Each step stands on the one before.
  this.bail(true);
  let scene: Scene;

  before(async () => {
    const lab = await sharedLab();
    const project = await newProject("sriov-pool", { dir: join(__dirname, "..", "..", "examples", "sriov-pool") });
    await project.setConfig("uri", lab.uri);
    scene = { lab, project, seen: {}, say: () => {}, show: () => {} };
  });

  for (const { title, tell } of story) it(title, () => tell(scene));
});
