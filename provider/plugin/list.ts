// What a host has that an import could take over, as the engine lists it: `pulumi do sriov:index:VfConfig list`.
import { type ListRequest, ListResponse } from "@pulumi/pulumi/proto/provider_pb";
import { SriovError } from "../base/errors.js";
import { findImportable } from "../functions/importable.js";
import type { HostInputs } from "../resources/host-inputs.js";
import { hasUnknown, parseModel } from "../resources/model-failures.js";
import { withHost } from "./configuration.js";
import { listModels } from "./list-models.js";
import { resourceType } from "./resource-types.js";
import type { Help } from "./resources.js";
import { fromStruct } from "./values.js";

/** The answers in their order: each resource, and where there are more than a page, how to ask for the rest. */
export async function list(request: ListRequest, help: Help): Promise<ListResponse[]> {
  const { name } = resourceType(request.getToken());
  const query = withHost(fromStruct(request.getQuery()), help.configuration);
  if (hasUnknown(query)) return [unknownAnswer()];
  const { failures } = parseModel(listModels[name], query);
  if (failures.length > 0) {
    const said = failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
    throw new SriovError("invalid-input", said, {
      remedy: "The host is the provider's too: SRIOV_URI=qemu+ssh://root@kvm1/system in the environment.",
    });
  }
  const found = await help.look("", 0, async (context) => {
    const { resources, notes } = await findImportable(context, query["host"] as unknown as HostInputs, [name]);
    // Not as information: the CLI would print it among the answers.
    for (const note of notes) context.log.warn(note);
    return resources;
  });
  const { domain } = query;
  const matching = found
    .filter(({ inputs }) => domain === undefined || inputs["domain"] === domain)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return pageOf(matching, request);
}

/** A page's token is where the next one begins: what is there is asked anew for each. */
export function pageOf(found: readonly { id: string; name: string }[], request: ListRequest): ListResponse[] {
  const limit = request.getLimit() > 0 ? Math.min(request.getLimit(), found.length) : found.length;
  const start = Number(request.getContinuationToken() || "0");
  if (!Number.isInteger(start) || start < 0) {
    throw new SriovError("invalid-input", `no such page: ${JSON.stringify(request.getContinuationToken())}`);
  }
  const end = request.getPageSize() > 0 ? Math.min(start + request.getPageSize(), limit) : limit;
  const answers = found.slice(start, end).map(({ id, name }) => {
    const result = new ListResponse.Result();
    result.setId(id);
    result.setName(name);
    return new ListResponse().setResult(result);
  });
  if (end >= limit) return answers;
  const continuation = new ListResponse.Continuation();
  continuation.setContinuationToken(String(end));
  return [...answers, new ListResponse().setContinuation(continuation)];
}

const unknownAnswer = (): ListResponse => new ListResponse().setComputed(new ListResponse.Computed());
