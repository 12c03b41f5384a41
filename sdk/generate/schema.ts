// The part of JSON Schema that zod makes of our models, and the one way to get it.
import { z } from "zod";

export type Schema = {
  type?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  /** Of a record: what its values are. */
  additionalProperties?: Schema | boolean;
};

export function schemaOf(model: z.ZodType): Schema {
  return z.toJSONSchema(model, { io: "input", unrepresentable: "any", reused: "inline" }) as Schema;
}
