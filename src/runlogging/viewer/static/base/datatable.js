// A table of the server's, a page at a time: sorted there, copied as CSV, Markdown or LaTeX, drawn as a line.

import { get, latest, urlFor } from "./api.js";
import { fill, h } from "./dom.js";
import { csvOf, latexOf, markdownOf } from "./export.js";
import { number } from "./format.js";
import { copyText } from "./handout.js";
import { figure } from "./plotfigure.js";
import { lines } from "./plots.js";
import { num } from "./plotscale.js";
import { visible, visibleName } from "./visible.js";
import { addWords, t } from "./words.js";

addWords({
  "table.rows": ["{from}\u2013{to} of {total} rows", "{total} 行中 {from}\u2013{to}"],
  "table.none": ["No rows", "行がありません"],
  "table.copy": ["Copy as {kind}", "{kind} でコピー"],
  "table.csv": ["Download CSV", "CSV をダウンロード"],
  "table.previous": ["Previous", "前へ"],
  "table.next": ["Next", "次へ"],
  "table.missing": ["missing", "値なし"],
  "table.row": ["row", "行"],
  "table.over": ["{y} over {x}", "{x} に対する {y}"],
  "table.line": ["Line of {n} points from {low} to {high}.", "{n} 点の折れ線、{low} から {high}。"],
});

const PAGE_ROWS = 100;
const COPIED_ROWS = 10_000;
const FORMATS = { CSV: csvOf, Markdown: markdownOf, LaTeX: latexOf };

/** The buttons that copy a table; tableOf() gives, at once or later, { head, rows }. */
export function copyButtons(tableOf) {
  const button = ([kind, format]) => h("button", { className: "quiet", onClick: async ({ currentTarget }) => copyText(format(await tableOf()), currentTarget) }, t("table.copy", { kind }));
  return Object.entries(FORMATS).map(button);
}

/** A cell: what is missing, NaN and numbers each look as what they are. */
export function cell(value) {
  if (value === null || value === undefined) return h("td", { className: "cell-none", title: t("table.missing") }, "\u2013");
  if (typeof value === "number") return h("td", { className: "number" }, number(value));
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return h("td", { className: "number cell-odd" }, value);
  if (typeof value === "boolean") return h("td", { className: "cell-bool" }, String(value));
  return h("td", null, h("bdi", null, visible(typeof value === "object" ? JSON.stringify(value) : value)));
}

export class DataTable {
  /** params: what api/table is asked with ({ run, name, index, type }). */
  constructor(params) {
    this.params = params;
    this.ask = latest();
    this.sort = {};
    this.offset = 0;
    this.grid = h("div", { className: "table-scroll", tabindex: "0", role: "region", "aria-label": params.name });
    this.foot = h("div", { className: "table-foot" });
    this.chart = h("div");
    this.element = h("div", { className: "datatable" }, this.grid, this.foot, this.chart);
  }

  async load() {
    const found = await this.ask("api/table", { ...this.params, ...this.sort, offset: this.offset, limit: PAGE_ROWS, line: 1 });
    this.found = found;
    this.draw();
    this.drawLine();
  }

  dispose() {
    this.plot?.dispose();
  }

  again(changes) {
    Object.assign(this, changes);
    this.load().catch((error) => error.name !== "AbortError" && fill(this.foot, h("p", { className: "problem", role: "alert" }, error.message)));
  }

  draw() {
    const { columns, rows, total, numbers } = this.found;
    const focused = document.activeElement?.dataset?.column;
    fill(this.grid, h("table", null,
      h("thead", null, h("tr", null, h("th", { scope: "col", className: "number faint" }, "#"), columns.map((column) => this.head(column)))),
      h("tbody", null, rows.map((row, at) => h("tr", null, h("td", { className: "number faint" }, numbers[at]), row.map(cell))))));
    if (focused !== undefined) [...this.grid.querySelectorAll("button")].find((button) => button.dataset.column === focused)?.focus();
    const to = this.offset + rows.length;
    fill(this.foot,
      h("span", { className: "faint", role: "status" }, total ? t("table.rows", { from: this.offset + 1, to, total }) : t("table.none")),
      total > PAGE_ROWS && h("button", { disabled: this.offset === 0, onClick: () => this.again({ offset: Math.max(0, this.offset - PAGE_ROWS) }) }, t("table.previous")),
      total > PAGE_ROWS && h("button", { disabled: to >= total, onClick: () => this.again({ offset: to }) }, t("table.next")),
      h("span", { className: "spring" }),
      copyButtons(() => this.whole()),
      h("a", { href: urlFor("api/table", { ...this.params, as: "csv" }), download: "" }, t("table.csv")));
  }

  head(column) {
    const isSorted = this.sort.sort === column;
    const next = () => {
      const sort = !isSorted ? { sort: column } : this.sort.descending ? {} : { sort: column, descending: 1 };
      this.again({ sort, offset: 0 });
    };
    const order = isSorted ? (this.sort.descending ? "descending" : "ascending") : "none";
    return h("th", { scope: "col", "aria-sort": order }, h("button", { className: "quiet", "data-column": column, onClick: next }, h("bdi", null, visibleName(column)),
      isSorted && h("span", { "aria-hidden": "true" }, this.sort.descending ? " \u25bc" : " \u25b2")));
  }

  async whole() {
    const { columns, rows } = await get("api/table", { ...this.params, ...this.sort, offset: 0, limit: COPIED_ROWS });
    return { head: columns, rows };
  }

  drawLine() {
    const { line } = this.found;
    this.line = line;
    if (!line || line.total < 2) return;
    if (this.plot) return this.plot.redraw();
    const names = () => ({ x: this.line.x_name ?? t("table.row"), y: this.line.y_name });
    this.plot = figure({
      title: t("table.over", names()),
      draw: (width) => {
        const [x, y] = [this.line.x.map(num), this.line.y.map(num)];
        const finite = y.filter(Number.isFinite);
        const summary = t("table.line", { n: this.line.total, low: number(least(finite)), high: number(greatest(finite)) });
        return lines(width, { title: t("table.over", names()), summary, series: [{ label: names().y, x, y, odd: this.line.y.map((value) => value !== null) }], xLabel: names().x, yLabel: names().y });
      },
    });
    fill(this.chart, this.plot.element);
  }
}

const least = (values) => values.reduce((low, value) => Math.min(low, value), Infinity);
const greatest = (values) => values.reduce((high, value) => Math.max(high, value), -Infinity);
