// Where Pulumi's language host for YAML programs comes from: the machine, our cache, or a build from the Go module proxy (half a
// minute of a machine that has built the CLI). It is apart from the CLI, so that neither is built again for the other.
import { dirname, join } from "node:path";
import { type BuiltOnceOptions, builtOnce } from "./built-once.js";
import { findExecutable } from "./executables.js";
import { buildExecutables, yamlHost } from "./pulumi-build.js";

/** The folder to put on PATH. */
export async function ensurePulumiYaml(options: BuiltOnceOptions = {}): Promise<string> {
  const found = await findExecutable(yamlHost.name, (options.env ?? process.env).PATH);
  if (found !== undefined) return dirname(found);
  const { version } = yamlHost;
  const folder = await builtOnce(
    {
      name: "pulumi-yaml",
      version,
      ingredients: yamlHost,
      build: (root, report, env) => buildExecutables([yamlHost], root, report, env),
    },
    options,
  );
  return join(folder, "bin");
}
