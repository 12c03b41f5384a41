// What the doctor found, as text for a person. Pure.
import type { FunctionResult } from "../../functions/registry.js";
import { countOf } from "../topology/words.js";

type Answer = FunctionResult<"getHost">;
type Finding = Answer["findings"][number];
export type Style = "bold" | "dim" | "red" | "yellow" | "blue" | "green";
/** Without colour it answers the text as it is. */
export type Paint = (style: Style, text: string) => string;

const marks: { [severity in Finding["severity"]]: { shape: string; style: Style } } = {
  error: { shape: "✖", style: "red" },
  warning: { shape: "▲", style: "yellow" },
  info: { shape: "ℹ", style: "blue" },
};

const width = 100;

export function reportText(hostName: string, answer: Answer, paint: Paint): string {
  const { findings, libvirtVersion, iommuActive } = answer;
  const counts = (Object.keys(marks) as Finding["severity"][]).flatMap((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return number === 0 ? [] : [severity === "info" ? `${number} to know` : countOf(number, severity)];
  });
  const facts = [
    libvirtVersion === undefined ? "libvirt does not answer" : `libvirt ${libvirtVersion}`,
    ...(iommuActive === undefined ? [] : [iommuActive ? "IOMMU active" : "no IOMMU"]),
  ];
  const verdict = findings.length === 0 ? paint("green", "nothing keeps its VMs from having VFs") : counts.join(", ");
  const head = `${paint("bold", hostName)}: ${verdict} (${facts.join(", ")})`;
  return `${[head, ...findings.map((finding) => findingText(finding, paint))].join("\n\n")}\n`;
}

function findingText(
  { severity, id, about, seen, why, remedy, command, hostSetup, documentation }: Finding,
  paint: Paint,
) {
  const { shape, style } = marks[severity];
  const title = `${paint(style, `${shape} ${severity}`)}  ${paint("bold", id)}${about === undefined ? "" : `  ${about}`}`;
  const rows: [string, string[]][] = [
    ["seen", seen],
    ["why", wrapped(why)],
    ["do", [...wrapped(remedy), ...(command === undefined ? [] : command.split("\n").map((line) => `$ ${line}`))]],
    ["or", hostSetup === undefined ? [] : [`new sriov.HostSetup(..., ${inputsText(hostSetup)})`]],
    ["more", [documentation]],
  ];
  const lines = rows.flatMap(([name, texts]) =>
    texts.map((text, i) => `  ${paint("dim", (i === 0 ? name : "").padEnd(5))} ${text}`),
  );
  return [title, ...lines].join("\n");
}

const inputsText = (inputs: object): string =>
  `{ host, ${Object.entries(inputs)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(", ")} }`;

/** At words; what has no spaces stays whole. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
