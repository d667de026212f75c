// The page of one run: what it is, how it is, and its tabs.

import { get } from "../base/api.js";
import { RunColours } from "../base/colours.js";
import { fill, h } from "../base/dom.js";
import { watch } from "../base/live.js";
import { bindKeys } from "../base/keys.js";
import { change } from "../base/state.js";
import { createTimeline } from "../base/timeline.js";
import { addWords, t } from "../base/words.js";
import { RunHead } from "./run_head.js";
import { showTrouble, unfoldTrouble } from "./run_trouble.js";

addWords({
  "run.charts": ["Charts", "グラフ"],
  "run.values": ["Values", "値"],
  "run.logs": ["Logs", "ログ"],
  "run.files": ["Files", "ファイル"],
  "run.code": ["Code", "コード"],
  "run.about": ["About", "詳細"],
  "run.children": ["Children", "子の実行"],
  "run.tabs": ["Parts of the run", "実行の内容"],
  "run.gone": ["This run is gone from the folder.", "この実行はフォルダーからなくなりました。"],
  "run.noteready": ["This part cannot be shown: {text}", "表示できません: {text}"],
});

// What is imported deep below is asked for at once: each level would cost a round trip.
function charts() {
  for (const name of ["../vendor/uPlot.esm.js", "../base/chart.js", "../base/chartcard.js", "../base/chartout.js", "../base/chartplot.js", "../base/chartmarks.js", "../base/chartbands.js", "../base/chartlegend.js", "../base/charttable.js", "../base/chartkeys.js", "../base/chartspeech.js", "../base/chartview.js", "../tabs/charts_bar.js", "../tabs/charts_marks.js", "../tabs/charts_sections.js"]) import(name).catch(() => {});
  return import("../tabs/charts.js");
}

const TABS = {
  charts,
  values: () => import("../tabs/values.js"),
  logs: () => import("../tabs/logs.js"),
  files: () => import("../tabs/files.js"),
  code: () => import("../tabs/code.js"),
  about: () => import("../tabs/about.js"),
  children: () => import("../tabs/children.js"),
};
const FACTS_MS = 2_000;

class RunPage {
  constructor(container, state) {
    Object.assign(this, { container, state, run: state.run ?? "" });
    this.timeline = createTimeline();
    this.top = new RunHead(this.run, new RunColours(), () => this.recolour());
    this.trouble = h("div", { className: "run-trouble" });
    this.tabs = h("div", { className: "tabs", role: "tablist", "aria-label": t("run.tabs") });
    this.body = h("div", { className: "run-body", role: "tabpanel", id: "run-panel" });
    this.tab = { name: null };
    fill(container, this.top.element, this.trouble, this.tabs, this.body);
  }

  async open() {
    // The module comes while the server answers.
    TABS[this.tabName]?.().catch(() => {});
    this.facts = await get("api/run", { run: this.run });
    this.showHead();
    this.showTabs();
    this.showTrouble();
    this.unbind = bindKeys(Object.fromEntries(Object.keys(TABS).map((name, at) => [String(at + 1), [t(`run.${name}`), () => this.choose(name)]])));
    await this.showTab();
    this.stop = watch(`run:${this.run}`, (event) => this.came(event));
    this.clock = setInterval(() => this.top.tick(), 1000);
  }

  dispose() {
    this.isGone = true;
    this.stop?.();
    this.unbind?.();
    clearInterval(this.clock);
    this.tab.shown?.dispose();
  }

  get tabName() {
    return this.state.tab in TABS ? this.state.tab : "charts";
  }

  get context() {
    return {
      run: this.run, facts: this.facts, live: { watch }, timeline: this.timeline, state: this.state, again: () => this.refresh(),
      choose: (name, values) => this.choose(name, values),
    };
  }

  showHead() {
    this.top.show(this.facts);
  }

  /** Another colour was chosen: the tab is drawn anew with it. */
  recolour() {
    this.showHead();
    this.tab.shown?.dispose();
    this.tab = { name: null };
    this.showTab();
  }

