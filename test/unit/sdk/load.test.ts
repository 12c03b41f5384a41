// What is loaded before anything is asked: in a user's program, and in Pulumi's dynamic provider process.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const sdk = join(__dirname, "..", "..", "..", "sdk", "nodejs");
const built = join(__dirname, "..", "..", "..", "dist", "sdk", "nodejs");

function loadedBy(file: string, use = "", env: NodeJS.ProcessEnv = {}): string[] {
  const script = `require(${JSON.stringify(join(sdk, file))})${use}; console.log(Object.keys(require.cache).join("\\n"));`;
  return execFileSync(process.execPath, ["--require", "tsx/cjs", "-e", script], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  }).split("\n");
}

describe("what is loaded before anything is asked", function () {
  this.timeout(20_000);

  it("by a program: nothing that asks a host, and no models", () => {
    const loaded = loadedBy("index.ts", ".VfConfig");
    assert.ok(loaded.some((path) => path.endsWith("/sdk/nodejs/vf-config.ts")));
    assert.deepEqual(
      loaded.filter((path) =>
        /\/node_modules\/(zod|ssh2|yaml)\/|\/provider\/(host|libvirt|transport|functions)\//.test(path),
      ),
      [],
    );
  });

  // Pulumi compiles the program in each command that runs it.
  it("by the compiler of a program: only what a program can name", () => {
    const read = new Set(["index.d.ts"]);
    for (const file of read) {
      const text = readFileSync(join(built, file), "utf8");
      for (const [, path = ""] of text.matchAll(/(?:from |import\()"(\.[^"]*)\.js"/g))
        read.add(`${path.slice(2)}.d.ts`);
      assert.doesNotMatch(text, /"(zod|ssh2|\.\.\/)/, file);
    }
    assert.ok(read.has("types.gen.d.ts"));
  });

  it("by the dynamic provider: neither SSH nor a YAML parser", () => {
    const loaded = loadedBy("dynamic-provider.ts", '.provider("VfConfig")');
    assert.ok(loaded.some((path) => path.includes("/node_modules/zod/")));
    assert.deepEqual(
      loaded.filter((path) => /\/node_modules\/(ssh2|yaml)\//.test(path)),
      [],
    );
  });

  it("by the dynamic provider is kept compiled for the next process, where only this user can write", () => {
    const home = mkdtempSync(join(tmpdir(), "test-compile-"));
    try {
      const kept = join(home, "pulumi-sriov", "compile");
      const shared = join(home, "tmp");
      const env = { XDG_CACHE_HOME: home, TMPDIR: home, NODE_COMPILE_CACHE: undefined };
      loadedBy("dynamic-provider.ts", "", { ...env, NODE_COMPILE_CACHE: shared });
      assert.ok(!existsSync(kept), "whoever has a folder for it keeps that");
      loadedBy("dynamic-provider.ts", "", env);
      assert.ok(readdirSync(kept).length > 0);
      assert.ok(!existsSync(join(home, "node-compile-cache")));
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
