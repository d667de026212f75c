// The log of a run: any number of lines, filtered, searched, followed, and joined with the charts by the time line.

import { get, latest, urlFor } from "../base/api.js";
import { fill, h, settled } from "../base/dom.js";
import { moment } from "../base/format.js";
import { bindKeys } from "../base/keys.js";
import { change } from "../base/state.js";
import { VirtualList } from "../base/virtual.js";
import { addWords, t } from "../base/words.js";
import { LogData } from "./logs_data.js";
import { entryRow, entryText, isOverdrawn, waitingRow } from "./logs_row.js";
import { makeStrip } from "./logs_strip.js";

addWords({
  "logs.log": ["Log of the run", "実行のログ"],
  "logs.level": ["Level", "レベル"],
  "logs.all": ["all levels ({count})", "すべてのレベル ({count})"],
  "logs.from": ["{name} and above ({count})", "{name} 以上 ({count})"],
  "logs.logger": ["Logger", "ロガー"],
  "logs.loggers": ["all loggers", "すべてのロガー"],
  "logs.search": ["Search: text or /regex/", "検索: 文字列または /正規表現/"],
  "logs.hits": ["{count} hits", "{count} 件"],
  "logs.hit": ["{at} of {count} hits", "{count} 件中 {at} 件目"],
  "logs.searching": ["{count} hits so far, {share} % searched", "ここまで {count} 件、{share} % 検索済み"],
  "logs.next": ["Next hit", "次の一致"],
  "logs.previous": ["Previous hit", "前の一致"],
  "logs.goto": ["Go to: line, time, step 500", "移動: 行番号、時刻、step 500"],
  "logs.badplace": ["A line number, a time such as 12:30:05, or step 500", "行番号、12:30:05 のような時刻、または step 500"],
  "logs.follow": ["Follow", "追従"],
  "logs.text": ["Text", "テキスト"],
  "logs.jsonl": ["JSON lines", "JSON Lines"],
  "logs.download": ["Download", "ダウンロード"],
  "logs.line": ["line", "行"],
  "logs.seen": ["{first}\u2013{last} of {total}", "{total} 行中 {first}\u2013{last}"],
  "logs.indexing": ["reading the log, {total} lines so far", "ログを読み込み中、ここまで {total} 行"],
  "logs.empty": ["This run has no log lines.", "この実行にはログがありません。"],
  "logs.nothing": ["No line is of this level and logger.", "このレベルとロガーの行はありません。"],
  "logs.strip": ["Levels and hits over the whole log; click to jump", "ログ全体のレベルと検索結果。クリックで移動"],
  "logs.up": ["Line up, line down", "1 行上、1 行下"],
  "logs.focus": ["Search the log", "ログを検索"],
  "logs.go": ["Go to a line, time or step", "行、時刻、ステップへ移動"],
  "logs.open": ["Details of the marked line", "選択行の詳細"],
});

const RUNNING = new Set(["Running", "Finalizing", "CancelRequested", "Preparing", "Queued"]);
const ENDED_BADLY = new Set(["Failed", "Canceled", "NotResponding"]);
const STRIP_BUCKETS = 400;
const LEVELS_PAUSE_MS = 1_500;
const TYPING_MS = 200;
const TAIL = 60;
// So many states of one progress bar are one line; without an end, a bar of a million would be looked through.
const MOST_OVERDRAWN = 1_000;
const count = (value) => Number(value).toLocaleString("en-US");

class LogView {
  constructor(container, context, state) {
    Object.assign(this, { context, run: context.run, expanded: new Map(), current: null, pointed: null, hits: null, isFollowing: false });
    this.status = context.facts?.facts?.status ?? "";
    this.namesWriter = (context.facts?.writers ?? []).length > 1;
    this.data = new LogData(this.run, { onRows: (rows) => this.rowsCame(rows), onTotal: () => this.totalCame(), onProblem: (error) => this.showProblem(error) });
    this.view = new VirtualList({
      rowHeight: 21, make: (row) => this.makeRow(row), onMoved: () => this.moved(),
      listProps: { role: "feed", "aria-label": t("logs.log"), "aria-busy": "false" }, scrollerProps: { role: "region", "aria-label": t("logs.log"), className: "virtual log-view" },
    });
    this.strip = makeStrip({ label: t("logs.strip"), onJump: (row) => this.jump(row, "center") });
    this.askPlace = latest();
    this.askSearch = latest();
    this.askHit = latest();
    this.build(container);
    this.bind();
    this.take(state, true);
  }

