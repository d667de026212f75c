// A list of any length of which only the rows in sight are in the page.
//
// What is seen hangs on one row, the anchor, and how far it is scrolled away above the edge; rows may be of any height.
// Browsers end elements at some 17 million pixels, so the scrolled element is shorter where the list is long: its bar
// gives a share of the list, while the wheel, keys and fingers move by pixels of rows.

import { h } from "./dom.js";

// A third of the least limit, as some count in the device's pixels.
const MOST_PIXELS = 4_000_000;
const SPARE_ROWS = 3;
const MOST_ROUNDS = 12;
const IDLE_MS = 180;

/**
 * Make a list: new VirtualList({ make, onMoved, label, rowHeight }). `make(row)` gives the element of a row, `onMoved` is
 * called after each drawing. `element` goes into the page, `list` is what holds the rows.
 */
export class VirtualList {
  constructor({ make, onMoved = () => {}, rowHeight = 20, listProps = {}, scrollerProps = {} }) {
    Object.assign(this, { make, onMoved, rowHeight });
    Object.assign(this, { total: 0, anchor: 0, offset: 0, isPinned: false, expected: 0, isTouched: false });
    this.elements = new Map();
    this.heights = new Map();
    this.list = h("div", { className: "virtual-list", ...listProps });
    this.stage = h("div", { className: "virtual-stage" }, this.list);
    this.spacer = h("div", { className: "virtual-spacer" });
    this.element = h("div", { className: "virtual", tabindex: "0", ...scrollerProps }, this.stage, this.spacer);
    this.element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.element.addEventListener("scroll", () => this.#scrolled());
    this.element.addEventListener("touchstart", () => (this.isTouched = true), { passive: true });
    this.element.addEventListener("pointerdown", (event) => (this.isTouched = event.pointerType === "touch"));
    // Focus, or a search of the browser, may scroll the stage itself.
    this.stage.addEventListener("scroll", () => (this.stage.scrollTop = 0));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.element);
  }

