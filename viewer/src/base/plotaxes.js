// The ground of a plot: a picture with a name and a sentence, and its axes.

import { s } from "./dom.js";
import { number } from "./format.js";
import { clipped, textWidth, ticks } from "./plotscale.js";

let made = 0;

/** An empty picture with its name and its sentence. */
export function picture(width, height, { title, summary, className = "" }) {
  made += 1;
  const ids = [`plot-title-${made}`, `plot-text-${made}`];
  return s("svg", { className: `plot ${className}`, role: "img", "aria-labelledby": ids.join(" "), width, height, viewBox: `0 0 ${width} ${height}` },
    s("title", { id: ids[0] }, title), s("desc", { id: ids[1] }, summary));
}

/** A picture with axes: { svg, inner, x(value), y(value), left, right, top, bottom }. */
export function axes(width, height, { title, summary, x: [x0, x1], y: [y0, y1], xLabel, yLabel, xTicks, yTicks, xText = number, yText = number, isWhole = false }) {
  const svg = picture(width, height, { title, summary });
  const yMarks = yTicks ?? ticks(y0, y1, Math.max(2, Math.floor(height / 55)));
  const names = yMarks.map((value) => yText(value, 4));
  const left = Math.min(width * 0.35, Math.max(24, ...names.map((text) => textWidth(text) + 10))) + (yLabel ? 18 : 4);
  const [right, top, bottom] = [width - 14, 10, height - (xLabel ? 42 : 26)];
  const x = (value) => left + ((value - x0) / (x1 - x0)) * (right - left);
  const y = (value) => bottom - ((value - y0) / (y1 - y0)) * (bottom - top);
  const grid = s("g", { className: "plot-grid" });
  yMarks.forEach((value, at) => grid.append(
    s("line", { x1: left, x2: right, y1: y(value), y2: y(value) }),
    s("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, names[at])));
  const xPlaces = xTicks ?? ticks(x0, x1, Math.max(2, Math.floor((right - left) / 75)));
  const xMarks = spaced(isWhole ? xPlaces.filter(Number.isInteger) : xPlaces, x, (value) => xText(value, 4));
  for (const [value, text] of xMarks) {
    const half = textWidth(text) / 2;
    grid.append(s("line", { x1: x(value), x2: x(value), y1: bottom, y2: bottom + 4 }),
      s("text", { x: Math.min(Math.max(x(value), half), width - half), y: bottom + 17, "text-anchor": "middle" }, text));
  }
  grid.append(s("path", { className: "plot-axis", d: `M${left} ${top}V${bottom}H${right}` }));
  if (xLabel) grid.append(s("text", { className: "plot-label", x: (left + right) / 2, y: height - 6, "text-anchor": "middle" }, clipped(xLabel, right - left)));
  if (yLabel) grid.append(s("text", { className: "plot-label", x: 12, y: (top + bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${(top + bottom) / 2})` }, clipped(yLabel, bottom - top)));
  const inner = s("g");
  svg.append(grid, inner);
  return { svg, inner, x, y, left, right, top, bottom };
}

/** The marks whose texts do not run into each other. */
function spaced(values, x, textOf) {
  let free = -Infinity;
  const kept = [];
  for (const value of values) {
    const text = textOf(value);
    const half = textWidth(text) / 2;
    if (x(value) - half < free) continue;
    kept.push([value, text]);
    free = x(value) + half + 10;
  }
  return kept;
}
