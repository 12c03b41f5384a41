// Who is not root, on a real libvirtd that asks a real polkit with the rules that Debian ships for it.
import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChild } from "../../../lab/child.js";
import { explain, isSriovError } from "../../../provider/base/errors.js";
import { silentLog } from "../../../provider/base/log.js";
import { type OwnedSession, openSession } from "../../../provider/resources/session.js";
import { Pool } from "../../../provider/transport/pool.js";
import { type LibvirtdFixture, fakePfs, startLibvirtd } from "../libvirtd.js";
import { type PeerSshd, startSshdIn } from "../sshd-inside.js";

/** A user of the host, and of its group libvirt where `isMember` is true. Nothing of this machine's users is changed. */
async function addUser(fixture: LibvirtdFixture, name: string, uid: number, isMember: boolean): Promise<void> {
  const [passwd, group] = [join(fixture.folder, "passwd"), join(fixture.folder, "group")];
  await writeFile(passwd, `${name}:*:${uid}:${uid}::/:/bin/sh\n`, { flag: "a" });
  await writeFile(group, `${name}:x:${uid}:\n`, { flag: "a" });
  if (!isMember) return;
  const others = (await readFile(group, "utf8")).replace(/^libvirt:.*\n/m, "");
  // Written into the same file: it is mounted.
  await writeFile(group, `${others}libvirt:x:64054:${name}\n`);
}

/** The actions and rules of the package that a host has, without what it would start here. */
async function unpackRules(into: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "test-polkit-"));
  try {
    for (const [file = "", ...args] of [
      ["apt-get", "-q", "download", "libvirt-daemon-system"],
      ["sh", "-c", "dpkg-deb -x *.deb files"],
    ]) {
      const { exitCode, stderr } = await runChild(file, args, { cwd: folder });
      assert.equal(exitCode, 0, stderr);
    }
    await mkdir(into, { mode: 0o755 });
    for (const part of ["actions", "rules.d"])
      await cp(join(folder, "files/usr/share/polkit-1", part), join(into, part), { recursive: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("a libvirtd that asks polkit", function () {
  this.timeout(120_000);
  let fixture: LibvirtdFixture;
  const pool = new Pool();
  const closers: (() => Promise<unknown>)[] = [];
  const open = async (sshd: PeerSshd): Promise<OwnedSession> => {
    const session = await openSession(sshd.host(), pool, { log: silentLog });
    closers.push(() => session.close());
    return session;
  };
  const sshdFor = async (user: string) => {
    const { server, sshd } = await startSshdIn(fixture, { user });
    closers.push(async () => server.close());
    return sshd;
  };

  before(async () => {
    fixture = await startLibvirtd(fakePfs, {
      prepare: (folder) => unpackRules(join(folder, "polkit")),
      environment: (folder) => ({ POLKIT: join(folder, "polkit") }),
    });
    await addUser(fixture, "outsider", 4243, false);
    await addUser(fixture, "insider", 4244, true);
  });
  after(async () => {
    for (const close of closers.reverse()) await close();
    await pool.closeAll();
    await fixture?.stop();
  });

  it("refuses a user outside of group libvirt, and the error says which group is missing", async () => {
    const session = await open(await sshdFor("outsider"));
    const error: unknown = await session.libvirt().then(
      () => assert.fail("expected a refusal"),
      (reason: unknown) => reason,
    );
    assert.ok(isSriovError(error));
    assert.equal(error.kind, "permission-denied", explain(error));
    assert.match(explain(error), /cannot authenticate to libvirt \(polkit\) on outsider@127\.0\.0\.1/);
    assert.match(explain(error), /Add the user to group libvirt on the host \(or connect as root\)/);
  });

  it("lets a member of group libvirt in", async () => {
    const session = await open(await sshdFor("insider"));
    const client = await session.libvirt();
    assert.equal((await client.listNodeDevices("pci")).length, 17);
  });

  it("does not ask about root", async () => {
    assert.ok((await (await (await open(await sshdFor("root"))).libvirt()).libVersion()) > 0);
  });
});
