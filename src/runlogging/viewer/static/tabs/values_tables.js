// Lists, trees, tables and rows.

import { cell, DataTable } from "../base/datatable.js";
import { fill, h } from "../base/dom.js";
import { copyText } from "../base/handout.js";
import { figure } from "../base/plotfigure.js";
import { lines } from "../base/plots.js";
import { num } from "../base/plotscale.js";
import { tree } from "../base/tree.js";
import { addWords, t } from "../base/words.js";
import { Base, SteppedView } from "./values_view.js";

addWords({
  "view.copy": ["Copy", "コピー"],
  "view.items": ["{n} items", "{n} 件"],
  "view.item": ["item", "番号"],
  "view.more": ["{n} more", "残り {n} 件"],
});

const SHOWN_ITEMS = 500;

/** A list as a table, and as a line where it is numbers. */
export class ListView extends SteppedView {
  draw(value) {
    if (!Array.isArray(value)) throw new TypeError("no list");
    const isNumeric = value.length > 1 && value.every((item) => item === null || typeof item === "number" || ["NaN", "Infinity", "-Infinity"].includes(item)) && value.some((item) => typeof item === "number");
    const plot = isNumeric && figure({
      title: this.name,
      draw: (width) => lines(width, { title: this.name, summary: t("view.items", { n: value.length }), series: [{ label: this.name, x: value.map((_, at) => at), y: value.map(num), odd: value.map((item) => item !== null) }], xLabel: t("view.item"), yLabel: this.name, height: 220 }),
    });
    const body = h("tbody");
    let shown = 0;
    const more = h("button", { onClick: () => add() });
    const add = () => {
      body.append(...value.slice(shown, shown + SHOWN_ITEMS).map((item, at) => h("tr", null, h("td", { className: "number faint" }, shown + at), cell(item))));
      shown = Math.min(value.length, shown + SHOWN_ITEMS);
      more.hidden = shown >= value.length;
      more.textContent = t("view.more", { n: value.length - shown });
    };
    add();
    const element = h("div", null,
      h("div", { className: "value-controls" }, t("view.items", { n: value.length }), h("button", { className: "quiet", onClick: (event) => copyText(JSON.stringify(value), event.currentTarget) }, t("view.copy"))),
      plot && plot.element, h("div", { className: "table-scroll", tabindex: "0" }, h("table", null, body)), more);
    return { element, dispose: () => plot && plot.dispose() };
  }
}

/** Any JSON as a tree. */
export class JsonView extends SteppedView {
  draw(value) {
    return { element: h("div", null, h("div", { className: "value-controls" }, h("button", { className: "quiet", onClick: (event) => copyText(JSON.stringify(value, null, 2), event.currentTarget) }, t("view.copy"))), tree(value)) };
  }
}

/** One table at a time. */
export class TableView extends SteppedView {
  async show() {
    this.part?.dispose?.();
    const table = (this.part = new DataTable({ run: this.run, name: this.name, index: this.row.index }));
    await table.load();
    if (table === this.part) fill(this.body, table.element);
  }
}

/** Rows of one name: a table that grows. */
export class RowsView extends Base {
  async open() {
    this.part = new DataTable({ run: this.run, name: this.name, type: ["row", "table"] });
    fill(this.place, this.part.element);
    await this.part.load();
  }

  async grew() {
    await this.part.load();
  }
}
