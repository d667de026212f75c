// Plots as SVG in the page: lines, bars, points with errors. Colours come from classes, so that both themes have theirs.

import { s } from "./dom.js";
import { number } from "./format.js";
import { axes } from "./plotaxes.js";
import { rangeOf } from "./plotscale.js";

const MOST_ODD = 300;

/** The path of a line; it breaks where a number is missing. What stands alone between two gaps is left to `lonePoints`. */
export function pathOf(xs, ys, x, y) {
  let text = "";
  let isOpen = false;
  for (let at = 0; at < xs.length; at += 1) {
    if (!Number.isFinite(xs[at]) || !Number.isFinite(ys[at])) {
      isOpen = false;
      continue;
    }
    const point = `${x(xs[at]).toFixed(1)} ${y(ys[at]).toFixed(1)}`;
    text += `${isOpen ? "L" : "M"}${point}`;
    isOpen = true;
  }
  return text;
}

/** The places of numbers with no number beside them. */
function lonePoints(xs, ys) {
  const isThere = (at) => Number.isFinite(xs[at]) && Number.isFinite(ys[at]);
  return xs.map((_, at) => at).filter((at) => isThere(at) && !isThere(at - 1) && !isThere(at + 1));
}

/** Marks where a number is not finite: NaN as a cross at the bottom, infinities as triangles at the edge that they left by. */
function oddMarks(one, at, box) {
  return one.y.flatMap((value, place) => {
    if (Number.isFinite(value) || value === null || one.odd?.[place] === false || !Number.isFinite(one.x[place])) return [];
    const x = box.x(one.x[place]);
    const path = Number.isNaN(value) ? `M${x - 4} ${box.bottom - 9}l8 8m0 -8l-8 8` : value > 0 ? `M${x - 5} ${box.top + 9}h10l-5 -8z` : `M${x - 5} ${box.bottom - 9}h10l-5 8z`;
    return [s("path", { className: `plot-odd plot-colour-${at % 8}`, d: path }, s("title", null, `${one.label}: ${value}`))];
  }).slice(0, MOST_ODD);
}

/** The classes that colour and dash the line of a place, also in a legend. */
export function lineClass(at) {
  return `plot-colour-${at % 8} plot-dash-${Math.floor(at / 8) % 3}`;
}

/** Lines over x: series = [{ label, x, y }]; marks = [{ x, y, text }] stand out; `diagonal` leads the eye. */
export function lines(width, options) {
  const { series, marks = [], diagonal, height = 280 } = options;
  const x = options.x ?? rangeOf(series.flatMap((one) => one.x), { room: 0.02 });
  const y = options.y ?? rangeOf(series.flatMap((one) => one.y));
  const isWhole = series.every((one) => one.x.every((value) => !Number.isFinite(value) || Number.isInteger(value)));
  const box = axes(width, height, { ...options, x, y, isWhole });
  if (diagonal) box.inner.append(s("path", { className: "plot-guide", d: `M${box.x(diagonal[0])} ${box.y(diagonal[0])}L${box.x(diagonal[1])} ${box.y(diagonal[1])}` }));
  series.forEach((one, at) => box.inner.append(s("path", { className: `plot-line ${lineClass(at)}`, d: pathOf(one.x, one.y, box.x, box.y) }),
    ...lonePoints(one.x, one.y).map((place) => s("circle", { className: `plot-lone plot-colour-${at % 8}`, cx: box.x(one.x[place]), cy: box.y(one.y[place]), r: 3 })), ...oddMarks(one, at, box)));
  for (const mark of marks) {
    if (!Number.isFinite(mark.x) || !Number.isFinite(mark.y)) continue;
    box.inner.append(s("circle", { className: `plot-mark plot-colour-${mark.at ?? 0}`, cx: box.x(mark.x), cy: box.y(mark.y), r: 5 }, s("title", null, mark.text)));
  }
  return box.svg;
}

/** Bars between edges: counts over a quantity. */
export function bars(width, options) {
  const { edges, counts, height = 260, textOf } = options;
  const [x0, x1] = rangeOf(edges, { room: 0 });
  const box = axes(width, height, { ...options, x: [x0, x1], y: rangeOf([0, ...counts], { zero: true }) });
  counts.forEach((count, at) => {
    const [left, right] = [box.x(edges[at]), box.x(edges[at + 1])];
    const bar = s("rect", { className: "plot-bar", x: left, y: box.y(count), width: Math.max(0.5, right - left - (right - left > 4 ? 1 : 0)), height: Math.max(0, box.bottom - box.y(count)) });
    bar.append(s("title", null, textOf?.(at) ?? `${number(edges[at])} \u2013 ${number(edges[at + 1])}: ${number(count)}`));
    box.inner.append(bar);
  });
  if (x0 < 0 && x1 > 0) box.inner.append(s("line", { className: "plot-guide", x1: box.x(0), x2: box.x(0), y1: box.top, y2: box.bottom }));
  return box.svg;
}

/** Points with an error to both sides: points = [{ x, y, error, text }], y = x leads the eye. */
export function errorPoints(width, options) {
  const { points, height = 320 } = options;
  const all = points.flatMap((point) => [point.x, point.y - point.error, point.y + point.error]);
  const both = rangeOf(all);
  const box = axes(width, height, { ...options, x: rangeOf(points.map((point) => point.x)), y: both });
  const [low, high] = rangeOf(points.map((point) => point.x));
  box.inner.append(s("path", { className: "plot-guide", d: `M${box.x(low)} ${box.y(low)}L${box.x(high)} ${box.y(high)}` }));
  box.inner.append(s("path", { className: "plot-line plot-colour-0", d: pathOf(points.map((point) => point.x), points.map((point) => point.y), box.x, box.y) }));
  for (const point of points) {
    const [x, top, bottom] = [box.x(point.x), box.y(point.y + point.error), box.y(point.y - point.error)];
    box.inner.append(s("path", { className: "plot-error", d: `M${x} ${top}V${bottom}M${x - 4} ${top}h8M${x - 4} ${bottom}h8` }),
      s("circle", { className: "plot-mark plot-colour-0", cx: x, cy: box.y(point.y), r: 4 }, s("title", null, point.text)));
  }
  return box.svg;
}
