// The charts of Azure ML's schemas (version 1 of each, see runlogging.charts), and histograms over steps.
// Each: draw(value, context) -> { element, dispose() }. A value that is not of its schema throws, and is shown as JSON.

import { FORMATS } from "../base/datatable.js";
import { fill, h } from "../base/dom.js";
import { number } from "../base/format.js";
import { copyText } from "../base/handout.js";
import { MatrixPlot } from "../base/matrixplot.js";
import { bars, errorPoints, figure, heat, lines, num, ridges, saveButtons } from "../base/plots.js";
import { visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";

addWords({
  "chart.counts": ["counts", "件数"],
  "chart.rows": ["share of the true class (recall)", "正解クラスごとの割合 (再現率)"],
  "chart.columns": ["share of the predicted class (precision)", "予測クラスごとの割合 (適合率)"],
  "chart.shown": ["Shown", "表示"],
  "chart.classes": ["Precision and recall of each class", "クラスごとの適合率と再現率"],
  "chart.class": ["class", "クラス"],
  "chart.allclasses": ["all classes", "すべてのクラス"],
  "chart.firstclasses": ["the first {n} classes", "最初の {n} クラス"],
  "chart.roc": ["ROC", "ROC"],
  "chart.pr": ["Precision and recall", "適合率と再現率"],
  "chart.fpr": ["false positive rate", "偽陽性率"],
  "chart.tpr": ["true positive rate", "真陽性率"],
  "chart.recall": ["recall", "再現率"],
  "chart.precision": ["precision", "適合率"],
  "chart.rocsummary": ["One curve a class. Area under it: {areas}.", "クラスごとの曲線。面積: {areas}。"],
  "chart.prsummary": ["One curve a class. Average precision: {areas}.", "クラスごとの曲線。平均適合率: {areas}。"],
  "chart.threshold": ["threshold", "しきい値"],
  "chart.undefined": ["undefined", "定義なし"],
  "chart.residual": ["residual (predicted \u2212 true)", "残差 (予測 \u2212 正解)"],
  "chart.count": ["count", "件数"],
  "chart.residuals": ["Residuals", "残差"],
  "chart.cumulative": ["Share of the residuals up to a value", "残差の累積割合"],
  "chart.share": ["share", "割合"],
  "chart.binsummary": ["{n} values in {bins} bins from {low} to {high}; mean about {mean}.", "{low} から {high} まで {bins} 区間に {n} 件、平均は約 {mean}。"],
  "chart.binsonly": ["A chart of residuals holds bins, no single points.", "残差グラフには区間だけがあり、個々の点はありません。"],
  "chart.predictions": ["Predicted over true values", "正解に対する予測"],
  "chart.true": ["true value", "正解の値"],
  "chart.predicted": ["mean of the predictions", "予測の平均"],
  "chart.predsummary": ["Means of {n} predictions in {bins} bins, with their standard deviation; the dashed line is a perfect prediction.", "{bins} 区間、{n} 件の予測の平均と標準偏差。破線は完全な予測。"],
  "chart.howmany": ["How many values each bin has", "区間ごとの件数"],
  "chart.histogram": ["Histogram", "ヒストグラム"],
  "chart.over": ["Over the steps", "ステップごと"],
  "chart.ridges": ["ridges", "稜線"],
  "chart.heat": ["heat map", "ヒートマップ"],
  "chart.value": ["value", "値"],
  "chart.step": ["step", "ステップ"],
  "chart.stepsummary": ["Distributions of {n} steps, {first} to {last}.", "{n} ステップの分布、{first} から {last}。"],
  "chart.nonfinite": ["not finite: {what}", "有限でない値: {what}"],
  "chart.from": ["from", "下限"],
  "chart.to": ["to", "上限"],
  "chart.error": ["standard deviation", "標準偏差"],
});

const MOST_CURVES = 8;

function data(value, type) {
  const found = value?.data;
  if (!found || value.schema_type !== type) throw new TypeError(`this is no ${type}`);
  return found;
}

function together(parts, ...plots) {
  return { element: h("div", { className: "value-charts" }, parts), dispose: () => plots.forEach((plot) => plot?.dispose()) };
}

function choice(label, options, onChange) {
  return h("label", null, label, " ", h("select", { onChange: (event) => onChange(event.target.value) }, options.map(([value, text]) => h("option", { value }, text))));
}

// ---------------------------------------------------------------------- confusion matrix

export function confusionMatrix(value, { name }) {
  const { class_labels: given, matrix } = data(value, "confusion_matrix");
  const labels = given.map(visibleName);
  const plot = new MatrixPlot({ labels, matrix: matrix.map((row) => row.map(num)), title: name });
  const columns = ["", ...labels];
  const rows = matrix.map((row, at) => [labels[at], ...row]);
  const parts = [
    h("div", { className: "value-controls" },
      choice(t("chart.shown"), [["counts", t("chart.counts")], ["rows", t("chart.rows")], ["columns", t("chart.columns")]], (mode) => plot.setMode(mode)),
      h("span", { className: "spring" }), saveButtons(() => plot.svg, name),
      Object.entries(FORMATS).map(([kind, format]) => h("button", { className: "quiet", onClick: (event) => copyText(format(columns, rows), event.currentTarget) }, t("table.copy", { kind })))),
    h("p", null, plot.summary), plot.element, classTable(labels, matrix.map((row) => row.map(num)))];
  return together(parts, plot);
}

function classTable(labels, matrix) {
  const body = h("tbody");
  const show = () => fill(body, labels.map((label, at) => {
    const right = matrix[at][at];
    const members = matrix[at].reduce((sum, count) => sum + count, 0);
    const predicted = matrix.reduce((sum, row) => sum + row[at], 0);
    return h("tr", null, h("td", null, h("bdi", null, label)), [members, predicted].map((count) => h("td", { className: "number" }, number(count))),
      [right / predicted, right / members].map((share) => h("td", { className: "number" }, Number.isFinite(share) ? share.toFixed(4) : t("chart.undefined"))));
  }));
  return h("details", { onToggle: (event) => event.currentTarget.open && show() }, h("summary", null, t("chart.classes")),
    h("div", { className: "table-scroll", tabindex: "0" }, h("table", null, h("thead", null, h("tr", null, [t("chart.class"), t("matrix.true"), t("matrix.predicted"), t("chart.precision"), t("chart.recall")]
      .map((text, at) => h("th", { scope: "col", className: at ? "number" : null }, text)))), body)));
}

// ---------------------------------------------------------------------- accuracy table

/** Points of a class as the reading side makes them: both kinds of tables and the two ends, ascending. */
export function ratesOf(table, at) {
  const cells = [...table.probability_tables[at], ...table.percentile_tables[at]].map((cell) => cell.map(num));
  const [tp, fp, tn, fn] = cells[0];
  const [members, others] = [tp + fn, fp + tn];
  const decisions = new Map([...cells, [0, 0], [members, others]].map((cell) => [`${cell[0]} ${cell[1]}`, cell]));
  const all = [...decisions.values()];
  const roc = members && others ? all.map((cell) => [cell[1] / others, cell[0] / members]).sort((a, b) => a[0] - b[0] || a[1] - b[1]) : [];
  const pr = members ? all.map((cell) => [cell[0] / members, cell[0] + cell[1] ? cell[0] / (cell[0] + cell[1]) : 1]).sort((a, b) => a[0] - b[0] || b[1] - a[1]) : [];
  return { roc, pr, auc: areaOf(roc), ap: averageOf(pr) };
}

function areaOf(points) {
  if (!points.length) return NaN;
  return points.slice(1).reduce((sum, [x, y], at) => sum + (x - points[at][0]) * (y + points[at][1]) / 2, 0);
}

function averageOf(points) {
  if (!points.length) return NaN;
  let [sum, before] = [0, 0];
  // Of points with one recall the most precise stands first.
  for (const [recall, precision] of points) {
    sum += (recall - before) * precision;
    before = recall;
  }
  return sum;
}

const shortArea = (value) => (Number.isFinite(value) ? value.toFixed(3) : t("chart.undefined"));

export function accuracyTable(value, { name }) {
  const table = data(value, "accuracy_table");
  const labels = table.class_labels.map(visibleName);
  const rates = labels.map((_, at) => ratesOf(table, at));
  const first = labels.map((_, at) => at).slice(0, MOST_CURVES);
  let shown = labels.length === 1 ? [0] : first;
  let place = Math.floor(table.probability_thresholds.length / 2);
  const readout = h("div", { className: "rates-readout", "aria-live": "polite" });
  const legend = h("ul", { className: "plot-legend" });
  const cellOf = (at) => table.probability_tables[at][place].map(num);
  const marks = (kind) => shown.map((at, order) => {
    const [tp, fp, tn, fn] = cellOf(at);
    const [recall, wrong] = [tp / (tp + fn), fp / (fp + tn)];
    const text = `${labels[at]}: ${t("chart.threshold")} ${number(num(table.probability_thresholds[place]))}`;
    return kind === "roc" ? { x: wrong, y: recall, at: order, text } : { x: recall, y: tp + fp ? tp / (tp + fp) : 1, at: order, text };
  });
  const unit = [-0.02, 1.02];
  const curve = (kind, title, xLabel, yLabel) => {
    const areas = () => shown.map((at) => `${labels[at]} ${shortArea(kind === "roc" ? rates[at].auc : rates[at].ap)}`).join(", ");
    return figure({
      title, name: `${name} ${kind}`,
      draw: (width) => lines(width, {
        title: `${title}: ${name}`, summary: t(kind === "roc" ? "chart.rocsummary" : "chart.prsummary", { areas: areas() }), height: Math.min(360, Math.max(260, width * 0.8)),
        series: shown.map((at) => ({ label: labels[at], x: rates[at][kind].map((point) => point[0]), y: rates[at][kind].map((point) => point[1]) })),
        marks: marks(kind), diagonal: kind === "roc" ? [0, 1] : null, x: unit, y: unit, xTicks: [0, 0.25, 0.5, 0.75, 1], yTicks: [0, 0.25, 0.5, 0.75, 1], xLabel, yLabel }),
      table: () => ({ columns: [t("chart.class"), xLabel, yLabel], rows: shown.flatMap((at) => rates[at][kind].map((point) => [labels[at], ...point])) }),
    });
  };
  const roc = curve("roc", t("chart.roc"), t("chart.fpr"), t("chart.tpr"));
  const pr = curve("pr", t("chart.pr"), t("chart.recall"), t("chart.precision"));
  const slider = h("input", { type: "range", min: 0, max: table.probability_thresholds.length - 1, step: 1, "aria-label": t("chart.threshold"), onInput: (event) => {
    place = Number(event.target.value);
    update();
  } });
  slider.value = place;
  const output = h("output", { className: "mono" });
  const update = () => {
    const threshold = number(num(table.probability_thresholds[place]));
    output.textContent = threshold;
    slider.setAttribute("aria-valuetext", threshold);
    fill(legend, shown.map((at, order) => h("li", null, h("span", { className: `plot-key plot-colour-${order % 8} plot-dash-${Math.floor(order / 8)}` }), h("bdi", null, labels[at]), ` AUC ${shortArea(rates[at].auc)}, AP ${shortArea(rates[at].ap)}`)));
    fill(readout, ratesTable(shown.map((at) => [labels[at], cellOf(at)])));
    roc.redraw();
    pr.redraw();
  };
  const options = [["", t(labels.length > MOST_CURVES ? "chart.firstclasses" : "chart.allclasses", { n: MOST_CURVES })], ...labels.map((label, at) => [String(at), label])];
  update();
  return together([
    h("div", { className: "value-controls" }, labels.length > 1 && choice(t("chart.class"), options, (chosen) => {
      shown = chosen === "" ? first : [Number(chosen)];
      update();
    })),
    legend, h("div", { className: "plot-pair" }, roc.element, pr.element),
    h("label", { className: "value-controls" }, t("chart.threshold"), slider, output), readout], roc, pr);
}

function ratesTable(rows) {
  const rate = (top, bottom) => (bottom ? (top / bottom).toFixed(4) : t("chart.undefined"));
  return h("div", { className: "table-scroll", tabindex: "0" }, h("table", null,
    h("thead", null, h("tr", null, [t("chart.class"), "TP", "FP", "TN", "FN", t("chart.precision"), t("chart.recall"), t("chart.fpr")].map((text, at) => h("th", { scope: "col", className: at ? "number" : null }, text)))),
    h("tbody", null, rows.map(([label, [tp, fp, tn, fn]]) => h("tr", null, h("td", null, h("bdi", null, label)), [tp, fp, tn, fn].map((count) => h("td", { className: "number" }, number(count))),
      [rate(tp, tp + fp), rate(tp, tp + fn), rate(fp, fp + tn)].map((text) => h("td", { className: "number" }, text)))))));
}

// ---------------------------------------------------------------------- residuals and predictions

function binFacts(edges, counts) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = counts.reduce((sum, count, at) => sum + (count * (edges[at] + edges[at + 1])) / 2, 0) / total;
  return { n: total, bins: counts.length, low: number(edges[0]), high: number(edges.at(-1)), mean: number(mean, 4) };
}

