import assert from "node:assert/strict";
import { type Lock, type Manifest, lockProblems } from "../../check/lock-file.js";

const manifest: Manifest = { name: "own", version: "1.0.0", dependencies: { a: "^1.0.0" }, scripts: { test: "x" } };
const hash = `sha512-${"A".repeat(86)}==`;
const lockWith = (entry: object, own: object = {}): Lock => ({
  lockfileVersion: 3,
  packages: {
    "": { name: "own", version: "1.0.0", dependencies: { a: "^1.0.0" }, ...own },
    "node_modules/a": { version: "1.2.0", integrity: hash, ...entry },
  },
});

describe("the lock file's check", () => {
  it("lets pass what npm wrote, with the public registry's address and without any", () => {
    assert.deepEqual(lockProblems(manifest, lockWith({})), []);
    const resolved = "https://registry.npmjs.org/a/-/a-1.2.0.tgz";
    assert.deepEqual(lockProblems(manifest, lockWith({ resolved })), []);
  });

  it("finds a package from another registry, a git repository or a folder", () => {
    for (const resolved of [
      "https://registry.npmjs.org.example.com/a.tgz",
      "http://registry.npmjs.org/a/-/a-1.2.0.tgz",
      "git+ssh://git@github.com/x/a.git#1",
      "file:../a",
    ]) {
      const [problem = "", ...others] = lockProblems(manifest, lockWith({ resolved }));
      assert.ok(problem.startsWith(`node_modules/a: resolved is ${resolved}`), problem);
      assert.deepEqual(others, []);
    }
    assert.match(lockProblems(manifest, lockWith({ link: true })).join(), /node_modules\/a: a link to a folder/);
  });

  it("finds a package whose content nobody pinned, or only with SHA-1", () => {
    for (const integrity of [undefined, "", "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="]) {
      assert.match(lockProblems(manifest, lockWith({ integrity })).join(), /^node_modules\/a: integrity is .*sha512/);
    }
  });

  it("finds a package.json that was changed without it", () => {
    const changed = lockWith({}, { dependencies: { a: "^2.0.0" } });
    assert.match(lockProblems(manifest, changed).join(), /^"dependencies" is not what package\.json has/);
    assert.match(lockProblems({ ...manifest, devDependencies: { b: "1" } }, lockWith({})).join(), /^"devDependencies"/);
    assert.match(lockProblems(manifest, { lockfileVersion: 1 }).join(), /expected lockfileVersion 3, got 1/);
  });
});
