// The calls about the provider itself: its settings, and whether other settings mean other machines.
import { type CheckRequest, CheckResponse, type DiffRequest, DiffResponse } from "@pulumi/pulumi/proto/provider_pb";
import { explain } from "../base/errors.js";
import { holdsCredential } from "../resources/credentials.js";
import { type HostInputs, hostName } from "../resources/host-inputs.js";
import type { Context, Values } from "../resources/lifecycle.js";
import { changedSettings, checkConfiguration, configurationOf } from "./configuration.js";
import { configurationKeys } from "./configuration-keys.js";
import { type Help, toFailure } from "./resources.js";
import { Secrets, fromStruct, toStruct } from "./values.js";

export function checkConfig(request: CheckRequest): CheckResponse {
  const secrets = new Secrets();
  const settings = fromStruct(request.getNews(), secrets);
  // A key is a secret also where a program forgot to say so.
  for (const { name, path } of configurationKeys) {
    if (holdsCredential(settings[name], ["host", ...path])) secrets.add([name], settings[name]);
  }
  const response = new CheckResponse();
  response.setInputs(toStruct(settings, secrets));
  response.setFailuresList(checkConfiguration(settings).map(toFailure));
  return response;
}

/**
 * Other settings are an update, unless they lead to another machine: then every resource is replaced, and the old ones are
 * deleted with the old settings.
 */
export async function diffConfig(request: DiffRequest, help: Help): Promise<DiffResponse> {
  const olds = fromStruct(request.getOldInputs() ?? request.getOlds());
  const news = fromStruct(request.getNews());
  const changed = changedSettings(olds, news);
  const response = new DiffResponse();
  // The engine goes on with the old settings where nothing changed.
  response.setChanges(changed.length > 0 ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE);
  response.setDiffsList(changed);
  if (changed.includes("uri") && (await areOtherMachines(request.getUrn(), olds, news, help))) {
    response.setReplacesList(["uri"]);
  }
  return response;
}

async function areOtherMachines(urn: string, olds: Values, news: Values, help: Help): Promise<boolean> {
  const [before, now] = [olds, news].map((settings) => configurationOf(settings, process.env).host);
  const areKnown = [before, now].every((host) => typeof host?.["uri"] === "string");
  if (!areKnown || [...checkConfiguration(olds), ...checkConfiguration(news)].length > 0) return false;
  const hosts = [before, now] as unknown as [HostInputs, HostInputs];
  if (hostName(hosts[0]).toLowerCase() === hostName(hosts[1]).toLowerCase()) return false;
  return help.run(urn, 0, async (context) => {
    const [old, new_] = await Promise.all(hosts.map((host) => machineId(context, host)));
    return old !== undefined && new_ !== undefined && old !== new_;
  });
}

/** Undefined, with a warning, when the host cannot be asked: nothing is replaced on a guess. */
async function machineId(context: Context, host: HostInputs): Promise<string | undefined> {
  try {
    return (await context.connect(host)).machineId;
  } catch (error) {
    context.log.warn(`${host.uri} cannot be asked whether it is another machine than before: ${explain(error)}`);
    return undefined;
  }
}
