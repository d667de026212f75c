// The charts of a run: every scalar, in sections; only what is near the window is drawn.

import { Card } from "../base/chartcard.js";
import { ChartGroup } from "../base/chartgroup.js";
import { Tip } from "../base/charttip.js";
import { RunColours } from "../base/colours.js";
import { fill, h, settled } from "../base/dom.js";
import { bindKeys } from "../base/keys.js";
import { matcher, sectionsOf } from "../base/sections.js";
import { change, remember, remembered } from "../base/state.js";
import { timeOf, timeText } from "../base/timeline.js";
import { addWords, t } from "../base/words.js";
import { openAround } from "./charts_around.js";
import { axisChoice, smoothChoice, zoomButtons } from "./charts_bar.js";
import { openMarks } from "./charts_marks.js";
import { ChartNews } from "./charts_news.js";

addWords({
  "charts.search": ["Search metrics: words or /regex/", "メトリクスを検索: 語または /正規表現/"],
  "charts.badsearch": ["This is no regular expression", "正規表現として正しくありません"],
  "charts.none": ["No metric fits the search.", "該当するメトリクスはありません。"],
  "charts.nothing": ["This run has logged no numbers yet.", "この実行にはまだ数値がありません。"],
  "charts.nosection": ["metrics", "メトリクス"],
  "charts.shown": ["{shown} of {total} metrics", "{total} 件中 {shown} 件"],
});

const MOST_CHARTS = 40;
const OPEN_SECTIONS = 200; // with more metrics only the first sections are open at first

class Charts {
  constructor(container, context, state) {
    Object.assign(this, { container, context });
    this.metrics = context.facts.metrics;
    this.state = state;
    this.colours = new RunColours();
    this.colours.add([context.run]);
    this.tip = new Tip();
    this.cards = new Map(); // name -> Card, the ones that are drawn
    this.slots = new Map(); // name -> its place
    this.near = new Set(); // names near the window
    this.group = new ChartGroup({ onView: () => this.viewed() });
    this.group.view = viewOf(state);
    this.group.isFollowing = !this.group.view;
    this.group.onChange.add(() => this.showFollow());
    this.read = settled((text) => (this.spoken.textContent = text), 250);
    this.build();
    this.news = new ChartNews(this);
    this.watchers();
    this.cursorCame(context.timeline.current); // what was chosen in another tab, such as a line of the log
  }

  watchers() {
    this.seen = new IntersectionObserver((entries) => this.saw(entries), { rootMargin: "250px 0px" });
    this.sectionsSeen = new IntersectionObserver((entries) => this.sawSections(entries), { rootMargin: "800px 0px" });
    this.onTheme = () => this.cards.forEach((card) => card.chart.redraw());
    addEventListener("themechange", this.onTheme);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.dark.addEventListener("change", this.onTheme);
    this.stops = [
      this.context.timeline.onCursor((cursor) => this.cursorCame(cursor)),
      bindKeys({ "/": [t("charts.search"), () => this.search.focus()], 0: [t("charts.all"), () => this.group.reset()] }),
    ];
    this.list();
  }

  dispose() {
    this.isGone = true;
    this.news.isGone = true;
    this.seen.disconnect();
    this.sectionsSeen.disconnect();
    removeEventListener("themechange", this.onTheme);
    this.dark.removeEventListener("change", this.onTheme);
    for (const stop of this.stops) stop();
    for (const card of this.cards.values()) card.dispose();
    this.around.dispose();
    this.marks.dispose();
    this.tip.dispose();
  }

  // ------------------------------------------------------------------ the frame

