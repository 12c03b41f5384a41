// Whether the host is the one it says it is: known_hosts as OpenSSH writes it, against a real sshd.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { isSriovError } from "../../../provider/base/errors.js";
import { type SshTarget, connectSsh } from "../../../provider/transport/ssh.js";
import { type Sshd, makeKey, sshTargetOf, startSshd } from "../sshd.js";

const execute = promisify(execFile);

describe("a real sshd: host keys", function () {
  this.timeout(60_000);
  let sshd: Sshd;
  let name: string;
  let publicKey: string;
  let fingerprint: string;
  let otherKey: string;
  let ecdsaKey: string;

  before(async () => {
    sshd = await startSshd({ hostKeyTypes: ["ed25519", "ecdsa"] });
    name = `[127.0.0.1]:${sshd.port}`;
    publicKey = await keyIn(`${sshd.hostKeyFile}.pub`);
    ecdsaKey = await keyIn(join(sshd.folder, "host_key_ecdsa.pub"));
    fingerprint = (await execute("ssh-keygen", ["-lf", `${sshd.hostKeyFile}.pub`])).stdout.split(" ")[1] ?? "";
    await makeKey(join(sshd.folder, "other"));
    otherKey = await keyIn(join(sshd.folder, "other.pub"));
  });
  after(() => sshd?.stop());

  const keyIn = async (file: string) => (await readFile(file, "utf8")).split(" ").slice(0, 2).join(" ");
  const path = () => join(sshd.folder, "test_known_hosts");
  afterEach(() => rm(path(), { force: true }));

  const meet = async (more: Partial<SshTarget>) => {
    const connection = await connectSsh({ ...sshTargetOf(sshd), ...more });
    await connection.close();
  };
  const refusal = async (more: Partial<SshTarget>) => {
    const error: unknown = await meet(more).catch((e: unknown) => e);
    assert.ok(isSriovError(error), String(error));
    assert.equal(error.kind, "refused");
    return error;
  };
  const known = async (...lines: string[]) => {
    await writeFile(path(), `${lines.join("\n")}\n`);
    return { knownHosts: path() };
  };

  it("accepts a key that is known by name and port, among others", async () => {
    await meet(await known("# a comment", `elsewhere ${otherKey}`, "", `kvm1,${name} ${publicKey} comment`));
  });

  it("accepts a hashed name", async () => {
    const file = await known(`elsewhere ${otherKey}`, `${name} ${publicKey}`);
    await execute("ssh-keygen", ["-q", "-H", "-f", path()]);
    assert.match(await readFile(path(), "utf8"), /^\|1\|/m);
    await meet(file);
    await rm(`${path()}.old`);
  });

  it("accepts a key that is known by name without the port, as ssh does, and by a pattern", async () => {
    await meet(await known(`127.0.0.1 ${publicKey}`));
    await meet(await known(`[127.0.0.*]:* ${publicKey}`));
  });

  it("asks the host for the kind of key that is known", async () => {
    await meet(await known(`${name} ${ecdsaKey}`));
    await meet({ hostKey: ecdsaKey });
  });

  it("refuses an unknown key, and shows its fingerprint, where it looked, and what to do", async () => {
    const error = await refusal(await known(`elsewhere ${otherKey}`));
    assert.ok(error.message.includes(fingerprint));
    assert.ok(error.message.includes(path()));
    assert.ok(error.message.includes(name));
    assert.match(error.remedy ?? "", /ssh\.hostKey/);
  });

  it("refuses when there is no known_hosts file at all", async () => {
    const error = await refusal({ knownHosts: join(sshd.folder, "none") });
    assert.match(error.message, /is unknown/);
  });

  it("refuses a changed key, and shows both fingerprints and the line", async () => {
    const error = await refusal(await known("# one", `${name} ${otherKey}`));
    const { stdout } = await execute("ssh-keygen", ["-lf", join(sshd.folder, "other.pub")]);
    assert.ok(error.message.includes(`expected ssh-ed25519 ${stdout.split(" ")[1]} (${path()}:2)`), error.message);
    assert.ok(error.message.includes(`got ssh-ed25519 ${fingerprint}`), error.message);
    assert.match(error.remedy ?? "", /ssh-keygen -R '\[127\.0\.0\.1\]:\d+'/);
  });

  it("refuses a revoked key, wherever else it stands", async () => {
    const error = await refusal(await known(`${name} ${publicKey}`, `@revoked * ${publicKey}`));
    assert.match(error.message, /revoked/);
  });

  it("takes a certificate authority for no host key", async () => {
    const error = await refusal(await known("# one", `@cert-authority * ${publicKey}`));
    assert.match(error.message, /is unknown/);
    assert.ok(error.message.includes(`@cert-authority in ${path()}:2 has no effect`), error.message);
  });

  it("accepts the fingerprint that ssh-keygen shows", async () => {
    await meet({ knownHosts: undefined, hostKey: fingerprint });
    const error = await refusal({ hostKey: `SHA256:${"x".repeat(43)}` });
    assert.match(error.message, /ssh\.hostKey/);
  });

  it("notes a new key with StrictHostKeyChecking accept-new, and refuses another one after that", async () => {
    const config = join(sshd.folder, "accept_new");
    await writeFile(config, `StrictHostKeyChecking accept-new\nUserKnownHostsFile ${path()}\n`);
    await meet({ configFile: config, knownHosts: undefined });
    assert.equal(await readFile(path(), "utf8"), `${name} ${publicKey}\n`);
    await meet(await known(`${name} ${publicKey}`));
    await known(`${name} ${otherKey}`);
    await refusal({ configFile: config, knownHosts: undefined });
  });

  it("files a key under HostKeyAlias", async () => {
    const config = join(sshd.folder, "alias");
    await writeFile(config, `HostKeyAlias cluster\nUserKnownHostsFile ${path()}\n`);
    await known(`cluster ${publicKey}`);
    await meet({ configFile: config, knownHosts: undefined });
  });

  it("verifies nothing when the URI says no_verify=1, and says so", async () => {
    const warnings: string[] = [];
    const log = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text) };
    const target = { ...sshTargetOf(sshd), knownHosts: "/dev/null", hostKeyPolicy: "none" as const };
    const connection = await connectSsh(target, { log });
    await connection.close();
    assert.match(warnings.join(), /not verified/);
  });
});
