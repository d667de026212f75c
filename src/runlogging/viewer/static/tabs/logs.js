// The log of a run: any number of lines, filtered, searched, followed, and joined with the charts by the time line.

import { get } from "../base/api.js";
import { fill, h, settled } from "../base/dom.js";
import { moment } from "../base/format.js";
import { bindKeys } from "../base/keys.js";
import { change } from "../base/state.js";
import { VirtualList } from "../base/virtual.js";
import { t } from "../base/words.js";
import { LogData } from "./logs_data.js";
import { isRunning, LogMoves } from "./logs_moves.js";
import { entryRow, entryText, isOverdrawn, waitingRow } from "./logs_row.js";
import { LogSearch } from "./logs_search.js";
import { makeStrip } from "./logs_strip.js";
import { LogTools } from "./logs_tools.js";
import "./logs_words.js";

const ENDED_BADLY = new Set(["Failed", "Canceled", "NotResponding"]);
const TAIL = 60;
// So many states of one progress bar are one line; without an end, a bar of a million would be looked through.
const MOST_OVERDRAWN = 1_000;
const count = (value) => Number(value).toLocaleString("en-US");

class LogView {
  constructor(container, context, state) {
    Object.assign(this, { container, context, run: context.run, expanded: new Map() });
    this.status = context.facts?.facts?.status ?? "";
    this.namesWriter = (context.facts?.writers ?? []).length > 1;
    this.data = new LogData(this.run, { onRows: (rows) => this.rowsCame(rows), onTotal: () => this.totalCame(), onProblem: (error) => this.showProblem(error) });
    this.view = new VirtualList({
      rowHeight: 21, make: (row) => this.makeRow(row), onMoved: () => this.moved(),
      listProps: { role: "feed", "aria-label": t("logs.log"), "aria-busy": "false" }, scrollerProps: { role: "region", "aria-label": t("logs.log"), className: "virtual log-view" },
    });
    this.moves = new LogMoves(this);
    this.strip = makeStrip({ label: t("logs.strip"), onJump: (row) => this.moves.jump(row, "center") });
    this.tools = new LogTools(this);
    this.search = new LogSearch(this, this.tools);
    this.build();
    this.bind();
    this.take(state, true);
  }

  // ------------------------------------------------------------------ the page

  build() {
    this.seen = h("span", { className: "log-seen faint" });
    this.problem = h("p", { className: "problem log-problem", role: "alert", hidden: true });
    this.empty = h("p", { className: "faint log-empty", hidden: true });
    this.early = h("div", { className: "log-early", hidden: true });
    fill(this.container,
      h("div", { className: "log-tab" },
        this.tools.element,
        this.problem,
        h("div", { className: "log-frame" }, this.view.element, this.strip.element, this.early, this.empty),
        h("div", { className: "log-foot" }, this.seen)));
  }

  bind() {
    const { moves, search, tools, view } = this;
    this.unbind = bindKeys({
      "/": [t("logs.focus"), () => tools.query.focus()],
      n: [t("logs.next"), () => search.hit(1)],
      N: [t("logs.previous"), () => search.hit(-1)],
      g: [t("logs.go"), () => tools.place.focus()],
      f: [t("logs.follow"), () => moves.follow(!moves.isFollowing)],
    });
    this.onKey = (event) => moves.key(event);
    document.addEventListener("keydown", this.onKey);
    this.onCopy = (event) => this.copy(event);
    document.addEventListener("copy", this.onCopy);
    view.list.addEventListener("click", (event) => this.clicked(event));
    view.element.addEventListener("wheel", (event) => event.deltaY < 0 && moves.isFollowing && view.anchor + view.offset > 0 && moves.follow(false));
    view.element.addEventListener("scroll", () => view.isScrolled && !view.isPinned && !view.isAtEnd && moves.follow(false));
    this.unhook = this.context.timeline?.onCursor((cursor) => moves.pointAt(cursor));
    this.lineSoon = settled(() => this.isGone || change({ line: this.lineOfState() }, { quiet: true }), 300);
  }

  dispose() {
    this.isGone = true;
    this.unbind();
    this.unhook?.();
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("copy", this.onCopy);
    for (const part of [this.tools, this.view, this.strip, this.data]) part.dispose();
  }

  // ------------------------------------------------------------------ the state of the URL

  take(state, isFirst = false) {
    const filter = { level: state.level ?? "", logger: state.logger ?? "", q: state.q ?? "" };
    const before = this.data.filter;
    this.tools.show(filter);
    if (!isFirst && JSON.stringify(before) === JSON.stringify(filter)) return;
    const isOther = this.data.choose(filter) || isFirst;
    this.tools.showDownloads();
    if (isOther) this.begin(isFirst ? state.line : (state.line ?? this.lineOfState()), isFirst);
    else this.view.soon();
    if (isOther || before.q !== filter.q) this.search.run();
  }

