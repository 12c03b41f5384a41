// Metadata of other tools, as a program states it: whether it is XML, in which namespace, and whether the network has it.
import { kindOf } from "../../base/errors.js";
import { metadataNamespace, normalized } from "../../libvirt/xml/metadata.js";
import { ownershipNamespace } from "../../libvirt/xml/ownership.js";
import type { Failure, Value } from "../lifecycle.js";
import type { MetadataInputs } from "./model.js";

/** Of the namespaces that the program names. */
export const isMetadata = (now: readonly MetadataInputs[] | undefined, wanted: readonly MetadataInputs[]): boolean =>
  wanted.every(({ uri, xml }) => normalized(now?.find((one) => one.uri === uri)?.xml ?? "") === normalized(xml));

export function metadataFailures(metadata: Value): Failure[] {
  if (!Array.isArray(metadata)) return [];
  return metadata.flatMap((item, place) => {
    if (typeof item !== "object" || item === null || Array.isArray(item)) return [];
    const { uri, xml } = item;
    const path = `metadata[${place}]`;
    if (uri === ownershipNamespace) {
      return [{ property: `${path}.uri`, reason: `expected another namespace, got "${uri}": that is our own mark` }];
    }
    if (typeof uri !== "string" || typeof xml !== "string" || xml.trim() === "") return [];
    const found = namespaceIn(xml);
    if (found === uri) return [];
    const got = found === "no XML" ? "no XML" : found === undefined ? "one without a namespace" : `one in "${found}"`;
    return [{ property: `${path}.xml`, reason: `expected one element in the namespace "${uri}", got ${got}` }];
  });
}

function namespaceIn(xml: string): string | undefined {
  try {
    return metadataNamespace(xml);
  } catch (error) {
    if (kindOf(error) === undefined) throw error;
    return "no XML";
  }
}
