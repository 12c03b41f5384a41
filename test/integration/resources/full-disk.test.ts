// The full disk of `npm run bench -- --only faults`, whole: it takes seconds.
import assert from "node:assert/strict";
import { diskScenes } from "../../bench/faults/host-scenes.js";
import { walkDisk } from "../../bench/faults/walk-disk.js";

describe("a host whose disk is full", function () {
  this.timeout(120_000);
  const scenes = diskScenes();
  after(async () => {
    for (const scene of scenes) await scene.end?.();
  });

  for (const scene of scenes) {
    it(`says so, loses no file, and is as asked when there is room again: ${scene.title}`, async () => {
      const { points, failures } = await walkDisk(scene);
      assert.deepEqual(failures, []);
      assert.ok(points > 0);
    });
  }
});
