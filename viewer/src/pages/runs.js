// The table of all runs: filter, sort, columns, groups, selection. Only what is seen is asked for and drawn.

import { get } from "../base/api.js";
import { RunColours } from "../base/colours.js";
import { fill, h } from "../base/dom.js";
import { bindKeys } from "../base/keys.js";
import { watch } from "../base/live.js";
import { change, remember, remembered } from "../base/state.js";
import { t } from "../base/words.js";
import { joined, parted } from "./links.js";
import { compare, MOST_HIDDEN } from "./runs_actions.js";
import { drawActions, drawBar } from "./runs_bar.js";
import { RunCells, tick } from "./runs_cells.js";
import { ColumnChooser } from "./runs_chooser.js";
import { asked, isMetric, plain, usualColumns } from "./runs_columns.js";
import { FilterLine } from "./runs_filter.js";
import { GroupTable } from "./runs_groups.js";
import { makeRunTable } from "./runs_grid.js";
import { RunRows } from "./runs_rows.js";
import { Selection } from "./runs_selection.js";
import { Sparks } from "./runs_sparks.js";

const REFRESH_MS = 1000;
const PAUSE_MS = 300; // what is asked for by scrolling has so long to come in before all is asked for again
const WAIT_MS = 100; // then what is known is shown while the rest is being read
const MOST_COLUMNS = 60; // of the first answer
const ORDER = ["where", "exp", "sort", "group", "agg", "band", "fold"];

export function show(container, state) {
  const page = new RunsPage(container, state);
  page.begin(); // nothing waits for the runs: what is typed meanwhile is for this page
  return { update: (now) => page.update(now), dispose: () => page.dispose() };
}

class RunsPage {
  constructor(container, state) {
    this.state = state;
    this.container = container;
    this.rows = new RunRows({
      params: (more) => this.params(more),
      onRow: (row) => this.selection.renew(row),
      onRows: () => this.table.redraw(),
      onError: (error) => this.say(error),
    });
    this.selection = new Selection(() => this.draw());
    this.turned = new Set(); // folded the other way than the rest
    this.hidden = new Set(remembered("runs.hidden", []));
    this.groups = new GroupTable();
    this.sparks = new Sparks({ row: (place) => this.rows.get(place), onLoad: () => this.table?.redraw() });
    this.colours = new RunColours();
    this.cells = new RunCells({ selection: this.selection, colours: this.colours, sparks: this.sparks, hasTree: () => this.hasTree, onFold: (row) => this.turn(row) });
    this.known = [];
    this.facts = { total: 0, fitting: 0, runs: 0, problems: 0, loading: false };
    this.stops = [];
    this.loadedAt = 0;
  }

  // ------------------------------------------------------------------ state

  get sort() {
    return parted(this.state.sort);
  }

  get group() {
    return parted(this.state.group);
  }

  /** The columns that are shown, the pinned ones with a mark. */
  get ids() {
    if (this.state.cols) return parted(this.state.cols);
    return remembered("runs.columns") ?? usualColumns(this.known);
  }

  /** The columns that are shown. */
  get plainIds() {
    return this.ids.map(plain);
  }

  setColumns(ids) {
    remember("runs.columns", ids);
    change({ cols: joined(ids) });
    this.chooser.draw();
  }

  resetColumns() {
    remember("runs.columns", null);
    change({ cols: null });
  }

  // ------------------------------------------------------------------ life

  async begin() {
    this.build();
    // Keys go before what takes time: rows are seen before all is known.
    this.stops.push(
      bindKeys({
        "/": [t("runs.key.filter"), () => this.filter.input.focus()],
        c: [t("runs.key.compare"), () => compare(this)],
      }),
    );
    await this.load({ about: 1 });
    // A wrong filter in a link stands in the way of the table, not of the choices.
    if (!this.known.length) await get("api/runs", { limit: 0, about: 1 }).then((answer) => this.learn(answer), () => null);
    if (this.isGone) return;
    this.stops.push(watch("runs", () => this.soon()));
    const timer = setInterval(() => tick(this.container), 1000);
    const onTheme = () => this.draw();
    addEventListener("themechange", onTheme);
    this.stops.push(() => clearInterval(timer), () => removeEventListener("themechange", onTheme));
  }

  dispose() {
    this.isGone = true;
    this.rows.restart();
    clearTimeout(this.timer);
    this.table?.dispose();
    for (const stop of this.stops) stop();
  }

