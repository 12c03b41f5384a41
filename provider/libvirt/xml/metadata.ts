// A network's <metadata>: one element a namespace, each of another tool. libvirt keeps them and reads none.
import { type XmlElement, element, elementsOf, formatXml, parseXml } from "./element.js";

/** `xml` is one element with the declaration of its namespace. */
export type MetadataElement = { uri: string; xml: string };

export const localName = ({ name }: XmlElement): string => name.split(":").at(-1) ?? name;

/** `ancestors`, nearest first: a namespace may be declared above the element that uses it. */
export function namespaceOf(of: XmlElement, ancestors: readonly (XmlElement | undefined)[]): string | undefined {
  const [prefix] = of.name.includes(":") ? of.name.split(":") : [undefined];
  const declaration = prefix === undefined ? "xmlns" : `xmlns:${prefix}`;
  return [of, ...ancestors].find((at) => at?.attributes[declaration] !== undefined)?.attributes[declaration];
}

export const parseMetadata = (metadata: XmlElement | undefined, root: XmlElement): MetadataElement[] =>
  elementsOf(metadata).flatMap((child) => {
    const uri = namespaceOf(child, [metadata, root]);
    return uri === undefined ? [] : [{ uri, xml: formatXml(child) }];
  });

/** The namespace of an element that stands alone, or what is wrong with it. Throws what parseXml throws. */
export const metadataNamespace = (xml: string): string | undefined => namespaceOf(parseXml(xml), []);

/** One spelling for elements that say the same. */
export const normalized = (xml: string): string => (xml.trim() === "" ? "" : formatXml(parseXml(xml)));

/** The metadata with these in the places of older ones; "" takes one away, and namespaces that are not among them stay. */
export function withElements(
  metadata: XmlElement | undefined,
  root: XmlElement,
  wanted: readonly MetadataElement[],
): XmlElement | undefined {
  if (wanted.length === 0) return metadata;
  const uris = wanted.map(({ uri }) => uri);
  const others = elementsOf(metadata).filter((child) => !uris.includes(namespaceOf(child, [metadata, root]) ?? ""));
  const made = wanted.filter(({ xml }) => xml.trim() !== "").map(({ xml }) => parseXml(xml));
  if (metadata === undefined && made.length === 0) return undefined;
  return element("metadata", metadata?.attributes, [...others, ...made]);
}
