import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recipeHash } from "../../../lab/recipe.js";

describe("the hash of an image's recipe", () => {
  let folder: string;
  const file = (name: string) => join(folder, name);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "recipe-"));
    await mkdir(file("host"));
    await writeFile(file("build.sh"), "echo one\n");
    await writeFile(file("host/hostname"), "lab\n");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("is the same for the same files", async () => {
    const before = await recipeHash(folder);
    await writeFile(file("build.sh"), "echo one\n");
    assert.equal(await recipeHash(folder), before);
  });

  it("does not depend on where the files are", async () => {
    const before = await recipeHash(folder);
    const moved = `${folder}-moved`;
    await rename(folder, moved);
    folder = moved;
    assert.equal(await recipeHash(folder), before);
  });

  const changes: [string, () => Promise<void>][] = [
    ["a file's content", () => writeFile(file("build.sh"), "echo two\n")],
    ["a file's name", () => rename(file("host/hostname"), file("host/hosts"))],
    ["a further file", () => writeFile(file("host/new"), "")],
    ["whether a file is executable", () => chmod(file("build.sh"), 0o755)],
  ];
  for (const [what, change] of changes) {
    it(`changes with ${what}`, async () => {
      const before = await recipeHash(folder);
      await change();
      assert.notEqual(await recipeHash(folder), before);
    });
  }
});
