// The search in a log: all hits are counted, and walked through.

import { latest } from "../base/api.js";
import { settled } from "../base/dom.js";
import { t } from "../base/words.js";

const STRIP_BUCKETS = 400;
const FAILED_MS = 1_000;
const count = (value) => Number(value).toLocaleString("en-US");

/** Make the search of a log: new LogSearch(log, tools). */
export class LogSearch {
  constructor(log, tools) {
    Object.assign(this, { log, tools, hits: null });
    this.askSearch = latest();
    this.askHit = latest();
    this.soon = settled(() => this.run(), 300);
  }

  clear() {
    this.hits = null;
    this.log.strip.setHits([]);
  }

  /** Search to the end of the log, and show how far it is. */
  async run() {
    const { level, logger, q } = this.log.data.filter;
    for (const button of [this.tools.previous, this.tools.next]) button.disabled = !q;
    this.tools.found.classList.add("faint");
    if (!q) {
      this.clear();
      this.tools.query.removeAttribute("aria-invalid");
      this.tools.found.textContent = "";
      return;
    }
    try {
      let found;
      do {
        found = await this.askSearch("api/log_search", { run: this.log.run, level, logger, q, buckets: STRIP_BUCKETS });
        if (this.log.isGone || q !== this.log.data.filter.q) return;
        this.hits = found;
        this.log.strip.setHits(found.buckets);
        this.showFound();
      } while (!found.done);
      this.tools.query.setAttribute("aria-invalid", "false");
      this.log.showProblem(null);
    } catch (error) {
      if (error.name !== "AbortError") this.failed(error);
    }
  }

  /** Say what is wrong: with what was typed, beside it; with the server, above the lines, and try again. */
  failed(error) {
    const isWrong = error.status === 400;
    this.tools.query.setAttribute("aria-invalid", String(isWrong));
    this.tools.found.textContent = isWrong ? error.message : "";
    this.tools.found.classList.toggle("faint", !isWrong);
    if (isWrong) return this.clear();
    this.log.showProblem(error);
    setTimeout(() => this.log.isGone || this.run(), FAILED_MS);
  }

  showFound(index = null) {
    const { hits, done, scanned, total } = this.hits;
    if (!done) this.tools.found.textContent = t("logs.searching", { count: count(hits), share: Math.floor((100 * scanned) / Math.max(1, total)) });
    else if (index === null) this.tools.found.textContent = t("logs.hits", { count: count(hits) });
    else this.tools.found.textContent = t("logs.hit", { at: count(index + 1), count: count(hits) });
  }

  /** Go to the next or the previous hit; behind the last one comes the first. */
  async hit(by) {
    const { level, logger, q } = this.log.data.filter;
    if (!q) return this.tools.query.focus();
    const { first, last } = this.log.view.seen;
    const isSeen = this.log.moves.current !== null && this.log.moves.current >= first && this.log.moves.current <= last;
    const row = isSeen ? this.log.moves.current : by > 0 ? first - 1 : last + 1;
    try {
      const ask = (at) => this.askHit("api/log_search", { run: this.log.run, level, logger, q, row: at });
      const found = await ask(row);
      const goal = by > 0 ? (found.next ?? found.first) : (found.previous ?? found.last);
      if (goal === null || this.log.isGone) return;
      this.log.moves.jump(goal, "center");
      this.log.moves.mark(goal);
      this.hits = { ...this.hits, ...(await ask(goal)), buckets: this.hits?.buckets ?? [] };
      this.showFound(this.hits.index);
    } catch (error) {
      if (error.name !== "AbortError" && error.status !== 400) this.log.showProblem(error);
    }
  }
}
