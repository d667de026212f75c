// What the charts among the values share. Each is draw(value, { name }) -> { element, dispose() }.

import { h } from "../base/dom.js";
import { addWords } from "../base/words.js";

addWords({
  "chart.shown": ["Shown", "表示"],
  "chart.class": ["class", "クラス"],
  "chart.recall": ["recall", "再現率"],
  "chart.precision": ["precision", "適合率"],
  "chart.undefined": ["undefined", "定義なし"],
  "chart.count": ["count", "件数"],
  "chart.binsummary": ["{n} values in {bins} bins from {low} to {high}; mean about {mean}.", "{low} から {high} まで {bins} 区間に {n} 件、平均は約 {mean}。"],
  "chart.from": ["from", "下限"],
  "chart.to": ["to", "上限"],
});

/** The data of a chart of Azure ML's schemas; a value that is not of its schema throws, and is shown as JSON. */
export function data(value, type) {
  const found = value?.data;
  if (!found || value.schema_type !== type) throw new TypeError(`this is no ${type}`);
  return found;
}

/** Plots and what stands around them as one part: { element, dispose() }. */
export function together(parts, ...plots) {
  return { element: h("div", { className: "value-charts" }, parts), dispose: () => plots.forEach((plot) => plot?.dispose()) };
}

/** A list to choose from: options = [[value, text], ...]. */
export function choice(label, options, onChange) {
  return h("label", null, label, " ", h("select", { onChange: (event) => onChange(event.target.value) }, options.map(([value, text]) => h("option", { value }, text))));
}