  build() {
    this.search = h("input", { type: "search", placeholder: t("charts.search"), "aria-label": t("charts.search"), value: this.state.name ?? "",
      onInput: settled(() => this.searched(), 120) });
    this.badSearch = h("span", { className: "problem-note", role: "status" });
    this.count = h("span", { className: "faint" });
    this.follow = h("button", { className: "follow", onClick: () => this.setFollow(!this.group.isFollowing) }, t("charts.follow"));
    this.showFollow();
    this.sections = h("div", { className: "chart-sections" });
    this.spoken = h("div", { className: "unseen", "aria-live": "polite" });
    this.aside = h("aside", { className: "chart-aside" });
    const { run, timeline } = this.context;
    this.marks = openMarks({ run, timeline, group: this.group, state: () => this.state, setState: (values) => this.setState(values) });
    const around = h("div", null);
    fill(this.aside, this.marks.list, around);
    this.around = openAround(around, this.context, this.aside);
    fill(this.container, h("div", { className: "charts" },
      h("div", { className: "chart-bar" }, this.search, this.badSearch, this.count, h("span", { className: "spring" }), axisChoice(this.x, this.metrics, (x) => this.setAxis(x)), smoothChoice(this.smooth, (weight) => this.setSmooth(weight)), this.marks.choice, zoomButtons(this.group, () => this.span, this.follow)),
      h("div", { className: "chart-columns" }, this.sections, this.aside), this.spoken));
  }

  /** What of x is shown. */
  get span() {
    return [...this.cards.values()].map((card) => card.chart).find((chart) => chart.columns)?.span ?? [0, 1];
  }

  get x() {
    return this.state.x ?? "step";
  }

  get smooth() {
    const weight = Number(this.state.smooth ?? 0);
    return weight > 0 && weight < 1 ? weight : 0;
  }

  // ------------------------------------------------------------------ what is chosen

  update(state) {
    const before = this.state;
    this.state = state;
    if (this.search.value !== (state.name ?? "") && document.activeElement !== this.search) this.search.value = state.name ?? "";
    if (before.name !== state.name) this.list();
    const view = viewOf(state);
    const now = this.group.view;
    if (view?.from !== now?.from || view?.to !== now?.to) this.group.setView(view, { isStep: false, isQuiet: true });
    if (before.marks !== state.marks) this.marks.update();
    if (before.x !== state.x || before.smooth !== state.smooth || before.v !== state.v) this.reload();
  }

  setState(values, options) {
    this.state = { ...this.state, ...values };
    for (const [key, value] of Object.entries(values)) if (value === null) delete this.state[key];
    change(values, { quiet: true, ...options });
  }

  setAxis(x) {
    this.group.view = null;
    this.group.steps = [];
    this.setState({ x: x === "step" ? null : x, v: null }, { push: true });
    this.reload();
  }

  setSmooth(weight) {
    this.setState({ smooth: weight || null });
    this.reload();
  }

  setFollow(value) {
    this.group.setFollowing(value);
    this.showFollow();
  }

  showFollow() {
    this.follow?.setAttribute("aria-pressed", String(this.group.isFollowing));
  }

  viewed() {
    if (this.isGone) return;
    const { view } = this.group;
    const text = view ? `${Number(view.from.toPrecision(12))},${Number(view.to.toPrecision(12))}` : null;
    if ((this.state.v ?? null) !== text) this.setState({ v: text }, { push: true });
    this.showFollow();
    this.reload();
  }

  reload() {
    for (const card of this.cards.values()) card.load();
  }

  searched() {
    this.setState({ name: this.search.value || null });
    this.list();
  }

  // ------------------------------------------------------------------ sections and slots

  /** Lay out the sections of what fits the search; charts come when they are seen. */
  list() {
    const fits = matcher(this.state.name ?? "");
    this.badSearch.textContent = fits ? "" : t("charts.badsearch");
    if (!fits) return;
    const shown = this.metrics.filter((metric) => fits(metric.name));
    this.count.textContent = t("charts.shown", { shown: shown.length, total: this.metrics.length });
    for (const name of [...this.cards.keys()]) this.drop(name);
    this.seen.disconnect();
    this.sectionsSeen.disconnect();
    this.slots.clear();
    this.near.clear();
    let before = 0;
    const folds = remembered(this.foldKey, {});
    const sections = sectionsOf(shown).map(({ title, metrics }) => {
      const isOpen = folds[title] ?? (Boolean(this.state.name) || before < OPEN_SECTIONS);
      before += metrics.length;
      return this.section(title, metrics, isOpen);
    });
    const nothing = this.metrics.length ? t("charts.none") : t("charts.nothing");
    fill(this.sections, sections.length ? sections : h("p", { className: "faint" }, nothing));
  }

