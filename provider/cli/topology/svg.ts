// The picture as SVG, and as a page for a browser: light and dark, without a font, a script or an image from elsewhere. Pure.
import {
  type Box,
  type Line,
  type Picture,
  type Wire,
  characterWidth,
  fontSize,
  lineHeight,
  margin,
  padding,
  shapeSize,
} from "./layout.js";
import type { State } from "./topology.js";
import { meanings } from "./words.js";

/** In a square from -6 to 6. What is filled is in use, or runs; `open` shapes are drawn as an outline. */
const drawings: { [state in State]: { path: string; colour: string; open?: true } } = {
  "pf-up": { path: "M0 -6 L6 5 L-6 5 Z", colour: "good" },
  "pf-no-link": { path: "M0 -6 L6 5 L-6 5 Z", colour: "warn", open: true },
  "pf-down": { path: "M0 6 L6 -5 L-6 -5 Z", colour: "bad", open: true },
  "vf-free": { path: "M5 0 A5 5 0 1 0 -5 0 A5 5 0 1 0 5 0 Z", colour: "idle", open: true },
  "vf-vm": { path: "M5.5 0 A5.5 5.5 0 1 0 -5.5 0 A5.5 5.5 0 1 0 5.5 0 Z", colour: "used" },
  "vf-host": { path: "M-5 -5 H5 V5 H-5 Z", colour: "warn" },
  "vf-process": { path: "M-2 -6 H2 V-2 H6 V2 H2 V6 H-2 V2 H-6 V-2 H-2 Z", colour: "other" },
  running: { path: "M-5 -6 L6 0 L-5 6 Z", colour: "good" },
  stopped: { path: "M-5 -5 H5 V5 H-5 Z", colour: "idle", open: true },
  stale: { path: "M0 -6 L6 0 L0 6 L-6 0 Z", colour: "bad" },
};

// The colours of Okabe and Ito, which the colour-blind can tell apart.
const style = `
  svg { --back: #ffffff; --text: #1b1f24; --line: #8a929c; --box: #f6f7f9; --good: #007a5a; --used: #0068a8; --warn: #a86400;
    --bad: #c24400; --idle: #6b737c; --other: #9c3f78; }
  @media (prefers-color-scheme: dark) {
    svg { --back: #15181c; --text: #e8eaed; --line: #7d8590; --box: #20252b; --good: #35c79a; --used: #6db8ee; --warn: #f0b23c;
      --bad: #ff8a4c; --idle: #9aa2ab; --other: #e08fc0; }
  }
  .back { fill: var(--back); }
  text { font: ${fontSize}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--text); }
  .bold { font-weight: bold; }
  rect.box { fill: var(--box); stroke: var(--line); }
  rect.stopped { stroke-dasharray: 4 3; }
  path.wire { fill: none; stroke: var(--line); }
  path.used { stroke: var(--used); stroke-width: 2; }
  path.unused { stroke-dasharray: 4 4; }
`;

export function svgText(picture: Picture, hostName: string): string {
  const legend = legendOf(picture);
  const height = picture.height + legend.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${picture.width}" height="${height}" viewBox="0 0 ${picture.width} ${height}" role="img" aria-label="SR-IOV on ${escape(hostName)}">`,
    `<style>${style}</style>`,
    `<rect class="back" width="100%" height="100%"/>`,
    ...picture.wires.map((wire) => wireText(wire, picture)),
    ...picture.boxes.map(boxText),
    ...legend.parts,
    "</svg>",
    "",
  ].join("\n");
}

