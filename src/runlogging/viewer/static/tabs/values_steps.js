// Histograms: one of them as bars, those of many steps as ridges or cells.

import { h } from "../base/dom.js";
import { figure } from "../base/plotfigure.js";
import { num } from "../base/plotscale.js";
import { heat, ridges } from "../base/plotsteps.js";
import { addWords, t } from "../base/words.js";
import { binFacts, binFigure } from "./values_bins.js";
import { together } from "./values_chart.js";

addWords({
  "chart.histogram": ["Histogram", "ヒストグラム"],
  "chart.over": ["Over the steps", "ステップごと"],
  "chart.ridges": ["ridges", "稜線"],
  "chart.heat": ["heat map", "ヒートマップ"],
  "chart.value": ["value", "値"],
  "chart.steps": ["step", "ステップ"],
  "chart.stepsummary": ["Distributions of {n} steps, {first} to {last}.", "{n} ステップの分布、{first} から {last}。"],
  "chart.thinned": ["{n} of the {total} steps are drawn, evenly chosen; the slider has all.", "{total} ステップから等間隔に {n} ステップを描画しています。スライダーではすべて選べます。"],
  "chart.nonfinite": ["not finite: {what}", "有限でない値: {what}"],
});

/** One histogram: exact bins. */
export function histogram(value, { name }) {
  if (!Array.isArray(value?.counts) || !Array.isArray(value?.edges)) throw new TypeError("this is no histogram");
  const [edges, counts] = [value.edges.map(num), value.counts.map(num)];
  const plot = binFigure(t("chart.histogram"), name, edges, counts, t("chart.value"));
  const odd = Object.entries(value.nonfinite ?? {}).map(([what, count]) => `${what} ${count}`).join(", ");
  return together([h("p", null, t("chart.binsummary", binFacts(edges, counts)), odd && h("strong", { className: "cell-odd" }, " ", t("chart.nonfinite", { what: odd }))), plot.element], plot);
}

/** The histograms of many steps as ridges or cells; choose(index) is told which was clicked. */
export function overSteps({ name, rows, total, choose }) {
  let kind = "ridges";
  let chosen = null;
  const clean = rows.map((row) => ({ ...row, counts: row.counts.map(num), edges: row.edges.map(num) }));
  const options = (width) => ({
    title: `${t("chart.over")}: ${name}`, rows: clean, chosen, onChoose: (at) => choose(clean[at].index), xLabel: t("chart.value"), yLabel: t("chart.steps"),
    summary: t("chart.stepsummary", { n: clean.length, first: clean[0].step ?? 0, last: clean.at(-1).step ?? clean.length - 1 }), width });
  const plot = figure({
    title: t("chart.over"), name: `${name} steps`,
    draw: (width) => (kind === "ridges" ? ridges : heat)(width, options(width)),
    table: () => ({ columns: [t("chart.steps"), t("chart.from"), t("chart.to"), t("chart.count")], rows: clean.flatMap((row) => row.counts.map((count, at) => [row.step, row.edges[at], row.edges[at + 1], count])) }),
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
  const thinned = total > rows.length && h("p", { className: "faint" }, t("chart.thinned", { n: rows.length, total }));
  return { element: h("div", null, plot.element, thinned), dispose: plot.dispose, mark };
}
