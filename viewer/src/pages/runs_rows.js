// The rows that are here, by their place in the table: those that are seen are asked for in chunks, with their columns.

import { get } from "../base/api.js";

/** So many rows are asked for at once as the table is scrolled. */
export const CHUNK = 60;
const MOST_AT_ONCE = 1000;

/** new RunRows({ params: (more) -> what the server is asked, onRow(row), onRows(), onError(error) }) */
export class RunRows {
  constructor(options) {
    this.options = options;
    this.byPlace = new Map();
    this.have = new Map(); // chunk -> set of columns that were asked for
    this.seen = null; // the first place that is seen, and the last
    this.controller = new AbortController();
  }

  get(place) {
    return this.byPlace.get(place);
  }

  values() {
    return this.byPlace.values();
  }

  /** Begin anew: what is under way is dropped. */
  restart() {
    this.controller.abort();
    return (this.controller = new AbortController());
  }

  /** The rows to ask for first. */
  window(isNew) {
    const [first, last] = isNew ? [0, CHUNK] : (this.seen ?? [0, CHUNK]);
    const offset = Math.floor(first / CHUNK) * CHUNK;
    return { offset, limit: Math.ceil((last - offset) / CHUNK) * CHUNK };
  }

  /** Ask for all that is seen again; unless it is new what is here stays until then. */
  renew(isNew) {
    this.have.clear();
    if (isNew) this.byPlace.clear();
  }

  /** Take an answer in place of all that was here. */
  replace(answer, ids) {
    this.byPlace.clear();
    this.take(answer, ids);
  }

  take({ rows, offset }, ids) {
    rows.forEach((row, number) => {
      const before = this.byPlace.get(offset + number);
      if (before?.key === row.key) row.cells = { ...before.cells, ...row.cells };
      this.byPlace.set(offset + number, row);
      this.options.onRow(row);
    });
    for (let chunk = Math.floor(offset / CHUNK); chunk * CHUNK < offset + Math.max(rows.length, 1); chunk += 1) {
      const have = this.have.get(chunk) ?? new Set([""]);
      for (const id of ids) have.add(id);
      this.have.set(chunk, have);
    }
  }

  /** See to it that some rows are here with some columns. */
  need(first, last, ids) {
    this.seen = [first, last];
    for (let chunk = Math.floor(first / CHUNK); chunk * CHUNK < last; chunk += 1) {
      const have = this.have.get(chunk) ?? new Set();
      const missing = ids.filter((id) => !have.has(id));
      if (have.has("") && !missing.length) continue;
      this.have.set(chunk, new Set([...have, "", ...ids]));
      this.fetch(chunk, missing);
    }
  }

  async fetch(chunk, ids) {
    const mine = this.controller;
    try {
      const answer = await get("api/runs", this.options.params({ columns: ids, offset: chunk * CHUNK, limit: CHUNK }), mine.signal);
      if (mine !== this.controller) return;
      this.take(answer, ids);
      this.options.onRows();
    } catch (error) {
      if (mine !== this.controller || error.name === "AbortError") return;
      this.have.delete(chunk);
      this.options.onError(error);
    }
  }

  /** Have the rows of a long range here. */
  async fill(first, last) {
    const mine = this.controller;
    for (let offset = first; offset <= last; offset += MOST_AT_ONCE) {
      const answer = await get("api/runs", this.options.params({ columns: [], offset, limit: Math.min(MOST_AT_ONCE, last - offset + 1), wait: null }));
      if (mine !== this.controller) break; // another order has come meanwhile
      this.take(answer, []);
    }
    this.have.clear();
  }

  /** All rows that fit, folded ones too, with some columns. */
  async all(ids) {
    const rows = [];
    for (let offset = 0; ; offset += MOST_AT_ONCE) {
      const answer = await get("api/runs", { ...this.options.params({ columns: ids, offset, limit: MOST_AT_ONCE }), closed: [], fold: null, wait: null });
      rows.push(...answer.rows.filter((row) => row.fits));
      if (offset + MOST_AT_ONCE >= answer.total) return rows;
    }
  }
}