  // ------------------------------------------------------------------ the page

  build(container) {
    this.levelChoice = h("select", { "aria-label": t("logs.level"), onChange: () => change({ level: this.levelChoice.value || null, line: this.lineOfState() }) });
    this.loggerChoice = h("select", { "aria-label": t("logs.logger"), className: "log-loggers", onChange: () => change({ logger: this.loggerChoice.value || null, line: this.lineOfState() }) });
    const typed = settled(() => change({ q: this.query.value || null }), TYPING_MS);
    this.query = h("input", { type: "search", placeholder: t("logs.search"), "aria-label": t("logs.search"), className: "log-query", onInput: typed, onKeydown: (event) => this.onQueryKey(event) });
    this.found = h("span", { className: "log-found faint", role: "status" });
    this.previous = h("button", { className: "quiet", title: `${t("logs.previous")} (N)`, "aria-label": t("logs.previous"), onClick: () => this.hit(-1) }, "\u2191");
    this.next = h("button", { className: "quiet", title: `${t("logs.next")} (n)`, "aria-label": t("logs.next"), onClick: () => this.hit(1) }, "\u2193");
    this.place = h("input", { type: "text", placeholder: t("logs.goto"), "aria-label": t("logs.goto"), className: "log-goto", onKeydown: (event) => event.key === "Enter" && this.goToText() });
    this.followButton = h("button", { className: "log-follow", "aria-pressed": "false", title: `${t("logs.follow")} (f)`, onClick: () => this.follow(!this.isFollowing) }, t("logs.follow"));
    this.downloads = h("span", { className: "log-downloads" });
    this.seen = h("span", { className: "log-seen faint" });
    this.problem = h("p", { className: "problem log-problem", role: "alert", hidden: true });
    this.empty = h("p", { className: "faint log-empty", hidden: true });
    this.early = h("div", { className: "log-early", hidden: true });
    fill(container,
      h("div", { className: "log-tab" },
        h("div", { className: "log-tools" }, this.levelChoice, this.loggerChoice,
          h("span", { className: "log-search" }, this.query, this.previous, this.next, this.found), this.place, this.followButton, h("span", { className: "spring" }), this.downloads),
        this.problem,
        h("div", { className: "log-frame" }, this.view.element, this.strip.element, this.early, this.empty),
        h("div", { className: "log-foot" }, this.seen)));
    this.container = container;
  }

  bind() {
    this.unbind = bindKeys({
      "/": [t("logs.focus"), () => this.query.focus()],
      n: [t("logs.next"), () => this.hit(1)],
      N: [t("logs.previous"), () => this.hit(-1)],
      g: [t("logs.go"), () => this.place.focus()],
      f: [t("logs.follow"), () => this.follow(!this.isFollowing)],
    });
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
    this.onCopy = (event) => this.copy(event);
    document.addEventListener("copy", this.onCopy);
    this.view.list.addEventListener("click", (event) => this.clicked(event));
    const stopFollowing = () => !this.view.isAtEnd && this.follow(false);
    this.view.element.addEventListener("wheel", (event) => event.deltaY < 0 && this.isFollowing && this.view.anchor + this.view.offset > 0 && this.follow(false));
    this.view.element.addEventListener("scroll", () => this.view.isScrolled && !this.view.isPinned && stopFollowing());
    this.unhook = this.context.timeline?.onCursor((cursor) => this.pointAt(cursor));
    this.pointSoon = settled((cursor) => this.point(cursor), 40);
    this.levelsSoon = settled(() => this.askLevels(), 60);
    this.searchSoon = settled(() => this.search(), 300);
    this.lineSoon = settled(() => this.isGone || change({ line: this.lineOfState() }, { quiet: true }), 300);
  }

  dispose() {
    this.isGone = true;
    this.unbind();
    this.unhook?.();
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("copy", this.onCopy);
    clearTimeout(this.levelsTimer);
    this.view.dispose();
    this.strip.dispose();
    this.data.dispose();
  }

  // ------------------------------------------------------------------ the state of the URL

  take(state, isFirst = false) {
    const filter = { level: state.level ?? "", logger: state.logger ?? "", q: state.q ?? "" };
    const before = this.data.filter;
    if (document.activeElement !== this.query) this.query.value = filter.q;
    this.levelChoice.value = filter.level;
    this.loggerChoice.value = filter.logger;
    if (!isFirst && JSON.stringify(before) === JSON.stringify(filter)) return;
    const isOther = this.data.choose(filter) || isFirst;
    this.showDownloads();
    if (isOther) this.begin(isFirst ? state.line : (state.line ?? this.lineOfState()), isFirst);
    else this.view.soon();
    if (isOther || before.q !== filter.q) this.search();
  }

