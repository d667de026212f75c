// Several runs beside each other: curves, what differs, figures of metrics, log templates, and pictures of sweeps.

import { get } from "../base/api.js";
import { axisTitle } from "../base/chart.js";
import { Card } from "../base/chartcard.js";
import { ChartGroup } from "../base/chartgroup.js";
import { Tip } from "../base/charttip.js";
import { RunColours } from "../base/colours.js";
import { fill, h, s, settled } from "../base/dom.js";
import { number } from "../base/format.js";
import { copyText, download } from "../base/handout.js";
import { watch } from "../base/live.js";
import { change, go, urlOf } from "../base/state.js";
import { addWords, t } from "../base/words.js";
import { csvOf, joined, latexOf, markdownOf, parted, runLink, titleOf, valueText } from "./runs.js";

addWords({
  "compare.title": ["Compare", "比較"],
  "compare.few": ["Choose two runs at least on the page of runs.", "実行一覧で 2 件以上を選択してください。"],
  "compare.curves": ["Curves", "曲線"],
  "compare.table": ["Parameters and environment", "パラメーターと環境"],
  "compare.metrics": ["Metrics", "メトリクス"],
  "compare.logs": ["Log templates", "ログのテンプレート"],
  "compare.parallel": ["Parallel coordinates", "平行座標"],
  "compare.scatter": ["Scatter", "散布図"],
  "compare.parts": ["Parts of the comparison", "比較の内容"],
  "compare.all": ["also what is the same ({count})", "同じものも表示 ({count})"],
  "compare.rows": ["Find a row", "行を検索"],
  "compare.nothing": ["Nothing differs here.", "違いはありません。"],
  "compare.base": ["baseline", "基準"],
  "compare.missing": ["missing", "なし"],
  "compare.remove": ["Remove {name}", "{name} を除く"],
  "compare.hide": ["Hide {name} in the curves", "{name} を曲線から隠す"],
  "compare.unread": ["{run} could not be read: {problem}", "{run} を読み込めません: {problem}"],
  "compare.cut": ["The first {shown} of {total} runs that fit are compared.", "該当する {total} 件のうち最初の {shown} 件を比較しています。"],
  "compare.brush": ["Drag along an axis to keep the runs in that range; click an axis to clear it.", "軸をドラッグして範囲内の実行に絞ります。軸をクリックすると解除します。"],
  "compare.chosen": ["{count} of {total} runs", "{total} 件中 {count} 件"],
  "compare.axes": ["Axes", "軸"],
  "compare.colour": ["Colour", "色"],
  "compare.x": ["x", "x"],
  "compare.y": ["y", "y"],
  "compare.last": ["last", "最終"],
  "compare.change": ["change", "変化"],
  "compare.best": ["best", "最良"],
  "compare.at": ["at step", "ステップ"],
  "compare.area": ["area per step", "ステップあたりの面積"],
  "compare.apart": ["part at", "分岐"],
  "compare.never": ["never", "なし"],
  "compare.run": ["run", "実行"],
  "compare.more": ["Show more curves", "曲線をさらに表示"],
  "compare.smooth": ["Smoothing", "平滑化"],
});

const MOST = 100;
const FIRST_CURVES = 12;
const TABS = ["curves", "table", "metrics", "logs", "parallel", "scatter"];

export async function show(container, state) {
  const page = new ComparePage(container, state);
  await page.begin();
  return { update: (now) => page.update(now), dispose: () => page.dispose() };
}

class ComparePage {
  constructor(container, state) {
    this.container = container;
    this.state = state;
    this.colours = new RunColours();
    this.off = new Set(); // not shown in the curves
    this.cards = [];
    this.brushes = new Map();
    this.mostCurves = FIRST_CURVES;
    this.row = "";
    this.stops = [];
  }

  get tab() {
    return TABS.includes(this.state.tab) ? this.state.tab : "curves";
  }

  async begin() {
    await this.load();
    const again = settled(() => this.load(), 3000);
    this.stops.push(watch("runs", ({ changed }) => changed.some((key) => this.keys?.includes(key)) && again()));
    const onTheme = () => this.draw();
    addEventListener("themechange", onTheme);
    this.stops.push(() => removeEventListener("themechange", onTheme));
  }

