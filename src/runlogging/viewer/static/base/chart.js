// One chart: uPlot, wrapped. The figure takes the keyboard, says what it shows, and draws what uPlot does not.
//
// new Chart(host, { name, axis, group, colours, settings, label, onPoint, onHover, onNeed }):
//   host      the element that it fills; its width is followed
//   group     what the charts of a page share: view, cursor, mark; see base/chartgroup.js
//   settings  { scale: "linear"|"log"|"asinh", zero, min, max, clip, height }
//   label     (line) -> text of a line, for several runs
//   onPoint   (point, isHover) is told of the point that is pointed at
//   onNote    (note) is told of the mark of the log that was clicked
//   onLetGo   is told of a double click: what the clicks before it pinned is not meant
// chart.show(answer), chart.append(news), chart.set(settings), chart.redraw(), chart.dispose()

import uPlot from "../vendor/uPlot.esm.js";
import { Columns, rangeOf } from "./chartdata.js";
import { steer } from "./chartkeys.js";
import { notesNear } from "./chartmarks.js";
import { optionsOf, seriesOf } from "./chartplot.js";
import { nearestPoint, pointsAt, wheel } from "./chartpointer.js";
import { bendOf, yRange } from "./chartscale.js";
import { h } from "./dom.js";
import { addWords, t } from "./words.js";

addWords({
  "chart.figure": ["Chart of {name}. Left and right keys move along the points, plus and minus zoom, 0 shows all, Enter marks the point.",
    "{name} のグラフ。左右キーで点を移動、+ と - で拡大縮小、0 で全体、Enter で印を付けます。"],
  "chart.allbad": ["all {count} values are {kinds}", "{count} 個の値はすべて {kinds} です"],
  "chart.empty": ["no points", "点がありません"],
  "chart.below": ["{count} values are 0 or less: marked at the bottom", "0 以下の値 {count} 個: 下端に印"],
});

const DIMMED = 0.3;

