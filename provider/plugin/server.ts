// The gRPC server around the service: on a port of this machine's own choosing, for this machine alone.
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { type Service, definition } from "./service.js";

/** As the engine's own: a state with thousands of VFs is a large message. */
const maxMessageBytes = 400 * 1024 * 1024;

export type RunningServer = {
  port: number;
  /** Ends what is under way and all connections. */
  stop(): Promise<void>;
};

export async function startServer(service: Service): Promise<RunningServer> {
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
  });
  server.addService(definition, service.implementation());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    stop: async () => {
      await service.close();
      server.forceShutdown();
    },
  };
}
