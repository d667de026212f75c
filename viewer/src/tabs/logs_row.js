// One entry of a log: its line, what it expands to, and its text.

import { escaped, textNodes } from "../base/ansi.js";
import { h } from "../base/dom.js";
import { clock, moment, number } from "../base/format.js";
import { addWords, t } from "../base/words.js";

addWords({
  "logs.expand": ["Details of line {line}", "{line} 行目の詳細"],
  "logs.more": ["{lines} more lines, {characters} characters in all", "残り {lines} 行、全 {characters} 文字"],
  "logs.longer": ["{characters} characters in all", "全 {characters} 文字"],
  "logs.moremetrics": ["{count} more", "他 {count} 件"],
  "logs.progress": ["progress: only the last state is shown", "進捗: 最後の状態だけを表示"],
  "logs.recorded": ["kept by the flight recorder, written later", "フライトレコーダーが保持し、後から書かれた行"],
  "logs.copy": ["Copy as text", "テキストをコピー"],
  "logs.copied": ["Copied", "コピーしました"],
  "logs.time": ["time (UTC)", "時刻 (UTC)"],
  "logs.source": ["source", "ソース"],
  "logs.template": ["template", "テンプレート"],
  "logs.writer": ["writer", "書き手"],
  "logs.place": ["thread, task, process", "スレッド、タスク、プロセス"],
  "logs.step": ["step", "ステップ"],
  "logs.metrics": ["metrics", "メトリクス"],
  "logs.attributes": ["attributes", "属性"],
  "logs.exception": ["exception", "例外"],
  "logs.stack": ["stack", "スタック"],
  "logs.problems": ["problems", "問題"],
  "logs.waiting": ["loading", "読み込み中"],
});

const SHORT_LINES = 8;
const SHORT_LENGTH = 1_200;
const FEW_METRICS = 8;
const LEVELS = [[40, "error"], [30, "warning"], [20, "info"], [1, "debug"]];

/** Whether an entry is a state of a progress bar: it began by going back to the start of its line. */
export function isProgress(entry) {
  return Boolean(entry?.message?.startsWith("\r"));
}

/** Whether the next entry draws over this one. */
export function isOverdrawn(entry, next) {
  return isProgress(entry) && isProgress(next) && entry.logger === next.logger && entry.writer === next.writer && entry.level === next.level;
}

/** Return the kind of a level for its colour. */
export function levelKind(level) {
  return LEVELS.find(([least]) => level >= least)?.[1] ?? "none";
}

const count = (value) => Number(value).toLocaleString("en-US");
const shown = (entry) => (isProgress(entry) ? entry.message.replace(/^\r+/, "") : entry.message);

/** Make the element of a row that is still being asked for. */
export function waitingRow(row, total) {
  return h("div", { className: "log-row log-waiting", role: "article", "aria-posinset": row + 1, "aria-setsize": total, "aria-label": t("logs.waiting") },
    h("span", { className: "log-place" }, String(row + 1)), h("span", { className: "faint" }, "\u2026"));
}

/** Make the element of an entry: `marks` = { isCurrent, isPointed, isExpanded, whole, namesWriter, onExpand }. */
export function entryRow(entry, row, total, marks) {
  const kind = levelKind(entry.level_number);
  const isOpen = marks.isExpanded;
  const label = t("logs.expand", { line: entry.place + 1 });
  const classes = ["log-row", marks.isCurrent && "log-current", marks.isPointed && "log-pointed", entry.hit && "log-hit", isOpen && "log-open"];
  return h("div", {
    className: classes.filter(Boolean).join(" "), role: "article", tabindex: "-1", "aria-posinset": row + 1, "aria-setsize": total,
    "aria-current": marks.isCurrent && "true", "aria-label": `${entry.place + 1} ${entry.level ?? ""}`, "data-row": row, "data-place": entry.place, "data-level": kind,
  },
  h("button", { className: "log-expand quiet", "aria-expanded": String(isOpen), "aria-label": label, tabindex: "-1", onClick: marks.onExpand }, isOpen ? "\u25be" : "\u25b8"),
  h("span", { className: "log-place" }, String(entry.place + 1)),
  h("span", { className: "log-time", title: moment(entry.time) }, clock(entry.time)),
  h("span", { className: "log-level" }, escaped(entry.level ?? "")),
  h("div", { className: "log-body" },
    entry.recorded && h("span", { className: "faint", title: t("logs.recorded") }, "~ "),
    marks.namesWriter && h("span", { className: "log-writer" }, `[${escaped(entry.writer)}] `),
    entry.logger && h("span", { className: "log-logger" }, escaped(entry.logger), "  "),
    isProgress(entry) && h("span", { className: "faint", title: t("logs.progress") }, "\u21bb "),
    messageNodes(entry, isOpen ? marks.whole : null, marks.onExpand),
    metricNodes(entry, isOpen), stepNode(entry),
    !isOpen && exceptionNode(entry),
    isOpen && details(marks.whole ?? entry)));
}

