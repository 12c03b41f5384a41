// The calls about resources: from the engine's messages to a lifecycle and back. What is decided, is decided there.
import {
  CheckFailure,
  type CheckRequest,
  CheckRequest as CheckRequests,
  CheckResponse,
  type CreateRequest,
  CreateResponse,
  type DeleteRequest,
  type DiffRequest,
  type DiffResponse,
  type ReadRequest,
  ReadResponse,
  type UpdateRequest,
  UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import type { Context, Failure, Outcome, Value, Values } from "../resources/lifecycle.js";
import { fromStored, toStored } from "../resources/stored-state.js";
import { type Configuration, namesHost, withHost, withHostOf } from "./configuration.js";
import { toDiffResponse } from "./differences.js";
import { PartlyDone } from "./failures.js";
import { hostOfId } from "./import-host.js";
import { previewed, settledOutputs } from "./previews.js";
import { type ResourceType, parseUrn, resourceType } from "./resource-types.js";
import { Secrets, fromStruct, toStruct } from "./values.js";

/** A reboot or a hand on the host can change any of our resources: the engine reads them before it compares. */
const refreshBeforeUpdate = true;

/** What a call of the engine's is answered with the help of. */
export type Help = {
  configuration: Configuration;
  /** Runs `work` as the resource's: bounded in time, cancellable, its messages shown with it. */
  run<T>(urn: string, timeoutSeconds: number, work: (context: Context) => Promise<T>): Promise<T>;
  /** The same for what writes nothing, and may share what others have just seen. */
  look<T>(urn: string, timeoutSeconds: number, work: (context: Context) => Promise<T>): Promise<T>;
  /** Says it once: the engine asks for the same difference more than once. */
  note(urn: string, message: string): void;
};

type Message = Parameters<typeof fromStruct>[0];

/** Names that start so are the protocol's, or were the dynamic adapter's. */
const plain = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith("__")));

const valuesOf = (message: Message, secrets: Secrets): Values => plain(fromStruct(message, secrets));

const stateOf = ({ lifecycle }: ResourceType, message: Message, secrets: Secrets): Values =>
  fromStored(lifecycle, valuesOf(message, secrets));

export async function check(request: CheckRequest, help: Help): Promise<CheckResponse> {
  const { urn, stack, token, name } = parseUrn(request.getUrn());
  const type = resourceType(token);
  const secrets = new Secrets();
  const olds = valuesOf(request.getOlds(), new Secrets());
  const news = withoutFacts(type, valuesOf(request.getNews(), secrets), olds);
  const isNew = Object.keys(olds).length === 0;
  const naming = autonaming(request, name);
  const { inputs, failures } = await help.look(urn, 0, (context) =>
    type.lifecycle.check(
      context,
      withHost(news, help.configuration),
      isNew ? undefined : withHost(olds, help.configuration),
      naming.name,
      stack,
    ),
  );
  const response = new CheckResponse();
  response.setInputs(toStruct(withHostOf(inputs, news), secrets));
  response.setFailuresList(
    [...failures, ...unnamed(type, news, isNew, naming.isDisabled)].map((failure) =>
      toFailure(namesHost(withHost(news, help.configuration)) ? failure : withHint(failure)),
    ),
  );
  return response;
}

/** An import gives back what it read: facts that a program does not state, and may not. */
function withoutFacts(type: ResourceType, news: Values, olds: Values): Values {
  const isFact = (name: string) => type.outputNames.includes(name) && !type.inputNames.includes(name);
  const isEcho = (name: string) => JSON.stringify(news[name]) === JSON.stringify(olds[name]);
  return Object.fromEntries(Object.entries(news).filter(([name]) => !(isFact(name) && isEcho(name))));
}

/** The name that defaults are made of: the stack's autonaming may have a pattern for it. */
function autonaming(request: CheckRequest, name: string): { name: string; isDisabled: boolean } {
  const options = request.getAutonaming();
  const isDisabled = options?.getMode() === CheckRequests.AutonamingOptions.Mode.DISABLE;
  return { name: (!isDisabled && options?.getProposedName()) || name, isDisabled };
}

function unnamed(type: ResourceType, news: Values, isNew: boolean, isDisabled: boolean): Failure[] {
  if (!isDisabled || !isNew || !type.inputNames.includes("name") || news["name"] !== undefined) return [];
  return [{ property: "name", reason: "required: autonaming is disabled for this stack" }];
}

const withHint = (failure: Failure): Failure =>
  failure.property === "host"
    ? {
        ...failure,
        reason: `${failure.reason} Or configure it for all resources: \`pulumi config set sriov:uri qemu+ssh://root@kvm1/system\`.`,
      }
    : failure;

export function toFailure({ property, reason }: Failure): CheckFailure {
  const failure = new CheckFailure();
  failure.setProperty(property);
  failure.setReason(reason);
  return failure;
}