  dispose() {
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.idle);
    this.isGone = true;
  }

  get viewport() {
    return this.element.clientHeight;
  }

  /** The rows that are in sight, from `first` to `last`. */
  get seen() {
    let [at, last] = [-this.offset, this.anchor];
    while (last < this.total - 1 && at + this.#height(last) < this.viewport) at += this.#height(last++);
    return { first: this.anchor, last };
  }

  /** Whether the last row is wholly in sight. */
  get isAtEnd() {
    return this.isEnd ?? true;
  }

  // ------------------------------------------------------------------ moving

  /** Say how many rows there are. */
  setTotal(total) {
    if (total === this.total) return;
    this.total = total;
    this.anchor = Math.min(this.anchor, Math.max(0, total - 1));
    this.soon();
  }

  /** Forget the elements of some rows, of all without an argument: they are made anew. */
  invalidate(rows = [...this.elements.keys()]) {
    for (const row of rows) {
      this.elements.get(row)?.remove();
      this.elements.delete(row);
      this.heights.delete(row);
    }
    this.soon();
  }

  /** Move by pixels of rows. */
  moveBy(pixels) {
    if (pixels < 0) this.isPinned = false;
    this.offset += pixels;
    this.soon();
  }

  /** Move by pages. */
  pageBy(pages) {
    this.moveBy(pages * Math.max(this.rowHeight, this.viewport - this.rowHeight));
  }

  /** Bring a row into sight: at the "start", the "center", or where it is if it is "nearest" and seen. */
  goTo(row, align = "center") {
    const { first, last } = this.seen;
    if (align === "nearest") {
      const isSeen = row > first - (this.offset > 0 ? -1 : 0) - 1 && row < last;
      if (isSeen && row >= first + (this.offset > 0 ? 1 : 0)) return;
      if (row === last && last === this.total - 1 && this.isAtEnd) return;
    }
    this.isPinned = false;
    this.anchor = Math.max(0, Math.min(row, this.total - 1));
    const room = Math.max(0, this.viewport - (this.heights.get(row) ?? this.rowHeight));
    this.offset = align === "start" || (align === "nearest" && row <= first) ? 0 : -(align === "nearest" ? room : Math.floor(room / 2));
    this.soon();
  }

  /** Go to the end and stay there as rows come. */
  pin() {
    this.isPinned = true;
    this.soon();
  }

  toStart() {
    this.goTo(0, "start");
  }

  toEnd() {
    [this.anchor, this.offset] = [Math.max(0, this.total - 1), 0];
    this.moveBy(0);
  }

  #wheel(event) {
    if (event.ctrlKey || event.shiftKey || !event.deltaY) return;
    const unit = [1, this.rowHeight, this.viewport][event.deltaMode] ?? 1;
    const pixels = event.deltaY * unit;
    // At an end the page takes over.
    if (pixels < 0 ? this.anchor <= 0 && this.offset <= 0 : this.isAtEnd) return;
    event.preventDefault();
    this.moveBy(pixels);
  }

  #scrolled() {
    const top = this.element.scrollTop;
    const by = top - this.expected;
    if (Math.abs(by) < 1.5) return;
    this.expected = top;
    clearTimeout(this.idle);
    // The bar is put right when it was let go, as it would otherwise be pulled from under the hand.
    this.isScrolled = true;
    this.idle = setTimeout(() => {
      this.isScrolled = false;
      this.#showBar();
    }, IDLE_MS);
    if (this.isTouched && Math.abs(by) < 2 * this.viewport) return this.moveBy(by);
    this.#goToShare(top / Math.max(1, this.element.scrollHeight - this.viewport));
  }

  #goToShare(share) {
    this.isPinned = false;
    if (share > 0.9999 && this.element.scrollTop >= this.element.scrollHeight - this.viewport - 1) return this.toEnd();
    const place = share * Math.max(0, this.total - this.viewport / this.rowHeight);
    this.anchor = Math.floor(place);
    this.offset = (place - this.anchor) * this.rowHeight;
    this.soon();
  }

  // ------------------------------------------------------------------ drawing

  /** Draw with the next frame. */
  soon() {
    if (this.frame || this.isGone) return;
    this.frame = requestAnimationFrame(() => this.draw());
  }

  /** Draw now. */
  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.isGone || !this.viewport) return;
    const full = Math.min(MOST_PIXELS, this.total * this.rowHeight);
    this.stage.style.height = `${this.viewport}px`;
    this.spacer.style.height = `${Math.max(0, full - this.viewport)}px`;
    if (this.isPinned && this.total) [this.anchor, this.offset] = [this.total - 1, 0];
    this.#place();
    this.#showBar();
    this.onMoved();
  }

  /** Put rows around the anchor into the page until the view is full, and the anchor to the first row that is seen. */
  #place() {
    const many = Math.ceil(this.viewport / this.rowHeight) + SPARE_ROWS;
    let [before, behind] = [0, many];
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (this.offset < 0) before = Math.max(before, Math.ceil(-this.offset / this.rowHeight) + 1);
      const begin = Math.max(0, this.anchor - before);
      const end = Math.min(this.total, this.anchor + behind);
      this.#show(begin, end);
      const isFull = this.#settle(begin, end);
      if (isFull) break;
      // Rows without a height: look farther.
      [before, behind] = [this.offset < 0 ? 2 * (before + 8) : before, Math.min(3000, 2 * behind)];
    }
    let above = 0;
    for (const row of this.elements.keys()) if (row < this.anchor) above += this.#height(row);
    this.list.style.transform = `translateY(${-(above + this.offset)}px)`;
  }

  #settle(begin, end) {
    while (this.offset < 0 && this.anchor > begin) this.offset += this.#height(--this.anchor);
    if (this.offset < 0 && begin > 0) return false;
    this.offset = Math.max(0, this.offset);
    while (this.anchor < end - 1 && this.offset >= this.#height(this.anchor)) this.offset -= this.#height(this.anchor++);
    let bottom = -this.offset;
    for (let row = this.anchor; row < end && bottom < this.viewport + 1; row += 1) bottom += this.#height(row);
    if (bottom >= this.viewport) {
      this.isEnd = end === this.total && bottom <= this.viewport + 1 && this.#bottom(end) <= this.viewport + 1;
      return true;
    }
    if (end < this.total) return false;
    this.isEnd = true;
    // Behind the last row is nothing: it stands at the lower edge, unless all fits.
    if (this.anchor === 0 && this.offset === 0) return true;
    this.offset -= this.viewport - bottom;
    return this.offset >= 0;
  }

  #bottom(end) {
    let bottom = -this.offset;
    for (let row = this.anchor; row < end; row += 1) bottom += this.#height(row);
    return bottom;
  }

  #height(row) {
    return this.heights.get(row) ?? this.rowHeight;
  }

  #show(begin, end) {
    for (const [row, element] of [...this.elements]) {
      if (row < begin || row >= end) {
        // A row that has the focus would take it along.
        if (element.contains(document.activeElement)) this.element.focus({ preventScroll: true });
        element.remove();
        this.elements.delete(row);
      }
    }
    let before = null;
    for (let row = end - 1; row >= begin; row -= 1) {
      let element = this.elements.get(row);
      if (!element) {
        element = this.make(row);
        this.elements.set(row, element);
        this.list.insertBefore(element, before);
      }
      before = element;
    }
    this.heights.clear();
    for (const [row, element] of this.elements) this.heights.set(row, element.getBoundingClientRect().height);
  }

  #showBar() {
    if (this.isScrolled) return;
    const most = Math.max(0, this.element.scrollHeight - this.viewport);
    const last = Math.max(1, this.total - this.viewport / this.rowHeight);
    const share = this.isAtEnd ? 1 : (this.anchor + this.offset / Math.max(1, this.#height(this.anchor))) / last;
    const top = this.anchor <= 0 && this.offset <= 0 ? 0 : Math.round(Math.min(1, share) * most);
    if (Math.abs(this.element.scrollTop - top) >= 1) this.element.scrollTop = top;
    this.expected = this.element.scrollTop;
  }
}
