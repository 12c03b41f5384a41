// The functions as a program calls them: errors without a stack, outputs in and out, no connection left behind.
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { getNetwork, getPhysicalFunctions, getPhysicalFunctionsOutput } from "../../../sdk/nodejs/index.js";

const nobody = { uri: "qemu+ssh://root@127.0.0.1:1/system", ssh: { configFile: "none" } };
const valueOf = <T>(output: pulumi.Output<T>): Promise<T> => (output as unknown as { promise(): Promise<T> }).promise();

describe("a function in a program", () => {
  it("says what is wrong with its arguments, and why a host cannot be reached, as Pulumi's own errors are shown", async () => {
    await assert.rejects(getNetwork({ host: { uri: "qemu+ssh://kvm1/system" } } as never), (error: unknown) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.match(error.message, /^getNetwork: network: required/);
      return true;
    });
    await assert.rejects(getPhysicalFunctions({ host: nobody }), (error: unknown) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.match(error.message, /127\.0\.0\.1:1/);
      return true;
    });
  });

  it("takes outputs, and fails as the plain one does", async () => {
    const uri = pulumi.output(Promise.resolve("not a uri"));
    await assert.rejects(
      valueOf(getPhysicalFunctionsOutput({ host: { uri } })),
      /getPhysicalFunctions: host\.uri: expected/,
    );
  });
});
