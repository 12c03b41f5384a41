// The mark that says whose a network is: one element of our namespace in <metadata>, beside those of others.
import { type XmlElement, element, elementsOf } from "./element.js";

export const ownershipNamespace = "urn:pulumi-sriov:network:1";
/** Free attributes by name, such as the stack and the resource's name. Nothing secret: everybody can read it. */
export type OwnershipMark = { [attribute: string]: string };

/** `root` too: a namespace may be declared above the element that uses it. */
export function parseMark(metadata: XmlElement | undefined, root: XmlElement): OwnershipMark | undefined {
  const found = elementsOf(metadata).find((child) => isMark(child, [metadata, root]));
  if (!found) return undefined;
  return Object.fromEntries(Object.entries(found.attributes).filter(([name]) => !isDeclaration(name)));
}

export const markElement = (mark: OwnershipMark): XmlElement =>
  element("sriov:network", { "xmlns:sriov": ownershipNamespace, ...mark });

/** The metadata with our mark in the place of an older one. */
export function withMark(metadata: XmlElement | undefined, root: XmlElement, mark: XmlElement): XmlElement {
  const others = elementsOf(metadata).filter((child) => !isMark(child, [metadata, root]));
  return element("metadata", metadata?.attributes, [...others, mark]);
}

const isDeclaration = (name: string) => name === "xmlns" || name.startsWith("xmlns:");

function isMark(child: XmlElement, ancestors: (XmlElement | undefined)[]): boolean {
  const [prefix, local] = child.name.includes(":") ? child.name.split(":") : [undefined, child.name];
  const declaration = prefix === undefined ? "xmlns" : `xmlns:${prefix}`;
  const declaring = [child, ...ancestors].find((at) => at?.attributes[declaration] !== undefined);
  return local === "network" && declaring?.attributes[declaration] === ownershipNamespace;
}
