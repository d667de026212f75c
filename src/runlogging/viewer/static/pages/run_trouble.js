// What went wrong with a run: its exception, its stack, its last lines, and since when.

import { textNodes } from "../base/ansi.js";
import { get } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { clock, duration, moment } from "../base/format.js";
import { visible } from "../base/visible.js";
import { addWords, t } from "../base/words.js";

addWords({
  "run.failed": ["This run failed", "この実行は失敗しました"],
  "run.canceled": ["This run was canceled", "この実行は中止されました"],
  "run.silent": ["This run does not respond: its process is gone", "この実行は応答しません: プロセスがありません"],
  "run.since": ["since {time}, {ago} ago", "{time} から ({ago} 前)"],
  "run.lastlines": ["Its last log lines", "最後のログ"],
  "run.nolines": ["It has logged no lines.", "ログはありません。"],
  "run.alllines": ["All of the log", "ログ全体"],
  "run.trace": ["Stack trace", "スタックトレース"],
  "run.crash": ["Crash of {writer}", "{writer} のクラッシュ"],
});

const LAST_LINES = 20;
const TITLES = { Failed: "run.failed", Canceled: "run.canceled", NotResponding: "run.silent" };

/** Show what went wrong in an element, nothing where all is well. onAll is called when the whole log is asked for. */
export function showTrouble(place, run, facts, onAll) {
  const isFailed = facts.status === "Failed" || (facts.status === "Canceled" && facts.error);
  if (!isFailed && facts.status !== "NotResponding") return void fill(place);
  const title = t(TITLES[facts.status]);
  const since = (facts.status === "NotResponding" ? facts.last_record : facts.ended) ?? facts.last_record;
  const lines = h("ol", { className: "last-lines" });
  fill(place, h("section", { className: "trouble", "aria-label": title },
    h("h2", null, title, since && h("small", { className: "faint" }, " ", t("run.since", { time: moment(since), ago: ago(since) }))),
    facts.error && h("p", { className: "error-text" }, h("strong", null, facts.error.type), facts.error.message && `: ${visible(facts.error.message)}`),
    facts.error?.stacktrace && h("details", { open: true }, h("summary", null, t("run.trace")), h("pre", { tabindex: "0" }, visible(facts.error.stacktrace))),
    Object.entries(facts.faults ?? {}).map(([writer, text]) => h("details", null, h("summary", null, t("run.crash", { writer })), h("pre", { tabindex: "0" }, visible(text)))),
    h("details", { open: true }, h("summary", null, t("run.lastlines")), h("button", { className: "quiet", onClick: onAll }, t("run.alllines")), lines)));
  showLastLines(lines, run);
}

/** Open what is told at length, or fold it away: it is what a run opens on, and in the way of its other tabs. */
export function unfoldTrouble(place, isOpen) {
  for (const details of place.querySelectorAll("details")) details.open = isOpen;
}

async function showLastLines(list, run) {
  try {
    const found = await get("api/logs", { run, begin: -LAST_LINES, count: LAST_LINES });
    fill(list, !found.total && h("li", { className: "faint" }, t("run.nolines")), found.entries.map((entry) => h("li", { "data-level": entry.level },
      h("span", { className: "mono faint" }, entry.time ? clock(entry.time) : ""), " ", h("span", { className: "level" }, entry.level ?? ""), " ", h("span", { className: "text" }, coloured(entry.message ?? "")))));
  } catch (error) {
    if (error.name !== "AbortError") fill(list, h("li", { className: "faint" }, error.message));
  }
}

/** The lines of a message in the colours of a terminal. */
function coloured(message) {
  return message.split("\n").map((line, at) => [at > 0 && "\n", textNodes(line)]);
}

function ago(text) {
  return duration((Date.now() - Date.parse(text)) / 1000);
}