export const htmlText = (picture: Picture, hostName: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>SR-IOV on ${escape(hostName)}</title>
<style>
  :root { color-scheme: light dark; }
  body { margin: 0; background: #ffffff; }
  @media (prefers-color-scheme: dark) { body { background: #15181c; } }
  svg { display: block; margin: 0 auto; max-width: 100%; height: auto; }
</style>
</head>
<body>
${svgText(picture, hostName)}</body>
</html>
`;

function boxText(box: Box): string {
  const { x, y, width, height, state, lines, kind, more = [] } = box;
  const top = y + (height - lines.length * lineHeight) / 2;
  const left = x + padding + (kind === "host" ? 0 : shapeSize);
  const stopped = state === "stopped" || state === "pf-down" ? " stopped" : "";
  const shape = state === undefined ? [] : [shapeText(state, x + padding + 6, top + lineHeight / 2)];
  const told = [...(state === undefined ? [] : [meanings[state]]), ...lines.map(({ text }) => text), ...more];
  return [
    `<g data-id="${escape(box.id)}"><title>${escape(told.join("\n"))}</title>`,
    `<rect class="box${stopped}" x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="4"/>`,
    ...shape,
    ...lines.map((line, i) => textAt(line, left, top + i * lineHeight)),
    "</g>",
  ].join("");
}

function shapeText(state: State, x: number, y: number): string {
  const { path, colour, open } = drawings[state];
  const paint = open ? `fill="none" stroke="var(--${colour})" stroke-width="1.8"` : `fill="var(--${colour})"`;
  return `<path data-state="${state}" d="${path}" transform="translate(${n(x)} ${n(y)})" ${paint}/>`;
}

/** `textLength` makes it as wide as it was reckoned to be, in every font. */
function textAt({ text, bold }: Line, left: number, top: number): string {
  const width = n(text.length * characterWidth);
  const baseline = n(top + lineHeight / 2 + fontSize * 0.36);
  return `<text${bold ? ' class="bold"' : ""} x="${n(left)}" y="${baseline}" textLength="${width}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escape(text)}</text>`;
}

function wireText({ from, to, solid, points }: Wire, { boxes }: Picture): string {
  const start = boxes.find(({ id }) => id === from);
  const end = boxes.find(({ id }) => id === to);
  if (!start || !end) return "";
  // Between neighbouring columns nothing is in the way.
  const between = points.length > 3 ? points.slice(1, -1) : [];
  const all = [
    { x: start.x + start.width, y: start.y + start.height / 2 },
    ...between,
    { x: end.x, y: end.y + end.height / 2 },
  ];
  const curves = all.slice(1).map((point, i) => {
    const before = all[i] ?? point;
    const middle = n((before.x + point.x) / 2);
    return `C${middle} ${n(before.y)} ${middle} ${n(point.y)} ${n(point.x)} ${n(point.y)}`;
  });
  const kind = start.kind === "host" || start.kind === "pf" ? "" : solid ? " used" : " unused";
  return `<path class="wire${kind}" d="M${n(all[0]?.x ?? 0)} ${n(all[0]?.y ?? 0)}${curves.join("")}"/>`;
}

/** The shapes that the picture has, and what the lines mean; as many in a row as fit. */
function legendOf(picture: Picture): { parts: string[]; height: number } {
  const states = (Object.keys(drawings) as State[]).filter((state) => picture.boxes.some((box) => box.state === state));
  const parts: string[] = [];
  let x = margin;
  let y = picture.height;
  const place = (text: string, shape: (x: number, y: number) => string) => {
    const width = shapeSize + text.length * characterWidth + 2 * padding;
    if (x > margin && x + width > picture.width - margin) {
      x = margin;
      y += lineHeight;
    }
    parts.push(shape(x + 6, y + lineHeight / 2), textAt({ text, bold: false }, x + shapeSize, y));
    x += width;
  };
  for (const state of states) place(meanings[state], (left, top) => shapeText(state, left, top));
  const sample = (kind: string) => (left: number, top: number) =>
    `<path class="wire ${kind}" d="M${n(left - 6)} ${n(top)} h14"/>`;
  if (picture.wires.some(({ solid }) => solid)) place("in use", sample("used"));
  if (picture.wires.some(({ solid }) => !solid)) place("not in use", sample("unused"));
  return { parts, height: y - picture.height + lineHeight + margin };
}

const n = (number: number): string => String(Math.round(number * 10) / 10);

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
