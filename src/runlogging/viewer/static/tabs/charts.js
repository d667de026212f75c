// The charts of a run: every scalar in sections, what is chosen of them, and what the URL has of it.

import { Card, settingsOf } from "../base/chartcard.js";
import { ChartGroup } from "../base/chartgroup.js";
import { Tip } from "../base/charttip.js";
import { viewOf, viewText } from "../base/chartview.js";
import { RunColours } from "../base/colours.js";
import { fill, h, settled } from "../base/dom.js";
import { bindKeys } from "../base/keys.js";
import { matcher } from "../base/sections.js";
import { change } from "../base/state.js";
import { timeOf, timeText } from "../base/timeline.js";
import { addWords, t } from "../base/words.js";
import { openAround } from "./charts_around.js";
import { axisChoice, smoothChoice, zoomButtons } from "./charts_bar.js";
import { openMarks } from "./charts_marks.js";
import { ChartNews } from "./charts_news.js";
import { ChartSections } from "./charts_sections.js";

addWords({
  "charts.search": ["Search metrics: words or /regex/", "メトリクスを検索: 語または /正規表現/"],
  "charts.badsearch": ["This is no regular expression", "正規表現として正しくありません"],
  "charts.none": ["No metric fits the search.", "該当するメトリクスはありません。"],
  "charts.nothing": ["This run has logged no numbers yet.", "この実行にはまだ数値がありません。"],
  "charts.shown": ["{shown} of {total} metrics", "{total} 件中 {shown} 件"],
});

class Charts {
  constructor(container, context, state) {
    Object.assign(this, { container, context });
    this.metrics = context.facts.metrics;
    this.state = state;
    this.colours = new RunColours();
    this.colours.add([context.run]);
    this.tip = new Tip();
    this.sections = new ChartSections({
      foldKey: `folds.${context.run.split("/")[0]}`,
      isWide: (name) => settingsOf(this.state[`c.${name}`]).isWide,
      make: (name, slot) => this.card(name, slot),
      onDrawn: () => this.marks.begin(),
    });
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
    removeEventListener("themechange", this.onTheme);
    this.dark.removeEventListener("change", this.onTheme);
    for (const stop of this.stops) stop();
    this.sections.dispose();
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
    this.spoken = h("div", { className: "unseen", "aria-live": "polite" });
    this.aside = h("aside", { className: "chart-aside" });
    const { run, timeline } = this.context;
    this.marks = openMarks({ run, timeline, group: this.group, state: () => this.state, setState: (values) => this.setState(values) });
    const around = h("div", null);
    fill(this.aside, this.marks.list, around);
    this.around = openAround(around, this.context, this.aside);
    fill(this.container, h("div", { className: "charts" },
      h("div", { className: "chart-bar" }, this.search, this.badSearch, this.count, h("span", { className: "spring" }), axisChoice(this.x, this.metrics, (x) => this.setAxis(x)), smoothChoice(this.smooth, (weight) => this.setSmooth(weight)), this.marks.choice, zoomButtons(this.group, () => this.span, this.follow)),
      h("div", { className: "chart-columns" }, this.sections.element, this.aside), this.spoken));
  }

  get cards() {
    return this.sections.cards;
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
    if (before.v !== state.v) this.group.setView(viewOf(state), { isStep: false, isQuiet: true });
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
    const text = viewText(this.group.view);
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

  // ------------------------------------------------------------------ the charts

  /** Show what fits the search. With `isMore` there are new metrics, and whatever is shown stays. */
  list({ isMore = false } = {}) {
    const isSearched = Boolean(this.state.name);
    const fits = matcher(this.state.name ?? "");
    this.badSearch.textContent = fits ? "" : t("charts.badsearch");
    if (!fits) return;
    const shown = this.metrics.filter((metric) => fits(metric.name));
    this.count.textContent = t("charts.shown", { shown: shown.length, total: this.metrics.length });
    if (isMore && shown.length) return this.sections.add(shown, { isSearched });
    this.sections.show(shown, { isSearched, nothing: this.metrics.length ? t("charts.none") : t("charts.nothing") });
  }

  card(name, slot) {
    return new Card({
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
        slot.dataset.wide = String(settingsOf(text).isWide);
        this.setState({ [`c.${name}`]: text });
      },
      onPoint: (point, isHover) => this.pointed(point, isHover),
      onNote: (note) => this.marks.goTo(note),
    });
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
    if (isMore) this.list({ isMore });
  }
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
