import assert from "node:assert/strict";
import { rememberingRecent } from "../../../../provider/libvirt/xml/recent.js";

describe("a parser that remembers", () => {
  it("parses a document once, and gives everybody an answer that nobody can change", () => {
    let parsed = 0;
    const parse = rememberingRecent((xml) => ((parsed += 1), { xml, parts: [{ of: xml }] }));
    const first = parse("<a/>");
    assert.equal(parse("<a/>"), first);
    assert.equal(parsed, 1);
    assert.throws(() => first.parts.push({ of: "another" }), TypeError);
    assert.throws(() => Object.assign(first.parts[0] ?? {}, { of: "another" }), TypeError);
  });

  it("keeps few, the ones that were used last, and none that is huge", () => {
    const seen: string[] = [];
    const parse = rememberingRecent((xml) => (seen.push(xml), { xml }));
    for (let n = 0; n < 100; n += 1) {
      parse("used again and again");
      parse(`document ${n}`);
    }
    assert.equal(seen.filter((xml) => xml.startsWith("used")).length, 1);
    parse("document 0");
    assert.equal(seen.filter((xml) => xml === "document 0").length, 2);
    const huge = "x".repeat(1_000_000);
    parse(huge);
    parse(huge);
    assert.equal(seen.filter((xml) => xml === huge).length, 2);
  });
});