function binFigure(title, name, edges, counts, xLabel) {
  return figure({
    title, name,
    draw: (width) => bars(width, { title: `${title}: ${name}`, summary: t("chart.binsummary", binFacts(edges, counts)), edges, counts, xLabel, yLabel: t("chart.count") }),
    table: () => ({ columns: [t("chart.from"), t("chart.to"), t("chart.count")], rows: counts.map((count, at) => [edges[at], edges[at + 1], count]) }),
  });
}

export function residuals(value, { name }) {
  const found = data(value, "residuals");
  const [edges, counts] = [found.bin_edges.map(num), found.bin_counts.map(num)];
  const plot = binFigure(t("chart.residuals"), name, edges, counts, t("chart.residual"));
  const total = counts.reduce((sum, count) => sum + count, 0);
  let sum = 0;
  const shares = [0, ...counts.map((count) => (sum += count) / total)];
  const cumulative = figure({
    title: t("chart.cumulative"), name: `${name} cumulative`,
    draw: (width) => lines(width, { title: `${t("chart.cumulative")}: ${name}`, summary: t("chart.binsummary", binFacts(edges, counts)), series: [{ label: name, x: edges, y: shares }],
      y: [-0.02, 1.02], yTicks: [0, 0.25, 0.5, 0.75, 1], xLabel: t("chart.residual"), yLabel: t("chart.share"), height: 260 }),
    table: () => ({ columns: [t("chart.residual"), t("chart.share")], rows: edges.map((edge, at) => [edge, shares[at]]) }),
  });
  return together([h("p", null, t("chart.binsummary", binFacts(edges, counts)), " ", h("span", { className: "faint" }, t("chart.binsonly"))), h("div", { className: "plot-pair" }, plot.element, cumulative.element)], plot, cumulative);
}

