import assert from "node:assert/strict";
import { SharedShell } from "../../../provider/host/shared-shell.js";
import type { Shell } from "../../../provider/host/shell.js";
import type { RunOptions } from "../../../provider/transport/connection.js";

/** A host that counts, whose answers change with each write, and that answers when it is told to. */
function counting() {
  const asked: string[] = [];
  let version = 0;
  let held: (() => void)[] | undefined;
  const shell = {
    name: "root@kvm1",
    run: async (command: string, { input = "" }: RunOptions = {}) => {
      asked.push(`${command} ${input}`.trim());
      if (command === "write") version += 1;
      const stdout = `${version}`;
      if (held) await new Promise<void>((resolve) => held?.push(resolve));
      return { command, exitCode: command === "fail" ? 1 : 0, signal: undefined, stdout, stderr: "" };
    },
    writeText: async (path: string) => {
      asked.push(`write ${path}`);
      version += 1;
      throw new Error("no space");
    },
  } as unknown as Shell;
  const hold = () => (held = []);
  const release = () => {
    const waiting = held ?? [];
    held = undefined;
    for (const resolve of waiting) resolve();
  };
  return { asked, shell, hold, release };
}

const reads = { reads: true } as const;

describe("reads of a host that several resources want", () => {
  it("are one command while it is on its way, also for whoever wants no old answer", async () => {
    const { asked, shell, hold, release } = counting();
    const shared = new SharedShell(shell);
    hold();
    const both = Promise.all([shared.view(0).run("read", reads), shared.view(10_000).run("read", reads)]);
    release();
    assert.deepEqual(
      (await both).map(({ stdout }) => stdout),
      ["0", "0"],
    );
    assert.deepEqual(asked, ["read"]);
  });

  it("are asked again by whoever wants no old answer, and not by whoever takes one", async () => {
    const { asked, shell } = counting();
    const shared = new SharedShell(shell);
    await shared.view(10_000).run("read", reads);
    await shared.view(10_000).run("read", reads);
    assert.equal(asked.length, 1);
    await shared.view(0).run("read", reads);
    assert.equal(asked.length, 2);
  });

  it("are as many as there are questions: the script is part of it", async () => {
    const { asked, shell } = counting();
    const view = new SharedShell(shell).view(10_000);
    await view.run("sh -s", { ...reads, input: "one" });
    await view.run("sh -s", { ...reads, input: "two" });
    assert.deepEqual(asked, ["sh -s one", "sh -s two"]);
  });

  it("are dropped by a write, also by one that fails, and that is told", async () => {
    const { shell } = counting();
    let told = 0;
    const view = new SharedShell(shell, () => (told += 1)).view(10_000);
    assert.equal((await view.run("read", reads)).stdout, "0");
    await view.run("write");
    assert.equal((await view.run("read", reads)).stdout, "1");
    await assert.rejects(view.writeText("/etc/x", ""));
    assert.equal((await view.run("read", reads)).stdout, "2");
    assert.equal(told, 4);
  });

  it("do not outlive a write that began while they were on their way", async () => {
    const { shell, hold, release } = counting();
    const view = new SharedShell(shell).view(10_000);
    hold();
    const early = view.run("read", reads);
    const write = view.run("write");
    release();
    await Promise.all([early, write]);
    assert.equal((await view.run("read", reads)).stdout, "1");
  });

  it("that fail are not kept", async () => {
    const { asked, shell } = counting();
    const view = new SharedShell(shell).view(10_000);
    await view.run("fail", reads);
    await view.run("fail", reads);
    assert.equal(asked.length, 2);
  });

  it("go on for the others when the one that asked first gives up", async () => {
    const { asked, shell, hold, release } = counting();
    const view = new SharedShell(shell).view(0);
    hold();
    const controller = new AbortController();
    const first = view.run("read", { ...reads, signal: controller.signal });
    const second = view.run("read", reads);
    controller.abort(new Error("Ctrl-C"));
    await assert.rejects(first, /Ctrl-C/);
    release();
    assert.equal((await second).stdout, "0");
    assert.equal(asked.length, 1);
  });
});
