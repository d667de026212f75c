// The rows of a table of the comparison. Where they have very many cells, only those in sight are in the page: browsers take a
// second to lay out twenty thousand.

import { h, perFrame } from "../base/dom.js";

const MOST_CELLS = 3_000;
const AHEAD = 4; // rows beyond the edges

export class Rows {
  /**
   * @param label what the table is; head its head; widths of the columns in px, for when it is large;
   *   rows [{ text, make(isLarge) }], where text is searched, or null for a heading, and make gives the row's element;
   *   rowHeight in px of a row of a large table
   */
  constructor({ label, head, widths, rows, rowHeight = 28 }) {
    Object.assign(this, { rows, rowHeight, shown: rows, made: new Map() });
    this.isLarge = rows.length * widths.length > MOST_CELLS;
    this.above = spacer(widths.length);
    this.below = spacer(widths.length);
    this.body = h("tbody", null, this.above, this.below);
    const width = widths.reduce((sum, each) => sum + each, 0);
    const columns = this.isLarge && h("colgroup", null, widths.map((each) => h("col", { style: { width: `${each}px` } })));
    this.table = h("table", { style: this.isLarge ? { width: `${width}px`, "--row": `${rowHeight}px` } : null }, columns, head, this.body);
    this.element = h("div", { className: this.isLarge ? "compare-scroll large" : "compare-scroll", tabindex: 0, role: "region", "aria-label": label }, this.table);
    if (this.isLarge) this.element.addEventListener("scroll", perFrame(() => this.draw()), { passive: true });
  }

  /** Show the rows that hold a text, in any case, below their headings. */
  filter(text) {
    const sought = text.toLowerCase();
    const fits = (row) => row.text.toLowerCase().includes(sought);
    let heading = null;
    this.shown = [];
    for (const row of this.rows) {
      if (row.text === null) heading = row;
      else if (fits(row)) {
        if (heading) this.shown.push(heading);
        heading = null;
        this.shown.push(row);
      }
    }
    for (const row of this.made.values()) row.remove();
    this.made.clear();
    if (this.isLarge) this.table.setAttribute("aria-rowcount", this.shown.length + 1);
    this.draw();
  }

  /** Put the rows into the page that are in sight and are not there yet; take the others out. */
  draw() {
    const [first, last] = this.seen();
    for (const [place, row] of this.made) {
      if (place >= first && place < last) continue;
      row.remove();
      this.made.delete(place);
    }
    let next = this.below;
    for (let place = last - 1; place >= first; place -= 1) {
      if (!this.made.has(place)) {
        this.made.set(place, this.make(place));
        next.before(this.made.get(place));
      }
      next = this.made.get(place);
    }
    this.stretch(this.above, first);
    this.stretch(this.below, this.shown.length - last);
  }

  seen() {
    const total = this.shown.length;
    if (!this.isLarge) return [0, total];
    const most = Math.ceil(innerHeight / this.rowHeight) + 2 * AHEAD;
    const first = Math.max(0, Math.min(Math.floor(this.element.scrollTop / this.rowHeight) - AHEAD, total - most));
    return [first, Math.min(total, first + most)];
  }

  make(place) {
    const row = this.shown[place].make(this.isLarge);
    if (this.isLarge) row.setAttribute("aria-rowindex", place + 2);
    return row;
  }

  stretch(row, count) {
    row.hidden = count === 0;
    row.firstChild.style.height = `${count * this.rowHeight}px`;
  }
}

function spacer(columns) {
  return h("tr", { className: "spacer", "aria-hidden": "true", hidden: true }, h("td", { colspan: columns }));
}
