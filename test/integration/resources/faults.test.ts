// Some of the fault points of `npm run bench -- --only faults`, spread over all of them, so that the harness is run with every test.
import assert from "node:assert/strict";
import { scenes } from "../../bench/faults/index.js";
import { walk } from "../../bench/faults/walk.js";

const perScene = 2;

describe("a way to the host that breaks", function () {
  this.timeout(120_000);
  const { all, end } = scenes();
  after(end);

  for (const scene of all) {
    it(`does no harm: ${scene.title}`, async () => {
      const { points, failures } = await walk(scene, { sample: perScene });
      assert.deepEqual(failures, []);
      assert.ok(points > 0);
    });
  }
});
