// What the pictures of a sweep are drawn of: columns of the table of runs.

import { get } from "../base/api.js";
import { h } from "../base/dom.js";
import { change } from "../base/state.js";

/** The columns that a sweep is drawn by: parameters that differ, and the metrics. */
export function usualAxes(page) {
  const parameters = page.data.parameters.filter((item) => item.differs).map((item) => `params.${item.key}`);
  const metrics = page.data.metrics.map((metric) => `metrics.${metric.name}`);
  return { parameters, metrics };
}

/** The values of some columns; the last answer is kept. */
export async function loadSweep(page, columns) {
  const asked = columns.join("\n");
  if (page.sweep?.asked !== asked) {
    const answer = await get("api/scatter", { run: page.keys, column: columns });
    page.sweep = { asked, answer };
  }
  return page.sweep.answer;
}

/** What chooses the column of a part of the picture. */
export function picker(page, name, now, label) {
  const { parameters, metrics } = usualAxes(page);
  const names = [...new Set([...parameters, ...metrics, ...page.columns.filter((column) => column.kind !== "tag" && column.kind !== "fact").map((column) => column.name)])].slice(0, 500);
  return h("label", null, `${label} `, h("select", { "aria-label": label, onChange: (event) => change({ [name]: event.target.value }) }, names.map((one) => h("option", { value: one, selected: one === now }, one))));
}
