// The figure around a plot: its name, what saves it, and the numbers behind it as a table.

import { fill, h } from "./dom.js";
import { csvOf } from "./export.js";
import { number } from "./format.js";
import { copyText, download } from "./handout.js";
import { pngOf, svgText } from "./plotsave.js";
import { addWords, t } from "./words.js";

addWords({
  "plot.numbers": ["Numbers", "数値"],
  "plot.csv": ["Copy CSV", "CSV をコピー"],
  "plot.save": ["Save {title} as {kind}", "{title} を {kind} で保存"],
  "plot.smaller": [
    "The PNG has {width} \u00d7 {height} pixels, {percent} % of the usual size: more than 16.8 million are not drawn by every browser. The SVG has all details.",
    "PNG は {width} \u00d7 {height} ピクセル (通常の {percent} %) です。1680 万ピクセルを超えると描画できないブラウザがあります。細部は SVG にあります。",
  ],
  "plot.more": ["{n} more rows are in the CSV", "残り {n} 行は CSV にあります"],
});

const SHOWN_ROWS = 200;

/** A plot with its name, what saves it, and its numbers.
 *
 * draw(width) gives an SVG element; table() gives { columns, rows }; `extra` are controls of its own; legend() gives what a
 * saved picture says of its lines: [{ label, className }]. Returns { element, redraw(), dispose() }.
 */
export function figure({ title, draw, table, name = title, extra = [], legend = () => [] }) {
  const place = h("div", { className: "plot-place" });
  let svg = null;
  let width = 0;
  const redraw = () => {
    const now = Math.floor(place.clientWidth);
    if (!now) return;
    width = now;
    svg = draw(Math.max(240, now));
    fill(place, svg);
  };
  const observer = new ResizeObserver(() => Math.abs(place.clientWidth - width) > 1 && redraw());
  observer.observe(place);
  const element = h("figure", { className: "plot-figure" },
    h("figcaption", null, h("span", { className: "plot-title" }, title), h("span", { className: "spring" }), extra, saveButtons({ svgOf: () => svg, title, name, legend })),
    place, table && numbers(table));
  return { element, redraw, dispose: () => observer.disconnect() };
}

/** The buttons that save a picture; svgOf() gives it as it is then. What became smaller than usual is said beside them. */
export function saveButtons({ svgOf, title, name = title, legend = () => [] }) {
  const note = h("span", { className: "faint plot-note", role: "status" });
  const options = () => ({ title: name === title ? title : `${title}: ${name}`, legend: legend() });
  const button = (kind, onClick) => h("button", { className: "quiet", "aria-label": t("plot.save", { title, kind }), onClick }, kind);
  const savePng = async () => {
    const { blob, width, height, scale } = await pngOf(svgOf(), options());
    download(blob, `${name}.png`);
    fill(note, scale < 2 && t("plot.smaller", { width, height, percent: Math.round(scale * 50) }));
  };
  return [
    button("SVG", () => download(new Blob([svgText(svgOf(), options())], { type: "image/svg+xml" }), `${name}.svg`)),
    button("PNG", savePng), note,
  ];
}

function numbers(table) {
  const body = h("div", { className: "plot-numbers" });
  const show = () => {
    const { columns, rows } = table();
    fill(body,
      h("button", { className: "quiet", onClick: (event) => copyText(csvOf({ head: columns, rows }), event.currentTarget) }, t("plot.csv")),
      h("div", { className: "table-scroll", tabindex: "0" }, h("table", null,
        h("thead", null, h("tr", null, columns.map((column) => h("th", { scope: "col" }, column)))),
        h("tbody", null, rows.slice(0, SHOWN_ROWS).map((row) => h("tr", null, row.map((cell) => h("td", { className: typeof cell === "number" ? "number" : null }, typeof cell === "number" ? number(cell) : cell ?? ""))))))),
      rows.length > SHOWN_ROWS && h("p", { className: "faint" }, t("plot.more", { n: rows.length - SHOWN_ROWS })));
  };
  return h("details", { className: "plot-table", onToggle: (event) => event.currentTarget.open && show() }, h("summary", null, t("plot.numbers")), body);
}
