// What our code adds before the first answer: the plugin's start, and the package's load in Pulumi's dynamic provider process; each
// beside a provider that does nothing, started and asked the same way, in turns.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CheckRequest, ProviderHandshakeRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { dynamicProviderText, dynamicType, providerProperty } from "../../provider/resources/dynamic.js";
import { ensureSelfLink } from "../../lab/self-link.js";
import type { Part } from "./part.js";

const checkout = join(__dirname, "..", "..");
const modules = join(checkout, "node_modules");
const dynamicHost = join(modules, "@pulumi", "pulumi", "cmd", "dynamic-provider");
const rounds = 11;

/** A plugin of nothing but the protocol. */
const nullPlugin = `
const { Server, ServerCredentials } = require(${JSON.stringify(join(modules, "@grpc/grpc-js"))});
const { ResourceProviderService } = require(${JSON.stringify(join(modules, "@pulumi/pulumi/proto/provider_grpc_pb"))});
const { ProviderHandshakeResponse } = require(${JSON.stringify(join(modules, "@pulumi/pulumi/proto/provider_pb"))});
const server = new Server();
server.addService(ResourceProviderService, { handshake: (_, reply) => reply(null, new ProviderHandshakeResponse()) });
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => console.log(port));
`;
const nullDynamic = `exports.handler = () => ({ check: async () => ({ inputs: {}, failures: [] }) });`;

type Asked = { startMs: number; answerMs: number };

/** Starts a provider, asks it one thing, and ends it: when it listened, and how long the answer took from then on. */
async function ask(
  args: readonly string[],
  question: (client: ResourceProviderClient) => Promise<void>,
): Promise<Asked> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { cwd: checkout, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const port = await firstLine(child);
    const listening = performance.now();
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    await question(client);
    client.close();
    return { startMs: listening - start, answerMs: performance.now() - listening };
  } finally {
    child.kill("SIGKILL");
    await once(child, "close");
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("no stdout");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return line;
}

const handshake = (client: ResourceProviderClient): Promise<void> => {
  const request = new ProviderHandshakeRequest();
  request.setEngineAddress("127.0.0.1:9");
  return new Promise((resolve, reject) =>
    client.handshake(request, (error) => (error ? reject(new Error(error.message)) : resolve())),
  );
};

/** A resource without inputs: its failures are an answer that needs no host. */
const check =
  (provider: string) =>
  (client: ResourceProviderClient): Promise<void> => {
    const request = new CheckRequest();
    request.setUrn(`urn:pulumi:test::bench::${dynamicType("VfConfig")}::vfs`);
    request.setOlds(Struct.fromJavaScript({}));
    request.setNews(Struct.fromJavaScript({ [providerProperty]: provider }));
    return new Promise((resolve, reject) =>
      client.check(request, (error) => (error ? reject(new Error(error.message)) : resolve())),
    );
  };

const median = (list: number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

export const startup: Part = {
  name: "startup",
  title:
    "from a process's start to the first answer, beside a provider that does nothing (targets: plugin 150 ms, dynamic path's own cost 150 ms)",
  async run(show) {
    await ensureSelfLink();
    const folder = await mkdtemp(join(tmpdir(), "bench-startup-"));
    try {
      const nullFile = join(folder, "null.js");
      await writeFile(nullFile, nullPlugin);
      const sides = {
        plugin: () => ask([join(checkout, "pulumi-resource-sriov")], handshake),
        "null-plugin": () => ask([nullFile], handshake),
        dynamic: () => ask([dynamicHost, "127.0.0.1:9"], check(dynamicProviderText("VfConfig"))),
        "null-dynamic": () => ask([dynamicHost, "127.0.0.1:9"], check(nullDynamic)),
      };
      const times = Object.fromEntries(Object.keys(sides).map((name) => [name, [] as number[]]));
      for (let round = 0; round < rounds; round += 1) {
        for (const [name, run] of Object.entries(sides)) {
          const { startMs, answerMs } = await run();
          // The dynamic process is Pulumi's own until it is asked about a resource of ours.
          times[name]?.push(name.endsWith("plugin") ? startMs + answerMs : answerMs);
        }
      }
      const figures = Object.fromEntries(Object.entries(times).map(([name, list]) => [`${name}-ms`, median(list)]));
      const own = (figures["dynamic-ms"] ?? 0) - (figures["null-dynamic-ms"] ?? 0);
      for (const [name, value] of Object.entries(figures)) show(`${name}: ${value.toFixed(0)}, median of ${rounds}`);
      return { ...figures, "dynamic-own-ms": own };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
