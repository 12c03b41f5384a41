// `npm run bench`: every benchmark, one after the other; what each saw, and in the end all figures.
//   --only NAME    one of them (again for more)
//   --json FILE    all figures as one flat object
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { explain } from "../../provider/base/errors.js";
import { attach } from "./attach.js";
import { fleets } from "./fleet/index.js";
import { endurance } from "./endurance/index.js";
import { faults } from "./faults/index.js";
import { host33 } from "./host33/index.js";
import { libvirtRpc } from "./libvirt-rpc.js";
import type { Figures, Part } from "./part.js";
import { startup } from "./startup.js";
import { xdr } from "./xdr.js";

const parts: Part[] = [xdr, startup, attach, libvirtRpc, host33, ...fleets, endurance, faults];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: "string", multiple: true }, json: { type: "string" } } });
  const unknown = values.only?.find((name) => !parts.some((part) => part.name === name));
  if (unknown !== undefined) {
    throw new Error(`no benchmark "${unknown}": expected ${parts.map(({ name }) => name).join(", ")}`);
  }
  const figures: Figures = {};
  for (const part of parts) {
    if (values.only && !values.only.includes(part.name)) continue;
    process.stdout.write(`\n== ${part.name}: ${part.title}\n`);
    const found = await part.run((line) => process.stdout.write(`${line}\n`));
    for (const [name, value] of Object.entries(found)) figures[`${part.name}.${name}`] = Number(value.toPrecision(4));
  }
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  process.stdout.write("\n");
  for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`\n${explain(error)}\n`);
  process.exitCode = 1;
});