  /** Show another choice of entries, at the line that was marked or at the end. */
  begin(line, isFirst) {
    this.view.setTotal(0);
    this.view.invalidate();
    Object.assign(this, { hits: null, current: null, pointed: null });
    this.strip.setHits([]);
    this.goal = line ? { place: Number(line) - 1 } : null;
    const cursor = this.context.timeline?.current;
    if (isFirst && !line && cursor && cursor.source !== "logs") this.goal = { cursor };
    const wantsEnd = !this.goal && (isFirst ? RUNNING.has(this.status) || ENDED_BADLY.has(this.status) : this.isFollowing);
    this.follow(wantsEnd, true);
    this.data.look();
    this.levelsSoon();
    if (wantsEnd) this.showEarly();
  }

  lineOfState() {
    return this.current === null ? null : (this.data.entry(this.current)?.place ?? this.currentPlace) + 1;
  }

  // ------------------------------------------------------------------ what comes

  /** Something came of the run: ask for what is new. */
  note(event) {
    this.status = event.status ?? this.status;
    this.data.look();
  }

  rowsCame(rows) {
    if (this.isGone) return;
    const shown = rows.filter((row) => this.view.elements.has(row));
    if (shown.length || !rows.length) this.view.invalidate(shown);
  }

  async totalCame() {
    if (this.isGone) return;
    const { total, isComplete } = this.data;
    this.empty.hidden = !isComplete || total > 0;
    this.empty.textContent = t(this.data.filter.level || this.data.filter.logger ? "logs.nothing" : "logs.empty");
    this.view.setTotal(total);
    this.view.soon();
    this.view.element.style.setProperty("--places", `${Math.max(3, String(total).length)}ch`);
    if (this.isFollowing && isComplete) this.view.pin();
    if (isComplete) this.early.hidden = true;
    this.levelsSoon();
    if (this.data.filter.q) this.searchSoon();
    if (!this.goal || (!isComplete && this.goal.cursor)) return;
    const { place, cursor } = this.goal;
    if (place >= total && !isComplete) return;
    this.goal = null;
    if (cursor) this.pointAt(cursor);
    else await this.goTo({ place });
  }

  /** The last lines at once, while the log is being indexed. */
  async showEarly() {
    const entries = await this.data.tail(TAIL).catch(() => null);
    if (!entries || this.isGone || this.data.isComplete) return;
    fill(this.early, entries.map((entry) => entryRow({ ...entry, place: -1 }, -1, -1, { namesWriter: this.namesWriter })));
    this.early.hidden = false;
    this.early.scrollTop = this.early.scrollHeight;
  }

  showProblem(error) {
    this.problem.hidden = !error;
    const text = error && (error.status === 0 ? t("app.unreachable") : error.message);
    if (error && this.problem.textContent !== text) this.problem.textContent = text;
  }

  async askLevels() {
    if (this.isGone || this.levelsTimer) return;
    this.levelsTimer = setTimeout(() => {
      this.levelsTimer = 0;
      if (this.levelsTotal !== this.data.total) this.askLevels();
    }, LEVELS_PAUSE_MS);
    try {
      const { level, logger } = this.data.filter;
      const [levels, loggers] = await Promise.all([get("api/log_levels", { run: this.run, level, logger, buckets: STRIP_BUCKETS }), get("api/log_loggers", { run: this.run })]);
      if (this.isGone) return;
      if (level !== this.data.filter.level || logger !== this.data.filter.logger) return;
      this.levelsTotal = levels.total;
      this.strip.setLevels(levels);
      this.showLevels(levels.levels);
      this.showLoggers(loggers.loggers);
    } catch {
      // The entries say what is wrong.
    }
  }

  showLevels(levels) {
    const atLeast = (least) => levels.filter((level) => level.number >= least).reduce((sum, level) => sum + level.count, 0);
    const options = levels.map(({ name, number }) => [name, t("logs.from", { name, count: count(atLeast(number)) })]);
    const chosen = this.data.filter.level;
    if (chosen && !levels.some(({ name }) => name === chosen)) options.push([chosen, chosen]);
    setOptions(this.levelChoice, [["", t("logs.all", { count: count(atLeast(-Infinity)) })], ...options], chosen);
  }

