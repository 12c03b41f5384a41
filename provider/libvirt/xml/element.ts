// XML as plain values: elements with attributes and children, parsed strictly (saxes), written the way libvirt writes.
// Comments go, CDATA becomes text, prefixes stay as they are written.
import { SaxesParser } from "saxes";
import { SriovError } from "../../base/errors.js";

export type XmlNode = XmlElement | string;
export type XmlElement = {
  readonly name: string;
  readonly attributes: { readonly [name: string]: string };
  readonly children: readonly XmlNode[];
};

type Attributes = { readonly [name: string]: string | number | undefined };

/** Attributes and children that are undefined are left out: optional parts need no `if`. */
export function element(
  name: string,
  attributes: Attributes = {},
  children: readonly (XmlNode | undefined)[] = [],
): XmlElement {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return {
    name,
    attributes: Object.fromEntries(given.map(([key, value]) => [key, String(value)])),
    children: children.filter((child) => child !== undefined),
  };
}

/** An element that holds text, or undefined for undefined text. */
export const textElement = (name: string, text: string | undefined): XmlElement | undefined =>
  text === undefined ? undefined : element(name, {}, [text]);

/** Throws `remote-failure` when `text` is not XML or its root is not `root`; any root will do when none is named. */
export function parseXml(text: string, root?: string): XmlElement {
  const expected = root === undefined ? "an element" : `a <${root}>`;
  const top: XmlNode[] = [];
  const open: { name: string; attributes: { [name: string]: string }; children: XmlNode[] }[] = [];
  const add = (node: XmlNode) => (open.at(-1)?.children ?? top).push(node);
  const parser = new SaxesParser();
  parser.on("error", (cause) => {
    throw new SriovError("remote-failure", `expected the XML of ${expected}: ${cause.message}`, { cause });
  });
  parser.on("opentag", ({ name, attributes }) => open.push({ name, attributes: { ...attributes }, children: [] }));
  parser.on("closetag", () => {
    const closed = open.pop();
    if (closed) add({ ...closed, children: withoutLayout(closed.children) });
  });
  parser.on("text", (part) => open.length > 0 && add(part));
  parser.on("cdata", add);
  parser.write(text).close();
  const [found] = top;
  if (typeof found === "object" && (root === undefined || found.name === root)) return found;
  const got = typeof found === "object" ? `<${found.name}>` : "nothing";
  throw new SriovError("remote-failure", `expected the XML of ${expected}, got ${got}`);
}

/** Between elements, white space is layout; beside text it is text. */
function withoutLayout(children: XmlNode[]): XmlNode[] {
  const isLayout = (node: XmlNode) => typeof node === "string" && node.trim() === "";
  const hasElements = children.some((child) => typeof child === "object");
  const isMixed = children.some((child) => typeof child === "string" && !isLayout(child));
  return hasElements && !isMixed ? children.filter((child) => !isLayout(child)) : children;
}

export function formatXml(root: XmlElement, indent = ""): string {
  const attributes = Object.entries(root.attributes).map(([name, value]) => ` ${name}='${escapeAttribute(value)}'`);
  const start = `${indent}<${root.name}${attributes.join("")}`;
  if (root.children.length === 0) return `${start}/>\n`;
  if (root.children.some((child) => typeof child === "string")) {
    return `${start}>${root.children.map(formatInline).join("")}</${root.name}>\n`;
  }
  const inside = root.children.map((child) => formatXml(child as XmlElement, `${indent}  `));
  return `${start}>\n${inside.join("")}${indent}</${root.name}>\n`;
}

/** Beside text nothing may be added, so everything stands on one line. */
function formatInline(node: XmlNode): string {
  if (typeof node === "string") return escapeText(node);
  const attributes = Object.entries(node.attributes).map(([name, value]) => ` ${name}='${escapeAttribute(value)}'`);
  const start = `<${node.name}${attributes.join("")}`;
  return node.children.length === 0
    ? `${start}/>`
    : `${start}>${node.children.map(formatInline).join("")}</${node.name}>`;
}

const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\r", "&#13;");
// A parser reads raw line breaks in an attribute as spaces.
const escapeAttribute = (text: string): string =>
  escapeText(text).replaceAll("'", "&apos;").replaceAll("\n", "&#10;").replaceAll("\t", "&#9;");

export const elementsOf = (parent: XmlElement | undefined, name?: string): XmlElement[] =>
  (parent?.children ?? []).filter(
    (child): child is XmlElement => typeof child === "object" && (name === undefined || child.name === name),
  );

/** The first child of that name, and of that, and so on: `find(domain, "os", "type")`. */
export const find = (parent: XmlElement | undefined, ...path: string[]): XmlElement | undefined =>
  path.reduce((at: XmlElement | undefined, name) => elementsOf(at, name)[0], parent);

/** The text of an element, or undefined when there is no such element. */
export const textOf = (from: XmlElement | undefined): string | undefined =>
  from?.children.map((child) => (typeof child === "string" ? child : (textOf(child) ?? ""))).join("");

/** The text of a child that has to be there. */
export function requiredText(parent: XmlElement, name: string): string {
  const text = textOf(find(parent, name));
  if (text === undefined) {
    throw new SriovError("remote-failure", `expected a <${name}> in the XML of the <${parent.name}>, got none`);
  }
  return text;
}

export const attribute = (from: XmlElement | undefined, name: string): string | undefined => from?.attributes[name];

/** libvirt's numbers: decimal, or hexadecimal with 0x. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(number)) {
    throw new SriovError("remote-failure", `expected a number in libvirt's XML, got "${text}"`);
  }
  return number;
}

/** `{a: undefined}` without `a`: what exactOptionalPropertyTypes asks of a value with optional parts. */
export function compact<T extends object>(value: T): Compact<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Compact<T>;
}
type Compact<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};
