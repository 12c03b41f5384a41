// `pulumi-sriov topology`: reads the host once, shows it as text or writes it as a picture.
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { SriovError } from "../../base/errors.js";
import { readInventory } from "../../functions/inventory.js";
import type { HostInputs } from "../../resources/host-inputs.js";
import type { Io } from "../io.js";
import type * as picture from "./picture.js";
import { topologyOf } from "./topology.js";
import { treeText } from "./tree.js";

/** The layout is loaded for a picture only. */
const loadPicture = () => createRequire(__filename)("./picture.js") as typeof picture;

export async function topology(io: Io, host: HostInputs, files: { svg?: string; html?: string }): Promise<void> {
  const context = io.context();
  const topology = topologyOf(await readInventory(await context.connect(host), context));
  const file = files.svg ?? files.html;
  if (file === undefined) {
    io.stdout.write(treeText(topology));
    return;
  }
  const { pictureOf, svgText, htmlText } = loadPicture();
  const picture = pictureOf(topology);
  const text = files.svg === undefined ? htmlText(picture, topology.host) : svgText(picture, topology.host);
  try {
    await writeFile(resolve(io.cwd, file), text);
  } catch (cause) {
    throw new SriovError("invalid-input", `Failed to write ${file}: ${(cause as Error).message}`, { cause });
  }
  io.stderr.write(`Wrote ${file}.\n`);
}