  dispose() {
    this.isGone = true;
    this.dropCards();
    for (const stop of this.stops) stop();
  }

  async update(state) {
    const before = this.state;
    this.state = state;
    if (["runs", "where", "exp", "all", "same", "level"].some((name) => before[name] !== state[name])) await this.load();
    else if (this.data) this.draw();
  }

  /** The runs that are meant, and how many fit. */
  async wanted() {
    if (this.state.runs) return { keys: parted(this.state.runs), total: 0 };
    if (!this.state.all && !this.state.where) return { keys: [], total: 0 };
    const { where, exp } = this.state;
    const found = await get("api/runs", { where, experiment: exp, limit: 1000 });
    const keys = found.rows.filter((row) => row.fits && !row.problem).map((row) => row.key);
    return { keys: keys.slice(0, MOST), total: found.fitting };
  }

  async load() {
    const mine = (this.loading = {});
    const { keys, total } = await this.wanted();
    if (keys.length < 2) {
      this.data = null;
      return fill(this.container, h("h1", null, t("compare.title")), h("p", null, t("compare.few"), " ", h("a", { href: urlOf({}), "data-inside": true }, t("app.runs"))));
    }
    const [data, about] = await Promise.all([
      get("api/compare", { run: keys, all: this.state.same, level: this.state.level }),
      get("api/runs", { limit: 0, about: 1, }),
    ]);
    if (mine !== this.loading || this.isGone) return;
    this.data = data;
    this.total = total;
    this.keys = data.keys;
    this.columns = about.columns;
    this.colours.add(this.keys);
    this.sweep = null;
    this.draw();
  }

  title(place) {
    const run = this.data.runs[place];
    return run.name || run.id;
  }

  // ------------------------------------------------------------------ the page

  draw() {
    this.dropCards();
    const { data, total, keys } = this;
    this.body = h("div", { className: "compare-body", role: "tabpanel", "aria-label": t(`compare.${this.tab}`) });
    fill(
      this.container,
      h("h1", null, `${t("compare.title")} (${keys.length})`),
      total > keys.length && h("p", { className: "faint" }, t("compare.cut", { shown: keys.length, total })),
      data.problems.map((problem) => h("p", { className: "problem" }, t("compare.unread", problem))),
      h("ul", { className: "compare-runs" }, keys.map((key, place) => this.runItem(key, place))),
      h("div", { className: "tabs", role: "tablist", "aria-label": t("compare.parts") }, TABS.map((name) => this.tabButton(name))),
      this.body,
    );
    this[{ curves: "drawCurves", table: "drawTable", metrics: "drawMetrics", logs: "drawLogs", parallel: "drawParallel", scatter: "drawScatter" }[this.tab]]();
  }

  tabButton(name) {
    const isOn = name === this.tab;
    const turn = (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      change({ tab: TABS[(TABS.indexOf(name) + by + TABS.length) % TABS.length] });
      this.container.querySelector('[role="tab"][aria-selected="true"]')?.focus();
    };
    return h("button", { role: "tab", "aria-selected": String(isOn), tabindex: isOn ? 0 : -1, onKeydown: turn, onClick: () => change({ tab: name === "curves" ? null : name }, { push: true }) }, t(`compare.${name}`));
  }

  runItem(key, place) {
    const name = this.title(place);
    const isOff = this.off.has(key);
    const remove = () => go({ ...this.state, runs: joined(this.keys.filter((one) => one !== key)), all: null, where: null, exp: null });
    return h(
      "li",
      { title: key },
      h("button", { className: "quiet", "aria-pressed": String(!isOff), "aria-label": t("compare.hide", { name }), onClick: () => this.toggle(key) }, h("span", { className: "swatch", style: { background: this.colours.of(key).colour } })),
      h("a", { href: runLink(key), "data-inside": true, className: isOff ? "off" : null }, name),
      h("span", { className: "status", "data-status": this.data.runs[place].status }, this.data.runs[place].status),
      place === 0 && h("span", { className: "faint" }, t("compare.base")),
      this.keys.length > 2 && h("button", { className: "quiet", "aria-label": t("compare.remove", { name }), onClick: remove }, "×"),
    );
  }

