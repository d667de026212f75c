// What differs between runs, as tables: parameters and environment, figures of metrics, log templates.

import { fill, h } from "../base/dom.js";
import { csvOf, latexOf, markdownOf } from "../base/export.js";
import { number } from "../base/format.js";
import { copyText, download } from "../base/handout.js";
import { change } from "../base/state.js";
import { t } from "../base/words.js";
import { Rows } from "./compare_rows.js";
import { saidValue } from "./compare_scale.js";

/** Parameters, tags and environment. */
export function drawParameters(page) {
  const { data } = page;
  const parts = ["parameters", "tags", "environment"];
  const rows = parts.flatMap((part) => data[part].map((item) => ({ ...item, part })));
  const same = parts.reduce((sum, part) => sum + data.same[part], 0);
  const table = () => ({ head: ["part", "key", ...page.keys], rows: rows.map((item) => [item.part, item.key, ...item.values.map((value, place) => (item.missing.includes(place) ? "" : saidValue(value)))]) });
  drawTable(page, bar(page, same, table), {
    label: t("compare.table"),
    head: h("thead", null, h("tr", null, h("th", { scope: "col" }, ""), runHeads(page))),
    widths: [220, ...page.keys.map(() => 120)],
    rows: parts.flatMap((part) => (data[part].length ? [headingRow(page, part), ...data[part].map((item) => ({ text: item.key, make: () => differenceRow(item) }))] : [])),
  });
}

/** Of each metric the figures of each run. */
export function drawMetrics(page) {
  const { metrics, same, runs } = page.data;
  const figures = metrics.flatMap((metric) => metric.runs.map((one, place) => ({ metric, one, place })));
  const table = () => ({
    head: ["metric", "run", "last", "best", "best step", "area per step", "parts at", "count"],
    rows: figures.filter(({ one }) => one).map(({ metric, one, place }) => [metric.name, page.keys[place], one.last, one.best, one.best_step, one.average, one.against?.parts_at ?? null, one.count]),
  });
  const heads = ["last", "change", "best", "at", "area", "apart"].map((name) => h("th", { scope: "col", className: "number" }, t(`compare.${name}`)));
  drawTable(page, bar(page, same.metrics, table), {
    label: t("compare.metrics"),
    head: h("thead", null, h("tr", null, h("th", { scope: "col" }, ""), h("th", { scope: "col" }, t("compare.run")), heads)),
    widths: [220, 220, ...heads.map(() => 120)],
    // While rows are filtered a metric goes as a whole, so its name may span its rows.
    rows: figures.map(({ metric, one, place }) => ({ text: metric.name, make: (isLarge) => metricRow(page, metric, one, place, isLarge ? 1 : runs.length) })),
  });
}

/** Of each log template how often each run has it. */
export function drawLogs(page) {
  const { logs, same } = page.data;
  const table = () => ({ head: ["kind", "level", "logger", "place", "template", ...page.keys], rows: logs.map((log) => [log.kind ?? "", log.level, log.logger, placeOf(log), log.template, ...log.counts]) });
  drawTable(page, bar(page, same.logs, table), {
    label: t("compare.logs"),
    head: h("thead", null, h("tr", null, h("th", { scope: "col" }, ""), h("th", null, ""), runHeads(page))),
    widths: [120, 360, ...page.keys.map(() => 110)],
    rowHeight: 48,
    rows: logs.map((log) => ({ text: textOf(log), make: () => logRow(log) })),
  });
}

// ---------------------------------------------------------------------- parts of tables

