// Some of the points of `npm run bench -- --only faults` with the real CLI: a CLI that is killed, and two stacks.
import assert from "node:assert/strict";
import { cliPoints, walkCli } from "../bench/faults/cli-points.js";

const sample = [
  "kill -9 of the cli at 3 interfaces of an up",
  "kill -9 of the plugin at 3 interfaces of a destroy",
  "two stacks at once that want the same pool",
];

describe("a killed CLI or plugin, and two stacks at once", function () {
  this.timeout(120_000);
  for (const title of sample) {
    it(`leave a host that the next run brings in order: ${title}`, async () => {
      const points = cliPoints.filter((point) => point.title === title);
      assert.equal(points.length, 1);
      assert.deepEqual((await walkCli(points)).failures, []);
    });
  }
});
