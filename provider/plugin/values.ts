// Values as the engine sends them to a plugin: a protobuf Struct in which a secret, an output and "not known yet" are marked
// with magic strings (pulumi: sdk/go/common/resource/plugin/rpc.go). A lifecycle sees plain values; what was secret on the
// way in is marked again on the way out.
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { isCredential } from "../resources/credentials.js";
import { type Value, type Values, isUnknown, unknown } from "../resources/lifecycle.js";

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** What stands for a value that is not known: one for each type. We answer with the string's. */
const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const unknownSentinels: ReadonlySet<unknown> = new Set([
  unknownString,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // bool
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

/** What was marked as secret: by its place, and, for text, wherever else it turns up. */
export class Secrets {
  readonly #paths = new Set<string>();
  readonly #texts = new Set<string>();

  add(path: readonly string[], value: Value): void {
    this.#paths.add(path.join("\n"));
    this.#remember(value);
  }

  has(path: readonly string[], value: Value): boolean {
    if (this.#paths.has(path.join("\n"))) return true;
    if (typeof value !== "string" || value === "") return false;
    return this.#texts.has(value) || isCredential(path);
  }

  #remember(value: Value): void {
    // A short text, such as a VLAN's number or a name, turns up by chance.
    if (typeof value === "string" && value.length >= 8) this.#texts.add(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach((item) => this.#remember(item));
  }
}

/** `secrets` collects what is marked; the same object may collect from several structs. */
export function fromStruct(struct: Struct | undefined, secrets: Secrets = new Secrets()): Values {
  return (struct ? decode(struct.toJavaScript(), [], secrets) : {}) as Values;
}

/** Without `undefined`, which a Struct cannot hold. */
export function toStruct(values: object, secrets: Secrets = new Secrets()): Struct {
  return Struct.fromJavaScript(encodeFields(values as Values, [], secrets) as never);
}

function decode(value: Value, path: readonly string[], secrets: Secrets): Value {
  if (unknownSentinels.has(value)) return unknown;
  if (Array.isArray(value)) return value.map((item, place) => decode(item, [...path, String(place)], secrets));
  if (typeof value !== "object" || value === null) return value ?? undefined;
  const { [signature]: kind, value: inner, secret } = value;
  if (kind === secretSignature || kind === outputSignature) {
    const plain = inner === undefined ? unknown : decode(inner, path, secrets);
    if (kind === secretSignature || secret === true) secrets.add(path, plain);
    return plain;
  }
  const fields = Object.entries(value).map(([key, item]) => [key, decode(item, [...path, key], secrets)] as const);
  return Object.fromEntries(fields.filter(([, item]) => item !== undefined));
}

/** Without `secrets` nothing is marked: within a secret all is secret. */
function encode(value: Value, path: readonly string[], secrets: Secrets | undefined): Value {
  if (secrets?.has(path, value)) return { [signature]: secretSignature, value: encode(value, path, undefined) };
  if (isUnknown(value)) return unknownString;
  if (Array.isArray(value)) return value.map((item, place) => encode(item ?? null, [...path, String(place)], secrets));
  if (typeof value === "object" && value !== null) return encodeFields(value, path, secrets);
  return value;
}

function encodeFields(values: Values, path: readonly string[], secrets: Secrets | undefined): Values {
  const known = Object.entries(values).filter(([, item]) => item !== undefined);
  return Object.fromEntries(known.map(([key, item]) => [key, encode(item, [...path, key], secrets)]));
}
