// One chart: uPlot, wrapped. The figure takes the keyboard, says what it shows, and draws what uPlot does not.
//
// new Chart(host, { name, axis, group, colours, settings, label, onPoint, onHover, onNeed }):
//   host      the element that it fills; its width is followed
//   group     what the charts of a page share: view, cursor, mark; see base/chartgroup.js
//   settings  { scale: "linear"|"log"|"asinh", zero, min, max, clip, height }
//   label     (line) -> text of a line, for several runs
//   onPoint   (point, isHover) is told of the point that is pointed at
// chart.show(answer), chart.append(news), chart.set(settings), chart.redraw(), chart.dispose()

import uPlot from "../vendor/uPlot.esm.js";
import { Columns, rangeOf } from "./chartdata.js";
import { bendOf, ticks, yRange } from "./chartscale.js";
import { h } from "./dom.js";
import { number } from "./format.js";
import { addWords, language, t } from "./words.js";

addWords({
  "chart.step": ["step", "ステップ"],
  "chart.relstep": ["steps since the first", "最初からのステップ"],
  "chart.wall": ["time of day (local)", "時刻 (現地)"],
  "chart.relative": ["time since the start (s)", "開始からの時間 (秒)"],
  "chart.active": ["time since the start, pauses left out (s)", "開始からの時間、休止を除く (秒)"],
  "chart.index": ["order of logging (no step was logged)", "記録順 (ステップなし)"],
  "chart.figure": ["Chart of {name}. Left and right keys move along the points, plus and minus zoom, 0 shows all, Enter marks the point.",
    "{name} のグラフ。左右キーで点を移動、+ と - で拡大縮小、0 で全体、Enter で印を付けます。"],
  "chart.allbad": ["all {count} values are {kinds}", "{count} 個の値はすべて {kinds} です"],
  "chart.empty": ["no points", "点がありません"],
  "chart.below": ["{count} values are 0 or less: marked at the bottom", "0 以下の値 {count} 個: 下端に印"],
});