  /** Show another choice of entries, at the line that was marked or at the end. */
  begin(line, isFirst) {
    this.view.setTotal(0);
    this.view.invalidate();
    Object.assign(this.moves, { current: null, pointed: null });
    this.search.clear();
    this.goal = line ? { place: Number(line) - 1 } : null;
    const cursor = this.context.timeline?.current;
    if (isFirst && !line && cursor && cursor.source !== "logs") this.goal = { cursor };
    const wantsEnd = !this.goal && (isFirst ? isRunning(this.status) || ENDED_BADLY.has(this.status) : this.moves.isFollowing);
    this.moves.follow(wantsEnd, true);
    this.data.look();
    this.tools.levelsSoon();
    if (wantsEnd) this.showEarly();
  }

  lineOfState() {
    return this.moves.current === null ? null : (this.data.entry(this.moves.current)?.place ?? this.moves.currentPlace) + 1;
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
    if (this.moves.isFollowing && isComplete) this.view.pin();
    if (isComplete) this.early.hidden = true;
    this.tools.levelsSoon();
    if (this.data.filter.q) this.search.soon();
    if (!this.goal || (!isComplete && this.goal.cursor)) return;
    const { place, cursor } = this.goal;
    if (place >= total && !isComplete) return;
    this.goal = null;
    if (cursor) this.moves.pointAt(cursor);
    else await this.moves.goTo({ place });
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

  // ------------------------------------------------------------------ rows

  makeRow(row) {
    const entry = this.data.entry(row);
    if (!entry) return waitingRow(row, this.data.total);
    if (row % MOST_OVERDRAWN !== MOST_OVERDRAWN - 1 && isOverdrawn(entry, this.data.entry(row + 1))) {
      return h("div", { className: "log-overdrawn", role: "article", hidden: true, "aria-posinset": row + 1, "aria-setsize": this.data.total, "aria-label": String(row + 1) });
    }
    return entryRow(entry, row, this.data.total, {
      isCurrent: row === this.moves.current, isPointed: row === this.moves.pointed, isExpanded: this.expanded.has(entry.place), whole: this.expanded.get(entry.place),
      namesWriter: this.namesWriter, onExpand: () => this.expand(row),
    });
  }

  moved() {
    const { first, last } = this.view.seen;
    this.data.want(Math.max(0, first - 40), last + 60);
    const { total, isComplete } = this.data;
    const isBusy = String(!this.data.entry(first));
    if (this.view.list.getAttribute("aria-busy") !== isBusy) this.view.list.setAttribute("aria-busy", isBusy);
    this.strip.setView(first, last, total, this.moves.current);
    const day = this.data.entry(first) && moment(this.data.entry(first).time).slice(0, 10);
    const seen = total ? t("logs.seen", { first: count(first + 1), last: count(last + 1), total: count(total) }) : "";
    const text = [isComplete ? "" : t("logs.indexing", { total: count(total) }), seen, day].filter(Boolean).join(" \u00b7 ");
    if (this.seen.textContent !== text) this.seen.textContent = text;
    // Whoever comes to the end of a log that grows wants to see it grow.
    if (this.view.isAtEnd && !this.moves.isFollowing && isRunning(this.status) && isComplete && total) this.moves.follow(true);
    else if (isComplete && this.moves.isFollowing && !this.view.isPinned && !this.view.isAtEnd) this.moves.follow(false);
  }

  async expand(row) {
    const entry = this.data.entry(row);
    if (!entry) return;
    if (this.expanded.has(entry.place)) this.expanded.delete(entry.place);
    else this.expanded.set(entry.place, entry.cut ? null : entry);
    // What is read now must not run away from under the eyes.
    if (this.view.isPinned && row < this.data.total - 1) this.moves.follow(false);
    this.view.invalidate([row]);
    if (this.expanded.get(entry.place) !== null) return;
    const found = await get("api/log_entry", { run: this.run, place: entry.place, q: this.data.filter.q }).catch((error) => this.showProblem(error));
    if (!found || this.isGone || !this.expanded.has(entry.place)) return;
    this.expanded.set(entry.place, found.entry);
    if (this.data.entry(row)?.place === entry.place) this.view.invalidate([row]);
  }

  clicked(event) {
    if (event.target.closest("button, a, .log-details")) return;
    const element = event.target.closest("[data-row]");
    const isSelecting = !document.getSelection().isCollapsed;
    if (element && !isSelecting) this.moves.mark(Number(element.dataset.row));
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
