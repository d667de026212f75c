// Histograms over steps: as ridges, and as cells of a heat map. rows = [{ step, edges, counts }].

import { s } from "./dom.js";
import { axes } from "./plotaxes.js";
import { rangeOf } from "./plotscale.js";

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