function bar(page, same, table) {
  const search = h("input", { type: "search", placeholder: t("compare.rows"), "aria-label": t("compare.rows"), value: page.row, onInput: (event) => ((page.row = event.target.value), page.rows?.filter(page.row)) });
  const isAll = page.state.same === "1";
  return h(
    "div",
    { className: "compare-bar" },
    search,
    (same > 0 || isAll) && h("label", null, h("input", { type: "checkbox", checked: isAll, onChange: () => change({ same: isAll ? null : "1" }) }), " ", t("compare.all", { count: isAll ? "" : same }).replace(" ()", "")),
    h("div", { className: "spring" }),
    [["CSV", csvOf], ["Markdown", markdownOf], ["LaTeX", latexOf]].map(([kind, write]) => h("button", { className: "quiet", onClick: (event) => (kind === "CSV" ? download(new Blob([write(table())], { type: "text/csv" }), "compare.csv") : copyText(write(table()), event.currentTarget)) }, kind)),
  );
}

function drawTable(page, bar, table) {
  page.rows = table.rows.length ? new Rows(table) : null;
  fill(page.body, bar, page.rows?.element ?? h("p", { className: "faint" }, t("compare.nothing")));
  page.rows?.filter(page.row);
}

function runHeads(page) {
  return page.keys.map((key, place) => h("th", { scope: "col", title: key }, h("span", { className: "swatch", style: { background: page.colours.of(key).colour } }), " ", page.title(place)));
}

function headingRow(page, part) {
  return { text: null, make: () => h("tr", null, h("th", { scope: "rowgroup", colspan: page.keys.length + 1 }, h("span", { className: "kind" }, part))) };
}

/** A row of a metric; its name stands in every row, or in the first one and spans `count` rows. */
function metricRow(page, metric, one, place, count) {
  const head = (place === 0 || count === 1) && h("th", { scope: count > 1 ? "rowgroup" : "row", rowspan: count, title: metric.name }, metric.name);
  const name = h("td", null, h("span", { className: "swatch", style: { background: page.colours.of(page.keys[place]).colour } }), " ", page.title(place));
  const props = { "data-row": metric.name };
  if (!one) return h("tr", props, head, name, h("td", { colspan: 6, className: "kind" }, t("compare.missing")));
  const isBest = metric.winners.includes(place);
  const cell = (value, more = "") => h("td", { className: `number ${more}` }, value);
  const { against } = one;
  const parts = !against || !against.shared_steps ? "" : against.parts_at === null ? t("compare.never") : against.parts_at;
  return h("tr", props, head, name, cell(number(one.last)), cell(changeText(against)), cell(isBest ? `${number(one.best)} ★` : number(one.best), isBest ? "best" : ""), cell(one.best_step ?? ""), cell(number(one.average)), cell(parts));
}

function differenceRow({ key, values, missing, differs }) {
  const said = values.map((value, place) => (missing.includes(place) ? null : saidValue(value)));
  const cell = (text) => h("td", { className: differs && text !== said[0] ? "unlike" : null, title: text && text.length > 12 ? text : null }, text === null ? h("span", { className: "kind" }, t("compare.missing")) : text);
  return h("tr", { "data-row": key }, h("th", { scope: "row", title: key }, key), said.map(cell));
}

function textOf(log) {
  return `${log.template} ${log.logger} ${log.level} ${log.kind ?? ""}`;
}

function logRow(log) {
  return h(
    "tr",
    { "data-row": textOf(log) },
    h("th", { scope: "row" }, h("span", { className: "log-kind", "data-kind": log.kind }, log.kind ?? ""), h("div", { className: "faint" }, log.level)),
    h("td", { title: log.message }, h("div", { className: "mono" }, log.template), h("div", { className: "faint" }, `${log.logger} ${placeOf(log)} ${log.exception ?? ""}`)),
    log.counts.map((count, place) => h("td", { className: log.kinds[place] ? "number unlike" : "number" }, count)),
  );
}

function changeText(against) {
  if (!against || against.delta === null) return "";
  const { delta, relative } = against;
  if (relative === null || Math.abs(relative) >= 10) return `${delta > 0 ? "+" : ""}${number(delta, 3)}`;
  return `${relative > 0 ? "+" : ""}${number(relative * 100, 3)}%`;
}

const placeOf = ({ file, line }) => (file ? `${file.split(/[\\/]/).at(-1)}:${line ?? ""}` : "");