  showTrouble() {
    showTrouble(this.trouble, this.run, this.facts.facts, () => this.choose("logs"));
    unfoldTrouble(this.trouble, this.tabName === "charts");
  }

  // ------------------------------------------------------------------ tabs

  showTabs() {
    const counts = { charts: this.facts.metrics.length, values: this.facts.values.length, files: this.facts.files, children: this.facts.children };
    const now = document.activeElement?.closest?.("[role=tab]")?.dataset.tab;
    fill(this.tabs, Object.keys(TABS).map((name) => {
      const isChosen = name === this.tabName;
      return h("button", { role: "tab", id: `tab-${name}`, "data-tab": name, "aria-selected": String(isChosen), "aria-controls": "run-panel", tabindex: isChosen ? "0" : "-1",
        onClick: () => this.choose(name), onKeydown: (event) => this.onTabKey(event, name) },
        t(`run.${name}`), counts[name] > 0 && h("span", { className: "faint" }, ` ${counts[name]}`));
    }));
    this.body.setAttribute("aria-labelledby", `tab-${this.tabName}`);
    if (now) this.tabs.querySelector(`[data-tab="${now}"]`)?.focus();
  }

  onTabKey(event, name) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const names = Object.keys(TABS);
    const next = names[(names.indexOf(name) + by + names.length) % names.length];
    this.choose(next);
    this.tabs.querySelector(`[data-tab="${next}"]`).focus();
  }

  choose(name, values = {}) {
    change({ tab: name === "charts" ? null : name, ...values }, { push: true });
  }

  async showTab() {
    const name = this.tabName;
    if (this.tab.name === name) return this.tab.shown?.update?.(this.state);
    this.tab.shown?.dispose();
    const mine = (this.tab = { name, shown: null });
    this.showTabs();
    unfoldTrouble(this.trouble, name === "charts");
    const place = h("div");
    fill(this.body, place);
    try {
      const module = await TABS[name]();
      if (mine !== this.tab || this.isGone) return;
      mine.shown = await module.show(place, this.context, this.state);
      if (mine !== this.tab || this.isGone) mine.shown.dispose();
    } catch (error) {
      if (mine === this.tab && error.name !== "AbortError") fill(place, h("p", { className: "problem", role: "alert" }, t("run.noteready", { text: error.message })));
    }
  }

  async update(state) {
    if ((state.run ?? "") !== this.run) return true; // another run: the page is made anew
    this.state = state;
    await this.showTab();
    return false;
  }

  // ------------------------------------------------------------------ what comes

  came(event) {
    this.tab.shown?.note?.(event);
    const isOther = event.status !== undefined && event.status !== this.facts.facts.status;
    if (isOther || (event.manifest && this.manifest && event.manifest !== this.manifest)) this.refresh();
    this.manifest = event.manifest ?? this.manifest;
  }

  /** Ask for the facts anew, at most every two seconds. */
  refresh() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    const pause = Math.max(0, FACTS_MS - (Date.now() - (this.refreshed ?? 0)));
    setTimeout(async () => {
      this.isWaiting = false;
      this.refreshed = Date.now();
      try {
        const before = this.facts.facts.status;
        this.facts = await get("api/run", { run: this.run });
        if (this.isGone) return;
        this.showHead();
        this.showTabs();
        if (before !== this.facts.facts.status) this.showTrouble();
        this.tab.shown?.facts?.(this.facts);
      } catch (error) {
        if (error.status === 404) fill(this.trouble, h("p", { className: "problem", role: "alert" }, t("run.gone")));
      }
    }, pause);
  }
}

/** Show the page of the run that the state names. */
export async function show(container, state) {
  let page = new RunPage(container, state);
  await page.open();
  return {
    async update(now) {
      if (!(await page.update(now))) return;
      page.dispose();
      page = new RunPage(container, now);
      await page.open();
    },
    dispose: () => page.dispose(),
  };
}
