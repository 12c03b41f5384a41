// What may be configured of the provider: the fields of a resource's `host`, flat, so that `pulumi config set sriov:sshUser root`
// does; made of the host's model, so that a new field of `host` is a new setting.
import { z } from "zod";
import { isCredential } from "../resources/credentials.js";
import { hostModel } from "../resources/host-inputs.js";

export type ConfigurationKey = {
  /** `uri`, `sshUser` */
  name: string;
  /** Where it is in `host`: `["ssh", "user"]` */
  path: readonly string[];
  model: z.ZodType;
  /** `SRIOV_SSH_USER`: what holds when nothing is configured. Read where the plugin runs, so never in state. */
  environment: string;
  isSecret: boolean;
  description: string;
};

export const configurationKeys: readonly ConfigurationKey[] = keysOf(hostModel, []);

function keysOf(model: z.ZodObject, path: readonly string[]): ConfigurationKey[] {
  return Object.entries(model.shape).flatMap(([key, field]): ConfigurationKey[] => {
    const inner = withoutOptional(field as z.ZodType);
    if (inner instanceof z.ZodObject) return keysOf(inner, [...path, key]);
    const place = [...path, key];
    const name = place.map((part, i) => (i === 0 ? part : part.charAt(0).toUpperCase() + part.slice(1))).join("");
    const environment = `SRIOV_${place.map((part) => part.replace(/[A-Z]/g, "_$&").toUpperCase()).join("_")}`;
    const described = (field as z.ZodType).description ?? inner.description ?? "";
    return [
      {
        name,
        path: place,
        model: inner,
        environment,
        isSecret: isCredential(["host", ...place]),
        description: `${described} For resources that do not say otherwise. Environment: \`${environment}\`.`,
      },
    ];
  });
}

function withoutOptional(model: z.ZodType): z.ZodType {
  return model instanceof z.ZodOptional || model instanceof z.ZodDefault
    ? withoutOptional(model.unwrap() as z.ZodType)
    : model;
}
