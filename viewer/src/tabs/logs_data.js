// The entries of a log by their rows: pages of them are asked for as they are looked at, and the oldest ones forgotten.

import { get } from "../base/api.js";

const PAGE = 200;
const MOST_PAGES = 60;
const SOON_MS = 150;
const FAILED_MS = 1_000;

/** Make the data of a log: new LogData(run, { onRows(rows), onTotal(), onProblem(error or null) }). */
export class LogData {
  constructor(run, { onRows, onTotal, onProblem }) {
    Object.assign(this, { run, onRows, onTotal, onProblem });
    this.filter = { level: "", logger: "", q: "" };
    this.clear();
  }

  clear() {
    this.stop?.abort();
    this.stop = new AbortController();
    Object.assign(this, { total: 0, isComplete: false, isKnown: false });
    this.pages = new Map(); // number -> { entries, isStale, asked }
    this.isAsking = false;
  }

  dispose() {
    this.stop.abort();
    clearTimeout(this.timer);
    this.isGone = true;
  }

  /** Choose which entries there are; those of another choice are forgotten, those with other marks asked for anew. */
  choose(filter) {
    const isOther = filter.level !== this.filter.level || filter.logger !== this.filter.logger;
    const hasOtherMarks = filter.q !== this.filter.q;
    this.filter = filter;
    if (isOther) this.clear();
    else if (hasOtherMarks) for (const page of this.pages.values()) Object.assign(page, { isStale: true, asked: null });
    return isOther;
  }

  /** Return the entry of a row, or undefined while it is not there. */
  entry(row) {
    return this.pages.get(Math.floor(row / PAGE))?.entries[row % PAGE];
  }

  /** See to it that the entries of some rows come. */
  want(first, last) {
    const end = Math.min(last, this.total - 1);
    for (let number = Math.floor(Math.max(0, first) / PAGE); number * PAGE <= end; number += 1) {
      const page = this.pages.get(number);
      const lacks = !page || page.isStale || page.entries.length < Math.min(PAGE, this.total - number * PAGE);
      if (lacks && page?.asked !== this.#mark) this.#load(number);
      else if (page) this.#touch(number, page);
    }
  }

  get #mark() {
    return `${this.total} ${this.filter.q}`;
  }

  #touch(number, page) {
    this.pages.delete(number);
    this.pages.set(number, page);
    for (const old of this.pages.keys()) {
      if (this.pages.size <= MOST_PAGES) return;
      this.pages.delete(old);
    }
  }

  async #load(number) {
    const page = this.pages.get(number) ?? { entries: [], isStale: false };
    page.asked = this.#mark;
    this.#touch(number, page);
    const { signal } = this.stop;
    const { q } = this.filter;
    try {
      const found = await this.#ask({ begin: number * PAGE, count: PAGE }, signal);
      if (signal.aborted || q !== this.filter.q) return;
      this.#put(number, found.entries, page.isStale);
      this.#tell(found);
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return;
      page.asked = null;
      this.onProblem(error);
      setTimeout(() => signal.aborted || this.onRows([]), FAILED_MS);
    }
  }

  #put(number, entries, areAllNew) {
    const page = this.pages.get(number) ?? { entries: [] };
    const known = areAllNew ? 0 : page.entries.length;
    this.pages.set(number, { ...page, entries: entries.length >= known ? entries : page.entries, isStale: false });
    const first = number * PAGE;
    const rows = [];
    // The one before the new ones may be drawn over by them.
    for (let at = Math.max(-1, known - 1); at < entries.length; at += 1) rows.push(first + at);
    if (rows.length) this.onRows(rows);
  }

  #tell({ total, complete }) {
    this.onProblem(null);
    const isOther = total !== this.total || complete !== this.isComplete || !this.isKnown;
    // Answers may overtake each other; a log only grows.
    if (total < this.total) return;
    Object.assign(this, { total, isComplete: complete, isKnown: true });
    if (isOther) this.onTotal();
    if (!complete) this.#again(SOON_MS);
  }

  /** Look for what came since: what is new comes with the answer. */
  async look() {
    if (this.isAsking) return void (this.isLate = true);
    this.isAsking = true;
    const { signal } = this.stop;
    try {
      const begin = this.total;
      const found = await this.#ask({ begin, count: PAGE }, signal);
      if (signal.aborted) return;
      this.#append(begin, found.entries);
      this.#tell(found);
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return;
      this.onProblem(error);
      this.#again(FAILED_MS);
    } finally {
      if (!signal.aborted) this.isAsking = false;
    }
    if (this.isLate) {
      this.isLate = false;
      this.look();
    }
  }

  /** Put entries behind those that are there, where their pages are at hand. */
  #append(begin, entries) {
    for (let at = 0; at < entries.length; ) {
      const row = begin + at;
      const number = Math.floor(row / PAGE);
      const page = this.pages.get(number) ?? { entries: [] };
      const some = entries.slice(at, at + PAGE - (row % PAGE));
      if (page.entries.length === row % PAGE && !page.isStale) this.#put(number, [...page.entries, ...some], false);
      at += some.length;
    }
  }

  #again(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.isGone || this.look(), pause);
  }

  #ask(params, signal) {
    return get("api/logs", { run: this.run, ...this.filter, ...params }, signal);
  }

  /** Return the last entries while the log is not known whole: they have no rows yet. */
  async tail(count) {
    const found = await this.#ask({ begin: -count, count }, this.stop.signal);
    return found.begin === null ? found.entries : null;
  }
}
