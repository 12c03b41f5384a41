// The topology picture in a real browser: every label is measured where it is drawn.
import assert from "node:assert/strict";
import { htmlText, pictureOf } from "../../../provider/cli/topology/picture.js";
import { bigTopology } from "../../fakes/big-topology.js";
import { findBrowser, measure } from "../browser.js";

type Rect = { left: number; top: number; right: number; bottom: number };
type Label = { text: string; rect: Rect; natural: number; drawn: number; box: Rect | null };
type Measured = { labels: Label[]; svg: Rect; scrollWidth: number; scale: number; loaded: number };

// Runs in the page. The natural width is that of the reader's font, before it is set to the reckoned one.
const script = `(() => {
  const rectOf = (element) => { const { left, top, right, bottom } = element.getBoundingClientRect(); return { left, top, right, bottom }; };
  const svg = document.querySelector("svg");
  const labels = [...svg.querySelectorAll("text")].map((label) => {
    const rect = rectOf(label);
    const drawn = label.getBBox().width;
    const box = label.closest("g")?.querySelector("rect");
    const length = label.getAttribute("textLength");
    label.removeAttribute("textLength");
    const natural = label.getBBox().width;
    label.setAttribute("textLength", length);
    return { text: label.textContent, rect, natural, drawn, box: box ? rectOf(box) : null };
  });
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  const loaded = performance.getEntriesByType("resource").length;
  return { labels, svg: rectOf(svg), scrollWidth: document.documentElement.scrollWidth, scale, loaded };
})()`;

const overlap = (a: Rect, b: Rect): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const isInside = (inner: Rect, outer: Rect): boolean =>
  inner.left >= outer.left - 0.5 &&
  inner.top >= outer.top - 0.5 &&
  inner.right <= outer.right + 0.5 &&
  inner.bottom <= outer.bottom + 0.5;

describe("the picture of 4 PFs, 28 VFs, 4 pools and 7 VMs, in a browser 1600 px wide", function () {
  this.timeout(120_000);
  let measured: Measured;

  before(async function () {
    if (findBrowser() === undefined) return this.skip();
    const html = htmlText(pictureOf(bigTopology), bigTopology.host);
    measured = await measure<Measured>(html, script, { width: 1600, height: 1000 });
    return undefined;
  });

  it("has every label, and fits without scrolling sideways", () => {
    const boxes = pictureOf(bigTopology).boxes.flatMap(({ lines }) => lines.map(({ text }) => text));
    const shown = measured.labels.filter(({ box }) => box !== null).map(({ text }) => text);
    assert.deepEqual(shown, boxes);
    assert.ok(measured.scrollWidth <= 1600, `${measured.scrollWidth} px wide`);
  });

  it("has no two labels that overlap", () => {
    const { labels } = measured;
    for (const [i, a] of labels.entries()) {
      for (const b of labels.slice(i + 1)) assert.ok(!overlap(a.rect, b.rect), `"${a.text}" and "${b.text}"`);
    }
  });

  it("cuts no label: each is inside its box, and all are inside the picture", () => {
    for (const { text, rect, box } of measured.labels) {
      assert.ok(isInside(rect, measured.svg), `"${text}" in the picture`);
      if (box) assert.ok(isInside(rect, box), `"${text}" in its box`);
    }
  });

  it("is large enough to read, in letters that are neither squeezed nor stretched", () => {
    assert.ok(measured.scale * 13 >= 11, `letters of ${measured.scale * 13} px`);
    for (const { text, natural, drawn } of measured.labels) {
      assert.ok(Math.abs(natural / drawn - 1) < 0.1, `"${text}": ${natural} px by itself, ${drawn} px drawn`);
    }
  });

  it("loads nothing", () => assert.equal(measured.loaded, 0));
});
