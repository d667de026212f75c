// The table of groups of runs: how many runs, and of each metric the middle and the band.

import { fill, h, s } from "../base/dom.js";
import { valueText } from "../base/export.js";
import { number } from "../base/format.js";
import { urlOf } from "../base/state.js";
import { t } from "../base/words.js";
import { saidValue } from "./compare_scale.js";
import { titleOf } from "./runs_columns.js";

const MOST_GROUPS = 500;

/** A view is { groups: as the server gives them, by: the columns that make them, ids: the metrics, state: of the link }. */
export class GroupTable {
  constructor() {
    this.hidden = new Set();
    this.sort = null;
  }

  draw(place, view) {
    this.place = place;
    this.view = view;
    this.redraw();
  }

  redraw() {
    const { groups: all, by, ids } = this.view;
    const shown = this.sorted(all).filter((group) => !this.hidden.has(JSON.stringify(group.values)));
    const hiddenCount = all.length - shown.length;
    // The scale is that of all groups, so that hiding one moves no other.
    const scales = new Map(ids.map((id) => [id, scaleOf(all.map((group) => group.cells[id]))]));
    fill(
      this.place,
      hiddenCount > 0 && h("p", null, h("button", { onClick: () => (this.hidden.clear(), this.redraw()) }, t("runs.show", { count: hiddenCount }))),
      h(
        "div",
        { className: "groups-scroll", tabindex: 0, role: "region", "aria-label": t("runs.group") },
        h(
          "table",
          { className: "groups" },
          h("thead", null, h("tr", null, h("td", null), by.map((id) => h("th", { scope: "col" }, titleOf(id))), this.head("count", t("runs.runs")), ids.map((id) => this.head(id, titleOf(id))))),
          h("tbody", null, shown.slice(0, MOST_GROUPS).map((group) => this.row(group, scales))),
        ),
      ),
    );
  }

  head(id, text) {
    const now = this.sort ?? [];
    const sort = now[0] === id ? (now[1] > 0 ? "ascending" : "descending") : "none";
    const turn = () => {
      this.sort = now[0] === id && now[1] > 0 ? [id, -1] : [id, 1];
      this.redraw();
    };
    return h("th", { scope: "col", className: "number", "aria-sort": sort }, h("button", { className: "quiet sort", onClick: turn }, text, sort === "none" ? "" : now[1] > 0 ? " ▲" : " ▼"));
  }

  sorted(groups) {
    if (!this.sort) return groups;
    const [id, sign] = this.sort;
    const read = (group) => (id === "count" ? group.count : (group.cells[id]?.centre ?? null));
    return [...groups].sort((one, other) => {
      const [a, b] = [read(one), read(other)];
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (a - b);
    });
  }

  row(group, scales) {
    const key = JSON.stringify(group.values);
    const { ids, state } = this.view;
    const { where } = state;
    const inside = group.where === null ? null : where ? `(${where}) and ${group.where}` : group.where;
    const open = (text) => (inside === null ? text : h("a", { "data-inside": true, href: urlOf({ ...state, group: null, where: inside }) }, text));
    return h(
      "tr",
      { "data-group": key },
      h("td", null, h("button", { className: "quiet", "aria-label": `${t("runs.hide")} ${group.values.map(valueText).join(", ")}`, onClick: () => (this.hidden.add(key), this.redraw()) }, "×")),
      group.values.map((value, at) => h("td", null, open(value === null ? h("em", { className: "faint" }, t("runs.missing")) : shown(value, this.view.by[at])))),
      h("td", { className: "number" }, group.count, h("div", { className: "statuses" }, Object.entries(group.statuses).map(([name, count]) => h("span", { className: "status", "data-status": name }, `${count} ${name}`)))),
      ids.map((id) => h("td", { className: "number" }, figureOf(group.cells[id], scales.get(id)))),
    );
  }

  /** The groups as plain rows. */
  table({ groups, by, ids }) {
    const head = [...by, "runs", ...ids.flatMap((id) => [id, `${id} low`, `${id} high`, `${id} n`])];
    const cells = (cell) => (cell ? [cell.centre, cell.low, cell.high, cell.n] : ["", "", "", 0]);
    return { head, rows: this.sorted(groups).map((group) => [...group.values, group.count, ...ids.flatMap((id) => cells(group.cells[id]))]) };
  }
}


/** A tag is always a text; of other columns a text that looks like a number, or like nothing, stands in quotes. */
const shown = (value, id) => (id.startsWith("tags.") && value !== "" ? valueText(value) : saidValue(value));

function scaleOf(cells) {
  const ends = cells.flatMap((cell) => [cell?.low, cell?.high, cell?.centre]).filter((value) => typeof value === "number");
  return ends.length ? [Math.min(...ends), Math.max(...ends)] : null;
}

function figureOf(cell, scale) {
  if (!cell || cell.centre === null) return cell?.nonfinite ? `NaN × ${cell.nonfinite}` : "";
  const [low, high] = scale;
  const x = (value) => 3 + ((value - low) / (high - low || 1)) * 94;
  const band = cell.low === null ? null : `${number(cell.low, 4)} – ${number(cell.high, 4)}`;
  const more = cell.nonfinite ? `, ${cell.nonfinite} NaN` : "";
  return [
    h("div", { className: "centre" }, number(cell.centre)),
    s("svg", { class: "band", width: 100, height: 10, viewBox: "0 0 100 10", "aria-hidden": "true" }, cell.low !== null && s("path", { d: `M${x(cell.low)} 5H${x(cell.high)}`, class: "range" }), s("circle", { cx: x(cell.centre), cy: 5, r: 3 })),
    h("div", { className: "faint" }, band ? `${band} · n ${cell.n}${more}` : `n ${cell.n}${more}`),
  ];
}
