// What the charts of a page share: the part of x that is shown, the cursor, the mark of the time line, and following.

import { perFrame, settled } from "./dom.js";

export class ChartGroup {
  /** @param onView is told, once it has settled, that another part of x is shown. */
  constructor({ onView }) {
    this.charts = new Set();
    this.view = null; // null: all
    this.steps = []; // the views before, for going back
    this.mark = null; // { step, us }
    this.notes = null; // what the log says: { marks, ticks } as of api/marks
    this.hidden = new Set(); // keys of lines that are not drawn
    this.highlighted = null; // key of the line that stands out
    this.isFollowing = true;
    this.told = settled(onView, 90);
    this.onChange = new Set();
    this.shine = perFrame(() => {
      for (const chart of this.charts) chart.highlight(this.highlighted);
    });
    this.tell = perFrame((source, x) => {
      for (const chart of this.charts) if (chart !== source) chart.follow(x);
    });
  }

  join(chart) {
    this.charts.add(chart);
    return () => this.charts.delete(chart);
  }

  get bounds() {
    let found = null;
    for (const { columns } of this.charts) {
      const bounds = columns?.bounds;
      if (bounds) found = found ? [Math.min(found[0], bounds[0]), Math.max(found[1], bounds[1])] : [...bounds];
    }
    return found;
  }

  focused() {}

  point(source, x) {
    this.tell(source, x);
  }

  left(source) {
    this.tell(source, null);
    source.onLeave?.(source);
  }

  /** Show a part of x in all charts. */
  setView(view, { isStep = true, isQuiet = false } = {}) {
    if (isStep) this.steps.push(this.view);
    this.view = view;
    const bounds = this.bounds;
    this.isFollowing = !view || (bounds !== null && view.to >= bounds[1]);
    for (const chart of this.charts) chart.columns && chart.rescale();
    for (const listener of this.onChange) listener();
    if (!isQuiet) this.told();
  }

  zoomTo(from, to) {
    if (to > from) this.setView({ from, to });
  }

  zoomBy(factor, share, [from, to], { isStep = true } = {}) {
    const at = from + (to - from) * share;
    const view = { from: at - (at - from) * factor, to: at + (to - at) * factor };
    const bounds = this.bounds;
    if (bounds && factor > 1) {
      // Further out there is nothing beyond the points, unless it is shown already.
      view.from = Math.max(view.from, Math.min(from, bounds[0]));
      view.to = Math.min(view.to, Math.max(to, bounds[1]));
    }
    if (bounds && view.from <= bounds[0] && view.to >= bounds[1]) return this.reset();
    if (view.to - view.from > Math.abs(at) * 1e-12) this.setView(view, { isStep });
  }

  pan(share, [from, to], { isStep = true } = {}) {
    const way = (to - from) * share;
    this.setView({ from: from + way, to: to + way }, { isStep });
  }

  /** Go back to the view before; without one zoom out. */
  back([from, to]) {
    if (this.steps.length) this.setView(this.steps.pop(), { isStep: false });
    else if (this.view) this.zoomBy(2, 0.5, [from, to], { isStep: false });
  }

  reset() {
    if (this.view) this.setView(null, { isStep: false });
    this.steps = []; // from all there is no way further out
  }

  /** Follow what comes, or stay where it is. */
  setFollowing(value) {
    const bounds = this.bounds;
    if (bounds && !value && !this.view) this.setView({ from: bounds[0], to: bounds[1] }, { isStep: false });
    else if (bounds && value && this.view) {
      const width = this.view.to - this.view.from;
      this.setView({ from: bounds[1] - width, to: bounds[1] }, { isStep: false });
    }
    this.isFollowing = value;
  }

  /** Something came: move along to the right edge where that is wanted. */
  keepUp() {
    const bounds = this.bounds;
    if (!this.isFollowing || !this.view || !bounds || bounds[1] <= this.view.to) return;
    const width = this.view.to - this.view.from;
    this.setView({ from: bounds[1] - width, to: bounds[1] }, { isStep: false, isQuiet: true });
  }

  /** Let a line stand out in all charts; null lets none. */
  highlight(key) {
    if (key === this.highlighted) return;
    this.highlighted = key;
    this.shine();
  }

  /** Draw a line no more in any chart, or again. */
  toggle(key) {
    if (!this.hidden.delete(key)) this.hidden.add(key);
    for (const chart of this.charts) chart.hide();
  }

  setNotes(notes) {
    this.notes = notes;
    for (const chart of this.charts) chart.plot?.redraw(false);
  }

  setMark(mark) {
    this.mark = mark;
    for (const chart of this.charts) chart.plot?.redraw(false);
  }
}