  showLoggers(loggers) {
    const chosen = this.data.filter.logger;
    const options = loggers.filter(({ name }) => name).map(({ name, count: own }) => [name, `${name} (${count(own)})`]);
    if (chosen && !loggers.some(({ name }) => name === chosen)) options.push([chosen, chosen]);
    setOptions(this.loggerChoice, [["", t("logs.loggers")], ...options], chosen);
  }

  showDownloads() {
    const { level, logger } = this.data.filter;
    const link = (format, text) => h("a", { href: urlFor("api/logs.txt", { run: this.run, level, logger, format }), download: "" }, text);
    fill(this.downloads, t("logs.download"), " ", link("text", t("logs.text")), " ", link("jsonl", t("logs.jsonl")));
  }

  // ------------------------------------------------------------------ rows

  makeRow(row) {
    const entry = this.data.entry(row);
    if (!entry) return waitingRow(row, this.data.total);
    if (row % MOST_OVERDRAWN !== MOST_OVERDRAWN - 1 && isOverdrawn(entry, this.data.entry(row + 1))) {
      return h("div", { className: "log-overdrawn", role: "article", hidden: true, "aria-posinset": row + 1, "aria-setsize": this.data.total, "aria-label": String(row + 1) });
    }
    return entryRow(entry, row, this.data.total, {
      isCurrent: row === this.current, isPointed: row === this.pointed, isExpanded: this.expanded.has(entry.place), whole: this.expanded.get(entry.place),
      namesWriter: this.namesWriter, onExpand: () => this.expand(row),
    });
  }

  moved() {
    const { first, last } = this.view.seen;
    this.data.want(Math.max(0, first - 40), last + 60);
    const { total, isComplete } = this.data;
    const isBusy = String(!this.data.entry(first));
    if (this.view.list.getAttribute("aria-busy") !== isBusy) this.view.list.setAttribute("aria-busy", isBusy);
    this.strip.setView(first, last, total, this.current);
    const day = this.data.entry(first) && moment(this.data.entry(first).time).slice(0, 10);
    const seen = total ? t("logs.seen", { first: count(first + 1), last: count(last + 1), total: count(total) }) : "";
    const text = [isComplete ? "" : t("logs.indexing", { total: count(total) }), seen, day].filter(Boolean).join(" \u00b7 ");
    if (this.seen.textContent !== text) this.seen.textContent = text;
    // Whoever comes to the end of a log that grows wants to see it grow.
    if (this.view.isAtEnd && !this.isFollowing && RUNNING.has(this.status) && isComplete && total) this.follow(true);
    else if (isComplete && this.isFollowing && !this.view.isPinned && !this.view.isAtEnd) this.follow(false);
  }

  async expand(row) {
    const entry = this.data.entry(row);
    if (!entry) return;
    if (this.expanded.has(entry.place)) this.expanded.delete(entry.place);
    else this.expanded.set(entry.place, entry.cut ? null : entry);
    // What is read now must not run away from under the eyes.
    if (this.view.isPinned && row < this.data.total - 1) this.follow(false);
    this.view.invalidate([row]);
    if (this.expanded.get(entry.place) !== null) return;
    const found = await get("api/log_entry", { run: this.run, place: entry.place, q: this.data.filter.q }).catch((error) => this.showProblem(error));
    if (!found || this.isGone || !this.expanded.has(entry.place)) return;
    this.expanded.set(entry.place, found.entry);
    if (this.data.entry(row)?.place === entry.place) this.view.invalidate([row]);
  }

  /** Mark a row as the current one, and tell the charts. */
  mark(row, { tells = true } = {}) {
    const before = [this.current, this.pointed];
    this.current = row;
    this.pointed = null;
    const entry = this.data.entry(row);
    this.currentPlace = entry?.place ?? row;
    this.remake([...before, row]);
    this.lineSoon();
    if (tells && entry) this.context.timeline?.setCursor({ time: entry.time, step: entry.step ?? null, seq: entry.seq ?? null, writer: entry.writer, source: "logs" });
    this.view.soon();
  }

  /** Change how rows are marked; their elements stay, with what is selected in them. */
  remake(rows) {
    for (const row of rows) {
      const element = row === null ? null : this.view.elements.get(row);
      if (!element) continue;
      element.classList.toggle("log-current", row === this.current);
      element.classList.toggle("log-pointed", row === this.pointed);
      if (row === this.current) element.setAttribute("aria-current", "true");
      else element.removeAttribute("aria-current");
    }
  }

