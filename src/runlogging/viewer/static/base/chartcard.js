// A card with one chart: title, figures of the last and the hovered point, settings, files, and the points as a table.

import { latest } from "./api.js";
import { Chart } from "./chart.js";
import { notesNear } from "./chartmarks.js";
import { legendOf } from "./chartlegend.js";
import { csvUrl, download, fileName, pngOf, svgText } from "./chartout.js";
import { spokenOf } from "./chartspeech.js";
import { fill, h } from "./dom.js";
import { number } from "./format.js";
import { pointTable } from "./charttable.js";
import { addWords, t } from "./words.js";

addWords({
  "card.scale": ["Scale of y", "縦軸"],
  "card.linear": ["linear", "線形"],
  "card.log": ["logarithmic", "対数"],
  "card.asinh": ["arcsinh", "逆双曲線正弦"],
  "card.zero": ["y from 0", "0 から"],
  "card.min": ["least", "下限"],
  "card.max": ["greatest", "上限"],
  "card.clip": ["scale to the bulk, mark outliers", "外れ値を除いた範囲"],
  "card.outside": ["{count} points outside", "範囲外 {count} 点"],
  "card.showall": ["show all", "すべて表示"],
  "card.wide": ["Wide", "広く"],
  "card.settings": ["Settings of {name}", "{name} の設定"],
  "card.menu": ["Settings", "設定"],
  "card.sampled": ["drawn with {shown} of {count} points, extremes kept", "{count} 点から {shown} 点を描画 (極値は保持)"],
  "card.between": ["interpolated between the points of each run", "各実行の点の間を補間"],
  "card.withoutx": ["{count} points have no x", "x のない点 {count}"],
});

const ROUND = { linear: "linear", log: "log", asinh: "asinh" };

/** Read the settings of a chart from the URL's text: log,zero,min:0,max:2,clip,wide. */
export function settingsOf(text) {
  const words = (text ?? "").split(",").filter(Boolean);
  const limit = (name) => {
    const found = words.find((word) => word.startsWith(`${name}:`));
    const value = found ? Number(found.slice(4)) : NaN;
    return Number.isFinite(value) ? value : null;
  };
  const isWide = words.includes("wide");
  return {
    scale: words.find((word) => word in ROUND) ?? "linear",
    zero: words.includes("zero"),
    clip: words.includes("clip"),
    min: limit("min"),
    max: limit("max"),
    isWide,
    height: isWide ? 420 : 210,
  };
}

function textOfSettings({ scale, zero, clip, min, max, isWide }) {
  const words = [scale !== "linear" && scale, zero && "zero", clip && "clip", min !== null && `min:${min}`, max !== null && `max:${max}`, isWide && "wide"];
  return words.filter(Boolean).join(",") || null;
}

export class Card {
  /**
   * @param options name; runs (keys); group; colours; label(line); tip; read(text); ask() -> { x, smooth, ... }; path that is
   *   asked in place of api/series; csv, the URL of all points in place of a file a run;
   *   text of the settings; onSettings(text); onPoint(point, isHover); onNote(note) or null
   */
  constructor(options) {
    Object.assign(this, options);
    this.settings = settingsOf(options.text);
    this.asker = latest();
    this.cursor = null; // cursors of the runs at the last answer
    this.arrivals = 0; // how often news came
    this.figures = h("span", { className: "card-figures mono" });
    this.facts = h("div", { className: "card-facts faint" });
    this.body = h("div", { className: "card-body" });
    this.menu = h("div", { className: "card-menu" });
    this.element = h("section", { className: "chart-card", "data-name": this.name, "aria-label": this.name },
      h("header", null, h("h3", { title: this.name }, this.name), this.figures, this.controls()), this.body, this.facts, this.menu);
    this.element.dataset.wide = String(this.settings.isWide);
    this.chart = new Chart(this.body, {
      name: this.name, group: this.group, colours: this.colours, settings: this.settings, label: this.label,
      onPoint: (chart, point, isHover) => this.pointed(point, isHover),
      onNote: this.onNote ?? null,
      onLetGo: () => this.tip.release(),
      onHover: (chart, points, at) => this.hovered(points, at),
      onFollow: (chart, points) => this.figure(points),
      onLeave: () => {
        this.tip.hide();
        this.figure([]);
      },
      onRead: (chart, points) => this.reads(points),
      onResize: () => this.load(),
      onSay: () => this.say(),
    });
  }

  dispose() {
    this.isGone = true;
    this.tip.forget(this.chart);
    this.chart.dispose();
    this.element.remove();
  }

  controls() {
    const button = (label, text, work) => h("button", { className: "quiet", "aria-label": `${text}: ${this.name}`, title: text, onClick: work }, label);
    this.toggle = button("\u2699", t("card.menu"), () => this.openMenu());
    this.toggle.setAttribute("aria-expanded", "false");
    return h("span", { className: "card-buttons" },
      button("\u2922", t("card.wide"), () => this.change({ isWide: !this.settings.isWide, height: this.settings.isWide ? 210 : 420 })), this.toggle);
  }

  change(values) {
    this.settings = { ...this.settings, ...values };
    this.element.dataset.wide = String(this.settings.isWide);
    this.onSettings(textOfSettings(this.settings));
    this.chart.set(this.settings);
    if (values.clip) this.load();
    this.say();
  }

