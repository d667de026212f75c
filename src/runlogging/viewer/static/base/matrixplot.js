// A matrix of counts as cells: only what is in view is made, so a thousand classes scroll as ten do.

import { fill, h, perFrame, s } from "./dom.js";
import { number } from "./format.js";
import { layoutOf, MOST_HEIGHT, namesOf, shadeOf } from "./matrixparts.js";
import { picture } from "./plotaxes.js";
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
    const width = this.element.clientWidth;
    const layout = layoutOf(this.labels, this.matrix, [width, MOST_HEIGHT], Math.min(width * 0.28, 150));
    this.layout = layout;
    this.width = Math.min(width, layout.width);
    this.height = Math.min(MOST_HEIGHT, layout.height);
    this.spacer.style.width = `${layout.width}px`;
    this.spacer.style.height = `${layout.height}px`;
    this.scroll.style.maxHeight = `${MOST_HEIGHT + 16}px`;
  }

  draw() {
    if (!this.element.clientWidth) return;
    this.measure();
    const { width, height } = this;
    const { cell, left, top } = this.layout;
    const n = this.labels.length;
    const [dx, dy] = [this.scroll.scrollLeft, this.scroll.scrollTop];
    const seen = (offset, size) => [Math.max(0, Math.floor(offset / cell)), Math.min(n, Math.ceil((offset + size) / cell))];
    const view = { dx, dy, width, height, rows: seen(dy, height - top), columns: seen(dx, width - left) };
    const svg = picture(width, height, { title: this.title, summary: this.summary, className: "plot-matrix" });
    const cells = s("g");
    for (let row = view.rows[0]; row < view.rows[1]; row += 1) {
      for (let column = view.columns[0]; column < view.columns[1]; column += 1) cells.append(this.cellAt(row, column, left + column * cell - dx, top + row * cell - dy));
    }
    svg.append(cells, namesOf(this.labels, this.layout, view));
    svg.addEventListener("pointermove", (event) => this.pointAt(event));
    fill(this.place, svg);
    this.svg = svg;
  }

  cellAt(row, column, x, y) {
    const { cell, hasText } = this.layout;
    const shade = this.share(row, column) / this.peak;
    const isChosen = this.at[0] === row && this.at[1] === column && this.hasKeys;
    return s("g", null,
      s("rect", { className: "plot-cell", x, y, width: cell, height: cell }),
      shade > 0 && s("rect", { className: "plot-heat", x: x + 0.5, y: y + 0.5, width: cell - 1, height: cell - 1, "fill-opacity": shadeOf(shade) }),
      hasText && s("text", { className: shade > 0.5 ? "plot-strong" : "", x: x + cell / 2, y: y + cell / 2 + 4, "text-anchor": "middle" }, this.text(row, column)),
      isChosen && s("rect", { className: "plot-frame", x: x + 1, y: y + 1, width: cell - 2, height: cell - 2 }));
  }

  pointAt(event) {
    const { left, top, cell } = this.layout;
    const box = this.svg.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - left, event.clientY - box.top - top];
    const [row, column] = [Math.floor((y + this.scroll.scrollTop) / cell), Math.floor((x + this.scroll.scrollLeft) / cell)];
    const n = this.labels.length;
    if (x >= 0 && y >= 0 && row < n && column < n) this.say(row, column);
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
    const { left, top, cell } = this.layout;
    const keep = (offset, size, at) => Math.min(at * cell, Math.max(offset, (at + 1) * cell - size));
    this.scroll.scrollTop = keep(this.scroll.scrollTop, this.height - top, this.at[0]);
    this.scroll.scrollLeft = keep(this.scroll.scrollLeft, this.width - left, this.at[1]);
    this.draw();
  }
}

function sums(rows) {
  return rows.map((row) => row.reduce((sum, value) => sum + value, 0));
}

function transposed(rows) {
  return rows.map((_, at) => rows.map((row) => row[at]));
}
