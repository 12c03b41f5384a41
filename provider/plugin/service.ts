// The engine's gRPC service for plugins, as a table: each method is a function of the request. What is not in the table is
// answered UNIMPLEMENTED, which the engine understands: there are no components and no parameters here.
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ServiceDefinition,
  type UntypedServiceImplementation,
  type handleServerStreamingCall,
  type handleUnaryCall,
} from "@grpc/grpc-js";
import { type IResourceProviderServer, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
  ConfigureResponse,
  GetMappingResponse,
  GetMappingsResponse,
  GetSchemaResponse,
  type ListRequest,
  ProviderHandshakeResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Calls, defaultTimeoutMs } from "./calls.js";
import type { Configuration } from "./configuration.js";
import { Engine, reporterFor } from "./engine.js";
import { replyFor } from "./failures.js";
import type { Context } from "../resources/lifecycle.js";
import type { Help } from "./resources.js";
import { rooms } from "./rooms.js";

/** The methods' own names: the interface has an index signature besides. */
type Method = keyof { [M in keyof IResourceProviderServer as string extends M ? never : M]: true };

type Requests = {
  [M in Method]: IResourceProviderServer[M] extends handleUnaryCall<infer Q, infer S>
    ? (request: Q) => Promise<S> | S
    : never;
};

const closeMs = 1_500;

export const definition = ResourceProviderService as unknown as ServiceDefinition;

/** `engineAddress` is what the engine gave on the command line; a plugin that is attached to learns it later. */
export class Service {
  #engine: Engine | undefined;
  #configuration: Configuration = { host: {} };
  readonly #calls = new Calls();
  readonly #noted = new Set<string>();
  /** Whether there may be connections to close. */
  #hasAsked = false;

  constructor(engineAddress: string | undefined) {
    if (engineAddress !== undefined) this.#talkTo(engineAddress);
  }

  implementation(): UntypedServiceImplementation {
    const methods = Object.entries(this.#methods);
    return {
      ...Object.fromEntries(methods.map(([name, method]) => [name, unary(method as (request: never) => unknown)])),
      list: streaming((request: ListRequest) => rooms.list().list(request, this.#help())),
    };
  }

  /** Idempotent: at Ctrl-C, at the end of a run, and before the process ends. */
  async cancel(): Promise<void> {
    await this.#calls.cancel();
    if (!this.#hasAsked) return;
    // A host that does not answer any more keeps nobody waiting.
    await Promise.race([rooms.context().closeEverything(), sleep(closeMs, undefined, { ref: false })]);
  }

  async close(): Promise<void> {
    await this.cancel();
    this.#engine?.close();
  }

  // The rooms below are loaded when they are needed: the first answer does not wait for SSH and libvirt.
  readonly #methods = {
    handshake: (request) => {
      this.#talkTo(request.getEngineAddress());
      const response = new ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      response.setAcceptOutputs(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    },
    attach: (request) => {
      this.#talkTo(request.getAddress());
      return new Empty();
    },
    getPluginInfo: () => {
      const info = new PluginInfo();
      info.setVersion(rooms.schema().version);
      return info;
    },
    getSchema: () => {
      const response = new GetSchemaResponse();
      response.setSchema(rooms.schema().schemaText());
      return response;
    },
    getMapping: () => new GetMappingResponse(),
    getMappings: () => new GetMappingsResponse(),
    checkConfig: (request) => rooms.providerSettings().checkConfig(request),
    diffConfig: (request) => rooms.providerSettings().diffConfig(request, this.#help()),
    configure: (request) => {
      const settings = rooms.values().fromStruct(request.getArgs());
      this.#configuration = rooms.configuration().configurationOf(settings, process.env);
      const response = new ConfigureResponse();
      // What an engine before the handshake asks here.
      response.setAcceptsecrets(true);
      response.setAcceptoutputs(true);
      response.setSupportspreview(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    },
    check: (request) => rooms.resources().check(request, this.#help()),
    diff: (request) => rooms.resources().diff(request, this.#help()),
    create: (request) => rooms.resources().create(request, this.#help()),
    read: (request) => rooms.resources().read(request, this.#help()),
    update: (request) => rooms.resources().update(request, this.#help()),
    delete: async (request) => {
      await rooms.resources().remove(request, this.#help());
      return new Empty();
    },
    invoke: (request) => rooms.invoke().invoke(request, this.#help()),
    cancel: async () => {
      await this.cancel();
      return new Empty();
    },
  } satisfies Partial<Requests>;

  #talkTo(address: string): void {
    this.#engine?.close();
    this.#engine = new Engine(address);
  }

  #help(): Help {
    const engine = this.#engine;
    return {
      configuration: this.#configuration,
      run: (urn, timeoutSeconds, work) => this.#run(engine, urn, timeoutSeconds, work, {}),
      look: (urn, timeoutSeconds, work) =>
        this.#run(engine, urn, timeoutSeconds, work, { maxAgeMs: rooms.context().readAgeMs }),
      note: (urn, message) => {
        const note = `${urn} ${message}`;
        if (!this.#noted.has(note)) engine?.say("info", message, urn);
        this.#noted.add(note);
      },
    };
  }

  async #run<T>(
    engine: Engine | undefined,
    urn: string,
    timeoutSeconds: number,
    work: (context: Context) => Promise<T>,
    options: { maxAgeMs?: number },
  ): Promise<T> {
    this.#hasAsked = true;
    const { createContext } = rooms.context();
    const timeoutMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 : defaultTimeoutMs;
    const log = reporterFor(engine, urn);
    try {
      return await this.#calls.run((signal) => work(createContext({ ...options, log, signal, timeoutMs })), timeoutMs);
    } finally {
      await log.done();
    }
  }
}

/** A method as gRPC calls it. */
function unary(method: (request: never) => unknown): handleUnaryCall<unknown, unknown> {
  return ({ request }, callback) => {
    Promise.resolve()
      .then(() => method(request as never))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(replyFor(error)),
      );
  };
}

/** The same for the one method that answers more than once. */
function streaming<Q>(method: (request: Q) => Promise<unknown[]>): handleServerStreamingCall<Q, unknown> {
  return (call) => {
    method(call.request).then(
      (answers) => {
        for (const answer of answers) call.write(answer);
        call.end();
      },
      (error: unknown) => call.emit("error", replyFor(error)),
    );
  };
}