  /** Ask the server for what is shown now. */
  async load() {
    const { view } = this.group;
    const { arrivals } = this;
    const { smooth, ...question } = this.ask();
    try {
      const answer = await this.asker(this.path ?? "api/series", {
        run: this.runs, name: this.name, ...question, smooth: smooth || null, from: view?.from, to: view?.to,
        width: Math.min(4000, Math.ceil(this.chart.width * devicePixelRatio)), clip: this.settings.clip ? 1 : null,
      });
      if (this.isGone) return;
      // News that came meanwhile may have been missing when the answer was made.
      const isBehind = this.arrivals > arrivals;
      this.cursor = answer.cursors;
      this.chart.show(answer);
      this.group.keepUp();
      this.element.dataset.ready = "true";
      if (isBehind) this.load();
    } catch (error) {
      if (error.name !== "AbortError" && !this.isGone) this.facts.textContent = error.message;
    }
  }

  /** Put news of api/news at the ends; asks anew where that cannot be done or much has come. */
  append(news, cursors) {
    this.cursor = cursors;
    if (!news.length) return;
    this.arrivals += 1;
    const { columns } = this.chart;
    if (!this.chart.append(news) || columns.appended > this.chart.width * 2) this.load();
  }

  say() {
    const { columns } = this.chart;
    if (!columns) return;
    const clips = this.settings.clip ? columns.lines.reduce((sum, line) => sum + (this.group.hidden.has(line.key) ? 0 : (line.clip?.outside ?? 0)), 0) : 0;
    const shown = columns.lines.reduce((sum, line) => sum + line.info.y.length, 0);
    const without = columns.lines.reduce((sum, line) => sum + line.withoutX, 0);
    fill(this.facts,
      legendOf(this, columns),
      columns.answer.sampled && shown < columns.count && h("span", null, t("card.sampled", { shown, count: columns.count })),
      columns.answer.between && h("span", null, t("card.between")),
      without > 0 && h("span", null, t("card.withoutx", { count: without })),
      clips > 0 && h("span", { className: "outside" }, t("card.outside", { count: clips }), " ",
        h("button", { className: "quiet", onClick: () => this.change({ clip: false }) }, t("card.showall"))));
    if (!this.isFollowed) this.figure([]);
  }

  /** Show what stands under the cursor in the head of the card, else the last value. */
  figure(points) {
    const { columns } = this.chart;
    this.isFollowed = points.length > 0;
    const point = points[0];
    if (point) return fill(this.figures, `${point.step ?? ""} : ${point.text ?? number(point.value)}`);
    const line = columns?.lines.length === 1 ? columns.lines[0] : null;
    fill(this.figures, line?.last ? number(line.last.value) : "");
  }

  hovered(points, { left, top }) {
    const box = this.chart.plot.over.getBoundingClientRect();
    this.figure(points);
    this.tip.show(this.chart, points, { x: box.left + left, y: box.top + top }, false, notesNear(this.chart, left));
    const point = this.chart.nearestPoint();
    if (point) this.onPoint(point, true);
  }

  pointed(point, isHover) {
    const { plot } = this.chart;
    const box = plot.over.getBoundingClientRect();
    this.tip.release();
    this.tip.show(this.chart, this.chart.pointsAt(plot.cursor.idxs), { x: box.left + plot.cursor.left, y: box.top + plot.cursor.top }, true);
    this.onPoint(point, isHover);
  }

  reads(points) {
    this.figure(points);
    this.read(spokenOf(this, points));
    if (points[0]) this.onPoint(points[0], true);
  }

  // ------------------------------------------------------------------ the menu

  openMenu() {
    const isOpen = this.menu.childElementCount > 0;
    this.toggle.setAttribute("aria-expanded", String(!isOpen));
    if (isOpen) return this.menu.replaceChildren();
    const limit = (name) => h("label", null, t(`card.${name}`), h("input", { type: "number", step: "any", value: this.settings[name] ?? "",
      onChange: (event) => this.change({ [name]: event.target.value === "" ? null : Number(event.target.value) }) }));
    const check = (name) => h("label", null, h("input", { type: "checkbox", checked: this.settings[name],
      onChange: (event) => this.change({ [name]: event.target.checked }) }), t(`card.${name}`));
    const scale = h("select", { value: this.settings.scale, onChange: (event) => this.change({ scale: event.target.value }) },
      Object.keys(ROUND).map((name) => h("option", { value: name, selected: name === this.settings.scale }, t(`card.${name}`))));
    fill(this.menu, h("div", { className: "menu-row", role: "group", "aria-label": t("card.settings", { name: this.name }) },
      h("label", null, t("card.scale"), scale), check("zero"), limit("min"), limit("max"), check("clip")), this.files(), pointTable(this));
  }

  files() {
    const save = (kind, make) => h("button", { onClick: async () => download(await make(), fileName(this.chart, kind)) }, kind.toUpperCase());
    return h("div", { className: "menu-row" },
      save("png", () => pngOf(this.chart)),
      save("svg", () => new Blob([svgText(this.chart)], { type: "image/svg+xml" })),
      this.csv ? h("a", { href: this.csv, download: fileName(this.chart, "csv") }, "CSV") : this.runs.map((run) => h("a", { href: csvUrl(run, this.name), download: `${fileName(this.chart, "csv")}` }, this.runs.length > 1 ? `CSV ${run}` : "CSV")));
  }
}
