// The tooltip of charts: what the points under the cursor are. It never leaves the window; a click pins it, and then its text can be
// copied; several runs can be sorted by distance, value or name.

import { fill, h } from "./dom.js";
import { number } from "./format.js";
import { timeText } from "./timeline.js";
import { addWords, t } from "./words.js";

addWords({
  "tip.step": ["step", "ステップ"],
  "tip.time": ["time", "時刻"],
  "tip.writer": ["writer", "書き込み元"],
  "tip.smooth": ["smoothed", "平滑化"],
  "tip.more": ["{count} more", "他 {count} 件"],
  "tip.distance": ["nearest", "近い順"],
  "tip.value": ["value", "値"],
  "tip.name": ["name", "名前"],
  "tip.sort": ["Sort by", "並べ替え"],
  "tip.x": ["x", "x"],
  "tip.band": ["band", "範囲"],
  "tip.runs": ["runs", "実行"],
  "tip.close": ["Close", "閉じる"],
});

const MOST = 20;
const MOST_NOTES = 6;
const EDGE = 8;
let order = "distance";

export class Tip {
  constructor() {
    this.element = h("div", { className: "chart-tip", hidden: true, role: "group" });
    document.body.append(this.element);
    this.isPinned = false;
    this.isWhole = false; // more than the first points of many are shown
    this.onKey = (event) => event.key === "Escape" && this.release();
    addEventListener("keydown", this.onKey);
  }

  dispose() {
    removeEventListener("keydown", this.onKey);
    this.element.remove();
  }

  /** Show points of a chart near a place of the window. */
  show(chart, points, { x, y }, isPinned = false, notes = []) {
    if (this.isPinned && !isPinned) return;
    if (!points.length && !notes.length) return this.hide();
    this.isPinned = isPinned;
    this.last = { chart, points, at: { x, y }, notes };
    this.element.hidden = false;
    this.element.dataset.pinned = String(isPinned);
    const told = points.length === 1 ? one(chart, points[0]) : this.several(chart, points);
    fill(this.element, notes.length > 0 && noteList(notes), told, isPinned && this.buttons(points));
    this.place(x, y);
  }

  buttons(points) {
    const sorts = ["distance", "value", "name"].map((name) =>
      h("button", { "data-sort": name, "aria-pressed": String(order === name), onClick: () => this.sort(name) }, t(`tip.${name}`)));
    return h("div", { className: "tip-buttons" }, points.length > 1 && [h("span", { className: "faint" }, t("tip.sort")), sorts],
      h("button", { onClick: () => this.release() }, t("tip.close")));
  }

  sort(name) {
    order = name;
    this.again();
    this.element.querySelector(`[data-sort="${name}"]`)?.focus();
  }

  again() {
    const { chart, points, at, notes } = this.last;
    this.show(chart, points, at, this.isPinned, notes);
  }

  showAll() {
    this.isWhole = true;
    this.again();
    this.element.querySelector("[data-sort]")?.focus();
  }

  several(chart, points) {
    const sorted = [...points].sort(ORDERS[order](chart));
    const rows = sorted.slice(0, this.isWhole ? Infinity : MOST).map((point) => {
      const { colour } = chart.colours.of(point.line.run);
      return h("tr", null, h("td", null, h("span", { className: "swatch", style: { background: colour } })), h("td", null, chart.label(point.line)),
        h("td", { className: "number" }, point.step ?? ""), h("td", { className: "number mono" }, textOf(point)),
        point.n !== null && point.n !== undefined && [h("td", { className: "number mono faint" }, bandText(point)), h("td", { className: "number faint" }, `n ${point.n}`)]);
    });
    const more = t("tip.more", { count: sorted.length - rows.length });
    const rest = this.isPinned ? h("button", { className: "quiet", onClick: () => this.showAll() }, more) : h("p", { className: "faint" }, more);
    return [h("table", null, h("tbody", null, rows)), rows.length < sorted.length && rest];
  }

  place(x, y) {
    const { width, height } = this.element.getBoundingClientRect();
    const left = x + 16 + width + EDGE < innerWidth ? x + 16 : x - 16 - width;
    const top = y + 16 + height + EDGE < innerHeight ? y + 16 : y - 16 - height;
    const within = (place, size, room) => Math.max(EDGE, Math.min(place, room - size - EDGE));
    this.element.style.left = `${within(left, width, innerWidth)}px`;
    this.element.style.top = `${within(top, height, innerHeight)}px`;
  }

  release() {
    this.isPinned = false;
    this.isWhole = false;
    this.hide();
  }

  /** A chart goes: what was shown of it goes, too, unless it is pinned. */
  forget(chart) {
    if (this.last?.chart === chart) this.hide();
  }

  hide() {
    if (this.isPinned) return;
    this.element.hidden = true;
  }
}

const ORDERS = {
  distance: () => (first, second) => first.away - second.away,
  value: () => (first, second) => compared(sizeOf(second), sizeOf(first)),
  name: (chart) => (first, second) => chart.label(first.line).localeCompare(chart.label(second.line), undefined, { numeric: true }),
};

/** What a point is sorted by: NaN stands behind all. */
function sizeOf({ value, text }) {
  const size = value ?? Number(text);
  return Number.isNaN(size) ? null : size;
}

function compared(one, other) {
  if (one === null || other === null) return (one !== null) - (other !== null);
  return one === other ? 0 : one - other;
}

/** What the log says at a place: { level, label, count } each. */
function noteList(notes) {
  const more = notes.length - MOST_NOTES;
  return h("ul", { className: "tip-notes" },
    notes.slice(0, MOST_NOTES).map((note) => h("li", { "data-level": note.count ? note.level : null },
      note.count > 0 && h("span", { className: "level" }, note.count > 1 ? `${note.level} \u00d7${note.count} ` : `${note.level} `), note.label)),
    more > 0 && h("li", { className: "faint" }, t("tip.more", { count: more })));
}

/** The value of a point, all digits of it. */
export function textOf(point) {
  return point.text ?? (point.value === null ? "" : String(point.value));
}

function bandText({ low, high }) {
  return low === null || high === null ? "" : `${number(low)} \u2013 ${number(high)}`;
}

function one(chart, point) {
  if (point.n !== null && point.n !== undefined) return ofGroup(point);
  const time = timeText(point.time);
  const local = new Date(point.time / 1000).toLocaleTimeString();
  return h("dl", null,
    h("dt", null, t("tip.step")), h("dd", { className: "mono", "data-what": "step" }, point.step ?? "\u2013"),
    h("dt", null, t("tip.value")), h("dd", { className: "mono", "data-what": "value" }, textOf(point)),
    point.smooth !== null && [h("dt", null, t("tip.smooth")), h("dd", { className: "mono" }, number(point.smooth))],
    h("dt", null, t("tip.time")), h("dd", { className: "mono", "data-what": "time", title: local }, time),
    point.line.writer !== "main" && [h("dt", null, t("tip.writer")), h("dd", null, point.line.writer)]);
}

function ofGroup(point) {
  return h("dl", null,
    h("dt", null, t("tip.x")), h("dd", { className: "mono", "data-what": "step" }, point.step ?? number(point.x)),
    h("dt", null, t("tip.value")), h("dd", { className: "mono", "data-what": "value" }, textOf(point)),
    h("dt", null, t("tip.band")), h("dd", { className: "mono", "data-what": "band" }, bandText(point)),
    h("dt", null, t("tip.runs")), h("dd", { "data-what": "n" }, point.n));
}