const GAP = 3;
const FONT = "11px system-ui, sans-serif";
const SPREAD = 48; // how far, in places of x, the cursor looks for a point of a line

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Return the words for an axis. */
export function axisTitle(axis) {
  return axis.startsWith("metric:") ? axis.slice(7) : t(`chart.${axis}`);
}

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
    const found = rangeOf(this.columns, from, to, { positive: scale === "log", clip });
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
    this.series = [
      ...lines.map((line) => this.seriesOf(line, Boolean(line.smooth))),
      ...lines.filter((line) => line.smooth).map((line) => this.seriesOf(line, false, true)),
    ];
    this.plot = new uPlot(this.optionsOf(), this.data(), this.figure);
    this.plot.over.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.plot.over.addEventListener("click", () => this.onClick());
    this.plot.over.addEventListener("pointerleave", () => this.group.left(this));
    this.say();
  }

  seriesOf(line, isFaint, isSmooth = false) {
    const { colour, dash } = this.colours.of(line.run);
    const few = (u, at) => u.data[at].reduce((sum, value) => sum + (value !== null && value !== undefined), 0) * 6 < u.over.clientWidth;
    return {
      label: this.label(line),
      stroke: isFaint ? `${colour}55` : colour,
      width: isFaint ? 1 : 1.6,
      dash,
      spanGaps: false,
      points: {
        show: (u, at) => !isSmooth && few(u, at),
        size: 4,
        fill: isFaint ? `${colour}88` : colour,
        // A number between two gaps is no line: it is drawn as a dot whatever the density.
        filter: (u, at, isShown) => (isShown ? null : lonely(u.data[at])),
      },
    };
  }

  optionsOf() {
    const { scale, height } = this.settings;
    const distr = { linear: 1, log: 3, asinh: 4 }[scale];
    const isTime = this.columns.answer.axis === "wall";
    return {
      width: this.width,
      height,
      legend: { show: false },
      focus: { alpha: 0.35 },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        focus: { prox: 24 },
        dataIdx: (u, at, near) => nearest(u.data[at], near),
        points: { size: 7 },
        bind: { dblclick: () => () => this.group.reset() },
      },
      scales: {
        x: { time: isTime, range: () => this.span },
        y: { distr, asinh: this.bend, range: () => this.range },
      },
      series: [{}, ...this.series],
      axes: [this.axisX(isTime), this.axisY(scale)],
      hooks: {
        setSelect: [(u) => this.onSelect(u)],
        setCursor: [(u) => this.onCursor(u)],
        draw: [(u) => this.drawMarks(u)],
      },
    };
  }

  axisX(isTime) {
    const axis = {
      stroke: css("--faint"), font: FONT, labelFont: FONT, label: axisTitle(this.columns.answer.axis), labelSize: 16, size: 26, space: 64,
      gap: GAP, grid: { stroke: css("--line"), width: 0.5 }, ticks: { stroke: css("--line"), size: 3 },
    };
    if (!isTime) {
      axis.splits = (u, at, low, high) => ticks(low, high, Math.max(2, Math.floor((this.width - 60) / 56)));
      axis.values = (u, values) => values.map(short);
    } else if (language === "ja") axis.values = (u, values) => values.map((value) => new Date(value * 1000).toLocaleTimeString("ja"));
    return axis;
  }

  axisY(scale) {
    const most = Math.max(3, Math.floor(this.settings.height / 40));
    return {
      stroke: css("--faint"), font: FONT, gap: GAP, size: (u, values) => 14 + 6.2 * Math.max(3, ...(values ?? []).map((text) => String(text).length)),
      grid: { stroke: css("--line"), width: 0.5 }, ticks: { stroke: css("--line"), size: 3 },
      splits: (u, at, low, high) => ticks(low, high, most, { scale, bend: this.bend }),
      values: (u, values) => values.map(short),
      filter: (u, values) => values,
    };
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

  // ------------------------------------------------------------------ marks

  drawMarks(u) {
    const { ctx, bbox } = u;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left - 6 * ratio, bbox.top, bbox.width + 12 * ratio, bbox.height);
    ctx.clip();
    for (const line of this.columns.lines) {
      ctx.strokeStyle = ctx.fillStyle = this.colours.of(line.run).colour;
      ctx.lineWidth = 1.5 * ratio;
      for (const mark of line.marks) this.drawMark(u, mark.kind, u.valToPos(mark.x, "x", true), ratio);
      this.drawEdges(u, line, ratio);
    }
    const { mark } = this.group;
    const place = mark ? this.placeOf(mark) : null;
    if (place !== null) {
      ctx.strokeStyle = css("--text");
      ctx.lineWidth = 1.5 * ratio;
      ctx.setLineDash([4 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(u.valToPos(place, "x", true), bbox.top);
      ctx.lineTo(u.valToPos(place, "x", true), bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }

  drawMark(u, kind, x, ratio) {
    const { ctx, bbox } = u;
    const size = 4 * ratio;
    const y = kind === "+" ? bbox.top + size : bbox.top + bbox.height - size;
    ctx.beginPath();
    if (kind === "n") {
      ctx.moveTo(x - size, y - size);
      ctx.lineTo(x + size, y + size);
      ctx.moveTo(x + size, y - size);
      ctx.lineTo(x - size, y + size);
      ctx.stroke();
    } else triangle(ctx, x, y, size, kind === "+");
  }

  /** Mark at the edge what lies beyond it: clipped outliers, limits that a person set, and on a log scale 0 and less. */
  drawEdges(u, line, ratio) {
    const { bbox } = u;
    const [low, high] = this.range;
    const isCut = this.settings.clip || this.settings.min !== null || this.settings.max !== null;
    for (let at = 0; at < line.y.length; at += 1) {
      const value = line.y[at];
      if (value === null || value === undefined) continue;
      const isBelow = this.settings.scale === "log" ? value <= 0 || (isCut && value < low) : isCut && value < low;
      if (!isBelow && !(isCut && value > high)) continue;
      const x = u.valToPos(this.columns.x[at], "x", true);
      const y = isBelow ? bbox.top + bbox.height - 3 * ratio : bbox.top + 3 * ratio;
      u.ctx.beginPath();
      triangle(u.ctx, x, y, 3 * ratio, !isBelow);
    }
  }

  /** Return where a moment of the time line lies on x; null where it lies nowhere. */
  placeOf(mark) {
    const { axis } = this.columns.answer;
    if (axis === "step" && mark.step !== null && mark.step !== undefined) return mark.step;
    if (axis === "wall") return mark.us / 1e6;
    let best = null;
    for (const { info } of this.columns.lines) {
      for (let place = 0; place < info.time.length; place += 1) {
        const distance = Math.abs(info.time0 + info.time[place] - mark.us);
        if (!best || distance < best.distance) best = { distance, x: info.x ? info.x[place] : this.columns.x[info.at[place]] };
      }
    }
    return best?.x ?? null;
  }

  // ------------------------------------------------------------------ pointing

  onCursor(u) {
    if (this.isTold) return;
    const { left, idxs } = u.cursor;
    if (left === null || left === undefined || left < 0) return;
    this.group.point(this, u.posToVal(left, "x"), left);
    this.onHover?.(this, this.pointsAt(idxs), { left, top: u.cursor.top });
  }

  /** Return the points that the cursor is nearest to, one a line; marks of what is not finite where they are nearer. */
  pointsAt(idxs) {
    const left = this.plot.cursor.left;
    const x = (value) => this.plot.valToPos(value, "x");
    return this.columns.lines
      .map((line, number) => {
        const at = idxs[number + 1];
        const point = at === null || at === undefined ? null : this.columns.point(line, at);
        const gap = point ? Math.abs(x(point.drawnAt) - left) : Infinity;
        const mark = line.marks.find((each) => Math.abs(x(each.x) - left) < Math.min(gap, 5));
        if (!mark) return point && { ...point, gap };
        const text = { n: "NaN", "+": "Infinity", "-": "-Infinity" }[mark.kind];
        return { ...mark, drawnAt: mark.x, value: null, text, smooth: null, line, gap: Math.abs(x(mark.x) - left) };
      })
      .filter(Boolean);
  }

  /** Follow another chart's cursor, at a place of x; null takes it away. */
  follow(x) {
    if (!this.plot || !this.columns) return;
    this.isTold = true;
    const left = x === null ? -10 : this.plot.valToPos(x, "x");
    this.plot.setCursor({ left, top: left < 0 ? -10 : this.plot.over.clientHeight / 2 }, true);
    this.isTold = false;
    this.onFollow?.(this, x === null ? [] : this.pointsAt(this.plot.cursor.idxs));
  }

  onClick() {
    if (this.wasDragged) return void (this.wasDragged = false);
    this.figure.focus({ preventScroll: true });
    const point = this.nearestPoint();
    if (point) this.onPoint?.(this, point, false);
  }

  nearestPoint() {
    const { idxs, top } = this.plot.cursor;
    const y = (point) => (point.value === null ? top : this.plot.valToPos(point.value, "y"));
    const points = this.pointsAt(idxs ?? []);
    return points.sort((one, two) => Math.hypot(one.gap, y(one) - top) - Math.hypot(two.gap, y(two) - top))[0] ?? null;
  }

  onSelect(u) {
    const { left, width } = u.select;
    if (width < 4) return;
    this.wasDragged = true;
    const [from, to] = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.group.zoomTo(from, to);
    // The click that ends a drag comes after it, or not at all.
    setTimeout(() => (this.wasDragged = false), 0);
  }

  /** The wheel zooms where the chart has the keyboard, or with Ctrl; else the page scrolls. */
  onWheel(event) {
    const isMine = event.ctrlKey || event.shiftKey || document.activeElement === this.figure;
    if (!isMine) return;
    event.preventDefault();
    const [from, to] = this.span;
    const delta = event.deltaY || event.deltaX;
    if (event.shiftKey) return this.group.pan(delta > 0 ? 0.1 : -0.1, [from, to]);
    const share = (event.clientX - this.plot.over.getBoundingClientRect().left) / this.plot.over.clientWidth;
    this.group.zoomBy(delta > 0 ? 1.25 : 0.8, share, [from, to]);
  }

  onKey(event) {
    const work = {
      ArrowLeft: () => (event.shiftKey ? this.group.pan(-0.2, this.span) : this.move(-1)),
      ArrowRight: () => (event.shiftKey ? this.group.pan(0.2, this.span) : this.move(1)),
      PageUp: () => this.move(-20),
      PageDown: () => this.move(20),
      Home: () => this.move(-Infinity),
      End: () => this.move(Infinity),
      "+": () => this.group.zoomBy(0.5, this.share(), this.span),
      "=": () => this.group.zoomBy(0.5, this.share(), this.span),
      "-": () => this.group.back(this.span),
      0: () => this.group.reset(),
      Enter: () => this.onClick(),
    }[event.key];
    if (!work || event.ctrlKey || event.metaKey || event.altKey || !this.columns) return;
    event.preventDefault();
    event.stopPropagation();
    work();
  }

  share() {
    const { left } = this.plot.cursor;
    return left > 0 ? left / this.plot.over.clientWidth : 0.5;
  }

  /** Move the cursor along the points that are drawn. */
  move(by) {
    const [from, to] = this.span;
    const inside = this.columns.x.map((x, at) => at).filter((at) => this.columns.x[at] >= from && this.columns.x[at] <= to
      && this.columns.lines.some((line) => line.place[at] >= 0));
    if (!inside.length) return;
    const near = this.at === null ? -1 : inside.indexOf(this.at);
    const next = near < 0 ? (by > 0 ? 0 : inside.length - 1) : near + by;
    this.at = inside[Math.min(inside.length - 1, Math.max(0, next === -Infinity ? 0 : next === Infinity ? inside.length - 1 : next))];
    const x = this.columns.x[this.at];
    this.plot.setCursor({ left: this.plot.valToPos(x, "x"), top: this.topOf(this.at) }, true);
    this.onRead?.(this, this.columns.lines.map((line) => this.columns.point(line, this.at)).filter(Boolean));
  }

  topOf(at) {
    const value = this.columns.lines.map((line) => line.y[at]).find((each) => each !== null && each !== undefined);
    return value === undefined ? this.plot.over.clientHeight / 2 : Math.max(0, this.plot.valToPos(value, "y"));
  }

  resize() {
    if (!this.plot || this.plot.width === this.width) return;
    this.plot.setSize({ width: this.width, height: this.settings.height });
    this.onResize?.(this);
  }
}

function triangle(ctx, x, y, size, isUp) {
  const way = isUp ? -1 : 1;
  ctx.moveTo(x - size, y - way * size);
  ctx.lineTo(x + size, y - way * size);
  ctx.lineTo(x, y + way * size);
  ctx.closePath();
  ctx.fill();
}

/** Return the places of numbers that have a gap, or nothing, on both sides. */
function lonely(values) {
  const found = [];
  let before = null; // what stood before, past what is no point of this line
  let alone = -1;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    if (value === undefined) continue;
    if (value === null) {
      if (alone >= 0) found.push(alone);
      alone = -1;
    } else alone = before === null ? at : -1;
    before = value;
  }
  if (alone >= 0) found.push(alone);
  return found.length ? found : null;
}

function nearest(values, near) {
  for (let away = 0; away < SPREAD * 50; away += 1) {
    if (typeof values[near - away] === "number") return near - away;
    if (typeof values[near + away] === "number") return near + away;
    if (near - away < 0 && near + away >= values.length) return null;
  }
  return null;
}

/** A number for a tick. */
export function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-4) return Number(value.toPrecision(3)).toExponential().replace("e+", "e");
  if (size >= 1e4) {
    for (const [unit, name] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
      if (size >= unit) return `${Number((value / unit).toPrecision(6))}${name}`;
    }
  }
  return number(value);
}
