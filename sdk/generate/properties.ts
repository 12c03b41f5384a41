// The names of each resource's properties, so that a program need not load the models for them.
import { models } from "../../provider/resources/models.js";

export function propertiesText(): string {
  const lists = Object.entries(models).map(([name, { inputs, outputs }]) => {
    const names = [...new Set([...Object.keys(inputs.shape), ...Object.keys(outputs.shape)])];
    return `${name}: ${JSON.stringify(names)},`;
  });
  return `// Generated from the models by \`npm run schema\`: the inputs and outputs of each resource.
export const properties = {
${lists.join("\n")}
} as const;
`;
}
