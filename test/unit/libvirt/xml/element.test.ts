import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type XmlElement,
  element,
  find,
  formatXml,
  numberOf,
  parseXml,
  textOf,
} from "../../../../provider/libvirt/xml/element.js";

describe("XML as values", () => {
  it("reads back what it writes", () => {
    const name = fc.constantFrom("a", "b:c", "interface");
    // XML has no characters below space, except these three.
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom("&", "<", ">", "'", '"', "\n", "\t", "\r", "é", "😀"),
        fc.string({ minLength: 1, maxLength: 1 }),
      ),
    });
    const attributes = fc.dictionary(fc.constantFrom("x", "y", "z"), text, { noNullPrototype: true });
    const { tree } = fc.letrec<{ tree: XmlElement; leaf: XmlElement }>((tie) => ({
      leaf: fc
        .tuple(
          name,
          attributes,
          fc.option(
            text.filter((some) => some.trim() !== ""),
            { nil: undefined },
          ),
        )
        .map(([tag, given, inside]) => element(tag, given, [inside])),
      tree: fc.oneof(
        { maxDepth: 4 },
        tie("leaf"),
        fc
          .tuple(name, attributes, fc.array(tie("tree"), { minLength: 1, maxLength: 3 }))
          .map(([tag, given, inside]) => element(tag, given, inside)),
      ),
    }));
    fc.assert(
      fc.property(tree, (given) => {
        const root = element("root", {}, [given]);
        assert.deepEqual(parseXml(formatXml(root), "root"), root);
      }),
    );
  });

  it("keeps white space beside text and drops it between elements", () => {
    const mixed = "<a>one <b/> two</a>";
    assert.equal(formatXml(parseXml(mixed, "a")), `${mixed}\n`);
    assert.equal(formatXml(parseXml("<a>\n  <b/>\n\n</a>", "a")), "<a>\n  <b/>\n</a>\n");
  });

  it("reads CDATA as text and leaves comments out", () => {
    assert.equal(textOf(parseXml("<a><![CDATA[1 < 2]]><!-- why --> &amp; more</a>", "a")), "1 < 2 & more");
  });

  const refused: [string, string][] = [
    ["", "document must contain a root element"],
    ["hello", "text data outside of root node"],
    ["<a><b></a>", "unexpected close tag"],
    ["<a>&bogus;</a>", "undefined entity"],
    ["<a x='1' x='2'/>", "duplicate attribute"],
    ["<a", "must contain a root element"],
    ["<b/>", "expected the XML of a <a>, got <b>"],
  ];
  for (const [text, reason] of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseXml(text, "a"),
        (error: Error & { kind?: string }) => error.kind === "remote-failure" && error.message.includes(reason),
      );
    });
  }

  it("reads libvirt's numbers in both spellings and refuses what is none", () => {
    assert.deepEqual([numberOf("0x1f"), numberOf("16"), numberOf(undefined)], [31, 16, undefined]);
    for (const text of ["", "x", "1.5"]) assert.throws(() => numberOf(text), { kind: "remote-failure" });
  });

  it("finds along a path, and nothing along a wrong one", () => {
    const root = parseXml("<a><b><c x='1'/></b></a>", "a");
    assert.deepEqual(find(root, "b", "c")?.attributes, { x: "1" });
    assert.equal(find(root, "c", "b"), undefined);
  });
});
