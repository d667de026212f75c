// The sections of a run's charts: which metric has its place where; only what is near the window is drawn.

import { h } from "../base/dom.js";
import { sectionsOf } from "../base/sections.js";
import { remember, remembered } from "../base/state.js";
import { addWords, t } from "../base/words.js";

addWords({
  "charts.nosection": ["metrics", "メトリクス"],
});

const MOST_CHARTS = 40;
const OPEN_SECTIONS = 200; // with more metrics only the first sections are open at first

export class ChartSections {
  /**
   * @param options make(name, slot) -> Card; isWide(name); onDrawn(), when a chart has its points; foldKey, by which the
   *   browser remembers what is folded
   */
  constructor(options) {
    Object.assign(this, options);
    this.element = h("div", { className: "chart-sections" });
    this.cards = new Map(); // name -> Card, the ones that are drawn
    this.slots = new Map(); // name -> its place
    this.near = new Set(); // names near the window
    this.parts = new Map(); // title -> { details, grid, count }
    this.seen = new IntersectionObserver((entries) => this.saw(entries), { rootMargin: "250px 0px" });
    this.gridsSeen = new IntersectionObserver((entries) => this.sawGrids(entries), { rootMargin: "800px 0px" });
  }

  dispose() {
    this.seen.disconnect();
    this.gridsSeen.disconnect();
    for (const card of this.cards.values()) card.dispose();
  }

  /**
   * Lay out the sections of some metrics; charts come when they are seen.
   *
   * @param isSearched whether they were searched for: then all sections are open
   * @param nothing what stands there where there are none
   */
  show(metrics, { isSearched, nothing }) {
    for (const name of [...this.cards.keys()]) this.drop(name);
    this.seen.disconnect();
    this.gridsSeen.disconnect();
    this.slots.clear();
    this.near.clear();
    this.parts.clear();
    this.element.replaceChildren();
    this.add(metrics, { isSearched });
    if (!metrics.length) this.element.append(h("p", { className: "faint" }, nothing));
  }

  /** Put what is new among some metrics in its place; whatever else is there stays, with its charts. */
  add(metrics, { isSearched }) {
    const folds = remembered(this.foldKey, {});
    let before = 0;
    if (!this.parts.size) this.element.replaceChildren();
    let next = this.element.firstElementChild;
    for (const { title, metrics: own } of sectionsOf(metrics)) {
      const part = this.parts.get(title) ?? this.part(title, folds[title] ?? (isSearched || before < OPEN_SECTIONS));
      before += own.length;
      this.give(part, own);
      if (part.details === next) next = next.nextElementSibling;
      else this.element.insertBefore(part.details, next);
    }
  }

  part(title, isOpen) {
    const grid = h("div", { className: "chart-grid" });
    const count = h("span", { className: "faint" });
    const details = h("details", { className: "chart-section", open: isOpen }, h("summary", null, h("h2", null, title || t("charts.nosection")), count), grid);
    details.addEventListener("toggle", () => {
      if (details.open !== isOpen || details.dataset.touched) remember(this.foldKey, { ...remembered(this.foldKey, {}), [title]: details.open });
      details.dataset.touched = "true";
    });
    const part = { details, grid, count };
    this.parts.set(title, part);
    this.gridsSeen.observe(grid);
    return part;
  }

  /** Let a section have some metrics, which has fewer of them so far. */
  give({ grid, count }, metrics) {
    if (grid.metrics?.length === metrics.length) return;
    grid.metrics = metrics;
    grid.dataset.count = metrics.length;
    count.textContent = ` ${metrics.length}`;
    if (grid.childElementCount) this.fillGrid(grid);
    // The height that it will have, so that the page does not jump when its cards come.
    else grid.style.minHeight = `${Math.min(metrics.length, 4000) * 4}px`;
  }

  fillGrid(grid) {
    let next = grid.firstElementChild;
    for (const { name } of grid.metrics) {
      const slot = this.slots.get(name) ?? this.slot(name);
      if (slot === next) next = next.nextElementSibling;
      else grid.insertBefore(slot, next);
    }
  }

  slot(name) {
    const slot = h("div", { className: "chart-slot", "data-name": name, "data-wide": String(this.isWide(name)) });
    this.slots.set(name, slot);
    this.seen.observe(slot);
    return slot;
  }

  sawGrids(entries) {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting || target.childElementCount) continue;
      target.style.minHeight = "";
      this.fillGrid(target);
    }
  }

  saw(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.near.add(target.dataset.name);
      else this.near.delete(target.dataset.name);
    }
    for (const name of [...this.cards.keys()]) if (!this.near.has(name)) this.drop(name);
    for (const name of this.near) {
      if (this.cards.size >= MOST_CHARTS) break;
      if (!this.cards.has(name)) this.draw(name);
    }
  }

  drop(name) {
    this.cards.get(name)?.dispose();
    this.cards.delete(name);
  }

  draw(name) {
    const slot = this.slots.get(name);
    if (!slot) return;
    const card = this.make(name, slot);
    this.cards.set(name, card);
    slot.append(card.element);
    card.load().then(this.onDrawn);
  }
}
