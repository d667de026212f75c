// The parts of a matrix that its view and its saved picture share: where things stand, the names, the whole of it.

import { s } from "./dom.js";
import { picture } from "./plotaxes.js";
import { clipped, textWidth } from "./plotscale.js";
import { t } from "./words.js";

/** How tall a matrix in a page is at most, in pixels. */
export const MOST_HEIGHT = 560;

const HEAD = 22;
const SLANT = 0.72; // of a name's length at 45 degrees, its height
const SHADES = 48;
const MOST_DIGITS_LOOKED_AT = 50;

/** Where the parts stand, in a room of [width, height] pixels if the cells need not be too small for it: { left, top, cell, digits, hasText, isSlanted, overhang, width, height }.
 *
 * nameRoom: how many pixels the longest name may take. `overhang` is what the last slanted name needs beyond the last column.
 */
export function layoutOf(labels, matrix, [wide, tall], nameRoom) {
  const n = labels.length;
  const longest = labels.reduce((most, label) => Math.max(most, textWidth(label)), 1);
  const named = Math.min(longest + 10, nameRoom);
  const left = HEAD + named;
  const isSlanted = longest > 26;
  const top = HEAD + (isSlanted ? named * SLANT + 12 : 18);
  const overhang = isSlanted ? named * SLANT : 2;
  const digits = Math.max(3, ...matrix.slice(0, MOST_DIGITS_LOOKED_AT).map((row) => String(row.slice(0, MOST_DIGITS_LOOKED_AT).reduce((most, value) => Math.max(most, value), 0)).length));
  const least = n > 30 ? 20 : Math.max(30, digits * 7 + 8);
  const cell = Math.min(Math.max(least, Math.floor(Math.min(wide - left - overhang, tall - top - 2) / n)), 72);
  return { left, top, cell, digits, hasText: cell >= digits * 6.6 + 2, isSlanted, overhang, width: left + n * cell + overhang, height: top + n * cell + 2 };
}

/** The names of rows and columns; view: { dx, dy, width, height, rows: [from, to], columns: [from, to] }. */
export function namesOf(labels, layout, view) {
  const { left, top, cell, isSlanted } = layout;
  const { width, height, dx, dy } = view;
  const names = s("g", null, s("rect", { className: "plot-ground", width, height: top }), s("rect", { className: "plot-ground", width: left, height }));
  for (let row = view.rows[0]; row < view.rows[1]; row += 1) {
    const y = top + (row + 0.5) * cell - dy;
    if (y > top - 2) names.append(s("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, clipped(labels[row], left - HEAD - 8), s("title", null, labels[row])));
  }
  for (let column = view.columns[0]; column < view.columns[1]; column += 1) {
    const x = left + (column + 0.5) * cell - dx;
    if (x < left) continue;
    const place = isSlanted ? { "text-anchor": "start", transform: `rotate(-45 ${x} ${top - 6})` } : { "text-anchor": "middle" };
    names.append(s("text", { x, y: top - 6, ...place }, clipped(labels[column], (top - HEAD - 10) / SLANT), s("title", null, labels[column])));
  }
  const [middle, centre] = [Math.max(left, (left + Math.min(width, left + labels.length * cell)) / 2), (top + Math.min(height, top + labels.length * cell)) / 2];
  names.append(s("rect", { className: "plot-ground", width: left, height: 20 }),
    s("text", { className: "plot-label", x: middle, y: 13, "text-anchor": "middle" }, t("matrix.predicted")),
    s("text", { className: "plot-label", x: 12, y: centre, "text-anchor": "middle", transform: `rotate(-90 12 ${centre})` }, t("matrix.true")));
  return names;
}

/** All of a matrix as one picture, with names in full. Cells of about one shade are one path: a thousand classes make a few
 * thousand elements, not a million. */
export function wholePicture(plot) {
  const { labels } = plot;
  const n = labels.length;
  const layout = layoutOf(labels, plot.matrix, [plot.element.clientWidth || 600, MOST_HEIGHT], 420);
  const { left, top, cell, width, height } = layout;
  const svg = picture(Math.ceil(width), Math.ceil(height), { title: plot.title, summary: plot.summary });
  let grid = "";
  for (let at = 0; at <= n; at += 1) grid += `M${left} ${top + at * cell}h${n * cell}M${left + at * cell} ${top}v${n * cell}`;
  const view = { dx: 0, dy: 0, width, height, rows: [0, n], columns: [0, n] };
  svg.append(s("g", null, s("path", { className: "plot-cell", d: grid }), shadesOf(plot, layout), layout.hasText && countsOf(plot, layout)), namesOf(labels, layout, view));
  return svg;
}

function shadesOf(plot, { left, top, cell }) {
  const paths = Array.from({ length: SHADES + 1 }, () => []);
  const size = cell - 1;
  plot.matrix.forEach((counts, row) => counts.forEach((_, column) => {
    const share = plot.share(row, column);
    if (share > 0) paths[Math.ceil((share / plot.peak) * SHADES)].push(`M${left + column * cell + 0.5} ${top + row * cell + 0.5}h${size}v${size}h-${size}z`);
  }));
  return paths.map((parts, shade) => parts.length > 0 && s("path", { className: "plot-heat", "fill-opacity": shadeOf(shade / SHADES), d: parts.join("") }));
}

function countsOf(plot, { left, top, cell }) {
  return plot.matrix.flatMap((counts, row) => counts.map((_, column) => s("text", {
    className: plot.share(row, column) / plot.peak > 0.5 ? "plot-strong" : "", x: left + (column + 0.5) * cell, y: top + (row + 0.5) * cell + 4, "text-anchor": "middle",
  }, plot.text(row, column))));
}

/** How opaque a cell is whose share is so much of the greatest one. */
export function shadeOf(share) {
  return (0.08 + 0.92 * share).toFixed(3);
}