  update(state) {
    const before = this.state;
    this.state = state;
    const isSameOrder = ORDER.every((name) => before[name] === state[name]);
    if (isSameOrder && before.cols === state.cols) return;
    this.filter.show(state.where);
    this.drawBar();
    if (isSameOrder && !state.group) return this.draw();
    if (before.where !== state.where || before.exp !== state.exp) this.selection.clear();
    this.load({ isNew: true });
  }

  /** Something changed: look again, at most once a second. */
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load({ fresh: 1, about: 1 }), Math.max(0, this.loadedAt + REFRESH_MS - Date.now()));
  }

  /** Runs are still being read: show what is known once a second, and all as soon as it is known. */
  follow() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load({ about: 1, rest: 1, wait: REFRESH_MS - PAUSE_MS }), PAUSE_MS);
  }

  // ------------------------------------------------------------------ data

  params(more) {
    const { where, exp, fold } = this.state;
    return { where, experiment: exp, sort: this.sort, fold, closed: [...this.turned].slice(0, 200), hidden: [...this.hidden].slice(0, MOST_HIDDEN), wait: WAIT_MS, ...more };
  }

  async load({ isNew = false, ...more } = {}) {
    const mine = this.rows.restart();
    this.loadedAt = Date.now();
    const ids = asked(this.plainIds).slice(0, MOST_COLUMNS);
    const part = this.group.length ? { group: this.group, agg: this.state.agg, band: this.state.band } : this.rows.window(isNew);
    try {
      const answer = await get("api/runs", this.params({ columns: ids, ...part, ...more }), mine.signal);
      if (mine !== this.rows.controller) return;
      await this.show(answer, ids, isNew);
    } catch (error) {
      if (error.name !== "AbortError") this.say(error);
    }
  }

  async show(answer, ids, isNew) {
    this.say(null);
    const isFirst = !this.known.length;
    if (answer.columns) this.learn(answer);
    this.facts = answer;
    this.rows.renew(isNew);
    if (answer.rows) this.rows.replace(answer, ids);
    if (answer.loading) this.follow();
    if (isNew && this.table) this.table.element.scrollTop = 0;
    this.draw();
    if (isFirst && answer.columns && !answer.groups && !this.state.cols && !remembered("runs.columns")) await this.load();
  }

  learn({ columns, experiments }) {
    this.known = columns;
    this.experiments = experiments;
    this.drawBar();
  }

  need(first, last, columns) {
    this.rows.need(first, last, asked(columns.map((column) => column.id)));
    this.sparks.want(first, last, columns);
  }

  // ------------------------------------------------------------------ the page

  build() {
    this.filter = new FilterLine(this.state.where, (where) => change({ where }));
    this.bar = h("div", { className: "runs-bar" });
    this.actions = h("div", { className: "runs-actions", role: "toolbar", "aria-label": t("runs.title") });
    this.chooser = new ColumnChooser({ ids: () => this.ids, known: () => this.known, onChange: (ids) => this.setColumns(ids), onReset: () => this.resetColumns() });
    this.place = h("div", { className: "runs-place" });
    this.count = h("span", { className: "faint", role: "status" });
    fill(this.container, h("div", { className: "runs-page" }, h("h1", { className: "unseen" }, t("runs.title")), h("div", { className: "filter-line" }, this.filter.input), this.filter.error, this.bar, this.actions, this.chooser.element, this.place));
    this.drawBar();
  }

  say(error) {
    this.filter.say(error, this.state.where);
  }

  drawBar() {
    drawBar(this);
  }

  draw() {
    const hasTree = this.hasTree || [...this.rows.values()].some((row) => row.children);
    if (hasTree !== Boolean(this.hasTree)) {
      this.hasTree = hasTree;
      this.drawBar();
    }
    drawActions(this);
    if (this.facts.groups) {
      this.dropTable();
      return this.groups.draw(this.place, this.groupView());
    }
    if (!this.facts.total) {
      this.dropTable();
      return fill(this.place, h("p", { className: "faint" }, t("runs.none")));
    }
    if (!this.table) this.table = makeRunTable(this);
    this.table.draw();
  }

  dropTable() {
    this.table?.dispose();
    this.table = null;
  }

  groupView() {
    return { groups: this.facts.groups, by: this.group, ids: asked(this.plainIds).filter(isMetric), state: this.state };
  }

  // ------------------------------------------------------------------ what is done with rows

  turn(row) {
    if (!this.turned.delete(row.key)) this.turned.add(row.key);
    this.load();
  }
}
