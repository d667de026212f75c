// The page of one run: what it is, how it is, and its tabs.

import { get } from "../base/api.js";
import { RUN_COLOURS, RunColours } from "../base/colours.js";
import { fill, h } from "../base/dom.js";
import { duration, moment } from "../base/format.js";
import { watch } from "../base/live.js";
import { bindKeys } from "../base/keys.js";
import { change, urlOf } from "../base/state.js";
import { createTimeline } from "../base/timeline.js";
import { addWords, t } from "../base/words.js";

addWords({
  "run.charts": ["Charts", "グラフ"],
  "run.values": ["Values", "値"],
  "run.logs": ["Logs", "ログ"],
  "run.files": ["Files", "ファイル"],
  "run.code": ["Code", "コード"],
  "run.about": ["About", "詳細"],
  "run.children": ["Children", "子の実行"],
  "run.tabs": ["Parts of the run", "実行の内容"],
  "run.failed": ["This run failed", "この実行は失敗しました"],
  "run.canceled": ["This run was canceled", "この実行は中止されました"],
  "run.silent": ["This run does not respond: its process is gone", "この実行は応答しません: プロセスがありません"],
  "run.since": ["since {time}, {ago} ago", "{time} から ({ago} 前)"],
  "run.lastlines": ["Its last log lines", "最後のログ"],
  "run.nolines": ["It has logged no lines.", "ログはありません。"],
  "run.alllines": ["All of the log", "ログ全体"],
  "run.trace": ["Stack trace", "スタックトレース"],
  "run.crash": ["Crash of {writer}", "{writer} のクラッシュ"],
  "run.gone": ["This run is gone from the folder.", "この実行はフォルダーからなくなりました。"],
  "run.colour": ["Colour of the run: {name}. Choose the next.", "実行の色: {name}。次の色を選ぶ。"],
  "run.copypath": ["Copy path", "パスをコピー"],
  "run.copied": ["Copied", "コピーしました"],
  "run.number": ["run {number}", "実行 {number}"],
  "run.noteready": ["This part cannot be shown: {text}", "表示できません: {text}"],
});

