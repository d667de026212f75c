// The bar above the charts: what x is, smoothing, and buttons for all that wheel and pointer do.

import { axisTitle } from "../base/chartplot.js";
import { h } from "../base/dom.js";
import { addWords, t } from "../base/words.js";

addWords({
  "charts.x": ["x axis", "横軸"],
  "charts.smooth": ["Smoothing", "平滑化"],
  "charts.follow": ["Follow", "追従"],
  "charts.in": ["Zoom in", "拡大"],
  "charts.out": ["Zoom out one step", "一段戻す"],
  "charts.left": ["Earlier", "左へ"],
  "charts.right": ["Later", "右へ"],
  "charts.all": ["Show all", "全体"],
  "charts.metric": ["metric", "メトリクス"],
});

const AXES = ["step", "relstep", "wall", "relative", "active"];
const MOST_AXES = 300;

/** A choice of what x is: times, steps, or one of the metrics. */
export function axisChoice(x, metrics, choose) {
  const names = metrics.slice(0, MOST_AXES).map((metric) => `metric:${metric.name}`);
  const option = (value) => h("option", { value, selected: value === x }, axisTitle(value));
  return h("label", null, t("charts.x"), " ",
    h("select", { onChange: (event) => choose(event.target.value) }, AXES.map(option), h("optgroup", { label: t("charts.metric") }, names.map(option))));
}

/** A slider for the weight of the smoothing, from 0 to below 1. */
export function smoothChoice(smooth, choose) {
  const shown = h("output", { className: "mono" }, smooth || "0");
  // The slider is finer towards 1, where a little more is much smoother.
  const input = h("input", { type: "range", min: "0", max: "1", step: "0.01", value: String(1 - Math.sqrt(1 - smooth)), "aria-label": t("charts.smooth"),
    onInput: (event) => {
      const weight = Math.min(0.9999, Number((1 - (1 - Number(event.target.value)) ** 2).toFixed(4)));
      shown.textContent = String(weight);
      choose(weight);
    } });
  return h("label", { className: "smooth" }, t("charts.smooth"), " ", input, shown);
}

/** Buttons for zoom and pan, and `follow` behind them; `span()` is what is shown of x. */
export function zoomButtons(group, span, follow) {
  const button = (text, label, work) => h("button", { "aria-label": label, title: label, onClick: work }, text);
  return h("span", { className: "zoom", role: "group" },
    button("\u2212", t("charts.out"), () => group.back(span())), button("+", t("charts.in"), () => group.zoomBy(0.5, 0.5, span())),
    button("\u2190", t("charts.left"), () => group.pan(-0.25, span())), button("\u2192", t("charts.right"), () => group.pan(0.25, span())),
    button(t("charts.all"), t("charts.all"), () => group.reset()), follow);
}
