// A chart as a file: SVG drawn anew from its data with title, axes and legend; PNG of that at twice the size; CSV by the server.

import { bandPath } from "./chartbands.js";
import { notesOf } from "./chartmarks.js";
import { axisTitle, short } from "./chartplot.js";
import { forward, ticks } from "./chartscale.js";
import { css } from "./colours.js";
import { s } from "./dom.js";
import { urlFor } from "./api.js";

const WIDTH = 760;
const HEIGHT = 380;
const LEFT = 70;
const RIGHT = 16;
const TOP = 34;

/** Return the chart as an SVG element. */
export function svgOf(chart) {
  const { columns } = chart;
  const lines = columns.lines.filter((line) => !chart.group.hidden.has(line.key));
  const legend = Math.ceil(lines.length / 3) * 16 + 6;
  const height = HEIGHT + legend;
  const plot = { left: LEFT, top: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - 44 };
  const root = s("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height,
    "font-family": "system-ui, sans-serif", "font-size": 11, fill: css("--text") });
  root.append(
    s("rect", { width: WIDTH, height, fill: css("--ground") }),
    s("text", { x: WIDTH / 2, y: 20, "text-anchor": "middle", "font-size": 14, "font-weight": 600 }, chart.name),
    ...axes(chart, plot),
    s("clipPath", { id: "plot" }, s("rect", { x: plot.left, y: plot.top - 4, width: plot.width, height: plot.height + 8 })),
    s("g", { "clip-path": "url(#plot)" }, notesOf(chart).map((placed) => noteOf(chart, placed, plot)), lines.map((line) => bandOf(chart, line, plot)),
      lines.flatMap((line) => lineOf(chart, line, plot))),
    ...lines.map((line, at) => legendOf(chart, line, at, HEIGHT + 6)),
  );
  return root;
}

function placer(chart, plot) {
  const [from, to] = chart.span;
  const how = { scale: chart.settings.scale, bend: chart.bend };
  const [low, high] = chart.range.map((value) => forward(value, how));
  return {
    x: (value) => plot.left + ((value - from) / (to - from)) * plot.width,
    y: (value) => plot.top + plot.height - ((forward(value, how) - low) / (high - low)) * plot.height,
  };
}

function xText(chart, value) {
  return chart.columns.answer.axis === "wall" ? new Date(value * 1000).toLocaleTimeString() : short(value);
}

function axes(chart, plot) {
  const { x, y } = placer(chart, plot);
  const bottom = plot.top + plot.height;
  const how = { scale: chart.settings.scale, bend: chart.bend };
  const grid = { stroke: css("--line"), "stroke-width": 0.6 };
  return [
    ...ticks(...chart.span, 8).flatMap((value) => [
      s("path", { d: `M${x(value)} ${plot.top}V${bottom}`, ...grid }),
      s("text", { x: x(value), y: bottom + 15, "text-anchor": "middle", fill: css("--faint") }, xText(chart, value)),
    ]),
    ...ticks(...chart.range, 6, how).flatMap((value) => [
      s("path", { d: `M${plot.left} ${y(value)}H${plot.left + plot.width}`, ...grid }),
      s("text", { x: plot.left - 6, y: y(value) + 4, "text-anchor": "end", fill: css("--faint") }, short(value)),
    ]),
    s("text", { x: plot.left + plot.width / 2, y: bottom + 32, "text-anchor": "middle", fill: css("--faint") }, axisTitle(chart.columns.answer.axis)),
  ];
}

function bandOf(chart, line, plot) {
  const path = bandPath(chart, line, { ...placer(chart, plot), bottom: plot.top + plot.height });
  return path && s("path", { d: path, fill: chart.colours.of(line.run).colour, "fill-opacity": 0.2 });
}

/** A mark of the log; its warnings are left to the page. */
function noteOf(chart, { note, x }, plot) {
  const place = placer(chart, plot).x(x);
  if (note.count || place < plot.left || place > plot.left + plot.width) return null;
  const text = note.label.length > 24 ? `${note.label.slice(0, 23)}\u2026` : note.label;
  return s("g", { fill: css("--link"), stroke: css("--link") }, s("path", { d: `M${place} ${plot.top}v${plot.height}`, "stroke-width": 0.8 }),
    s("text", { x: place + 3, y: plot.top + 9, "font-size": 10, stroke: "none" }, text));
}

function lineOf(chart, line, plot) {
  const { colour, dash } = chart.colours.of(line.run);
  const look = { fill: "none", stroke: colour, "stroke-dasharray": dash.join(" ") || null, "stroke-linejoin": "round" };
  const paths = line.smooth ? [[line.y, 0.35, 1], [line.smooth, 1, 1.8]] : [[line.y, 1, 1.6]];
  return [
    ...paths.map(([values, opacity, width]) => s("path", { d: pathOf(chart, values, plot), ...look, opacity, "stroke-width": width })),
    ...line.marks.map((mark) => markOf(chart, mark, plot, colour)),
  ];
}

function pathOf(chart, values, plot) {
  const { x, y } = placer(chart, plot);
  const isLog = chart.settings.scale === "log";
  let path = "";
  let isDown = false;
  values.forEach((value, at) => {
    if (value === undefined) return;
    if (value === null || (isLog && value <= 0)) return void (isDown = false);
    // A line of no length with round ends is the dot of a lone number.
    const place = `${x(chart.columns.x[at]).toFixed(2)} ${y(value).toFixed(2)}`;
    path += isDown ? `L${place}` : `M${place}h0.01`;
    isDown = true;
  });
  return path;
}

function markOf(chart, mark, plot, colour) {
  const x = placer(chart, plot).x(mark.x);
  const y = mark.kind === "+" ? plot.top + 4 : plot.top + plot.height - 4;
  if (mark.kind === "n") return s("path", { d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`, stroke: colour, "stroke-width": 1.5, fill: "none" });
  const way = mark.kind === "+" ? -1 : 1;
  return s("path", { d: `M${x - 4} ${y - 4 * way}h8l-4 ${8 * way}z`, fill: colour });
}

function legendOf(chart, line, at, top) {
  const { colour, dash } = chart.colours.of(line.run);
  const x = LEFT + (at % 3) * 225;
  const y = top + Math.floor(at / 3) * 16 + 8;
  const bad = Object.entries(line.nonfinite).map(([kind, count]) => `, ${count} ${kind}`).join("");
  const count = line.info.runs === undefined ? "" : ` n ${line.info.runs}`;
  const text = `${chart.label(line)}${count}${bad}`;
  return s("g", null,
    s("path", { d: `M${x} ${y - 4}h18`, stroke: colour, "stroke-width": 2, "stroke-dasharray": dash.join(" ") || null }),
    s("text", { x: x + 24, y }, text.length > 32 ? `${text.slice(0, 31)}\u2026` : text));
}

/** Return the chart as the text of an SVG file. */
export function svgText(chart) {
  return new XMLSerializer().serializeToString(svgOf(chart));
}

/** Return the chart as a PNG of twice the size. */
export async function pngOf(chart) {
  const svg = svgOf(chart);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = 2 * Number(svg.getAttribute("width"));
  canvas.height = 2 * Number(svg.getAttribute("height"));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/** Return where the CSV of all points of a chart's metric is. */
export function csvUrl(run, name) {
  return urlFor("api/series.csv", { run, name });
}

/** Hand a file to the browser. */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Return a name for a file of a chart. */
export function fileName(chart, ending) {
  return `${chart.name.replace(/[^\w.-]+/g, "_").slice(0, 80) || "chart"}.${ending}`;
}