  toggle(key) {
    if (!this.off.delete(key)) this.off.add(key);
    this.draw();
  }

  // ------------------------------------------------------------------ curves

  dropCards() {
    for (const card of this.cards) card.dispose();
    this.cards = [];
    this.tip?.dispose();
    this.tip = null;
  }

  async drawCurves() {
    const place = this.body;
    const names = await this.metricNames();
    if (place !== this.body || this.isGone) return;
    const axis = this.state.x ?? "step";
    const smooth = Number(this.state.smooth) || 0;
    this.group = new ChartGroup({ onView: () => this.cards.forEach((card) => card.load()) });
    this.tip = new Tip();
    const spoken = h("div", { className: "unseen", role: "status" });
    const slots = h("div", { className: "compare-curves" });
    fill(
      place,
      h("div", { className: "compare-bar" },
        h("label", null, "x ", h("select", { onChange: (event) => change({ x: event.target.value === "step" ? null : event.target.value }) }, ["step", "relstep", "wall", "relative", "active"].map((name) => h("option", { value: name, selected: name === axis }, axisTitle(name))))),
        h("label", null, `${t("compare.smooth")} `, h("input", { type: "range", min: 0, max: 0.99, step: 0.01, value: smooth, onChange: (event) => change({ smooth: Number(event.target.value) || null }) }))),
      slots,
      names.length > this.mostCurves && h("button", { onClick: () => ((this.mostCurves += FIRST_CURVES), this.draw()) }, t("compare.more")),
      spoken,
    );
    const runs = this.keys.filter((key) => !this.off.has(key));
    for (const name of names.slice(0, this.mostCurves)) {
      const slot = h("div", { className: "compare-slot" });
      slots.append(slot);
      const card = new Card({
        name, runs, group: this.group, colours: this.colours, tip: this.tip, text: this.state[`c.${name}`],
        label: (line) => this.title(this.keys.indexOf(line.run)),
        read: (text) => (spoken.textContent = text),
        ask: () => ({ x: axis, smooth }),
        onSettings: (text) => change({ [`c.${name}`]: text }, { quiet: true }),
        onPoint: () => {},
      });
      this.cards.push(card);
      slot.append(card.element);
      card.load();
    }
  }

  /** All metrics of the runs, also those that are the same in all. */
  async metricNames() {
    const names = this.data.metrics.map((metric) => metric.name);
    if (!this.data.same.metrics) return names;
    this.whole ??= new Map();
    const asked = this.keys.join(" ");
    if (!this.whole.has(asked)) this.whole.set(asked, get("api/compare", { run: this.keys, all: 1 }).then((whole) => whole.metrics.map((metric) => metric.name)));
    return this.whole.get(asked).catch(() => names);
  }

  // ------------------------------------------------------------------ tables

  bar(same, table) {
    const search = h("input", { type: "search", placeholder: t("compare.rows"), "aria-label": t("compare.rows"), value: this.row, onInput: (event) => ((this.row = event.target.value), this.filterRows()) });
    const isAll = this.state.same === "1";
    return h(
      "div",
      { className: "compare-bar" },
      search,
      (same > 0 || isAll) && h("label", null, h("input", { type: "checkbox", checked: isAll, onChange: () => change({ same: isAll ? null : "1" }) }), " ", t("compare.all", { count: isAll ? "" : same }).replace(" ()", "")),
      h("div", { className: "spring" }),
      [["CSV", csvOf], ["Markdown", markdownOf], ["LaTeX", latexOf]].map(([kind, write]) => h("button", { className: "quiet", onClick: (event) => (kind === "CSV" ? download(new Blob([write(table())], { type: "text/csv" }), "compare.csv") : copyText(write(table()), event.currentTarget)) }, kind)),
    );
  }

  filterRows() {
    const sought = this.row.toLowerCase();
    for (const row of this.body.querySelectorAll("tr[data-row]")) row.hidden = !row.dataset.row.toLowerCase().includes(sought);
  }

  runHeads() {
    return this.keys.map((key, place) => h("th", { scope: "col" }, h("span", { className: "swatch", style: { background: this.colours.of(key).colour } }), " ", this.title(place)));
  }

