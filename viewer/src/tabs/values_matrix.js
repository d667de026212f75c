// A confusion matrix: counts or shares, precision and recall of each class.

import { copyButtons } from "../base/datatable.js";
import { fill, h } from "../base/dom.js";
import { number } from "../base/format.js";
import { wholePicture } from "../base/matrixparts.js";
import { MatrixPlot } from "../base/matrixplot.js";
import { saveButtons } from "../base/plotfigure.js";
import { num } from "../base/plotscale.js";
import { visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";
import { choice, data, together } from "./values_chart.js";

addWords({
  "chart.counts": ["counts", "件数"],
  "chart.rows": ["share of the true class (recall)", "正解クラスごとの割合 (再現率)"],
  "chart.columns": ["share of the predicted class (precision)", "予測クラスごとの割合 (適合率)"],
  "chart.classes": ["Precision and recall of each class", "クラスごとの適合率と再現率"],
});

/** Draw a confusion matrix. */
export function confusionMatrix(value, { name }) {
  const { class_labels: given, matrix } = data(value, "confusion_matrix");
  const labels = given.map(visibleName);
  const plot = new MatrixPlot({ labels, matrix: matrix.map((row) => row.map(num)), title: name });
  const columns = ["", ...labels];
  const rows = matrix.map((row, at) => [labels[at], ...row]);
  const parts = [
    h("div", { className: "value-controls" },
      choice(t("chart.shown"), [["counts", t("chart.counts")], ["rows", t("chart.rows")], ["columns", t("chart.columns")]], (mode) => plot.setMode(mode)),
      h("span", { className: "spring" }), saveButtons({ svgOf: () => wholePicture(plot), title: name }),
      copyButtons(() => ({ head: columns, rows }))),
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
