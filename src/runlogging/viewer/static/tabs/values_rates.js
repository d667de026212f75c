// An accuracy table: ROC and precision-recall curves, and what one threshold gives.

import { fill, h } from "../base/dom.js";
import { number } from "../base/format.js";
import { figure } from "../base/plotfigure.js";
import { lineClass, lines } from "../base/plots.js";
import { num } from "../base/plotscale.js";
import { visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";
import { ratesOf } from "./rates.js";
import { choice, data, together } from "./values_chart.js";

addWords({
  "chart.allclasses": ["all classes", "すべてのクラス"],
  "chart.firstclasses": ["the first {n} classes", "最初の {n} クラス"],
  "chart.roc": ["ROC", "ROC"],
  "chart.pr": ["Precision and recall", "適合率と再現率"],
  "chart.fpr": ["false positive rate", "偽陽性率"],
  "chart.tpr": ["true positive rate", "真陽性率"],
  "chart.rocsummary": ["One curve a class. Area under it: {areas}.", "クラスごとの曲線。面積: {areas}。"],
  "chart.prsummary": ["One curve a class. Average precision: {areas}.", "クラスごとの曲線。平均適合率: {areas}。"],
  "chart.threshold": ["threshold", "しきい値"],
});

const MOST_CURVES = 8;

const UNIT = { x: [-0.02, 1.02], y: [-0.02, 1.02], xTicks: [0, 0.25, 0.5, 0.75, 1], yTicks: [0, 0.25, 0.5, 0.75, 1] };
const AREAS = { roc: ["AUC", "auc"], pr: ["AP", "ap"] };

const shortArea = (value) => (Number.isFinite(value) ? value.toFixed(3) : t("chart.undefined"));

class RatesPlot {
  constructor(table, name) {
    Object.assign(this, { table, name, labels: table.class_labels.map(visibleName) });
    this.rates = this.labels.map((_, at) => ratesOf(table, at));
    this.first = this.labels.map((_, at) => at).slice(0, MOST_CURVES);
    this.shown = this.first;
    this.place = Math.floor(table.probability_thresholds.length / 2);
    this.legend = h("ul", { className: "plot-legend" });
    this.readout = h("div", { className: "rates-readout", "aria-live": "polite" });
    this.output = h("output", { className: "mono" });
    this.roc = this.curve("roc", t("chart.roc"), t("chart.fpr"), t("chart.tpr"));
    this.pr = this.curve("pr", t("chart.pr"), t("chart.recall"), t("chart.precision"));
    this.slider = h("input", { type: "range", min: 0, max: table.probability_thresholds.length - 1, step: 1, "aria-label": t("chart.threshold"), onInput: (event) => this.update({ place: Number(event.target.value) }) });
    this.slider.value = this.place;
    this.update({});
  }

  /** What stands around the two plots. */
  get parts() {
    const { labels, legend, roc, pr, slider, output, readout } = this;
    const all = t(labels.length > MOST_CURVES ? "chart.firstclasses" : "chart.allclasses", { n: MOST_CURVES });
    const options = [["", all], ...labels.map((label, at) => [String(at), label])];
    const choose = (chosen) => this.update({ shown: chosen === "" ? this.first : [Number(chosen)] });
    return [
      h("div", { className: "value-controls" }, labels.length > 1 && choice(t("chart.class"), options, choose)),
      legend, h("div", { className: "plot-pair" }, roc.element, pr.element),
      h("label", { className: "value-controls" }, t("chart.threshold"), slider, output), readout];
  }

  update(changes) {
    Object.assign(this, changes);
    const threshold = number(this.threshold);
    this.output.textContent = threshold;
    this.slider.setAttribute("aria-valuetext", threshold);
    fill(this.legend, this.shown.map((at, order) => h("li", null, h("span", { className: `plot-key ${lineClass(order)}` }), h("bdi", null, this.labels[at]), `: AUC ${this.area("roc", at)}, AP ${this.area("pr", at)}`)));
    fill(this.readout, ratesTable(this.shown.map((at) => [this.labels[at], this.cellOf(at)])));
    this.roc.redraw();
    this.pr.redraw();
  }

  get threshold() {
    return num(this.table.probability_thresholds[this.place]);
  }

  cellOf(at) {
    return this.table.probability_tables[at][this.place].map(num);
  }

  area(kind, at) {
    return shortArea(this.rates[at][AREAS[kind][1]]);
  }

  curve(kind, title, xLabel, yLabel) {
    const [points, areas] = [(at) => this.rates[at][kind], () => this.shown.map((at) => `${this.labels[at]} ${this.area(kind, at)}`).join(", ")];
    return figure({
      title, name: `${this.name} ${kind}`,
      draw: (width) => lines(width, {
        ...UNIT, title: `${title}: ${this.name}`, summary: t(kind === "roc" ? "chart.rocsummary" : "chart.prsummary", { areas: areas() }), height: Math.min(360, Math.max(260, width * 0.8)),
        series: this.shown.map((at) => ({ label: this.labels[at], x: points(at).map(([x]) => x), y: points(at).map(([, y]) => y) })),
        marks: this.shown.map((at, order) => this.mark(kind, at, order)), diagonal: kind === "roc" ? [0, 1] : null, xLabel, yLabel }),
      legend: () => this.shown.map((at, order) => ({ label: `${this.labels[at]}: ${AREAS[kind][0]} ${this.area(kind, at)}`, className: lineClass(order) })),
      table: () => ({ columns: [t("chart.class"), xLabel, yLabel], rows: this.shown.flatMap((at) => points(at).map((point) => [this.labels[at], ...point])) }),
    });
  }

  /** Where the threshold stands on a curve. */
  mark(kind, at, order) {
    const [tp, fp, tn, fn] = this.cellOf(at);
    const recall = tp / (tp + fn);
    const [x, y] = kind === "roc" ? [fp / (fp + tn), recall] : [recall, tp + fp ? tp / (tp + fp) : 1];
    return { x, y, at: order, text: `${this.labels[at]}: ${t("chart.threshold")} ${number(this.threshold)}` };
  }
}

/** Draw an accuracy table: two curves a class, and the counts at one threshold. */
export function accuracyTable(value, { name }) {
  const plot = new RatesPlot(data(value, "accuracy_table"), name);
  return together(plot.parts, plot.roc, plot.pr);
}

function ratesTable(rows) {
  const rate = (top, bottom) => (bottom ? (top / bottom).toFixed(4) : t("chart.undefined"));
  return h("div", { className: "table-scroll", tabindex: "0" }, h("table", null,
    h("thead", null, h("tr", null, [t("chart.class"), "TP", "FP", "TN", "FN", t("chart.precision"), t("chart.recall"), t("chart.fpr")].map((text, at) => h("th", { scope: "col", className: at ? "number" : null }, text)))),
    h("tbody", null, rows.map(([label, [tp, fp, tn, fn]]) => h("tr", null, h("td", null, h("bdi", null, label)), [tp, fp, tn, fn].map((count) => h("td", { className: "number" }, number(count))),
      [rate(tp, tp + fp), rate(tp, tp + fn), rate(fp, fp + tn)].map((text) => h("td", { className: "number" }, text)))))));
}