  scrolling(label, ...children) {
    return h("div", { className: "compare-scroll", tabindex: 0, role: "region", "aria-label": label }, h("table", null, children));
  }

  drawTable() {
    const { data } = this;
    const parts = ["parameters", "tags", "environment"];
    const rows = parts.flatMap((part) => data[part].map((item) => ({ ...item, part })));
    const same = parts.reduce((sum, part) => sum + data.same[part], 0);
    const table = () => ({ head: ["part", "key", ...this.keys], rows: rows.map((item) => [item.part, item.key, ...item.values.map((value, place) => (item.missing.includes(place) ? "" : saidValue(value)))]) });
    if (!rows.length) return fill(this.body, this.bar(same, table), h("p", { className: "faint" }, t("compare.nothing")));
    fill(
      this.body,
      this.bar(same, table),
      this.scrolling(
        t("compare.table"),
        h("thead", null, h("tr", null, h("th", { scope: "col" }, ""), this.runHeads())),
        parts.map((part) => data[part].length > 0 && h("tbody", null, h("tr", null, h("th", { scope: "rowgroup", colspan: this.keys.length + 1 }, h("span", { className: "kind" }, part))), data[part].map((item) => differenceRow(item)))),
      ),
    );
    this.filterRows();
  }

  drawMetrics() {
    const { metrics, same, runs } = this.data;
    const figures = metrics.flatMap((metric) => metric.runs.map((one, place) => ({ metric, one, place })));
    const table = () => ({
      head: ["metric", "run", "last", "best", "best step", "area per step", "parts at", "count"],
      rows: figures.filter(({ one }) => one).map(({ metric, one, place }) => [metric.name, this.keys[place], one.last, one.best, one.best_step, one.average, one.against?.parts_at ?? null, one.count]),
    });
    if (!metrics.length) return fill(this.body, this.bar(same.metrics, table), h("p", { className: "faint" }, t("compare.nothing")));
    const heads = ["last", "change", "best", "at", "area", "apart"].map((name) => h("th", { scope: "col", className: "number" }, t(`compare.${name}`)));
    fill(
      this.body,
      this.bar(same.metrics, table),
      this.scrolling(
        t("compare.metrics"),
        h("thead", null, h("tr", null, h("th", { scope: "col" }, ""), h("th", { scope: "col" }, t("compare.run")), heads)),
        h("tbody", null, figures.map(({ metric, one, place }) => this.metricRow(metric, one, place, runs.length))),
      ),
    );
    this.filterRows();
  }

  metricRow(metric, one, place, count) {
    const head = place === 0 && h("th", { scope: "rowgroup", rowspan: count }, metric.name);
    const name = h("td", null, h("span", { className: "swatch", style: { background: this.colours.of(this.keys[place]).colour } }), " ", this.title(place));
    // While rows are filtered a metric goes as a whole, so its name may span its rows.
    const props = { "data-row": metric.name };
    if (!one) return h("tr", props, head, name, h("td", { colspan: 6, className: "kind" }, t("compare.missing")));
    const isBest = metric.winners.includes(place);
    const cell = (value, more = "") => h("td", { className: `number ${more}` }, value);
    const { against } = one;
    const parts = !against || !against.shared_steps ? "" : against.parts_at === null ? t("compare.never") : against.parts_at;
    return h("tr", props, head, name, cell(number(one.last)), cell(changeText(against)), cell(isBest ? `${number(one.best)} ★` : number(one.best), isBest ? "best" : ""), cell(one.best_step ?? ""), cell(number(one.average)), cell(parts));
  }

