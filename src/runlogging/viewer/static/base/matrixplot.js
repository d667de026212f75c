// A matrix of counts as cells: only what is in view is made, so a thousand classes scroll as ten do.

import { fill, h, perFrame, s } from "./dom.js";
import { number } from "./format.js";
import { clipped, picture } from "./plots.js";
import { addWords, t } from "./words.js";

addWords({
  "matrix.true": ["true", "正解"],
  "matrix.predicted": ["predicted", "予測"],
  "matrix.at": [
    "true {row}, predicted {column}: {count} ({rowRate} of the row, {columnRate} of the column)",
    "正解 {row}、予測 {column}: {count} (行の {rowRate}、列の {columnRate})",
  ],
  "matrix.summary": ["{n} classes, {total} samples, {right} right ({share}).", "{n} クラス、{total} 件、正解 {right} 件 ({share})。"],
});

const CHAR = 6.4;
const MOST_HEIGHT = 560;

/** A share as per cent. */
export function percent(share) {
  return Number.isFinite(share) ? `${(share * 100).toFixed(share > 0 && share < 0.0995 ? 1 : 0)}%` : "\u2013";
}

export class MatrixPlot {
  /** labels: the classes; matrix: rows of counts; title: what it is called. */
  constructor({ labels, matrix, title }) {
    Object.assign(this, { labels, matrix, title, mode: "counts", rows: sums(matrix), columns: sums(transposed(matrix)) });
    this.findPeak();
    this.readout = h("p", { className: "matrix-readout", "aria-live": "polite" }, "\u00a0");
    this.place = h("div", { className: "matrix-place" });
    // What is seen of the matrix sticks to the corner of what is scrolled, which only makes the bars long.
    this.spacer = h("div", { className: "matrix-spacer" }, this.place);
    this.scroll = h("div", { className: "matrix-scroll", tabindex: "0", role: "region", "aria-label": title, onScroll: perFrame(() => this.draw()) }, this.spacer);
    this.element = h("div", { className: "matrix" }, this.scroll, this.readout);
    this.at = [0, 0];
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.element);
    this.scroll.addEventListener("keydown", (event) => this.onKey(event));
  }

  dispose() {
    this.observer.disconnect();
  }

  get summary() {
    const total = this.rows.reduce((sum, value) => sum + value, 0);
    const right = this.matrix.reduce((sum, row, at) => sum + row[at], 0);
    return t("matrix.summary", { n: this.labels.length, total, right, share: percent(right / total) });
  }

  /** The greatest share has the full shade. */
  findPeak() {
    this.peak = 1e-9;
    for (let row = 0; row < this.matrix.length; row += 1) {
      for (let column = 0; column < this.matrix.length; column += 1) {
        const share = this.share(row, column);
        if (share > this.peak) this.peak = share;
      }
    }
  }

  setMode(mode) {
    this.mode = mode;
    this.findPeak();
    this.draw();
  }

  share(row, column) {
    const count = this.matrix[row][column];
    if (this.mode === "columns") return count / this.columns[column];
    return count / this.rows[row];
  }

  text(row, column) {
    return this.mode === "counts" ? number(this.matrix[row][column]) : percent(this.share(row, column));
  }

  measure() {
    const n = this.labels.length;
    const width = this.element.clientWidth;
    const longest = this.labels.reduce((most, label) => Math.max(most, [...label].length), 1);
    const side = Math.min(longest * CHAR + 10, width * 0.28, 150);
    this.left = 22 + side;
    this.top = 22 + (longest > 4 ? Math.min(longest * CHAR * 0.72 + 16, 110) : 18);
    const digits = Math.max(3, ...this.matrix.slice(0, 50).map((row) => String(row.slice(0, 50).reduce((most, value) => Math.max(most, value), 0)).length));
    const least = n > 30 ? 20 : Math.max(30, digits * 7 + 8);
    this.cell = Math.min(Math.max(least, Math.floor((width - this.left - 4) / n)), 72);
    this.hasText = this.cell >= digits * 6.6 + 2;
    this.width = Math.min(width, this.left + n * this.cell + 2);
    this.height = Math.min(MOST_HEIGHT, this.top + n * this.cell + 2);
    this.spacer.style.width = `${this.left + n * this.cell + 2}px`;
    this.spacer.style.height = `${this.top + n * this.cell + 2}px`;
    this.scroll.style.maxHeight = `${MOST_HEIGHT + 16}px`;
  }

  draw() {
    if (!this.element.clientWidth) return;
    this.measure();
    const { cell, left, top, width, height } = this;
    const n = this.labels.length;
    const [dx, dy] = [this.scroll.scrollLeft, this.scroll.scrollTop];
    const first = (offset) => Math.max(0, Math.floor(offset / cell));
    const past = (offset, size) => Math.min(n, Math.ceil((offset + size) / cell));
    const svg = picture(width, height, { title: this.title, summary: this.summary, className: "plot-matrix" });
    const cells = s("g");
    const names = s("g");
    for (let row = first(dy); row < past(dy, height - top); row += 1) {
      const y = top + row * cell - dy;
      for (let column = first(dx); column < past(dx, width - left); column += 1) cells.append(this.cellAt(row, column, left + column * cell - dx, y));
    }
    names.append(s("rect", { className: "plot-ground", x: 0, y: 0, width, height: top }), s("rect", { className: "plot-ground", x: 0, y: 0, width: left, height }));
    for (let row = first(dy); row < past(dy, height - top); row += 1) {
      const y = top + (row + 0.5) * cell - dy;
      if (y > top - 2) names.append(s("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, clipped(this.labels[row], left - 30), s("title", null, this.labels[row])));
    }
    for (let column = first(dx); column < past(dx, width - left); column += 1) {
      const x = left + (column + 0.5) * cell - dx;
      if (x < left) continue;
      const label = clipped(this.labels[column], Math.min(150, (top - 24) / 0.68));
      const isLong = top > 45;
      names.append(s("text", { x, y: top - 6, "text-anchor": isLong ? "start" : "middle", transform: isLong ? `rotate(-45 ${x} ${top - 6})` : null }, label, s("title", null, this.labels[column])));
    }
    names.append(s("rect", { className: "plot-ground", x: 0, y: 0, width: left, height: 20 }),
      s("text", { className: "plot-label", x: Math.max(left, (left + width) / 2), y: 13, "text-anchor": "middle" }, t("matrix.predicted")),
      s("text", { className: "plot-label", x: 12, y: (top + height) / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${(top + height) / 2})` }, t("matrix.true")));
    svg.append(cells, names);
    svg.addEventListener("pointermove", (event) => this.pointAt(event));
    fill(this.place, svg);
    this.svg = svg;
  }

  cellAt(row, column, x, y) {
    const share = this.share(row, column);
    const shade = share / this.peak;
    const isChosen = this.at[0] === row && this.at[1] === column && this.hasKeys;
    return s("g", null,
      s("rect", { className: "plot-cell", x, y, width: this.cell, height: this.cell }),
      share > 0 && s("rect", { className: "plot-heat", x: x + 0.5, y: y + 0.5, width: this.cell - 1, height: this.cell - 1, "fill-opacity": (0.08 + 0.92 * shade).toFixed(3) }),
      this.hasText && s("text", { className: shade > 0.5 ? "plot-strong" : "", x: x + this.cell / 2, y: y + this.cell / 2 + 4, "text-anchor": "middle" }, this.text(row, column)),
      isChosen && s("rect", { className: "plot-frame", x: x + 1, y: y + 1, width: this.cell - 2, height: this.cell - 2 }));
  }

  pointAt(event) {
    const box = this.svg.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - this.left + this.scroll.scrollLeft) / this.cell);
    const row = Math.floor((event.clientY - box.top - this.top + this.scroll.scrollTop) / this.cell);
    const n = this.labels.length;
    if (row < 0 || column < 0 || row >= n || column >= n || event.clientX - box.left < this.left || event.clientY - box.top < this.top) return;
    this.say(row, column);
  }

  say(row, column) {
    this.at = [row, column];
    const count = this.matrix[row][column];
    this.readout.textContent = t("matrix.at", { row: this.labels[row], column: this.labels[column], count, rowRate: percent(count / this.rows[row]), columnRate: percent(count / this.columns[column]) });
  }

  onKey(event) {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!by) return;
    event.preventDefault();
    const within = (value) => Math.min(this.labels.length - 1, Math.max(0, value));
    this.hasKeys = true;
    this.say(within(this.at[0] + by[0]), within(this.at[1] + by[1]));
    const keep = (offset, size, at) => Math.min(at * this.cell, Math.max(offset, (at + 1) * this.cell - size));
    this.scroll.scrollTop = keep(this.scroll.scrollTop, this.height - this.top, this.at[0]);
    this.scroll.scrollLeft = keep(this.scroll.scrollLeft, this.width - this.left, this.at[1]);
    this.draw();
  }
}

function sums(rows) {
  return rows.map((row) => row.reduce((sum, value) => sum + value, 0));
}

function transposed(rows) {
  return rows.map((_, at) => rows.map((row) => row[at]));
}
