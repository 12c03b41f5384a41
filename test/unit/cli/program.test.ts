// The command line itself: help, flags, exit codes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { spawnSync } from "node:child_process";
import { addHostOptions } from "../../../provider/cli/host-options.js";
import { hostFrom } from "../../../provider/cli/host.js";
import { FakeKvm } from "../../fakes/fake-libvirt-context.js";
import { SriovError } from "../../../provider/base/errors.js";
import { CliWorld, uri } from "./world.js";

describe("pulumi-sriov, the command", () => {
  let kvm: FakeKvm;
  let world: CliWorld;
  beforeEach(() => {
    kvm = new FakeKvm();
    world = new CliWorld(kvm.context);
  });
  afterEach(() => {
    kvm.dispose();
    world.dispose();
  });

  it("explains itself with examples, and each of its commands too", async () => {
    for (const command of [[], ["doctor"], ["topology"], ["adopt"]]) {
      const { code, stdout } = await world.run([...command, "--help"]);
      assert.equal(code, 0);
      assert.match(stdout, /Examples?:\n {2}pulumi-sriov \w+ qemu/, command.join(" "));
    }
    const { stdout } = await world.run(["--help"]);
    assert.match(stdout, /Exit codes: 0 .*1 .*2 /);
  });

  it("ends with 2 and says what is wrong: no command, an unknown flag, a missing URI, a URI that is none", async () => {
    for (const [args, says] of [
      [["topologie", uri], /unknown command 'topologie'.*topology/s],
      [["topology", uri, "--colour"], /unknown option '--colour'/],
      [["topology"], /missing required argument 'uri'/],
      [["topology", "kvm1"], /^pulumi-sriov: uri: expected a libvirt URI.*got "kvm1"/],
      [["topology", uri, "--svg", "a", "--html", "b"], /'--svg <file>' cannot be used with option '--html <file>'/],
      [["topology", uri, "-J", "a,b@"], /expected \[user@\]host\[:port\], got "b@"/],
      [["topology", uri, "--connect-timeout", "soon"], /expected whole seconds from 1 to 600/],
    ] as const) {
      const { code, stderr } = await world.run([...args]);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, says);
    }
  });

  it("says an error of the provider as the provider says it, with the remedy and without a stack", async () => {
    kvm.connectError = new SriovError("unreachable", "Cannot connect to root@kvm1", {
      remedy: "Check that sshd runs.",
    });
    assert.deepEqual(await world.run(["topology", uri]), {
      code: 2,
      stdout: "",
      stderr: "pulumi-sriov: Cannot connect to root@kvm1\nCheck that sshd runs.\n",
    });
  });

  it("takes ssh's ways to log in as flags", () => {
    const flags = {
      identity: "keys/id",
      knownHosts: "~/known",
      hostKey: "SHA256:x",
      sshConfig: "none",
      connectTimeout: 5,
    };
    assert.deepEqual(hostFrom(uri, flags, "/here"), {
      uri,
      ssh: {
        privateKeyPath: "/here/keys/id",
        knownHosts: "~/known",
        hostKey: "SHA256:x",
        configFile: "none",
        connectTimeout: 5,
      },
    });
    assert.deepEqual(hostFrom(uri, {}, "/here"), { uri });
    const command = addHostOptions(new Command()).exitOverride();
    command.parse(["-J", "me@gate:2222,[fe80::1]", "--sudo"], { from: "user" });
    assert.deepEqual(hostFrom(uri, command.opts(), "/here").ssh, {
      jump: [{ host: "gate", user: "me", port: 2222 }, { host: "fe80::1" }],
      become: "sudo",
    });
  });

  it("loads neither the connection nor the commands for --help", () => {
    const main = join(__dirname, "../../../provider/cli/main.ts");
    const script = `process.argv.splice(2, 9, "--help"); process.on("exit", () => {
      console.error(Object.keys(require.cache).filter((f) => /ssh2|zod|dagre|provider.resources|@pulumi/.test(f)).join("\\n"));
    }); require(${JSON.stringify(main)});`;
    const { stderr, stdout } = spawnSync(process.execPath, ["--require", "tsx/cjs", "-e", script, "x"], {
      encoding: "utf8",
    });
    assert.match(stdout, /Usage: pulumi-sriov/);
    assert.equal(stderr.trim(), "");
  });

  it("is the package's bin, with a line that starts Node", () => {
    const root = join(__dirname, "../../..");
    const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { bin: { [name: string]: string } };
    assert.equal(bin["pulumi-sriov"], "dist/provider/cli/main.js");
    assert.match(readFileSync(join(root, "provider/cli/main.ts"), "utf8"), /^#!\/usr\/bin\/env node\n/);
  });
});