  drawLogs() {
    const { logs, same } = this.data;
    const table = () => ({ head: ["kind", "level", "logger", "place", "template", ...this.keys], rows: logs.map((log) => [log.kind ?? "", log.level, log.logger, placeOf(log), log.template, ...log.counts]) });
    if (!logs.length) return fill(this.body, this.bar(same.logs, table), h("p", { className: "faint" }, t("compare.nothing")));
    fill(
      this.body,
      this.bar(same.logs, table),
      this.scrolling(
        t("compare.logs"),
        h("thead", null, h("tr", null, h("th", { scope: "col" }, ""), h("th", null, ""), this.runHeads())),
        h("tbody", null, logs.map((log) => h(
          "tr",
          { "data-row": `${log.template} ${log.logger} ${log.level} ${log.kind ?? ""}` },
          h("th", { scope: "row" }, h("span", { className: "log-kind", "data-kind": log.kind }, log.kind ?? ""), h("div", { className: "faint" }, log.level)),
          h("td", { title: log.message }, h("div", { className: "mono" }, log.template), h("div", { className: "faint" }, `${log.logger} ${placeOf(log)} ${log.exception ?? ""}`)),
          log.counts.map((count, place) => h("td", { className: log.kinds[place] ? "number unlike" : "number" }, count)),
        ))),
      ),
    );
    this.filterRows();
  }

  // ------------------------------------------------------------------ sweeps

  /** The columns that a sweep is drawn by: parameters that differ, and the metrics. */
  usualAxes() {
    const parameters = this.data.parameters.filter((item) => item.differs).map((item) => `params.${item.key}`);
    const metrics = this.data.metrics.map((metric) => `metrics.${metric.name}`);
    return { parameters, metrics };
  }

  async loadSweep(columns) {
    const asked = columns.join("\n");
    if (this.sweep?.asked !== asked) {
      const answer = await get("api/scatter", { run: this.keys, column: columns });
      this.sweep = { asked, answer };
    }
    return this.sweep.answer;
  }

  picker(name, now, label) {
    const { parameters, metrics } = this.usualAxes();
    const names = [...new Set([...parameters, ...metrics, ...this.columns.filter((column) => column.kind !== "tag" && column.kind !== "fact").map((column) => column.name)])].slice(0, 500);
    return h("label", null, `${label} `, h("select", { "aria-label": label, onChange: (event) => change({ [name]: event.target.value }) }, names.map((one) => h("option", { value: one, selected: one === now }, one))));
  }

  async drawParallel() {
    const place = this.body;
    const { parameters, metrics } = this.usualAxes();
    const axes = this.state.axes ? parted(this.state.axes) : [...parameters.slice(0, 6), ...metrics.slice(0, 1)];
    const colour = this.state.colour ?? metrics[0] ?? axes.at(-1);
    if (axes.length < 2) return fill(place, this.axesBar(axes, colour), h("p", { className: "faint" }, t("compare.nothing")));
    const answer = await this.loadSweep([...axes, colour]);
    if (place !== this.body) return;
    const count = h("span", { role: "status" });
    const picture = h("div", null);
    fill(place, this.axesBar(axes, colour), h("p", { className: "faint" }, t("compare.brush"), " ", count), picture);
    const draw = () => {
      const kept = answer.rows.filter((row) => axes.every((name, at) => this.isInside(name, scaleOf(answer.rows, at), row.values[at])));
      fill(count, t("compare.chosen", { count: kept.length, total: answer.rows.length }));
      fill(picture, this.parallel(axes, answer.rows, new Set(kept), draw));
    };
    draw();
  }

  axesBar(axes, colour) {
    const rest = this.columns.filter((column) => column.kind !== "fact" && !axes.includes(column.name)).slice(0, 500);
    const set = (next) => change({ axes: joined(next) || null });
    return h(
      "div",
      { className: "compare-bar" },
      h("span", { className: "faint" }, t("compare.axes")),
      axes.map((name) => h("button", { onClick: () => set(axes.filter((one) => one !== name)), "aria-label": t("compare.remove", { name }) }, `${titleOf(name)} ×`)),
      h("select", { "aria-label": t("compare.axes"), onChange: (event) => event.target.value && set([...axes, event.target.value]) }, h("option", { value: "" }, "+"), rest.map(({ name }) => h("option", { value: name }, name))),
      this.picker("colour", colour, t("compare.colour")),
    );
  }

  isInside(name, scale, value) {
    const brush = this.brushes.get(name);
    if (!brush) return true;
    const share = scale.share(value);
    return share !== null && share >= brush[0] && share <= brush[1];
  }

