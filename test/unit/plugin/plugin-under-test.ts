// The plugin as the engine sees it: its gRPC server and a client, an engine that listens, and a lifecycle that a test writes.
import { Server, ServerCredentials, type ServiceError, credentials } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
  ConfigureRequest,
  type ListRequest,
  type ListResponse,
  ProviderHandshakeRequest,
} from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { z } from "zod";
import { startServer } from "../../../provider/plugin/server.js";
import { Service } from "../../../provider/plugin/service.js";
import type { Lifecycle } from "../../../provider/resources/lifecycle.js";
import { models } from "../../../provider/resources/models.js";
import { registry } from "../../../provider/resources/registry.js";

export type Lived = Lifecycle<Record<string, unknown>, Record<string, unknown>>;
export type Said = { severity: number; message: string; urn: string; isStatus: boolean };

export type Plugin = {
  call<Q, S>(method: keyof ResourceProviderClient, request: Q): Promise<S>;
  /** All answers of the stream. */
  list(request: ListRequest): Promise<ListResponse.AsObject[]>;
  /** What the engine was told. */
  said: Said[];
  stop(): Promise<void>;
};

export const urn = "urn:pulumi:dev::web::sriov:index:Test::nic";
export const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});
export const struct = (values: object) => Struct.fromJavaScript(values as never);

const tables = [registry, models] as unknown as [Record<string, unknown>, Record<string, unknown>];

/** A resource `sriov:index:Test` of which a test states what it needs. */
export function withLifecycle(methods: Partial<Lived>): void {
  tables[0]["Test"] = { schemaVersion: 3, ...methods };
  tables[1]["Test"] = {
    inputs: z.strictObject({ host: z.object({}), name: z.string().optional(), vlan: z.int().optional() }),
    outputs: z.strictObject({ hostId: z.string(), vlan: z.int(), port: z.string() }),
  };
}

export function withoutLifecycle(): void {
  for (const table of tables) delete table["Test"];
}

export async function startPlugin(settings: object = {}): Promise<Plugin> {
  const said: Said[] = [];
  const engine = new Server();
  engine.addService(EngineService, {
    log: ({ request }: { request: LogRequest }, reply: (error: null, empty: Empty) => void) => {
      said.push({
        severity: request.getSeverity(),
        message: request.getMessage(),
        urn: request.getUrn(),
        isStatus: request.getEphemeral(),
      });
      reply(null, new Empty());
    },
    getRootResource: () => undefined,
    setRootResource: () => undefined,
    startDebugging: () => undefined,
    requirePulumiVersion: () => undefined,
  });
  const enginePort = await new Promise<number>((resolve, reject) =>
    engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
  const plugin = await startServer(new Service(undefined));
  const client = new ResourceProviderClient(`127.0.0.1:${plugin.port}`, credentials.createInsecure());
  const call = <Q, S>(method: keyof ResourceProviderClient, request: Q): Promise<S> =>
    new Promise((resolve, reject) =>
      (client[method] as unknown as (q: Q, done: (error: ServiceError | null, s: S) => void) => void).call(
        client,
        request,
        (error, answer) => (error ? reject(error) : resolve(answer)),
      ),
    );
  const handshake = new ProviderHandshakeRequest();
  handshake.setEngineAddress(`127.0.0.1:${enginePort}`);
  await call("handshake", handshake);
  const configure = new ConfigureRequest();
  configure.setArgs(struct(settings));
  await call("configure", configure);
  const list = (request: ListRequest) =>
    new Promise<ListResponse.AsObject[]>((resolve, reject) => {
      const answers: ListResponse.AsObject[] = [];
      const stream = client.list(request);
      stream.on("data", (answer: ListResponse) => answers.push(answer.toObject()));
      stream.on("error", reject);
      stream.on("end", () => resolve(answers));
    });
  return {
    call,
    list,
    said,
    stop: async () => {
      client.close();
      await plugin.stop();
      engine.forceShutdown();
    },
  };
}
