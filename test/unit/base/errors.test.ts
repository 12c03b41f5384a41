import assert from "node:assert/strict";
import { CommandError, SriovError, explain, isSriovError, kindOf } from "../../../provider/base/errors.js";

describe("SriovError", () => {
  it("is known by its brand, not by its class: two copies of the package can meet in one process", () => {
    const ours = Object.assign(new Error("x"), { [Symbol.for("pulumi-sriov.error")]: true, kind: "refused" });
    assert.equal(isSriovError(ours), true);
    assert.equal(kindOf(ours), "refused");
    assert.equal(isSriovError(new Error("x")), false);
    assert.equal(kindOf(new Error("x")), undefined);
    assert.equal(kindOf("x"), undefined);
  });

  it("keeps its cause, and has none when none was given", () => {
    const cause = new Error("below");
    assert.equal(new SriovError("bug", "x", { cause }).cause, cause);
    assert.equal("cause" in new SriovError("bug", "x"), false);
  });

  it("prints its name, not its kind's symbol", () => {
    assert.equal(String(new SriovError("timeout", "too late")), "SriovError: too late");
    assert.deepEqual(Object.keys(new SriovError("timeout", "too late")).sort(), ["kind", "remedy"]);
  });

  it("is explained with its remedy on a line of its own", () => {
    assert.equal(explain(new SriovError("refused", "No.", { remedy: "Ask." })), "No.\nAsk.");
    assert.equal(explain(new SriovError("refused", "No.")), "No.");
    assert.equal(explain(new Error("No.")), "No.");
    assert.equal(explain("No."), "No.");
  });
});

describe("CommandError", () => {
  it("keeps what the command said, and is a remote failure unless somebody knows better", () => {
    const result = { command: "false", exitCode: 1, stdout: "out", stderr: "err" };
    const error = new CommandError("Failed", result);
    assert.deepEqual(
      [error.kind, error.exitCode, error.signal, error.stdout, error.stderr],
      ["remote-failure", 1, undefined, "out", "err"],
    );
    assert.equal(new CommandError("Failed", result, "timeout").kind, "timeout");
    assert.equal(isSriovError(error), true);
  });
});
