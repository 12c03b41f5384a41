// Logging in as `ssh` would: keys, agent, configuration, jump hosts; against a real sshd and a real ssh-agent.
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { explain, isSriovError } from "../../../provider/base/errors.js";
import { type SshTarget, connectSsh } from "../../../provider/transport/ssh.js";
import { type Sshd, makeKey, sshTargetOf, startSshd } from "../sshd.js";

const execute = promisify(execFile);

describe("a real sshd: logging in", function () {
  this.timeout(60_000);
  let sshd: Sshd;
  let folder: string;
  let agent: { socket: string; child: ChildProcess };
  const environment = { HOME: process.env["HOME"], SSH_AUTH_SOCK: process.env["SSH_AUTH_SOCK"] };
  const at = (name: string) => join(folder, name);
  const passphrase = "open sesame";

  before(async () => {
    sshd = await startSshd();
    folder = await mkdtemp(join(tmpdir(), "sriov-login-"));
    await makeKey(at("locked"), passphrase);
    await makeKey(at("stranger"));
    await appendFile(sshd.authorizedKeysFile, await readFile(at("locked.pub"), "utf8"));
    agent = await startAgent(at("agent.sock"));
  });
  after(async () => {
    if (agent) await stopAgent(agent.child);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    await sshd?.stop();
  });
  beforeEach(async () => {
    // A home of its own: nobody's keys and settings decide.
    process.env["HOME"] = at("home");
    delete process.env["SSH_AUTH_SOCK"];
    await mkdir(at("home/.ssh"), { recursive: true });
  });
  afterEach(async () => {
    for (const [name, value] of Object.entries(environment)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(at("home"), { recursive: true, force: true });
    await add("-D");
  });

  const add = (...args: string[]) =>
    execute("ssh-add", ["-q", ...args], { env: { ...process.env, SSH_AUTH_SOCK: agent.socket } });
  const bare = (): SshTarget => ({ ...sshTargetOf(sshd), privateKeyPath: undefined, configFile: undefined });
  const whoAmI = async (target: SshTarget) => {
    const connection = await connectSsh(target);
    try {
      return (await connection.run("id -un")).stdout.trim();
    } finally {
      await connection.close();
    }
  };
  const errorOf = async (target: SshTarget) => {
    const error: unknown = await whoAmI(target).catch((e: unknown) => e);
    assert.ok(isSriovError(error), String(error));
    return error;
  };

  it("takes a key as text and as a file", async () => {
    assert.equal(await whoAmI({ ...bare(), privateKey: await readFile(sshd.identityFile, "utf8") }), sshd.user);
    assert.equal(await whoAmI({ ...bare(), privateKeyPath: sshd.identityFile }), sshd.user);
  });

  it("takes an encrypted key with its passphrase, and says what is missing without", async () => {
    assert.equal(await whoAmI({ ...bare(), privateKeyPath: at("locked"), passphrase }), sshd.user);
    const missing = await errorOf({ ...bare(), privateKeyPath: at("locked") });
    assert.equal(missing.kind, "invalid-input");
    assert.match(missing.message, /locked is encrypted and there is no passphrase, and there is no agent/);
    const wrong = await errorOf({ ...bare(), privateKeyPath: at("locked"), passphrase: "hunter2" });
    assert.match(wrong.message, /passphrase does not fit/);
    assert.doesNotMatch(explain(wrong), /hunter2/);
  });

  it("takes PEM keys of every kind that ssh-keygen makes", async () => {
    for (const [type, format] of [
      ["rsa", "PEM"],
      ["ecdsa", "PEM"],
      ["rsa", "RFC4716"],
      ["ecdsa", "RFC4716"],
    ] as const) {
      const file = at(`${type}-${format}`);
      await execute("ssh-keygen", ["-q", "-t", type, "-m", format, "-N", "", "-f", file]);
      await appendFile(sshd.authorizedKeysFile, await readFile(`${file}.pub`, "utf8"));
      assert.equal(await whoAmI({ ...bare(), privateKeyPath: file }), sshd.user, `${type} ${format}`);
    }
  });

  it("uses an agent by SSH_AUTH_SOCK, by `agent`, and by IdentityAgent", async () => {
    await add(sshd.identityFile);
    process.env["SSH_AUTH_SOCK"] = agent.socket;
    assert.equal(await whoAmI(bare()), sshd.user);
    delete process.env["SSH_AUTH_SOCK"];
    assert.equal(await whoAmI({ ...bare(), agent: agent.socket }), sshd.user);
    await writeFile(at("home/.ssh/config"), `IdentityAgent ${agent.socket}\n`);
    assert.equal(await whoAmI(bare()), sshd.user);
  });

  it("finds in the agent what an encrypted file holds, before the agent's many others", async () => {
    for (let i = 0; i < 8; i++) {
      await makeKey(at(`other${i}`));
      await add(at(`other${i}`));
    }
    const askpass = at("askpass");
    await writeFile(askpass, `#!/bin/sh\necho '${passphrase}'\n`, { mode: 0o700 });
    await execute("ssh-add", ["-q", at("locked")], {
      env: {
        ...process.env,
        SSH_AUTH_SOCK: agent.socket,
        SSH_ASKPASS: askpass,
        SSH_ASKPASS_REQUIRE: "force",
        DISPLAY: ":0",
      },
    });
    process.env["SSH_AUTH_SOCK"] = agent.socket;
    assert.equal(await whoAmI({ ...bare(), privateKeyPath: at("locked") }), sshd.user);
    await writeFile(at("home/.ssh/config"), `IdentityFile ${at("locked")}\nIdentitiesOnly yes\n`);
    assert.equal(await whoAmI(bare()), sshd.user);
  });

  it("goes on to the key files when the agent is not there", async () => {
    process.env["SSH_AUTH_SOCK"] = at("no-agent");
    await copyFile(sshd.identityFile, at("home/.ssh/id_ed25519"));
    assert.equal(await whoAmI(bare()), sshd.user);
  });

  it("says whom it tried to be and with what, when nothing fits", async () => {
    await add(at("stranger"));
    await copyFile(at("locked"), at("home/.ssh/id_ed25519"));
    const error = await errorOf({ ...bare(), agent: agent.socket, password: "hunter2" });
    assert.equal(error.kind, "permission-denied");
    const { stdout } = await execute("ssh-keygen", ["-lf", at("stranger.pub")]);
    assert.ok(error.message.includes(`agent key ${stdout.split(" ")[1]}`), error.message);
    assert.match(error.message, new RegExp(`Cannot log in as ${sshd.user}@127\\.0\\.0\\.1:${sshd.port}`));
    assert.match(error.message, /it accepts publickey/);
    assert.match(error.message, /id_ed25519 is encrypted and there is no passphrase/);
    assert.doesNotMatch(explain(error), /hunter2/);
  });

  it("says that a host hung up after too many keys", async () => {
    for (let i = 0; i < 8; i++) await add(at(`other${i}`));
    const error = await errorOf({ ...bare(), agent: agent.socket });
    assert.equal(error.kind, "permission-denied");
    assert.match(error.message, /Too many authentication failures/);
  });

  it("does what ~/.ssh/config says", async () => {
    await writeFile(
      at("home/.ssh/config"),
      `Host kvm1\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  User ${sshd.user}\n  IdentityFile ${sshd.identityFile}\n  UserKnownHostsFile ${sshd.knownHostsFile}\n`,
    );
    const connection = await connectSsh({ hostName: "kvm1" });
    assert.equal(connection.name, `${sshd.user}@kvm1:${sshd.port}`);
    await connection.close();
  });

  it("goes through jump hosts that the program names, each with a key of its own", async () => {
    const [first, second] = [await startSshd(), await startSshd()];
    try {
      const hops = [first, second].map(sshTargetOf);
      assert.equal(await whoAmI({ ...sshTargetOf(sshd), jump: hops }), sshd.user);
      assert.deepEqual([first.connections(), second.connections()], [1, 1]);
      assert.equal(await whoAmI({ ...sshTargetOf(sshd), jump: [] }), sshd.user);

      // The second one does not get the key of the first.
      const wrong = [sshTargetOf(first), { ...sshTargetOf(second), privateKeyPath: first.identityFile }];
      const error = await errorOf({ ...sshTargetOf(sshd), jump: wrong });
      assert.equal(error.kind, "permission-denied");
      assert.match(error.message, new RegExp(`Cannot log in as ${sshd.user}@127\\.0\\.0\\.1:${second.port}`));
    } finally {
      await first.stop();
      await second.stop();
    }
  });

  it("tries only what sshauth names", async () => {
    const error = await errorOf({ ...bare(), privateKeyPath: sshd.identityFile, methods: ["password"], password: "x" });
    assert.doesNotMatch(error.message, /tried key/);
    assert.equal(await whoAmI({ ...bare(), privateKeyPath: sshd.identityFile, methods: ["privkey"] }), sshd.user);
  });

  it("goes through a jump host (ProxyJump) and through a command (ProxyCommand)", async () => {
    const jump = await startSshd();
    const stanza = (name: string, to: Sshd, more = "") =>
      `Host ${name}\n  HostName 127.0.0.1\n  Port ${to.port}\n  IdentityFile ${to.identityFile}\n  UserKnownHostsFile ${to.knownHostsFile}\n${more}`;
    try {
      const via = `ssh -F ${at("config")} -o IdentityAgent=none -W %h:%p jump`;
      await writeFile(
        at("config"),
        stanza("jump", jump) +
          stanza("jumped", sshd, "  ProxyJump jump\n") +
          stanza("twice", sshd, "  ProxyJump jump,jumped\n") +
          stanza("commanded", sshd, `  ProxyCommand ${via}\n`) +
          stanza("looped", sshd, "  ProxyJump looped\n"),
      );
      const configFile = at("config");
      assert.equal(await whoAmI({ hostName: "jumped", configFile }), sshd.user);
      assert.equal(jump.connections(), 1);
      assert.equal(await whoAmI({ hostName: "twice", configFile }), sshd.user);
      assert.equal(jump.connections(), 2);
      assert.equal(await whoAmI({ hostName: "commanded", configFile }), sshd.user);
      assert.equal(jump.connections(), 3);
      const error = await errorOf({ hostName: "looped", configFile });
      assert.equal(error.kind, "invalid-input");
      assert.match(error.message, /ProxyJump/);
    } finally {
      await jump.stop();
    }
  });
});

async function startAgent(socket: string): Promise<{ socket: string; child: ChildProcess }> {
  const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  for (let i = 0; i < 200 && !existsSync(socket); i++) await sleep(20);
  assert.ok(existsSync(socket), "ssh-agent does not listen");
  return { socket, child };
}

async function stopAgent(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
