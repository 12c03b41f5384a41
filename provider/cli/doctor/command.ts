// `pulumi-sriov doctor`: asks getHost, and says it to a person or as JSON. Answers the exit code.
import { callFunction } from "../../functions/registry.js";
import { type HostInputs, hostName } from "../../resources/host-inputs.js";
import { type Io, exitCodes, hasColour } from "../io.js";
import { type Paint, type Style, reportText } from "./report.js";

// ECMA-48: SGR.
const codes: { [style in Style]: [number, number] } = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
};
const inColour: Paint = (style, text) => `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m`;
const plain: Paint = (_style, text) => text;

export async function doctor(io: Io, host: HostInputs, options: { json: boolean }): Promise<number> {
  const answer = await callFunction("getHost", io.context(), { host });
  const text = options.json
    ? `${JSON.stringify(answer, null, 2)}\n`
    : reportText(hostName(host), answer, hasColour(io) ? inColour : plain);
  io.stdout.write(text);
  return answer.healthy ? exitCodes.done : exitCodes.findings;
}
