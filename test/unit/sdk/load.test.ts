// What Pulumi's dynamic provider process loads before the first answer about a resource of ours.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

describe("the dynamic provider's module", function () {
  this.timeout(20_000);

  it("loads neither SSH nor a YAML parser before a host is asked", () => {
    const file = join(__dirname, "..", "..", "..", "sdk", "nodejs", "dynamic-provider.ts");
    const script = `require(${JSON.stringify(file)}).provider("VfConfig"); console.log(Object.keys(require.cache).join("\\n"));`;
    const loaded = execFileSync(process.execPath, ["--require", "tsx/cjs", "-e", script], { encoding: "utf8" }).split(
      "\n",
    );
    assert.ok(
      loaded.some((path) => path.includes("/node_modules/zod/")),
      "it loads something",
    );
    assert.deepEqual(
      loaded.filter((path) => /\/node_modules\/(ssh2|yaml)\//.test(path)),
      [],
    );
  });
});