export function predictions(value, { name }) {
  const found = data(value, "predictions");
  const [edges, counts, means, errors] = ["bin_edges", "bin_counts", "bin_averages", "bin_errors"].map((key) => found[key].map(num));
  const places = counts.map((_, at) => at).filter((at) => counts[at] > 0);
  const points = places.map((at) => ({
    x: (edges[at] + edges[at + 1]) / 2, y: means[at], error: errors[at],
    text: `${number(edges[at])} \u2013 ${number(edges[at + 1])}: ${number(means[at])} \u00b1 ${number(errors[at])} (n = ${counts[at]})`,
  }));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const summary = t("chart.predsummary", { n: total, bins: counts.length });
  const plot = figure({
    title: t("chart.predictions"), name,
    draw: (width) => errorPoints(width, { title: `${t("chart.predictions")}: ${name}`, summary, points, xLabel: t("chart.true"), yLabel: t("chart.predicted"), height: 300 }),
    table: () => ({ columns: [t("chart.from"), t("chart.to"), t("chart.count"), t("chart.predicted"), t("chart.error")], rows: counts.map((count, at) => [edges[at], edges[at + 1], count, count ? means[at] : null, count ? errors[at] : null]) }),
  });
  const many = binFigure(t("chart.howmany"), name, edges, counts, t("chart.true"));
  return together([h("p", null, summary), h("div", { className: "plot-pair" }, plot.element, many.element)], plot, many);
}

