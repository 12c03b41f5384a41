import assert from "node:assert/strict";
import { mkdtemp, readdir, readlink, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureSelfLink } from "../../../lab/self-link.js";

describe("the link to this package in its own node_modules", () => {
  let modules: string;
  beforeEach(async () => (modules = await mkdtemp(join(tmpdir(), "test-self-link-"))));
  afterEach(() => rm(modules, { recursive: true, force: true }));

  it("is made once, and put right where it points elsewhere", async () => {
    await symlink("/elsewhere", join(modules, "pulumi-sriov"));
    for (let time = 0; time < 2; time++) assert.equal(await readlink(await ensureSelfLink(modules)), "..");
    assert.deepEqual(await readdir(modules), ["pulumi-sriov"]);
  });

  it("survives being made by many at once", async () => {
    await Promise.all(Array.from({ length: 5 }, () => ensureSelfLink(modules)));
    assert.deepEqual(await readdir(modules), ["pulumi-sriov"]);
  });
});