export async function diff(request: DiffRequest, help: Help): Promise<DiffResponse> {
  const { urn, token } = parseUrn(request.getUrn());
  const type = resourceType(token);
  const secrets = new Secrets();
  const state = stateOf(type, request.getOlds(), secrets);
  const news = valuesOf(request.getNews(), secrets);
  const difference = type.lifecycle.diff(
    request.getId(),
    withHost(state, help.configuration),
    withHost(news, help.configuration),
  );
  const response = toDiffResponse({
    difference,
    state,
    news,
    oldInputs: valuesOf(request.getOldInputs(), secrets),
    ignoreChanges: request.getIgnorechangesList(),
  });
  response.setStablesList([...settledOutputs(type)]);
  if (response.getDiffsList().length > 0) for (const note of difference.notes) help.note(urn, note);
  return response;
}

export async function create(request: CreateRequest, help: Help): Promise<CreateResponse> {
  const { urn, token } = parseUrn(request.getUrn());
  const type = resourceType(token);
  const secrets = new Secrets();
  const inputs = valuesOf(request.getProperties(), secrets);
  const response = new CreateResponse();
  response.setRefreshBeforeUpdate(refreshBeforeUpdate);
  if (request.getPreview()) {
    response.setProperties(toStruct(toStored(type.lifecycle, previewed(type, inputs)), secrets));
    return response;
  }
  const outcome = await help.run(urn, request.getTimeout(), (context) =>
    type.lifecycle.create(context, withHost(inputs, help.configuration)),
  );
  response.setId(outcome.id);
  response.setProperties(finished(type, outcome, inputs, secrets));
  return response;
}

export async function update(request: UpdateRequest, help: Help): Promise<UpdateResponse> {
  const { urn, token } = parseUrn(request.getUrn());
  const type = resourceType(token);
  const secrets = new Secrets();
  const state = stateOf(type, request.getOlds(), secrets);
  const inputs = valuesOf(request.getNews(), secrets);
  const response = new UpdateResponse();
  response.setRefreshBeforeUpdate(refreshBeforeUpdate);
  if (request.getPreview()) {
    response.setProperties(toStruct(toStored(type.lifecycle, previewed(type, inputs, state)), secrets));
    return response;
  }
  const outcome = await help.run(urn, request.getTimeout(), (context) =>
    type.lifecycle.update(
      context,
      request.getId(),
      withHost(state, help.configuration),
      withHost(inputs, help.configuration),
    ),
  );
  response.setProperties(finished(type, outcome, inputs, secrets));
  return response;
}

/** The outputs of a finished call; throws what the engine records as a partial failure for a half-done one. */
function finished(type: ResourceType, outcome: Outcome<object>, inputs: Values, secrets: Secrets) {
  const properties = toStruct(toStored(type.lifecycle, withHostOf(outcome.state, inputs)), secrets);
  if (outcome.done) return properties;
  throw new PartlyDone(outcome.id, properties, toStruct(inputs, secrets), outcome.reasons, { refreshBeforeUpdate });
}

/** Refresh, `get` and import: the last two know the id and, of `get`, what the program says. */
export async function read(request: ReadRequest, help: Help): Promise<ReadResponse> {
  const { urn, token } = parseUrn(request.getUrn());
  const type = resourceType(token);
  const secrets = new Secrets();
  // What a program stated as secret stays one when it is read back.
  valuesOf(request.getInputs(), secrets);
  const state = stateOf(type, request.getProperties(), secrets);
  const known = withHost(state, help.configuration);
  const isRefresh = type.outputNames.every((name) => name !== "hostId" || state[name] !== undefined);
  const { host, isOwn }: { host: Value; isOwn: boolean } = isRefresh
    ? { host: known["host"], isOwn: state["host"] !== undefined }
    : hostOfId(request.getId(), state, help.configuration);
  const observed = await help.look(urn, request.getTimeout(), (context) =>
    type.lifecycle.read(context, request.getId(), { ...state, host }),
  );
  const response = new ReadResponse();
  if (!observed.here) return response;
  const stated: Values = isOwn ? { host: isRefresh ? state["host"] : ownPart(host, help.configuration) } : {};
  response.setId(observed.id);
  response.setProperties(toStruct(toStored(type.lifecycle, withHostOf(observed.state, stated)), secrets));
  response.setInputs(toStruct(withHostOf(observed.inputs, stated), secrets));
  response.setRefreshBeforeUpdate(refreshBeforeUpdate);
  return response;
}

/** What of an imported resource's host is not configured anyhow. */
function ownPart(host: Value, { host: configured }: Configuration): Values {
  const entries = Object.entries(host as Values).filter(
    ([name, value]) => name === "uri" || JSON.stringify(value) !== JSON.stringify(configured[name]),
  );
  return Object.fromEntries(entries);
}

export async function remove(request: DeleteRequest, help: Help): Promise<void> {
  const { urn, token } = parseUrn(request.getUrn());
  const type = resourceType(token);
  const state = stateOf(type, request.getProperties(), new Secrets());
  await help.run(urn, request.getTimeout(), (context) =>
    type.lifecycle.delete(context, request.getId(), withHost(state, help.configuration)),
  );
}