// ---------------------------------------------------------------------- histograms

/** One histogram: exact bins. */
export function histogram(value, { name }) {
  if (!Array.isArray(value?.counts) || !Array.isArray(value?.edges)) throw new TypeError("this is no histogram");
  const [edges, counts] = [value.edges.map(num), value.counts.map(num)];
  const plot = binFigure(t("chart.histogram"), name, edges, counts, t("chart.value"));
  const odd = Object.entries(value.nonfinite ?? {}).map(([what, count]) => `${what} ${count}`).join(", ");
  return together([h("p", null, t("chart.binsummary", binFacts(edges, counts)), odd && h("strong", { className: "cell-odd" }, " ", t("chart.nonfinite", { what: odd }))), plot.element], plot);
}

/** The histograms of many steps as ridges or cells; choose(index) is told which was clicked. */
export function overSteps({ name, rows, choose }) {
  let kind = "ridges";
  let chosen = null;
  const clean = rows.map((row) => ({ ...row, counts: row.counts.map(num), edges: row.edges.map(num) }));
  const options = (width) => ({
    title: `${t("chart.over")}: ${name}`, rows: clean, chosen, onChoose: (at) => choose(clean[at].index), xLabel: t("chart.value"), yLabel: t("chart.step"),
    summary: t("chart.stepsummary", { n: clean.length, first: clean[0].step ?? 0, last: clean.at(-1).step ?? clean.length - 1 }), width });
  const plot = figure({
    title: t("chart.over"), name: `${name} steps`,
    draw: (width) => (kind === "ridges" ? ridges : heat)(width, options(width)),
    table: () => ({ columns: [t("chart.step"), t("chart.from"), t("chart.to"), t("chart.count")], rows: clean.flatMap((row) => row.counts.map((count, at) => [row.step, row.edges[at], row.edges[at + 1], count])) }),
    extra: [h("select", { "aria-label": t("chart.shown"), onChange: (event) => {
      kind = event.target.value;
      plot.redraw();
    } }, [["ridges", t("chart.ridges")], ["heat", t("chart.heat")]].map(([value, text]) => h("option", { value }, text)))],
  });
  const mark = (index) => {
    let best = 0;
    clean.forEach((row, at) => Math.abs(row.index - index) < Math.abs(clean[best].index - index) && (best = at));
    if (best !== chosen) {
      chosen = best;
      plot.redraw();
    }
  };
  return { element: plot.element, dispose: plot.dispose, mark };
}