  parallel(axes, rows, kept, redraw) {
    const width = Math.max(320, this.body.clientWidth);
    const [height, top, bottom] = [380, 34, 22];
    const scales = axes.map((_, at) => scaleOf(rows, at));
    const colours = scaleOf(rows, axes.length);
    const x = (at) => 60 + (at / (axes.length - 1)) * (width - 120);
    const y = (share) => height - bottom - share * (height - top - bottom);
    const path = (row) => {
      let text = "";
      let isDown = false;
      scales.forEach((scale, at) => {
        const share = scale.share(row.values[at]);
        if (share === null) return (isDown = false);
        text += `${isDown ? "L" : "M"}${x(at)} ${y(share)}`;
        isDown = true;
      });
      return text;
    };
    const line = (row) => {
      const isKept = kept.has(row);
      return s("path", { d: path(row), class: isKept ? "line" : "rest", stroke: isKept ? ramp(colours.share(row.values[axes.length])) : null, "data-key": row.key }, s("title", null, `${row.name || row.id}\n${axes.map((name, at) => `${titleOf(name)}: ${saidValue(row.values[at])}`).join("\n")}`));
    };
    const ordered = [...rows].sort((one, other) => kept.has(one) - kept.has(other));
    const picture = s("svg", { class: "sweep parallel", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${t("compare.parallel")}: ${axes.map(titleOf).join(", ")}` }, ordered.map(line));
    axes.forEach((name, at) => picture.append(this.axis(name, scales[at], x(at), y, { top, height: height - bottom, redraw, picture, width })));
    return picture;
  }

  axis(name, scale, x, y, { top, height, redraw, picture, width }) {
    const brush = this.brushes.get(name);
    const ends = scale.ticks.map(([share, text]) => s("text", { x: x + 5, y: y(share) + 4, class: "faint" }, clipped(text, 14)));
    const area = s("rect", { x: x - 14, y: top - 6, width: 28, height: height - top + 12, class: "catch", "data-axis": name });
    const shareAt = (event) => {
      const box = picture.getBoundingClientRect();
      const at = ((event.clientY - box.top) / box.height) * picture.viewBox.baseVal.height;
      return Math.max(0, Math.min(1, (height - at) / (height - top)));
    };
    area.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const from = shareAt(event);
      const ended = (last) => {
        const to = shareAt(last);
        // A click clears it.
        if (Math.abs(to - from) < 0.015) this.brushes.delete(name);
        else this.brushes.set(name, [Math.min(from, to), Math.max(from, to)]);
        redraw();
      };
      addEventListener("pointerup", ended, { once: true });
    });
    return s(
      "g",
      null,
      s("path", { class: "axis", d: `M${x} ${top}V${height}` }),
      s("text", { x: Math.min(Math.max(x, 50), width - 50), y: 16, "text-anchor": "middle" }, clipped(titleOf(name), 18)),
      ends,
      brush && s("rect", { class: "brush", x: x - 7, y: y(brush[1]), width: 14, height: Math.max(1, y(brush[0]) - y(brush[1])) }),
      area,
    );
  }

  async drawScatter() {
    const place = this.body;
    const { parameters, metrics } = this.usualAxes();
    const [x, y, colour] = [this.state.sx ?? parameters[0] ?? metrics[0], this.state.sy ?? metrics[0], this.state.colour ?? metrics[0]];
    if (!x || !y) return fill(place, h("p", { className: "faint" }, t("compare.nothing")));
    const answer = await this.loadSweep([x, y, colour]);
    if (place !== this.body) return;
    fill(place, h("div", { className: "compare-bar" }, this.picker("sx", x, t("compare.x")), this.picker("sy", y, t("compare.y")), this.picker("colour", colour, t("compare.colour"))), this.scatter(x, y, answer.rows));
  }

  scatter(xName, yName, rows) {
    const width = Math.max(320, Math.min(900, this.body.clientWidth));
    const height = Math.min(460, width * 0.7);
    const [xs, ys, colours] = [0, 1, 2].map((at) => scaleOf(rows, at));
    const x = (share) => 64 + share * (width - 90);
    const y = (share) => height - 44 - share * (height - 70);
    const dot = (row) => {
      const [a, b] = [xs.share(row.values[0]), ys.share(row.values[1])];
      if (a === null || b === null) return null;
      const element = s("circle", { class: "dot", cx: x(a), cy: y(b), r: 6, fill: ramp(colours.share(row.values[2])), "data-key": row.key }, s("title", null, `${row.name || row.id}\n${titleOf(xName)}: ${saidValue(row.values[0])}\n${titleOf(yName)}: ${saidValue(row.values[1])}`));
      element.addEventListener("click", () => go({ view: "run", run: row.key }));
      return element;
    };
    return s(
      "svg",
      { class: "sweep scatter", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${t("compare.scatter")}: ${titleOf(xName)}, ${titleOf(yName)}`, style: { "max-width": `${width}px` } },
      s("path", { class: "axis", fill: "none", d: `M64 20V${height - 44}H${width - 20}` }),
      xs.ticks.map(([share, text]) => s("text", { class: "faint", x: x(share), y: height - 26, "text-anchor": "middle" }, clipped(text, 12))),
      ys.ticks.map(([share, text]) => s("text", { class: "faint", x: 58, y: y(share) + 4, "text-anchor": "end" }, clipped(text, 9))),
      s("text", { x: width / 2, y: height - 6, "text-anchor": "middle" }, clipped(titleOf(xName), 60)),
      s("text", { x: 6, y: 12 }, clipped(titleOf(yName), 60)),
      rows.map(dot),
    );
  }
}

