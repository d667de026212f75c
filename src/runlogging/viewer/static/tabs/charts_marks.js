// What the log says of the curves: the marks that the program set and its warnings, on every chart and as a list.

import { get } from "../base/api.js";
import { fill, h, settled } from "../base/dom.js";
import { clock } from "../base/format.js";
import { bindKeys } from "../base/keys.js";
import { timeText } from "../base/timeline.js";
import { addWords, t } from "../base/words.js";

addWords({
  "marks.label": ["Marks", "印"],
  "marks.all": ["all", "すべて"],
  "marks.set": ["no warnings", "警告を除く"],
  "marks.none": ["none", "なし"],
  "marks.key": ["Show or hide marks and warnings", "印と警告の表示を切り替え"],
  "marks.count": ["{marks} marks, {ticks} warnings and errors", "印 {marks} 件、警告とエラー {ticks} 件"],
  "marks.more": ["{count} more in the log", "他 {count} 件はログにあります"],
});

const MODES = ["all", "set", "none"];
const MOST_LISTED = 100;
// The first chart has the server for itself: to look for marks indexes the log. Without a chart they come after so long.
const LATEST_MS = 3000;
const AGAIN_MS = 150;
const NEWS_MS = 600;

/**
 * Show what the log says.
 *
 * @param options run; group; timeline; state() -> the page's state; setState(values)
 * @returns { choice, list, begin(), note(), update(), dispose() }: two elements to be put somewhere; begin() when a chart is
 *   drawn, note() when something was logged
 */
export function openMarks({ run, group, timeline, state, setState }) {
  let found = null;
  let isGone = false;
  const select = h("select", { onChange: (event) => choose(event.target.value) },
    MODES.map((name) => h("option", { value: name, selected: name === mode() }, t(`marks.${name}`))));
  const choice = h("label", null, t("marks.label"), " ", select);
  const summary = h("summary", null);
  const items = h("ol", { className: "around" });
  const list = h("details", { className: "mark-list", hidden: true }, summary, items);
  const unbind = bindKeys({ m: [t("marks.key"), () => choose(mode() === "none" ? "all" : "none")] });
  const again = settled(load, NEWS_MS);
  let timer = setTimeout(begin, LATEST_MS);
  let hasBegun = false;

  function mode() {
    const { marks } = state();
    return MODES.includes(marks) ? marks : "all";
  }

  function choose(name) {
    setState({ marks: name === "all" ? null : name });
    update();
  }

  function update() {
    show();
    load(); // what came while they were not shown
  }

  function begin() {
    if (hasBegun || isGone) return;
    hasBegun = true;
    clearTimeout(timer);
    load();
  }

  async function load() {
    if (mode() === "none") return; // looking for them would index the whole log
    try {
      const answer = await get("api/marks", { run });
      if (isGone) return;
      found = answer;
      show();
      if (!answer.done) timer = setTimeout(load, AGAIN_MS);
    } catch {
      return; // the log tab says what is wrong with the log
    }
  }

  function show() {
    select.value = mode();
    const marks = mode() === "none" ? [] : (found?.marks ?? []);
    const ticks = mode() === "all" ? (found?.ticks ?? []) : [];
    group.setNotes(marks.length || ticks.length ? { marks, ticks } : null);
    const warnings = ticks.reduce((sum, tick) => sum + tick.count, 0);
    list.hidden = !marks.length && !ticks.length;
    fill(summary, t("marks.count", { marks: marks.length + (marks.length ? found.left_out : 0), ticks: warnings }));
    const all = [...marks, ...ticks].sort((one, two) => one.place - two.place);
    const left = all.length - MOST_LISTED + (marks.length ? found.left_out : 0);
    fill(items, all.slice(0, MOST_LISTED).map(item), left > 0 && h("li", { className: "faint" }, t("marks.more", { count: left })));
  }

  function item(note) {
    const level = note.count ? note.level : null;
    const text = [note.count > 1 && `\u00d7${note.count}`, note.label].filter(Boolean).join(" ");
    return h("li", null, h("button", { className: "mark-line", "data-level": level, onClick: () => goTo(note) },
      h("span", { className: "mono faint" }, clock(timeText(note.us))), " ", level && h("span", { className: "level" }, level), " ", h("span", { className: "text" }, text)));
  }

  /** Show the log around a mark, and the moment on all charts. */
  function goTo(note) {
    timeline.setCursor({ time: timeText(note.us), step: note.step, seq: note.seq, writer: note.writer, run, source: "chart" });
  }

  return {
    choice, list, goTo, begin,
    note: again,
    update,
    dispose() {
      isGone = true;
      clearTimeout(timer);
      unbind();
    },
  };
}