  get foldKey() {
    return `folds.${this.context.run.split("/")[0]}`;
  }

  section(title, metrics, isOpen) {
    const grid = h("div", { className: "chart-grid", "data-count": metrics.length });
    grid.metrics = metrics;
    // The height that it will have, so that the page does not jump when its cards come.
    grid.style.minHeight = `${Math.min(metrics.length, 4000) * 4}px`;
    const details = h("details", { className: "chart-section", open: isOpen }, h("summary", null, h("h2", null, title || t("charts.nosection")), h("span", { className: "faint" }, ` ${metrics.length}`)), grid);
    details.addEventListener("toggle", () => {
      if (details.open !== isOpen || details.dataset.touched) remember(this.foldKey, { ...remembered(this.foldKey, {}), [title]: details.open });
      details.dataset.touched = "true";
    });
    this.sectionsSeen.observe(grid);
    return details;
  }

  sawSections(entries) {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting || target.childElementCount) continue;
      target.style.minHeight = "";
      const slots = target.metrics.map((metric) => h("div", { className: "chart-slot", "data-name": metric.name }));
      target.append(...slots);
      for (const slot of slots) {
        this.slots.set(slot.dataset.name, slot);
        slot.dataset.wide = String((this.state[`c.${slot.dataset.name}`] ?? "").includes("wide"));
        this.seen.observe(slot);
      }
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
    const card = new Card({
      name,
      runs: [this.context.run],
      group: this.group,
      colours: this.colours,
      label: (line) => line.writer,
      tip: this.tip,
      read: this.read,
      ask: () => ({ x: this.x, smooth: this.smooth }),
      text: this.state[`c.${name}`],
      onSettings: (text) => {
        slot.dataset.wide = String((text ?? "").includes("wide"));
        this.setState({ [`c.${name}`]: text });
      },
      onPoint: (point, isHover) => this.pointed(point, isHover),
      onNote: (note) => this.marks.goTo(note),
    });
    this.cards.set(name, card);
    slot.append(card.element);
    card.load();
  }

  // ------------------------------------------------------------------ the time line

  pointed(point, isHover) {
    this.context.timeline.setCursor({
      time: timeText(point.time), step: point.step, seq: point.seq || null, writer: point.line.writer, run: point.line.run, source: "chart", isHover,
    });
  }

  cursorCame(cursor) {
    this.around.show(cursor);
    if (!cursor || cursor.isHover) return;
    const us = cursor.time ? timeOf(cursor.time) : null;
    this.group.setMark(us === null && cursor.step === null ? null : { step: cursor.step ?? null, us });
  }

  // ------------------------------------------------------------------ news

  /** Something came. */
  note() {
    this.marks.note();
    return this.news.note();
  }

  /** The run's facts are new: there may be more metrics. */
  facts(facts) {
    const known = new Set(this.metrics.map(({ name }) => name));
    const isMore = facts.metrics.some(({ name }) => !known.has(name));
    this.metrics = facts.metrics;
    if (isMore) this.list();
  }
}

function viewOf(state) {
  const [from, to] = (state.v ?? "").split(",").map(Number);
  return Number.isFinite(from) && Number.isFinite(to) && from < to ? { from, to } : null;
}

/** Show the tab; see the run page for its context. */
export function show(container, context, state) {
  const charts = new Charts(container, context, state ?? context.state ?? {});
  return {
    update: (now) => charts.update(now),
    note: () => charts.note(),
    facts: (facts) => charts.facts(facts),
    dispose: () => charts.dispose(),
  };
}
