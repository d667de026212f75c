// Plots as SVG in the page: axes, lines, bars, bands, cells. Colours come from classes, so that both themes have theirs;
// a saved picture takes the colours that it has at that moment. A plot is a picture with a name and a sentence, and the
// numbers behind it stand in a table below.

import { fill, h, s } from "./dom.js";
import { number } from "./format.js";
import { download, copyText } from "./handout.js";
import { addWords, t } from "./words.js";

addWords({
  "plot.numbers": ["Numbers", "数値"],
  "plot.svg": ["SVG", "SVG"],
  "plot.png": ["PNG", "PNG"],
  "plot.csv": ["Copy CSV", "CSV をコピー"],
  "plot.save": ["Save {title} as {kind}", "{title} を {kind} で保存"],
  "plot.more": ["{n} more rows are in the CSV", "残り {n} 行は CSV にあります"],
  "plot.empty": ["There is nothing to draw", "描くものがありません"],
});

const CHAR = 6.4;
const SHOWN_ROWS = 200;
const MOST_ODD = 300;
let made = 0;

/** The number of what the server sends: what is not finite comes as text, what is missing is NaN. */
export function num(value) {
  return value === null || value === undefined || typeof value === "boolean" ? NaN : Number(value);
}

/** Round numbers within a range, about so many. */
export function ticks(low, high, most = 5) {
  if (!(high > low) || !Number.isFinite(high - low)) return [low];
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const found = [];
  for (let place = Math.ceil(low / unit); place * unit <= high + unit * 1e-9; place += 1) found.push(Number((place * unit).toPrecision(12)));
  return found;
}

/** The least and the greatest finite number, with some room; never a range of nothing. */
export function rangeOf(values, { zero = false, room = 0.05 } = {}) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  if (zero) [low, high] = [Math.min(0, low), Math.max(0, high)];
  if (low === high) return [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const spare = (high - low) * room;
  return [zero && low === 0 ? 0 : low - spare, zero && high === 0 ? 0 : high + spare];
}

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
  const left = Math.min(width * 0.35, Math.max(24, ...names.map((text) => text.length * CHAR + 10))) + (yLabel ? 18 : 4);
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
    const half = (text.length * CHAR) / 2;
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
    const half = (text.length * CHAR) / 2;
    if (x(value) - half < free) continue;
    kept.push([value, text]);
    free = x(value) + half + 10;
  }
  return kept;
}

/** A text that fits into so many pixels. */
export function clipped(text, room) {
  const most = Math.max(3, Math.floor(room / CHAR));
  const chars = [...String(text)];
  return chars.length > most ? `${chars.slice(0, most - 1).join("")}\u2026` : String(text);
}

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

