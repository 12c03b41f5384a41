// The package's schema: what SDKs and the registry are made of. Written by `npm run schema` from the models.
import schema from "./schema.gen.json";

export const { version } = schema;

export const schemaText = (): string => JSON.stringify(schema);
