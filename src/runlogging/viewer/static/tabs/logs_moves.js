// Moving in a log: the marked line, keys, following the end, going to a place, and the time line of the charts.

import { latest } from "../base/api.js";
import { settled } from "../base/dom.js";
import { t } from "../base/words.js";
import { placeOf } from "./logs_places.js";

const RUNNING = new Set(["Running", "Finalizing", "CancelRequested", "Preparing", "Queued"]);

/** Whether a run of this status may log on. */
export const isRunning = (status) => RUNNING.has(status);

/** Make what moves in a log: `current` is the row that was marked, `pointed` the one that a chart points at. */
export class LogMoves {
  constructor(log) {
    Object.assign(this, { log, current: null, pointed: null, isFollowing: false });
    this.askPlace = latest();
    this.pointSoon = settled((cursor) => this.point(cursor), 40);
  }

  /** Mark a row as the current one, and tell the charts. */
  mark(row, { tells = true } = {}) {
    const before = [this.current, this.pointed];
    this.current = row;
    this.pointed = null;
    const entry = this.log.data.entry(row);
    this.currentPlace = entry?.place ?? row;
    this.remake([...before, row]);
    this.log.lineSoon();
    if (tells && entry) this.log.context.timeline?.setCursor({ time: entry.time, step: entry.step ?? null, seq: entry.seq ?? null, writer: entry.writer, source: "logs" });
    this.log.view.soon();
  }

  /** Change how rows are marked; their elements stay, with what is selected in them. */
  remake(rows) {
    for (const row of rows) {
      const element = row === null ? null : this.log.view.elements.get(row);
      if (!element) continue;
      element.classList.toggle("log-current", row === this.current);
      element.classList.toggle("log-pointed", row === this.pointed);
      if (row === this.current) element.setAttribute("aria-current", "true");
      else element.removeAttribute("aria-current");
    }
  }

  jump(row, align) {
    if (row < this.log.data.total - 1) this.follow(false);
    this.log.view.goTo(row, align);
  }

  follow(isOn, isQuiet = false) {
    this.isFollowing = isOn;
    this.log.tools.followButton.setAttribute("aria-pressed", String(isOn));
    if (isOn) {
      if (this.log.data.total || !isQuiet) this.log.view.pin();
    } else {
      this.log.view.isPinned = false;
      this.log.early.hidden = true;
    }
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (target !== document.body && !this.log.view.element.contains(target)) return;
    const works = {
      ArrowDown: () => this.step(1), ArrowUp: () => this.step(-1), PageDown: () => this.log.view.pageBy(1), PageUp: () => this.pageUp(),
      " ": () => target.closest("button") ? null : this.log.view.pageBy(1), Home: () => this.home(), End: () => this.end(),
      Enter: () => (target.closest("button") || this.current === null ? null : this.log.expand(this.current)),
    };
    const work = works[event.key];
    if (!work || (target.closest("button") && [" ", "Enter"].includes(event.key))) return;
    event.preventDefault();
    work();
  }

  pageUp() {
    this.follow(false);
    this.log.view.pageBy(-1);
  }

  home() {
    this.follow(false);
    this.log.view.toStart();
  }

  end() {
    if (isRunning(this.log.status)) this.follow(true);
    else this.log.view.toEnd();
  }

  /** Move the mark by a line; the first time it is put to the first line in sight. */
  step(by) {
    const { first, last } = this.log.view.seen;
    const isSeen = this.current !== null && this.current >= first - 1 && this.current <= last + 1;
    let row = isSeen ? this.current + by : by > 0 ? first : last;
    while (this.log.view.elements.get(row)?.hidden) row += by;
    row = Math.max(0, Math.min(row, this.log.data.total - 1));
    if (row < this.log.data.total - 1) this.follow(false);
    this.log.view.goTo(row, "nearest");
    this.mark(row);
  }

  async goToText() {
    const goal = placeOf(this.log.tools.place.value.trim(), this.log.data.entry(this.log.view.seen.first)?.time);
    this.log.tools.place.setAttribute("aria-invalid", String(!goal));
    if (!goal) return this.log.showProblem(new Error(t("logs.badplace")));
    this.log.showProblem(null);
    await this.goTo(goal);
    this.log.view.element.focus({ preventScroll: true });
  }

  /** Go to the entry nearest to a place, a time, a step. */
  async goTo(goal, { tells = true } = {}) {
    try {
      const { level, logger } = this.log.data.filter;
      const found = await this.askPlace("api/log_place", { run: this.log.run, level, logger, ...goal });
      if (this.log.isGone || !found.total) return;
      if (found.total > this.log.data.total) await this.log.data.look();
      this.log.view.setTotal(Math.max(this.log.data.total, found.total));
      this.jump(found.row, "center");
      this.mark(found.row, { tells });
      this.currentPlace = found.place;
    } catch (error) {
      if (error.name !== "AbortError") this.log.showProblem(error);
    }
  }

  pointAt(cursor) {
    if (cursor && cursor.source !== "logs" && cursor.time && (!cursor.run || cursor.run === this.log.run)) this.pointSoon(cursor);
  }

  async point({ time, seq, writer }) {
    try {
      const { level, logger } = this.log.data.filter;
      const found = await this.askPlace("api/log_place", { run: this.log.run, level, logger, time, seq, writer });
      if (this.log.isGone || !found.total) return;
      const before = this.pointed;
      this.pointed = found.row;
      this.log.view.setTotal(Math.max(this.log.data.total, found.total));
      const { first, last } = this.log.view.seen;
      if (found.row <= first || found.row >= last) this.jump(found.row, "center");
      this.remake([before, found.row]);
    } catch (error) {
      if (error.name !== "AbortError") this.log.showProblem(error);
    }
  }
}