/** Lines over x: series = [{ label, x, y }]; marks = [{ x, y, text }] stand out; `diagonal` leads the eye. */
export function lines(width, options) {
  const { series, marks = [], diagonal, height = 280 } = options;
  const x = options.x ?? rangeOf(series.flatMap((one) => one.x), { room: 0.02 });
  const y = options.y ?? rangeOf(series.flatMap((one) => one.y));
  const isWhole = series.every((one) => one.x.every((value) => !Number.isFinite(value) || Number.isInteger(value)));
  const box = axes(width, height, { ...options, x, y, isWhole });
  if (diagonal) box.inner.append(s("path", { className: "plot-guide", d: `M${box.x(diagonal[0])} ${box.y(diagonal[0])}L${box.x(diagonal[1])} ${box.y(diagonal[1])}` }));
  series.forEach((one, at) => box.inner.append(s("path", { className: `plot-line plot-colour-${at % 8} plot-dash-${Math.floor(at / 8) % 3}`, d: pathOf(one.x, one.y, box.x, box.y) }),
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

/** One ridge a step, the newest in front: rows = [{ step, edges, counts }]; `chosen` is the place of one of them. */
export function ridges(width, options) {
  const { rows, chosen, onChoose } = options;
  const each = Math.max(9, Math.min(26, 320 / rows.length));
  const tall = each * 2.6;
  const height = rows.length * each + tall + 52;
  const peak = Math.max(1e-300, ...rows.flatMap((row) => densities(row)));
  const places = rows.map((_, at) => at);
  const box = axes(width, height, { ...options, x: rangeOf(rows.flatMap((row) => [row.edges[0], row.edges.at(-1)]), { room: 0 }),
    y: [rows.length - 0.2, -2.6], yTicks: stepPlaces(places), yText: (at) => String(rows[at]?.step ?? at) });
  const baseline = (at) => box.y(at);
  rows.forEach((row, at) => {
    let path = `M${box.x(row.edges[0])} ${baseline(at)}`;
    densities(row).forEach((density, bin) => {
      const y = baseline(at) - (density / peak) * tall;
      path += `L${box.x(row.edges[bin]).toFixed(1)} ${y.toFixed(1)}L${box.x(row.edges[bin + 1]).toFixed(1)} ${y.toFixed(1)}`;
    });
    path += `L${box.x(row.edges.at(-1))} ${baseline(at)}`;
    const ridge = s("path", { className: at === chosen ? "plot-ridge plot-chosen" : "plot-ridge", d: path, onClick: () => onChoose?.(at) }, s("title", null, `${options.yLabel} ${row.step ?? at}`));
    box.inner.append(ridge);
  });
  return box.svg;
}

/** Counts over value and step as cells: rows as in `ridges`. Shades go by the square root, or one peak hides all else. */
export function heat(width, options) {
  const { rows, chosen, onChoose } = options;
  const peak = Math.max(1e-300, ...rows.flatMap((row) => densities(row)));
  const box = axes(width, options.height ?? 320, { ...options, x: [0, rows.length], xTicks: stepPlaces(rows.map((_, at) => at)).map((at) => at + 0.5), xText: (place) => String(rows[Math.floor(place)]?.step ?? Math.floor(place)),
    xLabel: options.yLabel, yLabel: options.xLabel, y: rangeOf(rows.flatMap((row) => [row.edges[0], row.edges.at(-1)]), { room: 0 }) });
  rows.forEach((row, at) => {
    const column = s("g", { onClick: () => onChoose?.(at) });
    densities(row).forEach((density, bin) => {
      if (!density) return;
      const [top, bottom] = [box.y(row.edges[bin + 1]), box.y(row.edges[bin])];
      column.append(s("rect", { className: "plot-heat", x: box.x(at), width: box.x(at + 1) - box.x(at) + 0.3, y: top, height: bottom - top + 0.3, "fill-opacity": (0.06 + 0.94 * Math.sqrt(density / peak)).toFixed(3) }));
    });
    if (at === chosen) column.append(s("rect", { className: "plot-frame", x: box.x(at), width: box.x(at + 1) - box.x(at), y: box.top, height: box.bottom - box.top }));
    box.inner.append(column);
  });
  return box.svg;
}

function densities(row) {
  const total = row.counts.reduce((sum, count) => sum + count, 0) || 1;
  return row.counts.map((count, at) => count / total / (row.edges[at + 1] - row.edges[at] || 1));
}

function stepPlaces(places) {
  const every = Math.max(1, Math.ceil(places.length / 8));
  return places.filter((place) => place % every === 0);
}

// ---------------------------------------------------------------------- the figure around a plot

/** A plot with its name, what saves it, and its numbers.
 *
 * draw(width) gives an SVG element; table() gives { columns, rows }; `extra` are controls of its own. Returns { element,
 * redraw(), dispose() }.
 */
export function figure({ title, draw, table, name = title, extra = [], onDraw }) {
  const place = h("div", { className: "plot-place" });
  let svg = null;
  let width = 0;
  const redraw = () => {
    const now = Math.floor(place.clientWidth);
    if (!now) return;
    width = now;
    svg = draw(Math.max(240, now));
    fill(place, svg);
    onDraw?.(svg);
  };
  const observer = new ResizeObserver(() => Math.abs(place.clientWidth - width) > 1 && redraw());
  observer.observe(place);
  const element = h("figure", { className: "plot-figure" },
    h("figcaption", null, h("span", { className: "plot-title" }, title), h("span", { className: "spring" }), extra, saveButtons(() => svg, title, name)),
    place, table && numbers(table));
  return { element, redraw, dispose: () => observer.disconnect() };
}

/** The buttons that save a picture; svgOf() gives it as it is then. */
export function saveButtons(svgOf, title, name = title) {
  const save = (kind, work) => h("button", { className: "quiet", "aria-label": t("plot.save", { title, kind }), onClick: work }, t(`plot.${kind.toLowerCase()}`));
  return [
    save("SVG", () => download(new Blob([svgText(svgOf())], { type: "image/svg+xml" }), `${name}.svg`)),
    save("PNG", async () => download(await pngOf(svgOf()), `${name}.png`)),
  ];
}

function numbers(table) {
  const body = h("div", { className: "plot-numbers" });
  const show = () => {
    const { columns, rows } = table();
    fill(body,
      h("button", { className: "quiet", onClick: (event) => copyText(csvText(columns, rows), event.currentTarget) }, t("plot.csv")),
      h("div", { className: "table-scroll", tabindex: "0" }, h("table", null,
        h("thead", null, h("tr", null, columns.map((column) => h("th", { scope: "col" }, column)))),
        h("tbody", null, rows.slice(0, SHOWN_ROWS).map((row) => h("tr", null, row.map((cell) => h("td", { className: typeof cell === "number" ? "number" : null }, typeof cell === "number" ? number(cell) : cell ?? ""))))))),
      rows.length > SHOWN_ROWS && h("p", { className: "faint" }, t("plot.more", { n: rows.length - SHOWN_ROWS })));
  };
  return h("details", { className: "plot-table", onToggle: (event) => event.currentTarget.open && show() }, h("summary", null, t("plot.numbers")), body);
}

/** Rows as CSV. */
export function csvText(columns, rows) {
  const cell = (value) => (/[",\r\n]/.test(String(value ?? "")) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ""));
  return [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "fill-opacity", "stroke-opacity", "opacity", "font-size", "font-weight", "font-family"];

/** A picture as text that stands by itself: the colours of the page are written into it. */
export function svgText(svg) {
  const copy = svg.cloneNode(true);
  const [from, to] = [svg.querySelectorAll("*"), copy.querySelectorAll("*")];
  from.forEach((element, at) => {
    const look = getComputedStyle(element);
    for (const name of KEPT) if (look.getPropertyValue(name)) to[at].setAttribute(name, look.getPropertyValue(name));
    to[at].removeAttribute("class");
  });
  copy.removeAttribute("class");
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.insertBefore(s("rect", { width: "100%", height: "100%", fill: getComputedStyle(document.documentElement).backgroundColor }), copy.querySelector("g"));
  return new XMLSerializer().serializeToString(copy);
}

/** A picture as PNG of twice its size. */
export async function pngOf(svg) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(svg))}`;
  await image.decode();
  const canvas = h("canvas", { width: Number(svg.getAttribute("width")) * 2, height: Number(svg.getAttribute("height")) * 2 });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}