// What is imported deep below is asked for at once: each level would cost a round trip.
function charts() {
  for (const name of ["../vendor/uPlot.esm.js", "../base/chart.js", "../base/chartcard.js", "../base/chartout.js", "../base/chartplot.js", "../base/chartmarks.js", "../base/chartbands.js", "../base/chartlegend.js", "../base/charttable.js", "../base/chartkeys.js", "../tabs/charts_bar.js", "../tabs/charts_marks.js"]) import(name).catch(() => {});
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
const LAST_LINES = 20;
const RUNNING = ["Running", "Finalizing", "CancelRequested"];
const FACTS_MS = 2_000;

class RunPage {
  constructor(container, state) {
    Object.assign(this, { container, state, run: state.run ?? "" });
    this.timeline = createTimeline();
    this.colours = new RunColours();
    this.head = h("div", { className: "run-head" });
    this.trouble = h("div", { className: "run-trouble" });
    this.tabs = h("div", { className: "tabs", role: "tablist", "aria-label": t("run.tabs") });
    this.body = h("div", { className: "run-body", role: "tabpanel", id: "run-panel" });
    this.tab = { name: null };
    fill(container, this.head, this.trouble, this.tabs, this.body);
  }

  async open() {
    // The module comes while the server answers.
    TABS[this.tabName]?.().catch(() => {});
    this.facts = await get("api/run", { run: this.run });
    this.showHead();
    this.showTabs();
    this.showTrouble();
    await this.showTab();
    this.stop = watch(`run:${this.run}`, (event) => this.came(event));
    this.clock = setInterval(() => this.tick(), 1000);
    this.unbind = bindKeys(Object.fromEntries(Object.keys(TABS).map((name, at) => [String(at + 1), [t(`run.${name}`), () => this.choose(name)]])));
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

  // ------------------------------------------------------------------ the head

  showHead() {
    const { facts } = this.facts;
    const [experiment] = this.run.split("/");
    document.title = `${facts.name || facts.id} \u2013 ${experiment}`;
    fill(document.querySelector("#crumbs"), h("a", { href: urlOf({ experiment }), "data-inside": true }, experiment), " / ", facts.name || facts.id);
    this.length = h("span", null);
    this.status = h("span", { className: "status" });
    fill(this.head,
      h("div", { className: "run-title" }, this.swatch(), h("h1", null, facts.name || facts.id), this.status),
      h("div", { className: "run-facts faint" },
        facts.number !== null && h("span", null, t("run.number", { number: facts.number })), h("span", { className: "mono" }, facts.id),
        facts.started && h("span", null, moment(facts.started)), this.length,
        h("button", { className: "quiet", onClick: (event) => copy(event.target, facts.path), title: facts.path }, t("run.copypath"))),
      facts.description && h("p", { className: "run-description" }, facts.description),
      h("div", { className: "run-tags" }, Object.entries(facts.tags).map(([name, value]) => h("span", { className: "tag" }, value === null ? name : `${name}=${value}`))));
    this.tick();
  }

  swatch() {
    const { colour, name, place } = this.colours.of(this.run);
    const label = t("run.colour", { name });
    const next = () => {
      this.colours.choose(this.run, (place + 1) % RUN_COLOURS.length);
      this.showHead();
      this.tab.shown?.dispose();
      this.tab = { name: null };
      this.showTab();
    };
    return h("button", { className: "swatch-button", "aria-label": label, title: label, style: { background: colour }, onClick: next });
  }

  tick() {
    const { facts } = this.facts;
    this.status.dataset.status = facts.status;
    if (this.status.textContent !== facts.status) this.status.textContent = facts.status;
    const isRunning = RUNNING.includes(facts.status);
    const seconds = isRunning && facts.started ? (Date.now() - Date.parse(facts.started)) / 1000 : facts.seconds;
    this.length.textContent = duration(seconds);
  }

  // ------------------------------------------------------------------ what went wrong

  showTrouble() {
    const { facts } = this.facts;
    const isFailed = facts.status === "Failed" || (facts.status === "Canceled" && facts.error);
    if (!isFailed && facts.status !== "NotResponding") return void fill(this.trouble);
    const title = { Failed: "run.failed", Canceled: "run.canceled", NotResponding: "run.silent" }[facts.status];
    const since = (facts.status === "NotResponding" ? facts.last_record : facts.ended) ?? facts.last_record;
    const lines = h("ol", { className: "last-lines" });
    fill(this.trouble, h("section", { className: "trouble", "aria-label": t(title) },
      h("h2", null, t(title), since && h("small", { className: "faint" }, " ", t("run.since", { time: moment(since), ago: ago(since) }))),
      facts.error && h("p", { className: "error-text" }, h("strong", null, facts.error.type), facts.error.message && `: ${facts.error.message}`),
      facts.error?.stacktrace && h("details", { open: true }, h("summary", null, t("run.trace")), h("pre", { tabindex: "0" }, facts.error.stacktrace)),
      Object.entries(facts.faults ?? {}).map(([writer, text]) => h("details", null, h("summary", null, t("run.crash", { writer })), h("pre", { tabindex: "0" }, text))),
      h("h3", null, t("run.lastlines"), " ", h("button", { className: "quiet", onClick: () => this.choose("logs") }, t("run.alllines"))), lines));
    this.showLastLines(lines);
  }

  async showLastLines(list) {
    try {
      const found = await get("api/logs", { run: this.run, begin: -LAST_LINES, count: LAST_LINES });
      fill(list, !found.total && h("li", { className: "faint" }, t("run.nolines")), found.entries.map((entry) => h("li", { "data-level": entry.level }, h("span", { className: "mono faint" }, (entry.time ?? "").slice(11, 23)), " ",
        h("span", { className: "level" }, entry.level ?? ""), " ", h("span", { className: "text" }, entry.message ?? ""))));
    } catch (error) {
      if (error.name !== "AbortError") fill(list, h("li", { className: "faint" }, error.message));
    }
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

function ago(text) {
  return duration((Date.now() - Date.parse(text)) / 1000);
}

async function copy(button, text) {
  await navigator.clipboard.writeText(text).catch(() => {});
  button.textContent = t("run.copied");
  setTimeout(() => (button.textContent = t("run.copypath")), 1500);
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
