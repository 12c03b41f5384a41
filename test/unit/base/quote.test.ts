// Quoting, judged by the shells themselves.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import fc from "fast-check";
import { asAnyShell, quote } from "../../../provider/base/quote.js";

// A command line has no NUL in it, and no half of a surrogate pair.
const word = fc.string({ unit: "binary" }).map((text) => Buffer.from(text.replaceAll("\0", "")).toString());
const nasty = fc.string({ unit: fc.constantFrom("'", '"', "\\", "\n", "!", "$", "`", "%", "0", "1", " ", "a", "ü") });
const shells = ["sh", "dash", "bash", "zsh", "fish", "csh", "tcsh"]
  .map((name) => [`/bin/${name}`, `/usr/bin/${name}`].find((path) => existsSync(path)))
  .filter((path) => path !== undefined);

describe("quote", function () {
  this.timeout(30_000);

  it("makes one word of any text", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(word, nasty), { minLength: 1, maxLength: 30 }), (words) => {
        const command = `printf '%s\\0' ${words.map(quote).join(" ")}`;
        const printed = execFileSync("/bin/sh", ["-c", command], { encoding: "utf8" });
        assert.deepEqual(printed.split("\0").slice(0, -1), words);
      }),
      { numRuns: 40 },
    );
  });
});

describe("asAnyShell", function () {
  this.timeout(60_000);

  for (const shell of shells) {
    it(`means the same to ${shell}`, () => {
      fc.assert(
        fc.property(fc.oneof(word, nasty), (text) => {
          const line = asAnyShell(`printf %s ${quote(text)}; echo "$#"`, { mark: "MARK=it's 1" });
          assert.equal(execFileSync(shell, ["-c", line], { encoding: "utf8" }), `${text}0\n`);
        }),
        { numRuns: 40 },
      );
    });
  }

  it("puts the mark into the environment", () => {
    const line = asAnyShell('printf %s "$MARK"', { mark: "MARK=a b" });
    assert.equal(execFileSync("/bin/sh", ["-c", line], { encoding: "utf8" }), "a b");
  });

  it("leaves a plain command readable for who looks at the host's processes", () => {
    assert.equal(asAnyShell("cat /etc/hosts"), "exec sh -c 'cat /etc/hosts'");
  });

  it("keeps the exit code", () => {
    assert.throws(() => execFileSync("/bin/sh", ["-c", asAnyShell("exit 7 # \\")]), { status: 7 });
  });
});
