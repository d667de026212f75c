// What stands in the cells of the table of runs, and on the cards of a narrow screen.

import { h } from "../base/dom.js";
import { valueText } from "../base/export.js";
import { duration, moment, number } from "../base/format.js";
import { t } from "../base/words.js";
import { runLink } from "./links.js";
import { isMetric, titleOf } from "./runs_columns.js";
import { spark } from "./runs_sparks.js";

/** new RunCells({ selection, colours, sparks, hasTree: () -> whether any run has children, onFold(row) }) */
export class RunCells {
  constructor({ selection, colours, sparks, hasTree, onFold }) {
    Object.assign(this, { selection, colours, sparks, hasTree, onFold });
  }

  cell(row, { id }) {
    if (id === "select") return this.selection.box(row);
    if (id === "name") return this.name(row);
    if (id === "status") return statusOf(row.status);
    if (id === "duration") return took(row);
    if (id === "tags") return tagsOf(row.tags);
    if (["started", "created", "ended"].includes(id)) return moment(row[id]);
    if (id === "experiment") return row.experiment;
    if (id === "number" || id === "parent") return row[id] ?? "";
    const value = row.cells[id];
    if (!isMetric(id)) return valueText(value);
    const shape = id.startsWith("metrics.") ? this.sparks.of(row, id.slice(8)) : null;
    return [shape && shape.length > 1 ? spark(shape, this.colours.of(row.key)) : null, h("span", { className: "value" }, number(value))];
  }

  name(row) {
    const fold = row.children
      ? h("button", { className: "quiet fold", tabindex: -1, "aria-label": t(row.closed ? "runs.unfold" : "runs.fold"), onClick: (event) => (event.stopPropagation(), this.onFold(row)) }, row.closed ? "▸" : "▾")
      : null;
    return h(
      "span",
      { className: "name", style: { "padding-left": `${row.depth * 18 + (fold || !this.hasTree() ? 0 : 20)}px` } },
      fold,
      h("span", { className: "swatch", "aria-hidden": true, style: { background: this.colours.of(row.key).colour } }),
      h("a", { href: runLink(row.key), "data-inside": true, tabindex: -1, title: `${row.name ?? ""} ${row.key}`.trim() }, row.name || row.id),
    );
  }

  card(row, ids) {
    const metrics = ids.filter(isMetric).slice(0, 3);
    return [
      h("div", { className: "card-line" }, this.selection.box(row), this.name(row), h("span", { className: "spring" }), statusOf(row.status)),
      h("div", { className: "card-line faint" }, row.problem ?? [row.experiment, " · ", moment(row.started ?? row.created), " · ", took(row)]),
      h("div", { className: "card-line" }, metrics.filter((id) => row.cells[id] !== null && row.cells[id] !== undefined).map((id) => h("span", { className: "card-metric" }, h("span", { className: "faint" }, `${titleOf(id)} `), number(row.cells[id])))),
    ];
  }
}

function took(row) {
  const began = row.status === "Running" && row.started ? new Date(row.started).getTime() : null;
  if (began === null) return duration(row.duration);
  return h("span", { "data-ticks": began }, duration((Date.now() - began) / 1000));
}

/** Let what runs count on; the table is drawn anew for other reasons. */
export function tick(container) {
  for (const element of container.querySelectorAll("[data-ticks]")) {
    element.textContent = duration((Date.now() - Number(element.dataset.ticks)) / 1000);
  }
}

const statusOf = (status) => h("span", { className: "status", "data-status": status }, status);

function tagsOf(tags) {
  return Object.entries(tags).map(([name, value]) => h("span", { className: "tag", title: `${name}: ${value ?? ""}` }, value === null ? name : `${name}: ${value}`));
}
