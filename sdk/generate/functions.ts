// The functions as TypeScript text: getX for plain arguments, getXOutput for those that may be outputs.
import { functions } from "../../provider/functions/registry.js";
import { schemaOf } from "./schema.js";

const pascal = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function functionsText(): string {
  const names = Object.keys(functions).sort();
  const types = names.flatMap((name) => [`${pascal(name)}Args`, `${pascal(name)}OutputArgs`, `${pascal(name)}Result`]);
  const made = names.map((name) => {
    const { description = "" } = schemaOf(functions[name as keyof typeof functions].result);
    const doc = description.replaceAll("*/", "*\\/");
    return `/** ${doc} */
export function ${name}(args: ${pascal(name)}Args): Promise<${pascal(name)}Result> {
  return ask("${name}", args);
}

/** \`${name}\` for arguments that may be outputs: asks when they are known. */
export function ${name}Output(args: ${pascal(name)}OutputArgs): pulumi.Output<${pascal(name)}Result> {
  return askOutput("${name}", args);
}
`;
  });
  return [
    "// Made from the models of provider/functions by sdk/generate (`npm run schema`). Do not edit.",
    'import type * as pulumi from "@pulumi/pulumi";',
    'import { ask, askOutput } from "./ask.js";',
    `import type { ${types.join(", ")} } from "./types.gen.js";`,
    "",
    ...made,
  ].join("\n");
}