// ---------------------------------------------------------------------- texts and scales

/** A value so that 0, false, "", null and a text that looks like one of them are told apart. */
export function saidValue(value) {
  if (value === null || value === undefined) return "null";
  if (typeof value !== "string") return valueText(value);
  const isUnclear = value === "" || ["null", "true", "false", "missing"].includes(value) || (value.trim() !== "" && !Number.isNaN(Number(value)));
  return isUnclear ? JSON.stringify(value) : value;
}

function differenceRow({ key, values, missing, differs }) {
  const said = values.map((value, place) => (missing.includes(place) ? null : saidValue(value)));
  const cell = (text) => h("td", { className: differs && text !== said[0] ? "unlike" : null }, text === null ? h("span", { className: "kind" }, t("compare.missing")) : text);
  return h("tr", { "data-row": key }, h("th", { scope: "row" }, key), said.map(cell));
}

function changeText(against) {
  if (!against || against.delta === null) return "";
  const { delta, relative } = against;
  if (relative === null || Math.abs(relative) >= 10) return `${delta > 0 ? "+" : ""}${number(delta, 3)}`;
  return `${relative > 0 ? "+" : ""}${number(relative * 100, 3)}%`;
}

const placeOf = ({ file, line }) => (file ? `${file.split(/[\\/]/).at(-1)}:${line ?? ""}` : "");

const clipped = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** A scale of one column: numbers by size, other values side by side; share(value) is from 0 to 1, null without a place. */
export function scaleOf(rows, at) {
  const values = rows.map((row) => row.values[at]).filter((value) => value !== null && value !== undefined);
  const isNumeric = values.length > 0 && values.every((value) => typeof value === "number" || ["NaN", "Infinity", "-Infinity"].includes(value));
  if (!isNumeric) {
    const names = [...new Set(values.map(saidValue))].sort();
    const share = (name) => (names.length > 1 ? names.indexOf(name) / (names.length - 1) : 0.5);
    const each = Math.ceil(names.length / 12);
    return { share: (value) => (value === null || value === undefined ? null : share(saidValue(value))), ticks: names.filter((_, place) => place % each === 0).map((name) => [share(name), name]) };
  }
  const finite = values.filter((value) => typeof value === "number");
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const share = (value) => (typeof value !== "number" ? null : high > low ? (value - low) / (high - low) : 0.5);
  const places = high > low ? [0, 0.5, 1] : [0.5];
  return { share, ticks: finite.length ? places.map((one) => [one, number(high > low ? low + one * (high - low) : low, 4)]) : [] };
}

/** A colour of a share: from blue to orange, both seen on light and dark grounds by all eyes. */
function ramp(share) {
  if (share === null) return "var(--faint)";
  const mix = (from, to) => Math.round(from + (to - from) * share);
  return `rgb(${mix(20, 240)} ${mix(120, 110)} ${mix(220, 20)})`;
}