  clicked(event) {
    if (event.target.closest("button, a, .log-details")) return;
    const element = event.target.closest("[data-row]");
    const isSelecting = !document.getSelection().isCollapsed;
    if (element && !isSelecting) this.mark(Number(element.dataset.row));
  }

  copy(event) {
    const selection = document.getSelection();
    if (selection.isCollapsed || !this.view.list.contains(selection.anchorNode) || !this.view.list.contains(selection.focusNode)) return;
    const rows = [...this.view.elements].filter(([, element]) => selection.containsNode(element, true)).map(([row]) => row).sort((a, b) => a - b);
    const entries = rows.map((row) => this.data.entry(row)).filter(Boolean);
    if (entries.length < 2) return; // a part of one line is copied as it is
    event.preventDefault();
    event.clipboardData.setData("text/plain", entries.map(entryText).join("\n"));
  }

  // ------------------------------------------------------------------ moving

  jump(row, align) {
    if (row < this.data.total - 1) this.follow(false);
    this.view.goTo(row, align);
  }

  follow(isOn, isQuiet = false) {
    this.isFollowing = isOn;
    this.followButton.setAttribute("aria-pressed", String(isOn));
    if (isOn) {
      if (this.data.total || !isQuiet) this.view.pin();
    } else {
      this.view.isPinned = false;
      this.early.hidden = true;
    }
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (target !== document.body && !this.view.element.contains(target)) return;
    const works = {
      ArrowDown: () => this.step(1), ArrowUp: () => this.step(-1), PageDown: () => this.view.pageBy(1), PageUp: () => this.pageUp(),
      " ": () => target.closest("button") ? null : this.view.pageBy(1), Home: () => this.home(), End: () => this.end(),
      Enter: () => (target.closest("button") || this.current === null ? null : this.expand(this.current)),
    };
    const work = works[event.key];
    if (!work || (target.closest("button") && [" ", "Enter"].includes(event.key))) return;
    event.preventDefault();
    work();
  }

  pageUp() {
    this.follow(false);
    this.view.pageBy(-1);
  }

  home() {
    this.follow(false);
    this.view.toStart();
  }

  end() {
    if (RUNNING.has(this.status)) this.follow(true);
    else this.view.toEnd();
  }

  /** Move the mark by a line; the first time it is put to the first line in sight. */
  step(by) {
    const { first, last } = this.view.seen;
    const isSeen = this.current !== null && this.current >= first - 1 && this.current <= last + 1;
    let row = isSeen ? this.current + by : by > 0 ? first : last;
    while (this.view.elements.get(row)?.hidden) row += by;
    row = Math.max(0, Math.min(row, this.data.total - 1));
    if (row < this.data.total - 1) this.follow(false);
    this.view.goTo(row, "nearest");
    this.mark(row);
  }

  async goToText() {
    const goal = placeOf(this.place.value.trim(), this.data.entry(this.view.seen.first)?.time);
    this.place.setAttribute("aria-invalid", String(!goal));
    if (!goal) return this.showProblem(new Error(t("logs.badplace")));
    this.showProblem(null);
    await this.goTo(goal);
    this.view.element.focus({ preventScroll: true });
  }

  /** Go to the entry nearest to a place, a time, a step. */
  async goTo(goal, { tells = true } = {}) {
    try {
      const { level, logger } = this.data.filter;
      const found = await this.askPlace("api/log_place", { run: this.run, level, logger, ...goal });
      if (this.isGone || !found.total) return;
      if (found.total > this.data.total) await this.data.look();
      this.view.setTotal(Math.max(this.data.total, found.total));
      this.jump(found.row, "center");
      this.mark(found.row, { tells });
      this.currentPlace = found.place;
    } catch (error) {
      if (error.name !== "AbortError") this.showProblem(error);
    }
  }

  // ------------------------------------------------------------------ the time line

  pointAt(cursor) {
    if (cursor && cursor.source !== "logs" && cursor.time && (!cursor.run || cursor.run === this.run)) this.pointSoon(cursor);
  }

  async point({ time, seq, writer }) {
    try {
      const { level, logger } = this.data.filter;
      const found = await this.askPlace("api/log_place", { run: this.run, level, logger, time, seq, writer });
      if (this.isGone || !found.total) return;
      const before = this.pointed;
      this.pointed = found.row;
      this.view.setTotal(Math.max(this.data.total, found.total));
      const { first, last } = this.view.seen;
      if (found.row <= first || found.row >= last) this.jump(found.row, "center");
      this.remake([before, found.row]);
    } catch (error) {
      if (error.name !== "AbortError") this.showProblem(error);
    }
  }

