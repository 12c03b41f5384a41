// ~/.ssh/config as ssh reads it.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { kindOf } from "../../../provider/base/errors.js";
import { readSshSettings } from "../../../provider/transport/ssh-config.js";

describe("readSshSettings", () => {
  let home: string;
  const homeBefore = process.env["HOME"];
  const config = async (text: string, name = "config") => {
    await mkdir(join(home, ".ssh/conf.d"), { recursive: true });
    await writeFile(join(home, ".ssh", name), text);
  };

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "sriov-home-"));
    process.env["HOME"] = home;
  });
  afterEach(async () => {
    if (homeBefore === undefined) delete process.env["HOME"];
    else process.env["HOME"] = homeBefore;
    await rm(home, { recursive: true, force: true });
  });

  it("has ssh's defaults where there is no configuration", async () => {
    const settings = await readSshSettings("kvm1", { configFile: "none" });
    assert.equal(settings.hostName, "kvm1");
    assert.equal(settings.port, 22);
    assert.equal(settings.user, userInfo().username);
    assert.deepEqual(settings.userKnownHostsFiles, [join(home, ".ssh/known_hosts"), join(home, ".ssh/known_hosts2")]);
    assert.equal(settings.identitiesOnly, false);
    assert.equal(settings.proxyJump, undefined);
  });

  it("takes the first value of each keyword among the hosts that match", async () => {
    await config(`
Host kvm1 kvm2
  HostName %h.example.net
  port 2222
  IdentityFile ~/.ssh/first
  UserKnownHostsFile "~/.ssh/with space" ~/.ssh/second
Host kvm*
  User admin
  Port 9
  IdentityFile %d/keys/%r-%h-%p
  IdentitiesOnly yes
  StrictHostKeyChecking accept-new
  HostKeyAlias cluster
  ConnectTimeout 7
Host other !kvm1
  User nobody
Host *
  User last
  ProxyJump none
`);
    const settings = await readSshSettings("kvm1");
    assert.equal(settings.hostName, "kvm1.example.net");
    assert.equal(settings.port, 2222);
    assert.equal(settings.user, "admin");
    assert.deepEqual(settings.identityFiles, [
      join(home, ".ssh/first"),
      join(home, "keys/admin-kvm1.example.net-2222"),
    ]);
    assert.equal(settings.identitiesOnly, true);
    assert.equal(settings.strictHostKeyChecking, "accept-new");
    assert.equal(settings.hostKeyAlias, "cluster");
    assert.equal(settings.connectTimeoutSeconds, 7);
    assert.equal(settings.proxyJump, undefined);
    assert.deepEqual(settings.userKnownHostsFiles, [join(home, ".ssh/with space"), join(home, ".ssh/second")]);
  });

  it("puts the program's user and port before the file's", async () => {
    await config("User fromfile\nPort 1\n");
    const settings = await readSshSettings("kvm1", { user: "root", port: 2200 });
    assert.deepEqual([settings.user, settings.port], ["root", 2200]);
  });

  it("follows Include, with patterns, and below a Host only for that host", async () => {
    await config("Include conf.d/*.conf\nHost kvm1\n  Include more\nHost kvm2\n  Include more\n  User second\n");
    await config("Host kvm1\n  Port 1001\n", "conf.d/a.conf");
    await config("Host kvm2\n  Port 1002\n", "conf.d/b.conf");
    await config("Port 4\n", "conf.d/c.ignored");
    await config("Host kvm1\n  User included\n", "more");
    const [first, second] = await Promise.all(["kvm1", "kvm2"].map((host) => readSshSettings(host)));
    assert.deepEqual([first?.port, first?.user], [1001, "included"]);
    assert.deepEqual([second?.port, second?.user], [1002, "second"]);
  });

  it("ends with an error when a file includes itself", async () => {
    await config("Include config\n");
    await assert.rejects(readSshSettings("kvm1"), { kind: "invalid-input", message: /levels of Include/ });
  });

  it("understands Match", async () => {
    await config("Match host kvm1 user root\n  Port 3\nMatch all\n  Port 5\n");
    assert.equal((await readSshSettings("kvm1", { user: "root" })).port, 3);
    assert.equal((await readSshSettings("kvm1", { user: "admin" })).port, 5);
  });

  it("knows an agent by path, by variable, and as none", async () => {
    process.env["SRIOV_TEST_AGENT"] = "/run/agent";
    await config(
      "Host a\n  IdentityAgent ~/agent\nHost b\n  IdentityAgent $SRIOV_TEST_AGENT\nHost c\n  IdentityAgent none\nHost d\n  IdentityAgent SSH_AUTH_SOCK\n",
    );
    const agents = await Promise.all(
      ["a", "b", "c", "d"].map(async (host) => (await readSshSettings(host)).identityAgent),
    );
    assert.deepEqual(agents, [join(home, "agent"), "/run/agent", "none", undefined]);
    delete process.env["SRIOV_TEST_AGENT"];
  });

  it("says that a file which was asked for is not there", async () => {
    const error: unknown = await readSshSettings("kvm1", { configFile: join(home, "none-such") }).catch(
      (e: unknown) => e,
    );
    assert.equal(kindOf(error), "not-found");
  });
});
