import assert from "node:assert/strict";
import { access, constants, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { goProxies, unpackModule } from "../../../lab/go-toolchain.js";

const PREFIX = "golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64/";
const zip = zipSync({
  [`${PREFIX}bin/go`]: strToU8("#!/bin/sh\n"),
  [`${PREFIX}pkg/tool/linux_amd64/compile`]: strToU8("a compiler"),
  [`${PREFIX}src/_go.mod`]: strToU8("module std\n"),
  [`${PREFIX}VERSION`]: strToU8("go1.26.8\n"),
});
// sha256sum of the four files, sorted by name, sha256 of that, in base64: `sha256sum ... | sha256sum | xxd -r -p | base64`
const SUM = "h1:nNqIH1jv332LvX8gyqSe/3bTvy0gtzclhdb2+Qvx064=";

describe("a Go toolchain from the module proxy", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "test-go-toolchain-"))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("unpacks with the modes and the go.mod that a module zip cannot hold", async () => {
    const goroot = join(folder, "go");
    await unpackModule(zip, PREFIX, SUM, goroot);
    await access(join(goroot, "bin", "go"), constants.X_OK);
    await access(join(goroot, "pkg", "tool", "linux_amd64", "compile"), constants.X_OK);
    await assert.rejects(access(join(goroot, "VERSION"), constants.X_OK));
    assert.equal(await readFile(join(goroot, "src", "go.mod"), "utf8"), "module std\n");
  });

  it("writes nothing when the content has another sum", async () => {
    await assert.rejects(
      unpackModule(zip, PREFIX, "h1:other=", join(folder, "go")),
      /has the sum h1:.*, not h1:other=/,
    );
    assert.deepEqual(await readdir(folder), []);
  });
});

describe("the Go module proxies of a machine", () => {
  it("are those of GOPROXY, in its order, without the words that are no address", async () => {
    const env = { GOPROXY: "https://one.example/go/,direct|http://two.example,off" };
    assert.deepEqual(await goProxies(env, undefined), ["https://one.example/go", "http://two.example"]);
  });

  it("are Go's own where nothing is set", async () => {
    assert.deepEqual(await goProxies({}, undefined), ["https://proxy.golang.org"]);
  });
});
