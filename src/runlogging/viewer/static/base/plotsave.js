// A plot as a file: its title and legend are drawn into it, and the colours that it has at that moment are written into it.

import { h, s } from "./dom.js";
import { clipped, textWidth } from "./plotscale.js";

/** The most pixels of a PNG: 4,096 x 4,096, which every browser draws. */
export const MOST_PIXELS = 4096 * 4096;

const MOST_SIDE = 16_384;
const TITLE_HEIGHT = 28;
const LEGEND_ROW = 18;
const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "fill-opacity", "stroke-opacity", "opacity", "font-size", "font-weight", "font-family"];

/** A picture as text that stands by itself. title: what stands above it; legend: [{ label, className }], below the title. */
export function svgText(svg, { title = "", legend = [] } = {}) {
  const whole = framed(svg, title, legend);
  const host = h("div", { hidden: true }, h("div", { className: "plot" }, whole));
  document.body.append(host); // only what is in the page has its colours
  whole.querySelectorAll("*").forEach(writeLook);
  host.remove();
  return new XMLSerializer().serializeToString(whole);
}

function framed(svg, title, legend) {
  const [width, height] = [Number(svg.getAttribute("width")), Number(svg.getAttribute("height"))];
  const keys = legend.length ? legendOf(legend, width) : null;
  const top = (title ? TITLE_HEIGHT : 0) + (keys ? keys.height : 0);
  const whole = svg.cloneNode(true);
  const drawn = [...whole.children].filter((child) => !["title", "desc"].includes(child.tagName));
  const size = { width, height: height + top, viewBox: `0 0 ${width} ${height + top}`, xmlns: "http://www.w3.org/2000/svg" };
  for (const [name, value] of Object.entries(size)) whole.setAttribute(name, value);
  const parts = [
    s("rect", { className: "plot-ground", width: "100%", height: "100%" }),
    title && s("text", { className: "plot-saved-title", x: width / 2, y: 19, "text-anchor": "middle" }, clipped(title, width / 1.2)),
    keys && s("g", { transform: `translate(0 ${title ? TITLE_HEIGHT : 4})` }, keys.items),
    s("g", { transform: `translate(0 ${top})` }, drawn),
  ];
  whole.append(...parts.filter(Boolean));
  whole.removeAttribute("class");
  return whole;
}

function legendOf(legend, width) {
  let [x, row] = [8, 0];
  const items = legend.map(({ label, className }) => {
    const room = Math.min(width - 16, textWidth(label) * 1.1 + 46);
    if (x + room > width && x > 8) [x, row] = [8, row + 1];
    const item = s("g", { transform: `translate(${x} ${row * LEGEND_ROW})` },
      s("path", { className: `plot-line ${className}`, d: "M0 8h22" }), s("text", { x: 28, y: 12 }, clipped(label, room - 28)));
    x += room;
    return item;
  });
  return { items, height: (row + 1) * LEGEND_ROW + 6 };
}

function writeLook(element) {
  const look = getComputedStyle(element);
  for (const name of KEPT) if (look.getPropertyValue(name)) element.setAttribute(name, look.getPropertyValue(name));
  element.removeAttribute("class");
}

/** How many pixels of a PNG stand for one of a picture: two, fewer where that would be more than MOST_PIXELS. */
export function scaleOf(width, height) {
  return Math.min(2, Math.sqrt(MOST_PIXELS / (width * height)), MOST_SIDE / Math.max(width, height));
}

/** A picture as PNG: { blob, width, height, scale }. Options as those of svgText. */
export async function pngOf(svg, options) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(svg, options))}`;
  await image.decode();
  const scale = scaleOf(image.naturalWidth, image.naturalHeight);
  const canvas = h("canvas", { width: Math.floor(image.naturalWidth * scale), height: Math.floor(image.naturalHeight * scale) });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  return { blob, width: canvas.width, height: canvas.height, scale };
}
