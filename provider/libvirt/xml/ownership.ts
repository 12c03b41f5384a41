// The mark that says whose a network is: one element of our namespace in <metadata>, beside those of others.
import { type XmlElement, element, elementsOf } from "./element.js";
import { localName, namespaceOf } from "./metadata.js";

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

const isDeclaration = (name: string) => name === "xmlns" || name.startsWith("xmlns:");

const isMark = (child: XmlElement, ancestors: readonly (XmlElement | undefined)[]): boolean =>
  localName(child) === "network" && namespaceOf(child, ancestors) === ownershipNamespace;
