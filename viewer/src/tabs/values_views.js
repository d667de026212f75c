// How each type of value is shown. A view: new View({ run, name, type, count, place, index, onIndex }) with open(), goTo(index),
// grew(count) and dispose().

import { get, latest, urlFor } from "../base/api.js";
import { cell, DataTable } from "../base/datatable.js";
import { fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { copyText } from "../base/handout.js";
import { figure, lines, num } from "../base/plots.js";
import { tree } from "../base/tree.js";
import { visible, visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";
import { accuracyTable, confusionMatrix, histogram, overSteps, predictions, residuals } from "./values_charts.js";

addWords({
  "view.step": ["step {step}", "ステップ {step}"],
  "view.nostep": ["without a step", "ステップなし"],
  "view.of": ["{at} of {total}", "{total} 件中 {at}"],
  "view.slider": ["Which of the values", "値の選択"],
  "view.previous": ["Previous value", "前の値"],
  "view.next": ["Next value", "次の値"],
  "view.copy": ["Copy", "コピー"],
  "view.whole": ["Show all of it", "すべて表示"],
  "view.earlier": ["Earlier ones", "以前の値"],
  "view.items": ["{n} items", "{n} 件"],
  "view.item": ["item", "番号"],
  "view.more": ["{n} more", "残り {n} 件"],
  "view.asitis": ["This is no value of its kind ({text}). Here it is as it was logged.", "この種類の値ではありません ({text})。記録されたまま表示します。"],
  "view.download": ["Download", "ダウンロード"],
  "view.fit": ["Fit", "全体"],
  "view.zoom": ["Zoom", "拡大率"],
  "view.pixels": ["Sharp pixels", "ピクセルをそのまま表示"],
  "view.beside": ["Side by side", "並べて比較"],
  "view.nopicture": ["The picture cannot be shown: its file is gone, or no picture of a known type.", "画像を表示できません。ファイルがないか、対応していない形式です。"],
  "view.nokind": ["A page does not show pictures of this type.", "この形式の画像はページに表示できません。"],
  "view.figure": ["This figure needs its own library, which is not here; this is its JSON.", "この図には専用ライブラリが必要です。JSON を表示します。"],
  "view.size": ["{width} \u00d7 {height}", "{width} \u00d7 {height}"],
});

const AT_ONCE = 100;
const MOST = 10_000;
const LONG = 240;
const SHOWN_ITEMS = 500;

function stepText(row) {
  return row.step === null ? t("view.nostep") : t("view.step", { step: row.step });
}

class Base {
  constructor(options) {
    Object.assign(this, options);
    this.ask = latest();
  }

  dispose() {
    this.part?.dispose?.();
  }
}

// ---------------------------------------------------------------------- texts, bools, none: all below each other

class TextView extends Base {
  async open() {
    this.list = h("ol", { className: "value-texts" });
    this.above = h("div");
    fill(this.place, this.above, this.list);
    const found = await this.ask("api/values", { run: this.run, name: this.name, type: this.type, limit: AT_ONCE, last: 1 });
    this.begin = found.offset;
    this.end = found.offset + found.rows.length;
    await this.add(found.rows, false);
  }

  async add(rows, isAbove) {
    const made = await Promise.all(rows.map((row) => this.item(row, rows.length === 1)));
    if (isAbove) this.list.prepend(...made);
    else this.list.append(...made);
    fill(this.above, this.begin > 0 && h("button", { onClick: () => this.earlier() }, t("view.earlier")));
  }

  async earlier() {
    const from = Math.max(0, this.begin - AT_ONCE);
    const found = await get("api/values", { run: this.run, name: this.name, type: this.type, offset: from, limit: this.begin - from });
    this.begin = from;
    await this.add(found.rows, true);
  }

  async grew() {
    const found = await this.ask("api/values", { run: this.run, name: this.name, type: this.type, offset: this.end, limit: AT_ONCE });
    this.end += found.rows.length;
    await this.add(found.rows, false);
  }

  async item(row, isAlone) {
    const body = h("div", { className: "value-content" });
    const isLong = this.type === "text" && (row.preview === null || String(row.preview).length >= LONG);
    const whole = async () => {
      const found = await get("api/value", { run: this.run, name: this.name, index: row.index });
      fill(body, h("pre", { tabindex: "0" }, visible(found.value)), found.cut && h("p", { className: "faint" }, found.cut, " ", fileLink(row)));
    };
    if (this.type !== "text") fill(body, h("code", { className: this.type === "none" ? "cell-none" : "cell-bool" }, this.type === "none" ? "None" : row.preview ? "True" : "False"));
    else if (isLong && isAlone) await whole();
    else fill(body, h("pre", null, visible(row.preview ?? "")), isLong && h("button", { className: "quiet", onClick: whole }, t("view.whole")));
    return h("li", null, h("div", { className: "faint value-when" }, h("span", null, stepText(row)), h("time", { datetime: row.time }, moment(row.time)), row.description && h("bdi", null, visibleName(row.description))), body);
  }
}

function fileLink(row) {
  return row.file && h("a", { href: urlFor(`file/${row.file}`, { download: 1 }), download: "" }, t("view.download"));
}

// ---------------------------------------------------------------------- one value at a time, with a slider over the steps

class SteppedView extends Base {
  async open() {
    this.head = h("div", { className: "value-stepper" });
    this.body = h("div");
    this.foot = h("div");
    fill(this.place, this.head, this.body, this.foot);
    await this.load();
    this.at = this.placeOf(this.index);
    this.drawHead();
    await this.opened?.();
    await this.show();
  }

  async load() {
    const found = await this.ask("api/values", { run: this.run, name: this.name, type: this.type, limit: MOST, last: 1 });
    this.rows = found.rows;
    this.total = found.total;
  }

  placeOf(index) {
    const at = index === undefined || index === null ? -1 : this.rows.findIndex((row) => row.index === Number(index));
    return at < 0 ? this.rows.length - 1 : at;
  }

  get row() {
    return this.rows[this.at];
  }

  drawHead() {
    const many = this.rows.length > 1;
    this.slider = stepSlider(this.rows, () => this.at, (at) => this.move(at));
    this.when = h("span", { className: "faint" });
    fill(this.head, many && this.slider.element, this.when, h("span", { className: "spring" }), this.controls?.());
    this.sayWhen();
  }

  sayWhen() {
    const { row } = this;
    fill(this.when, !(this.rows.length > 1) && `${stepText(row)} \u00b7 `, moment(row.time), row.description && [" \u00b7 ", h("bdi", null, visibleName(row.description))]);
    this.slider.sync();
  }

  async move(at, { quiet = false } = {}) {
    if (at < 0 || at >= this.rows.length || at === this.at) return;
    this.at = at;
    this.sayWhen();
    if (!quiet) this.onIndex(at === this.rows.length - 1 ? null : this.row.index);
    await this.safely();
  }

  async goTo(index) {
    await this.move(this.placeOf(index), { quiet: true });
  }

  async grew() {
    const isLast = this.at === this.rows.length - 1;
    const { index } = this.row;
    await this.load();
    this.at = isLast ? this.rows.length - 1 : this.placeOf(index);
    const hadFocus = this.head.contains(document.activeElement);
    this.drawHead();
    if (hadFocus) this.slider.element.querySelector("input")?.focus();
    await this.opened?.();
    if (isLast) await this.safely();
  }

  async safely() {
    try {
      await this.show();
    } catch (error) {
      if (error.name !== "AbortError") fill(this.body, h("p", { className: "problem", role: "alert" }, error.message));
    }
  }

  /** Show the value at `this.at`. */
  async show() {
    const found = await this.ask("api/value", { run: this.run, name: this.name, index: this.row.index });
    this.part?.dispose?.();
    let part;
    try {
      part = this.draw(found.value, found);
    } catch (error) {
      part = { element: h("div", null, h("p", { className: "faint" }, t("view.asitis", { text: error.message })), tree(found.value)) };
    }
    this.part = part;
    fill(this.body, found.cut && h("p", { className: "problem" }, found.cut, " ", fileLink(this.row)), part.element);
  }
}

function stepSlider(rows, now, onMove) {
  const input = h("input", { type: "range", min: 0, max: rows.length - 1, step: 1, "aria-label": t("view.slider"), onInput: (event) => onMove(Number(event.target.value)) });
  const output = h("output", { className: "value-step" });
  const by = (amount, text, sign) => h("button", { className: "quiet", "aria-label": text, onClick: () => onMove(now() + amount) }, sign);
  const element = h("span", { className: "value-slider" }, by(-1, t("view.previous"), "\u2039"), input, by(1, t("view.next"), "\u203a"), output);
  const sync = () => {
    input.value = now();
    const row = rows[now()];
    const text = `${stepText(row)} (${t("view.of", { at: now() + 1, total: rows.length })})`;
    input.setAttribute("aria-valuetext", text);
    output.textContent = text;
  };
  return { element, sync };
}

// ---------------------------------------------------------------------- lists, trees, tables

class ListView extends SteppedView {
  draw(value) {
    if (!Array.isArray(value)) throw new TypeError("no list");
    const isNumeric = value.length > 1 && value.every((item) => item === null || typeof item === "number" || ["NaN", "Infinity", "-Infinity"].includes(item)) && value.some((item) => typeof item === "number");
    const plot = isNumeric && figure({
      title: this.name,
      draw: (width) => lines(width, { title: this.name, summary: t("view.items", { n: value.length }), series: [{ label: this.name, x: value.map((_, at) => at), y: value.map(num), odd: value.map((item) => item !== null) }], xLabel: t("view.item"), yLabel: this.name, height: 220 }),
    });
    const body = h("tbody");
    let shown = 0;
    const more = h("button", { onClick: () => add() });
    const add = () => {
      body.append(...value.slice(shown, shown + SHOWN_ITEMS).map((item, at) => h("tr", null, h("td", { className: "number faint" }, shown + at), cell(item))));
      shown = Math.min(value.length, shown + SHOWN_ITEMS);
      more.hidden = shown >= value.length;
      more.textContent = t("view.more", { n: value.length - shown });
    };
    add();
    const element = h("div", null,
      h("div", { className: "value-controls" }, t("view.items", { n: value.length }), h("button", { className: "quiet", onClick: (event) => copyText(JSON.stringify(value), event.currentTarget) }, t("view.copy"))),
      plot && plot.element, h("div", { className: "table-scroll", tabindex: "0" }, h("table", null, body)), more);
    return { element, dispose: () => plot && plot.dispose() };
  }
}

class JsonView extends SteppedView {
  draw(value) {
    return { element: h("div", null, h("div", { className: "value-controls" }, h("button", { className: "quiet", onClick: (event) => copyText(JSON.stringify(value, null, 2), event.currentTarget) }, t("view.copy"))), tree(value)) };
  }
}

class TableView extends SteppedView {
  async show() {
    this.part?.dispose?.();
    const table = (this.part = new DataTable({ run: this.run, name: this.name, index: this.row.index }));
    await table.load();
    if (table === this.part) fill(this.body, table.element);
  }
}

/** Rows of one name: a table that grows. */
class RowsView extends Base {
  async open() {
    this.part = new DataTable({ run: this.run, name: this.name, type: ["row", "table"] });
    fill(this.place, this.part.element);
    await this.part.load();
  }

  async grew() {
    await this.part.load();
  }
}

// ---------------------------------------------------------------------- pictures and figures

const PICTURES = /\.(png|jpe?g|gif|webp|svg)$/i;
const ZOOMS = [0.25, 0.5, 1, 2, 4, 8, 16];

class ImageView extends SteppedView {
  zoom = null;
  isSharp = true;
  other = null;

  controls() {
    return [
      h("label", null, t("view.zoom"), " ", h("select", { onChange: (event) => this.set({ zoom: event.target.value ? Number(event.target.value) : null }) },
        h("option", { value: "" }, t("view.fit")), ZOOMS.map((zoom) => h("option", { value: zoom, selected: zoom === this.zoom }, `${zoom * 100}%`)))),
      h("label", null, h("input", { type: "checkbox", checked: this.isSharp, onChange: (event) => this.set({ isSharp: event.target.checked }) }), " ", t("view.pixels")),
      this.rows.length > 1 && h("label", null, h("input", { type: "checkbox", checked: this.other !== null, onChange: (event) => this.set({ other: event.target.checked ? Math.max(0, this.at - 1) : null }) }), " ", t("view.beside")),
    ];
  }

  set(changes) {
    Object.assign(this, changes);
    this.show();
  }

  async show() {
    this.mine ??= new Frame(this);
    this.mine.show(this.row);
    if (this.other === null) return void fill(this.body, h("div", { className: "value-images" }, this.mine.element));
    this.second ??= new Frame(this);
    this.other = Math.min(this.other, this.rows.length - 1);
    this.second.show(this.rows[this.other]);
    const slider = stepSlider(this.rows, () => this.other, (at) => {
      if (at < 0 || at >= this.rows.length) return;
      this.other = at;
      slider.sync();
      this.second.show(this.rows[at]);
    });
    slider.sync();
    fill(this.body, h("div", { className: "value-images" }, this.mine.element, h("div", null, h("div", { className: "value-stepper" }, slider.element), this.second.element)));
  }
}

/** One picture, which stays while the next one comes. */
class Frame {
  constructor(view) {
    this.view = view;
    this.holder = h("div", { className: "image-scroll", tabindex: "0", role: "group" });
    this.caption = h("div", { className: "faint image-caption" });
    this.element = h("div", { className: "image-frame" }, this.holder, this.caption);
  }

  show(row) {
    const [height, width] = row.shape ?? [];
    fill(this.caption, h("bdi", null, visibleName(row.artifact ?? "")), width && ` \u00b7 ${t("view.size", { width, height })}`, " \u00b7 ", fileLink(row));
    this.holder.setAttribute("aria-label", `${this.view.name} ${stepText(row)}`);
    if (!PICTURES.test(row.artifact ?? "")) return void fill(this.holder, h("p", { className: "faint" }, t("view.nokind")));
    if (this.row === row) return this.look(this.image);
    this.row = row;
    const image = h("img", { alt: `${this.view.name} ${stepText(row)}`, src: `file/${row.file}` });
    image.addEventListener("load", () => {
      if (this.row !== row) return;
      this.image = image;
      this.look(image);
      fill(this.holder, image);
    });
    image.addEventListener("error", () => this.row === row && fill(this.holder, h("p", { className: "problem", role: "alert" }, t("view.nopicture"))));
    if (!this.holder.firstChild) fill(this.holder, image);
  }

  look(image) {
    if (!image) return;
    const { zoom, isSharp } = this.view;
    image.className = isSharp ? "sharp" : "";
    const natural = image.naturalWidth || 300;
    image.style.width = zoom ? `${natural * zoom}px` : `${Math.max(natural, 320)}px`;
    image.style.maxWidth = zoom ? "none" : "100%";
  }
}

class FigureView extends SteppedView {
  async show() {
    const found = await this.ask(`preview/${this.row.file}`, {});
    fill(this.body, h("p", { className: "faint" }, t("view.figure"), " ", fileLink(this.row)), found.kind === "json" ? tree(found.value) : h("pre", { tabindex: "0" }, found.text ?? ""), found.cut && h("p", { className: "faint" }, found.cut));
  }
}

// ---------------------------------------------------------------------- charts

function chartView(make) {
  return class extends SteppedView {
    draw(value) {
      return make(value, { name: this.name });
    }
  };
}

class HistogramView extends SteppedView {
  draw(value) {
    return histogram(value, { name: this.name });
  }

  async opened() {
    if (this.rows.length < 2) return;
    const found = await get("api/histograms", { run: this.run, name: this.name, type: "histogram" });
    this.over?.dispose();
    if (found.rows.length < 2) return;
    this.over = overSteps({ name: this.name, rows: found.rows, choose: (index) => this.move(this.placeOf(index)) });
    fill(this.foot, this.over.element);
  }

  async show() {
    await super.show();
    this.over?.mark(this.row.index);
  }

  dispose() {
    super.dispose();
    this.over?.dispose();
  }
}

/** Type of a value to what shows it. */
export const VIEWS = {
  text: TextView,
  bool: TextView,
  none: TextView,
  list: ListView,
  matrix: TableView,
  table: TableView,
  row: RowsView,
  json: JsonView,
  image: ImageView,
  figure: FigureView,
  histogram: HistogramView,
  confusion_matrix: chartView(confusionMatrix),
  accuracy_table: chartView(accuracyTable),
  residuals: chartView(residuals),
  predictions: chartView(predictions),
};