export class Chart {
  constructor(host, options) {
    Object.assign(this, options);
    this.host = host;
    this.plot = null;
    this.columns = null;
    this.at = null; // the place in x of the keyboard's cursor
    this.note = h("p", { className: "chart-note faint" });
    this.figure = h("div", {
      className: "chart-figure", tabindex: "0", role: "img", "aria-roledescription": "chart", "aria-label": t("chart.figure", { name: this.name }),
    });
    this.figure.chart = this; // for whoever looks into the page: tests, and people with the browser's tools
    host.append(this.figure, this.note);
    this.figure.addEventListener("keydown", (event) => this.onKey(event));
    this.figure.addEventListener("focus", () => this.group.focused(this));
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.figure);
    this.stop = this.group.join(this);
  }

  dispose() {
    this.stop();
    this.sizes.disconnect();
    this.plot?.destroy();
    this.plot = null;
    this.host.replaceChildren();
  }

  get width() {
    return Math.max(120, Math.floor(this.figure.clientWidth || 300));
  }

  /** What of x is shown: [from, to]. */
  get span() {
    const { view } = this.group;
    const bounds = this.columns?.bounds;
    const [low, high] = view ? [view.from, view.to] : bounds ?? [0, 1];
    return low < high ? [low, high] : [low - 0.5, high + 0.5];
  }

  /** Show an answer of api/series. */
  show(answer) {
    const before = this.columns;
    this.columns = new Columns(answer);
    if (before && this.at !== null) this.at = this.columns.x.findIndex((x) => x >= before.x[this.at]);
    const names = (columns) => columns?.lines.map((line) => line.key + Boolean(line.smooth)).join("\n") + columns?.answer.axis;
    if (!this.plot || !before || names(before) !== names(this.columns)) this.build();
    else this.refresh();
  }

  /** Put news at the end; tells whether that could be done. */
  append(news) {
    if (!this.columns || !this.columns.append(news)) return false;
    this.refresh();
    return true;
  }

  /** Let a line stand out, by its key; null lets none. */
  highlight(key) {
    if (!this.plot || this.owners.length < 2) return;
    const isHere = this.owners.some((line) => line.key === key);
    this.owners.forEach((line, at) => (this.plot.series[at + 1].alpha = isHere && line.key !== key ? DIMMED : 1));
    this.plot.redraw(false);
  }

  /** Draw what is hidden no more, and what is shown again. */
  hide() {
    if (!this.columns) return;
    this.build();
  }

  set(settings) {
    this.settings = settings;
    if (this.columns) this.build();
  }

  redraw() {
    if (this.columns) this.build();
  }

  refresh() {
    if (!this.plot) return;
    this.prepare();
    this.plot.setData(this.data(), false);
    this.rescale();
    // The points may have other places now than when the pointer came.
    const { left, top } = this.plot.cursor;
    if (left >= 0) this.plot.setCursor({ left, top });
    this.say();
  }

  rescale() {
    this.prepare();
    const [min, max] = this.span;
    this.plot?.batch(() => {
      this.plot.setScale("x", { min, max });
      this.plot.setScale("y", { min: this.range[0], max: this.range[1] });
    });
  }

  /** Work out the scale of y for what is shown. */
  prepare() {
    const { scale, clip } = this.settings;
    const [from, to] = this.span;
    const found = rangeOf(this.columns, from, to, { positive: scale === "log", clip, hidden: this.group.hidden });
    this.bend = bendOf(found);
    this.range = yRange(found, this.settings);
  }

  data() {
    const isLog = this.settings.scale === "log";
    const shown = (values) => (isLog ? values.map((value) => (value !== null && value <= 0 ? null : value)) : values);
    const { lines, x } = this.columns;
    return [x, ...lines.map((line) => shown(line.y)), ...lines.filter((line) => line.smooth).map((line) => shown(line.smooth))];
  }

  build() {
    this.plot?.destroy();
    this.prepare();
    const { lines } = this.columns;
    const smooth = lines.filter((line) => line.smooth);
    this.owners = [...lines, ...smooth]; // whose each series is
    this.series = [...lines.map((line) => seriesOf(this, line, Boolean(line.smooth))), ...smooth.map((line) => seriesOf(this, line, false, true))];
    this.plot = new uPlot(optionsOf(this), this.data(), this.figure);
    this.plot.over.addEventListener("wheel", (event) => wheel(this, event), { passive: false });
    this.plot.over.addEventListener("pointermove", () => (this.isFollower = false));
    this.plot.over.addEventListener("click", () => this.onClick());
    this.plot.over.addEventListener("pointerleave", () => this.group.left(this));
    if (this.group.highlighted !== null) this.highlight(this.group.highlighted);
    this.say();
  }

  // ------------------------------------------------------------------ what it says

  say() {
    const { lines } = this.columns;
    const notes = [];
    const counts = lines.reduce((sum, line) => sum + line.count, 0);
    const bad = lines.flatMap((line) => Object.entries(line.nonfinite));
    const kinds = [...new Set(bad.map(([kind]) => kind))].join(", ");
    const badCount = bad.reduce((sum, [, count]) => sum + count, 0);
    if (!counts) notes.push(t("chart.empty"));
    else if (badCount === counts) notes.push(t("chart.allbad", { count: counts, kinds }));
    if (this.settings.scale === "log") {
      const below = lines.reduce((sum, line) => sum + line.y.filter((value) => value !== null && value !== undefined && value <= 0).length, 0);
      if (below) notes.push(t("chart.below", { count: below }));
    }
    this.note.textContent = notes.join("; ");
    this.onSay?.(this);
  }

  // ------------------------------------------------------------------ pointing

  onCursor(u) {
    // What comes to a chart moves its cursor, too; only the one that is pointed at tells of it.
    if (this.isFollower) return;
    const { left, idxs } = u.cursor;
    if (left === null || left === undefined || left < 0) return;
    this.group.point(this, u.posToVal(left, "x"), left);
    this.onHover?.(this, this.pointsAt(idxs), { left, top: u.cursor.top });
  }

  /** Return the points that the cursor is nearest to; see base/chartpointer.js. */
  pointsAt(idxs) {
    return pointsAt(this, idxs);
  }

  nearestPoint() {
    return nearestPoint(this);
  }

  /** Follow another chart's cursor, at a place of x; null takes it away. */
  follow(x) {
    if (!this.plot || !this.columns) return;
    this.isFollower = true;
    const left = x === null ? -10 : this.plot.valToPos(x, "x");
    this.plot.setCursor({ left, top: left < 0 ? -10 : this.plot.over.clientHeight / 2 }, true);
    this.onFollow?.(this, x === null ? [] : this.pointsAt(this.plot.cursor.idxs));
  }

  /** The pointer came near a line, or near none: the other charts show it, too. */
  onFocus(at) {
    if (this.isFollower || this.columns.lines.length < 2) return;
    this.group.highlight(at === null ? null : this.owners[at - 1].key);
  }

  onClick() {
    if (this.wasDragged) return void (this.wasDragged = false);
    this.figure.focus({ preventScroll: true });
    const [note] = notesNear(this, this.plot.cursor.left);
    if (note && this.onNote) return void this.onNote(note);
    const point = this.nearestPoint();
    if (point) this.onPoint?.(this, point, false);
  }

  onDoubleClick() {
    this.onLetGo?.(this);
    this.group.reset();
  }

  onKey(event) {
    steer(this, event);
  }

  resize() {
    if (!this.plot || this.plot.width === this.width) return;
    this.plot.setSize({ width: this.width, height: this.settings.height });
    this.onResize?.(this);
  }
}
