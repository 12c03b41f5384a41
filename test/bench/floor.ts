// The engine's floor: a dynamic resource that does nothing, for programs with as many of them as ours has.

/** Declares `Nothing`. Its inputs are its outputs; those called `name` can be depended on. */
export const nothing = `
import * as pulumi from "@pulumi/pulumi";
class Nothing extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  constructor(name: string, props: Record<string, unknown>) {
    super("pulumi-nodejs:dynamic/bench:Nothing", name, { ...props, __provider: provider });
  }
}
const provider = "exports.handler = () => ({ check: async (olds, news) => ({ inputs: news }), " +
  "diff: async () => ({ changes: false }), create: async (inputs) => ({ id: 'nothing', outs: inputs }), " +
  "read: async (id, props) => ({ id, props }), update: async (id, olds, news) => ({ outs: news }), delete: async () => {} })";
`;
