// What a resource of a program costs, and what it says about its arguments.
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { VfConfig } from "../../../sdk/nodejs/index.js";
import { lostArguments } from "../../../sdk/nodejs/lost.js";
import { lostProperty } from "../../../sdk/nodejs/wire.js";

describe("a resource in a program", () => {
  const host = { uri: "qemu:///system" };
  const seen: Record<string, unknown>[] = [];
  const { prepareStackTrace: format } = Error as { prepareStackTrace?: (this: void, ...args: never[]) => unknown };
  const restore = () => Object.assign(Error, { prepareStackTrace: format });

  beforeEach(async () => {
    seen.length = 0;
    await pulumi.runtime.setMocks({
      newResource: ({ name, inputs }) => {
        seen.push(inputs as Record<string, unknown>);
        return { id: name, state: inputs as Record<string, unknown> };
      },
      call: () => ({}),
    });
  });
  afterEach(restore);

  it("is made without the stack traces that Pulumi's SDK notes for its properties: they took most of a program's time", async () => {
    let traces = 0;
    Error.prepareStackTrace = () => String((traces += 1));
    const made = new VfConfig("eno49", { host, pf: "eno49", numVfs: 7 });
    const whileMade = traces;
    assert.notEqual(new Error("ours again").stack, "");
    restore();
    await new Promise((resolve) => made.urn.apply(resolve));
    assert.ok(whileMade < 10, `${whileMade} stack traces`);
    assert.equal(seen[0]?.[lostProperty], undefined);
  });

  it("that cannot be made still says in which line of the program", () => {
    assert.throws(
      () => new VfConfig("", { host, pf: "eno49" }),
      (error: Error) => {
        assert.match(error.stack ?? "", /resource\.test\.ts/);
        return true;
      },
    );
  });

  it("knows which of its arguments an update cannot have, at any depth", async () => {
    const lost = Object.assign(pulumi.output("x"), { isKnown: Promise.resolve(false) });
    const args = { pf: lost, name: pulumi.output("pool"), vf: { pf: Promise.resolve(lost) }, vlan: undefined, host };
    assert.deepEqual(await lostArguments(args), ["pf", "vf"]);
    assert.equal(await lostArguments({ host, pf: pulumi.output("eno49"), none: pulumi.output(undefined) }), undefined);
  });
});
