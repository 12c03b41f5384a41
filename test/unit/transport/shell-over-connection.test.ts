// The five verbs over the machine itself.
import assert from "node:assert/strict";
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kindOf } from "../../../provider/base/errors.js";
import { quote } from "../../../provider/base/quote.js";
import { shellOver } from "../../../provider/host/shell-over-connection.js";
import { WriteError, parseErrno } from "../../../provider/host/shell-write-error.js";
import { connectLocal } from "../../../provider/transport/local.js";

describe("shellOver", function () {
  this.timeout(20_000);
  const shell = shellOver(connectLocal());
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sriov shell's "));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("reads a text as it is", async () => {
    const text = "  zwölf\n\ttabs \\ and 'quotes'\n\n";
    await writeFile(at("file"), text);
    assert.equal(await shell.readText(at("file")), text);
    await writeFile(at("empty"), "");
    assert.equal(await shell.readText(at("empty")), "");
  });

  it("answers undefined for what is not there, by any verb", async () => {
    await writeFile(at("file"), "");
    for (const path of [at("none"), at("none/below"), at("file/below"), "/none-such"]) {
      assert.equal(await shell.readText(path), undefined, path);
      assert.equal(await shell.readLink(path), undefined, path);
      assert.equal(await shell.list(path), undefined, path);
    }
    assert.equal(await shell.list(at("file")), undefined);
  });

  it("throws for a folder that may not be searched, which is not the same as gone", async () => {
    await mkdir(at("closed"));
    await writeFile(at("closed/file"), "");
    await chmod(folder, 0o755);
    await chmod(at("closed"), 0);
    const local = connectLocal();
    // Root may search every folder, so it becomes nobody first.
    const asNobody = (command: string) =>
      process.getuid?.() === 0
        ? `exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c ${quote(command)}`
        : command;
    const nobody = shellOver({
      name: "nobody@here",
      run: (command, options) => local.run(asNobody(command), options),
      openUnixSocket: (path) => local.openUnixSocket(path),
      openCommand: (command) => local.openCommand(asNobody(command)),
      usesSudo: false,
      close: () => local.close(),
    });
    for (const path of [at("closed/file"), at("closed/none")]) {
      await assert.rejects(nobody.readText(path), { name: "SriovError" }, path);
      await assert.rejects(nobody.list(path), { name: "SriovError" }, path);
    }
    assert.equal(await nobody.readText(at("none")), undefined);
    const error: unknown = await nobody.writeText(at("closed/new"), "x").catch((e: unknown) => e);
    assert.equal(kindOf(error), "permission-denied");
    await chmod(at("closed"), 0o700);
  });

  it("throws for a folder that is read as a text", async () => {
    await assert.rejects(shell.readText(folder), /Failed to read .*Is a directory/);
  });

  it("reads a link as it is written, dangling or not, and throws where there is no link but something else", async () => {
    await symlink("../../some where\n", at("link"));
    assert.equal(await shell.readLink(at("link")), "../../some where\n");
    assert.equal(await shell.readText(at("link")), undefined);
    await writeFile(at("file"), "");
    await assert.rejects(shell.readLink(at("file")), /Failed to read the link/);
  });

  it("lists a folder sorted, with hidden names", async () => {
    for (const name of ["b", ".a", "C", "with space"]) await writeFile(at(name), "");
    assert.deepEqual(await shell.list(folder), [".a", "C", "b", "with space"]);
    await mkdir(at("empty"));
    assert.deepEqual(await shell.list(at("empty")), []);
  });

  it("replaces a file in one step, with the mode asked for, and leaves nothing beside it", async () => {
    await shell.writeText(at("new"), "a\\b\n'c'");
    assert.equal(await readFile(at("new"), "utf8"), "a\\b\n'c'");
    assert.equal((await stat(at("new"))).mode & 0o777, 0o644);
    await shell.writeText(at("new"), "", { mode: "0600" });
    assert.equal(await readFile(at("new"), "utf8"), "");
    assert.equal((await stat(at("new"))).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ["new"]);
  });

  it("writes through a link to its target", async () => {
    await writeFile(at("target"), "old");
    await symlink("target", at("link"));
    await shell.writeText(at("link"), "new");
    assert.equal(await readFile(at("target"), "utf8"), "new");
    assert.ok((await lstat(at("link"))).isSymbolicLink());
  });

  it("names the errno of a refused write", async () => {
    const error: unknown = await shell.writeText("/proc/sys/kernel/none_such", "1").catch((e: unknown) => e);
    assert.ok(error instanceof WriteError);
    assert.ok(["ENOENT", "EACCES", "EPERM", "EROFS"].includes(error.errno ?? ""), error.message);
    const missing: unknown = await shell.writeText(at("none/file"), "1").catch((e: unknown) => e);
    assert.ok(missing instanceof WriteError);
    assert.equal(missing.errno, "ENOENT");
    assert.equal(missing.kind, "not-found");
  });

  it("takes a relative path for a bug", async () => {
    assert.equal(await shell.readText("etc/hosts").catch(kindOf), "bug");
  });
});

describe("parseErrno", () => {
  // What tee of coreutils 9.1 (glibc 2.36), busybox 1.35 and toybox 0.8 say.
  const cases: [string, string | undefined][] = [
    ["tee: /sys/bus/pci/devices/0000:01:00.0/sriov_numvfs: Device or resource busy\n", "EBUSY"],
    ["tee: /sys/x/sriov_numvfs: Numerical result out of range\n", "ERANGE"],
    ["tee: /sys/x: No such file or directory\n", "ENOENT"],
    ["tee: /sys/x/mtu: Invalid argument\n", "EINVAL"],
    ["tee: /sys/x: Operation not supported\n", "ENOTSUP"],
    ["tee: /sys/x: Permission denied\n", "EACCES"],
    ["tee: /sys/x: Operation not permitted\n", "EPERM"],
    ["tee: /sys/x: Read-only file system\n", "EROFS"],
    ["tee: '/sys/a b': Input/output error\n", "EIO"],
    ["tee: /sys/x: Resource busy\n", "EBUSY"],
    ["tee: write error: Not supported\n", "ENOTSUP"],
    ["a notice of the shell\ntee: /sys/x: No such device\n", "ENODEV"],
    ["tee: /sys/x: Something new\n", undefined],
    ["", undefined],
  ];
  for (const [text, errno] of cases) {
    it(`reads ${String(errno)} from ${JSON.stringify(text)}`, () => assert.equal(parseErrno(text), errno));
  }
});
