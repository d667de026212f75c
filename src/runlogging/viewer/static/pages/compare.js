// Several runs beside each other: curves, what differs, figures of metrics, log templates, and pictures of sweeps.

import { get } from "../base/api.js";
import { viewOf } from "../base/chartview.js";
import { RunColours } from "../base/colours.js";
import { fill, h, settled } from "../base/dom.js";
import { watch } from "../base/live.js";
import { change, go, urlOf } from "../base/state.js";
import { t } from "../base/words.js";
import { drawCurves, dropCards, FIRST_CURVES, growCurves } from "./compare_curves.js";
import { drawParallel } from "./compare_parallel.js";
import { drawScatter } from "./compare_scatter.js";
import { drawLogs, drawMetrics, drawParameters } from "./compare_tables.js";
import "./compare_words.js";
import { joined, parted, runLink } from "./links.js";

const MOST = 100;
const DRAW = { curves: drawCurves, table: drawParameters, metrics: drawMetrics, logs: drawLogs, parallel: drawParallel, scatter: drawScatter };
const TABS = Object.keys(DRAW);

/** What the page is laid out by: which runs, and what could not be read. */
const shapeOf = (data) => data && JSON.stringify([data.keys, data.problems]);

export async function show(container, state) {
  const page = new ComparePage(container, state);
  await page.begin();
  return { update: (now) => page.update(now), dispose: () => page.dispose() };
}

class ComparePage {
  constructor(container, state) {
    this.container = container;
    this.state = state;
    this.colours = new RunColours();
    this.off = new Set(); // not shown in the curves
    this.cards = [];
    this.brushes = new Map();
    this.mostCurves = FIRST_CURVES;
    this.row = "";
    this.stops = [];
  }

  get tab() {
    return TABS.includes(this.state.tab) ? this.state.tab : "curves";
  }

  async begin() {
    await this.load();
    const again = settled(() => this.load(), 3000);
    this.stops.push(watch("runs", ({ changed }) => changed.some((key) => this.keys?.includes(key)) && again()));
    const onTheme = () => this.draw();
    addEventListener("themechange", onTheme);
    this.stops.push(() => removeEventListener("themechange", onTheme));
  }

  dispose() {
    this.isGone = true;
    dropCards(this);
    for (const stop of this.stops) stop();
  }

  async update(state) {
    const before = this.state;
    this.state = state;
    const isOther = (name) => before[name] !== state[name];
    const others = Object.keys({ ...before, ...state }).filter(isOther);
    if (isOther("v")) this.group?.setView(viewOf(state), { isStep: false, isQuiet: true });
    if (["runs", "where", "exp", "all", "same", "level"].some(isOther)) await this.load();
    else if (this.cards.length && others.join() === "v") this.reload();
    else if (this.data) this.draw();
  }

  /** Put something of what is shown into the URL; nothing is drawn anew. */
  setState(values, options) {
    const kept = Object.entries({ ...this.state, ...values }).filter(([, value]) => value !== null);
    this.state = Object.fromEntries(kept);
    change(values, { quiet: true, ...options });
  }

  /** Ask for what the curves show now. */
  reload() {
    for (const card of this.cards) card.load();
  }

  /** The runs that are meant, and how many fit. */
  async wanted() {
    if (this.state.runs) return { keys: parted(this.state.runs), total: 0 };
    if (!this.state.all && !this.state.where) return { keys: [], total: 0 };
    const { where, exp } = this.state;
    const found = await get("api/runs", { where, experiment: exp, limit: 1000 });
    const keys = found.rows.filter((row) => row.fits && !row.problem).map((row) => row.key);
    return { keys: keys.slice(0, MOST), total: found.fitting };
  }

  async load() {
    const mine = (this.loading = {});
    const { keys, total } = await this.wanted();
    if (keys.length < 2) {
      this.data = null;
      return fill(this.container, h("h1", null, t("compare.title")), h("p", null, t("compare.few"), " ", h("a", { href: urlOf({}), "data-inside": true }, t("app.runs"))));
    }
    const [data, about] = await Promise.all([
      get("api/compare", { run: keys, all: this.state.same, level: this.state.level }),
      get("api/runs", { limit: 0, about: 1 }),
    ]);
    if (mine !== this.loading || this.isGone) return;
    const isSame = this.tab === "curves" && this.cards.length > 0 && shapeOf(this.data) === shapeOf(data);
    this.data = data;
    this.total = total;
    this.keys = data.keys;
    this.columns = about.columns;
    this.colours.add(this.keys);
    this.sweep = null;
    if (!isSame) return this.draw();
    // Something was logged: the charts stay, with their zoom, and whatever is pointed at.
    fill(this.list, this.keys.map((key, place) => this.runItem(key, place)));
    this.reload();
    await growCurves(this);
  }

  title(place) {
    const run = this.data.runs[place];
    return run.name || run.id;
  }

  // ------------------------------------------------------------------ the page

  draw() {
    dropCards(this);
    const { data, total, keys } = this;
    this.list = h("ul", { className: "compare-runs" }, keys.map((key, place) => this.runItem(key, place)));
    this.body = h("div", { className: "compare-body", role: "tabpanel", "aria-label": t(`compare.${this.tab}`) });
    fill(
      this.container,
      h("h1", null, `${t("compare.title")} (${keys.length})`),
      total > keys.length && h("p", { className: "faint" }, t("compare.cut", { shown: keys.length, total })),
      data.problems.map((problem) => h("p", { className: "problem" }, t("compare.unread", problem))),
      this.list,
      h("div", { className: "tabs", role: "tablist", "aria-label": t("compare.parts") }, TABS.map((name) => this.tabButton(name))),
      this.body,
    );
    DRAW[this.tab](this);
  }

  tabButton(name) {
    const isOn = name === this.tab;
    const turn = (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      change({ tab: TABS[(TABS.indexOf(name) + by + TABS.length) % TABS.length] });
      this.container.querySelector('[role="tab"][aria-selected="true"]')?.focus();
    };
    return h("button", { role: "tab", "aria-selected": String(isOn), tabindex: isOn ? 0 : -1, onKeydown: turn, onClick: () => change({ tab: name === "curves" ? null : name }, { push: true }) }, t(`compare.${name}`));
  }

  runItem(key, place) {
    const name = this.title(place);
    const isOff = this.off.has(key);
    const remove = () => go({ ...this.state, runs: joined(this.keys.filter((one) => one !== key)), all: null, where: null, exp: null });
    return h(
      "li",
      { title: key },
      h("button", { className: "quiet", "aria-pressed": String(!isOff), "aria-label": t("compare.hide", { name }), onClick: () => this.toggle(key) }, h("span", { className: "swatch", style: { background: this.colours.of(key).colour } })),
      h("a", { href: runLink(key), "data-inside": true, className: isOff ? "off" : null }, name),
      h("span", { className: "status", "data-status": this.data.runs[place].status }, this.data.runs[place].status),
      place === 0 && h("span", { className: "faint" }, t("compare.base")),
      this.keys.length > 2 && h("button", { className: "quiet", "aria-label": t("compare.remove", { name }), onClick: remove }, "×"),
    );
  }

  toggle(key) {
    if (!this.off.delete(key)) this.off.add(key);
    this.draw();
  }
}