  // ------------------------------------------------------------------ search

  onQueryKey(event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    change({ q: this.query.value || null });
    this.hit(event.shiftKey ? -1 : 1);
    if (!event.shiftKey) this.view.element.focus({ preventScroll: true });
  }

  /** Search to the end of the log, and show how far it is. */
  async search() {
    const { level, logger, q } = this.data.filter;
    for (const button of [this.previous, this.next]) button.disabled = !q;
    if (!q) {
      this.hits = null;
      this.strip.setHits([]);
      this.found.textContent = "";
      return;
    }
    try {
      let found;
      do {
        found = await this.askSearch("api/log_search", { run: this.run, level, logger, q, buckets: STRIP_BUCKETS });
        if (this.isGone || q !== this.data.filter.q) return;
        this.hits = found;
        this.strip.setHits(found.buckets);
        this.showFound();
      } while (!found.done);
      this.query.setAttribute("aria-invalid", "false");
      this.showProblem(null);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.query.setAttribute("aria-invalid", "true");
      this.found.textContent = error.status === 400 ? error.message : "";
      if (error.status !== 400) this.showProblem(error);
    }
  }

  showFound(index = null) {
    const { hits, done, scanned, total } = this.hits;
    if (!done) this.found.textContent = t("logs.searching", { count: count(hits), share: Math.floor((100 * scanned) / Math.max(1, total)) });
    else if (index === null) this.found.textContent = t("logs.hits", { count: count(hits) });
    else this.found.textContent = t("logs.hit", { at: count(index + 1), count: count(hits) });
  }

  /** Go to the next or the previous hit; behind the last one comes the first. */
  async hit(by) {
    const { level, logger, q } = this.data.filter;
    if (!q) return this.query.focus();
    const { first, last } = this.view.seen;
    const isSeen = this.current !== null && this.current >= first && this.current <= last;
    const row = isSeen ? this.current : by > 0 ? first - 1 : last + 1;
    try {
      const ask = (at) => this.askHit("api/log_search", { run: this.run, level, logger, q, row: at });
      const found = await ask(row);
      const goal = by > 0 ? (found.next ?? found.first) : (found.previous ?? found.last);
      if (goal === null || this.isGone) return;
      this.jump(goal, "center");
      this.mark(goal);
      this.hits = { ...this.hits, ...(await ask(goal)), buckets: this.hits?.buckets ?? [] };
      this.showFound(this.hits.index);
    } catch (error) {
      if (error.name !== "AbortError" && error.status !== 400) this.showProblem(error);
    }
  }
}

function setOptions(select, options, chosen) {
  const text = JSON.stringify(options);
  if (select.dataset.options !== text && document.activeElement !== select) {
    select.dataset.options = text;
    fill(select, options.map(([value, label]) => h("option", { value }, label)));
  }
  select.value = chosen;
}

/** Return what a person means: { place } of a line number, { step }, { time } in UTC; null for nothing of these. */
export function placeOf(text, near) {
  if (/^\d[\d,_]*$/.test(text)) return { place: Math.max(0, Number(text.replace(/[,_]/g, "")) - 1) };
  const step = /^s(?:tep)?[\s=:]*(-?\d+)$/i.exec(text);
  if (step) return { step: Number(step[1]) };
  const parts = /^(?:(\d{4}-\d\d-\d\d)[T\s]+)?(\d{1,2}:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z?)$/i.exec(text);
  if (!parts) return null;
  const day = parts[1] ?? (near ? moment(near).slice(0, 10) : null);
  if (!day) return null;
  const [hours, ...rest] = parts[2].split(":");
  const moment_ = new Date(`${day}T${hours.padStart(2, "0")}:${rest.join(":")}${parts[3].toUpperCase()}`);
  return Number.isNaN(moment_.getTime()) ? null : { time: moment_.toISOString().replace(/(\.\d{3})Z$/, "$1000Z") };
}

/** Show the log of a run: { update(state), dispose(), note(event) }. */
export function show(container, context, state = context.state ?? {}) {
  const view = new LogView(container, context, state);
  return {
    update: (now) => view.take(now),
    facts: (facts) => (view.status = facts.facts.status),
    note: (event) => view.note(event),
    dispose: () => view.dispose(),
  };
}
