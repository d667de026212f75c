// Residuals and predictions, which are logged as bins.

import { h } from "../base/dom.js";
import { number } from "../base/format.js";
import { figure } from "../base/plotfigure.js";
import { bars, errorPoints, lines } from "../base/plots.js";
import { num } from "../base/plotscale.js";
import { addWords, t } from "../base/words.js";
import { data, together } from "./values_chart.js";

addWords({
  "chart.residual": ["residual (predicted \u2212 true)", "残差 (予測 \u2212 正解)"],
  "chart.residuals": ["Residuals", "残差"],
  "chart.cumulative": ["Share of the residuals up to a value", "残差の累積割合"],
  "chart.share": ["share", "割合"],
  "chart.binsonly": ["A chart of residuals holds bins, no single points.", "残差グラフには区間だけがあり、個々の点はありません。"],
  "chart.predictions": ["Predicted over true values", "正解に対する予測"],
  "chart.true": ["true value", "正解の値"],
  "chart.predicted": ["mean of the predictions", "予測の平均"],
  "chart.predsummary": ["Means of {n} predictions in {bins} bins, with their standard deviation; the dashed line is a perfect prediction.", "{bins} 区間、{n} 件の予測の平均と標準偏差。破線は完全な予測。"],
  "chart.howmany": ["How many values each bin has", "区間ごとの件数"],
  "chart.error": ["standard deviation", "標準偏差"],
});

/** What a sentence says of bins. */
export function binFacts(edges, counts) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = counts.reduce((sum, count, at) => sum + (count * (edges[at] + edges[at + 1])) / 2, 0) / total;
  return { n: total, bins: counts.length, low: number(edges[0]), high: number(edges.at(-1)), mean: number(mean, 4) };
}

/** Bars of counts between edges, with their numbers. */
export function binFigure(title, name, edges, counts, xLabel) {
  return figure({
    title, name,
    draw: (width) => bars(width, { title: `${title}: ${name}`, summary: t("chart.binsummary", binFacts(edges, counts)), edges, counts, xLabel, yLabel: t("chart.count") }),
    table: () => ({ columns: [t("chart.from"), t("chart.to"), t("chart.count")], rows: counts.map((count, at) => [edges[at], edges[at + 1], count]) }),
  });
}

/** Draw residuals. */
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

/** Draw predictions over true values. */
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
