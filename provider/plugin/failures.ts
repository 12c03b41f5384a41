// How a failed call reaches the engine: a gRPC status, or, where something was made, what it has to keep of it.
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { type Kind, explain, isSriovError } from "../base/errors.js";

/**
 * The engine decides nothing on the code, with two exceptions that have to be avoided: UNAVAILABLE is taken for a plugin that
 * died, UNIMPLEMENTED for a method that is missing.
 */
const codes: Record<Kind, status> = {
  "invalid-input": status.INVALID_ARGUMENT,
  unsupported: status.FAILED_PRECONDITION,
  refused: status.FAILED_PRECONDITION,
  "not-found": status.NOT_FOUND,
  conflict: status.FAILED_PRECONDITION,
  "permission-denied": status.PERMISSION_DENIED,
  unreachable: status.FAILED_PRECONDITION,
  timeout: status.DEADLINE_EXCEEDED,
  interrupted: status.ABORTED,
  mismatch: status.FAILED_PRECONDITION,
  "remote-failure": status.FAILED_PRECONDITION,
  bug: status.INTERNAL,
};

type Reply = Pick<ServiceError, "code" | "details" | "metadata">;

/** Thrown for what was made, but not whole: the engine keeps it and goes on with it at the next `up`. */
export class PartlyDone extends Error {
  constructor(
    readonly id: string,
    readonly properties: Struct,
    readonly inputs: Struct,
    readonly reasons: string[],
    readonly options: { refreshBeforeUpdate: boolean },
  ) {
    super(reasons.join("\n"));
  }
}

export function replyFor(error: unknown): Reply {
  if (error instanceof PartlyDone) return partlyDone(error);
  const code = isSriovError(error) ? codes[error.kind] : status.INTERNAL;
  // A programming error keeps its stack: a report needs it.
  const details = isSriovError(error) || !(error instanceof Error) ? explain(error) : (error.stack ?? error.message);
  return { code, details, metadata: new Metadata() };
}

function partlyDone({ id, properties, inputs, reasons, options, message }: PartlyDone): Reply {
  const failed = new ErrorResourceInitFailed();
  failed.setId(id);
  failed.setProperties(properties);
  failed.setInputs(inputs);
  failed.setReasonsList(reasons);
  failed.setRefreshBeforeUpdate(options.refreshBeforeUpdate);
  const detail = new Any();
  detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const full = new Status();
  full.setCode(status.UNKNOWN);
  full.setMessage(message);
  full.setDetailsList([detail]);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(full.serializeBinary()));
  return { code: status.UNKNOWN, details: message, metadata };
}
