// What makes the picture, loaded only when one is asked for.
export { pictureOf } from "./layout.js";
export { htmlText, svgText } from "./svg.js";
