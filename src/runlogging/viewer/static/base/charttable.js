// The points of a chart as a table, a page at a time: for whoever cannot see the picture, and for copying.

import { fill, h } from "./dom.js";
import { timeText } from "./timeline.js";
import { addWords, t } from "./words.js";

addWords({
  "card.data": ["Points", "点の表"],
  "card.page": ["{from} to {to} of {total} drawn points", "描画した {total} 点のうち {from}–{to}"],
  "card.step": ["step", "ステップ"],
  "card.time": ["time", "時刻"],
  "card.value": ["value", "値"],
  "card.run": ["run", "実行"],
  "card.x": ["x", "x"],
  "card.low": ["from", "下端"],
  "card.high": ["to", "上端"],
  "card.n": ["n", "n"],
});

const ROWS = 50;

/** Return an element that unfolds to the points of a card's chart. */
export function pointTable(card) {
  const place = h("div", { className: "points" });
  return h("details", { onToggle: (event) => event.target.open && fillTable(card, place, 0) }, h("summary", null, t("card.data")), place);
}

function fillTable(card, place, from) {
  const { columns } = card.chart;
  if (!columns) return;
  const points = columns.lines.flatMap((line) => line.info.y.map((value, at) => ({ line, at, value })));
  const isGroup = columns.lines.some((line) => line.low);
  const isSeveral = columns.lines.length > 1 || isGroup;
  const heads = [isSeveral && "run", isGroup ? "x" : "step", "value", ...(isGroup ? ["low", "high", "n"] : ["time"])].filter(Boolean);
  const to = Math.min(points.length, from + ROWS);
  const turn = (by, label, isOff) => h("button", { disabled: isOff, onClick: () => fillTable(card, place, from + by) }, label);
  const rows = points.slice(from, to).map((point) =>
    h("tr", null, isSeveral && h("td", null, card.label(point.line)), isGroup ? groupCells(point) : runCells(point)));
  fill(place,
    h("div", { className: "menu-row" }, turn(-ROWS, "\u2039", from === 0), t("card.page", { from: from + (to > from), to, total: points.length }), turn(ROWS, "\u203a", to >= points.length)),
    h("table", null, h("caption", { className: "unseen" }, card.name), h("thead", null, h("tr", null, heads.map((name) => h("th", null, t(`card.${name}`))))), h("tbody", null, rows)));
}

function runCells({ line: { info }, at, value }) {
  return [h("td", { className: "number" }, info.step[at] ?? ""),
    h("td", { className: "number mono" }, info.exact?.[at] ?? (value === null ? "NaN" : String(value))),
    h("td", { className: "mono" }, timeText(info.time0 + info.time[at]))];
}

function groupCells({ line: { info }, at, value }) {
  const text = (number) => (number === null ? "" : String(number));
  return [info.x[at], value, info.low[at], info.high[at], info.n[at]].map((number) => h("td", { className: "number mono" }, text(number)));
}
