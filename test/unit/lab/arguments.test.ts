import assert from "node:assert/strict";
import { parseArguments } from "../../../lab/arguments.js";

describe("the words of the lab's command line", () => {
  it("mean the lab named default when no name is given", () => {
    assert.deepEqual(parseArguments(["up"]), { command: "up", name: "default", rest: [] });
  });

  it("take options with a space and with an equals sign", () => {
    assert.deepEqual(parseArguments(["up", "--name", "a", "--pfs=4"]), { command: "up", name: "a", pfs: 4, rest: [] });
  });

  it("leave the words of the command that ssh runs alone, options too", () => {
    assert.deepEqual(parseArguments(["ssh", "--name", "a", "ip", "-br", "link", "--name", "b"]).rest, [
      ...["ip", "-br", "link", "--name", "b"],
    ]);
  });

  it("take everything after -- for the command", () => {
    assert.deepEqual(parseArguments(["ssh", "--", "--name"]), { command: "ssh", name: "default", rest: ["--name"] });
  });

  it("refuse a command that does not exist, with the usage", () => {
    assert.throws(() => parseArguments(["start"]), /usage: npm run lab/);
  });

  it("refuse a stray word", () => {
    assert.throws(() => parseArguments(["down", "now"]), /Unexpected "now"/);
  });
});
