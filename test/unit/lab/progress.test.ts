import assert from "node:assert/strict";
import { createProgress } from "../../../lab/progress.js";

function recorder(isTTY: boolean) {
  const written: string[] = [];
  return { written, isTTY, columns: 40, write: (text: string) => written.push(text) };
}

describe("progress", () => {
  it("ends a short step with one plain line", async () => {
    const output = recorder(false);
    await createProgress(output).step("Making it", async (report) => report("half"));
    assert.deepEqual(output.written, ["✔ Making it\n"]);
  });

  it("marks a step that failed, and lets the error through", async () => {
    const output = recorder(false);
    const failing = createProgress(output).step("Making it", () => Promise.reject(new Error("no")));
    await assert.rejects(failing, /no/);
    assert.deepEqual(output.written, ["✘ Making it\n"]);
  });

  it("answers what the work answered", async () => {
    assert.equal(await createProgress(recorder(true)).step("Adding", async () => 1 + 1), 2);
  });

  it("indents what a command showed", () => {
    const output = recorder(false);
    createProgress(output).show("a\nb\n");
    assert.deepEqual(output.written, ["    a\n", "    b\n"]);
  });

  it("says each new thing of a long step once where there is no terminal", async function () {
    this.timeout(10_000);
    const output = recorder(false);
    await createProgress(output).step("Making it", async (report) => {
      report("first");
      await new Promise((resolve) => setTimeout(resolve, 3200));
      report("second");
      report("second");
    });
    assert.deepEqual(output.written, ["… Making it: first\n", "… Making it: second\n", "✔ Making it (3 s)\n"]);
  });

  it("keeps the counting line of a terminal within its width and clears it at the end", async function () {
    this.timeout(10_000);
    const output = recorder(true);
    await createProgress(output).step("x".repeat(80), () => new Promise((resolve) => setTimeout(resolve, 2200)));
    assert.ok(output.written[0]?.startsWith("\r\x1b[K… xxx"));
    assert.ok((output.written[0]?.length ?? 0) <= 40 + "\r\x1b[K".length);
    assert.equal(output.written.at(-1), `\r\x1b[K✔ ${"x".repeat(80)} (2 s)\n`);
  });
});