function messageNodes(entry, whole, onExpand) {
  const text = shown(whole ?? entry);
  const spans = movedSpans(whole ?? entry);
  if (whole) return h("span", { className: "log-message" }, textNodes(text, spans));
  const lines = text.split("\n");
  const short = lines.slice(0, SHORT_LINES).join("\n").slice(0, SHORT_LENGTH);
  const characters = count(entry.cut?.message ?? text.length);
  if (short.length === text.length && !entry.cut?.message) return h("span", { className: "log-message" }, textNodes(text, spans));
  const left = Math.max(0, lines.length - SHORT_LINES);
  const more = left ? t("logs.more", { lines: entry.cut?.message ? `${left}+` : left, characters }) : t("logs.longer", { characters });
  return [h("span", { className: "log-message" }, textNodes(short, spans)), " ", h("button", { className: "log-more", tabindex: "-1", onClick: onExpand }, `\u2026 ${more}`)];
}

function movedSpans(entry) {
  const by = (entry.message?.length ?? 0) - shown(entry).length;
  return (entry.spans ?? []).map(([begin, end]) => [begin - by, end - by]);
}

function metricNodes(entry, isOpen) {
  const all = Object.entries(entry.metrics ?? {});
  const some = isOpen ? all : all.slice(0, FEW_METRICS);
  return [
    some.map(([name, value]) => ["  ", h("span", { className: "log-metric" }, `${escaped(name)}=${number(value)}`)]),
    some.length < all.length && h("span", { className: "faint" }, "  ", t("logs.moremetrics", { count: all.length - some.length })),
  ];
}

function stepNode(entry) {
  return entry.step !== undefined && entry.step !== null && ["  ", h("span", { className: "faint" }, `step=${entry.step}`)];
}

/** The last line of an exception is what one looks for first. */
function exceptionNode(entry) {
  const { type, message } = entry.exception ?? {};
  if (!type && !message) return null;
  return h("div", { className: "log-exception" }, escaped([type, message].filter(Boolean).join(": ").slice(0, 300)));
}

function details(entry) {
  const source = [entry.file && `${entry.file}${entry.line ? `:${entry.line}` : ""}`, entry.function].filter(Boolean).join("  ");
  const rows = [
    ["logs.exception", block(entry.exception?.stacktrace ?? (entry.exception && `${entry.exception.type ?? ""}: ${entry.exception.message ?? ""}`))],
    ["logs.stack", block(entry.stack)],
    ["logs.source", source && escaped(source)],
    ["logs.template", entry.template && entry.template !== entry.message && escaped(entry.template)],
    ["logs.attributes", entry.attributes && block(JSON.stringify(entry.attributes, null, 2))],
    ["logs.metrics", entry.metrics && block(Object.entries(entry.metrics).map(([name, value]) => `${name} = ${value}`).join("\n"))],
    ["logs.step", entry.step],
    ["logs.time", `${entry.time}  seq ${entry.seq}`],
    ["logs.writer", entry.writer && escaped(entry.writer)],
    ["logs.place", [entry.thread, entry.task, entry.process].filter((part) => part !== undefined && part !== null).map((part) => escaped(String(part))).join(", ")],
    ["logs.problems", entry.problems && block(entry.problems.join("\n"))],
  ].filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false);
  return h("div", { className: "log-details" },
    h("dl", null, rows.map(([name, value]) => [h("dt", null, t(name)), h("dd", null, value)])),
    h("button", { onClick: (event) => copy(event.currentTarget, entryText(entry)) }, t("logs.copy")));
}

function block(text) {
  return text && h("pre", null, textNodes(String(text).replaceAll("\r\n", "\n")));
}

async function copy(button, text) {
  await navigator.clipboard.writeText(text).catch(() => {});
  button.textContent = t("logs.copied");
}

/** Return an entry as text, as `runlogging logs` prints it. */
export function entryText(entry) {
  const numbers = Object.entries(entry.metrics ?? {}).map(([name, value]) => `${escaped(name)}=${number(value)}`);
  const step = entry.step === undefined || entry.step === null ? "" : `step=${entry.step}`;
  const [first, ...rest] = (entry.message ?? "").replaceAll("\r\n", "\n").split("\n").map(escaped);
  const before = [`${moment(entry.time).slice(0, 10)} ${clock(entry.time)}`, escaped(entry.level ?? "").padEnd(8), escaped(entry.logger ?? "")].filter(Boolean).join(" ");
  const traces = [entry.exception?.stacktrace, entry.stack].filter(Boolean).flatMap((text) => text.trimEnd().split("\n").map(escaped));
  return [[before, first, ...numbers, step].filter(Boolean).join("  "), ...[...rest, ...traces].map((line) => `    ${line}`)].join("\n");
}
