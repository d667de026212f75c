// What a run was started with and in: parameters, tags, writers, environment, problems, children.

import { get } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { bytes, duration, moment } from "../base/format.js";
import { visible, visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";
import { runLink } from "../pages/links.js";

addWords({
  "about.parameters": ["Parameters", "パラメーター"],
  "about.tags": ["Tags", "タグ"],
  "about.properties": ["Properties", "プロパティ"],
  "about.writers": ["Writers", "書き込み元"],
  "about.environment": ["Environment", "環境"],
  "about.packages": ["Packages", "パッケージ"],
  "about.variables": ["Variables", "環境変数"],
  "about.problems": ["Problems", "問題"],
  "about.noproblems": ["Every line is whole, and none is missing.", "すべての行が揃っています。"],
  "about.look": ["Look at every line", "全行を調べる"],
  "about.children": ["Children", "子の実行"],
  "about.facts": ["Facts", "情報"],
  "about.id": ["id", "ID"],
  "about.type": ["type", "種類"],
  "about.parent": ["parent", "親の実行"],
  "about.created": ["created", "作成"],
  "about.lastrecord": ["last record", "最後の記録"],
  "about.streams": ["size of its lines", "行のサイズ"],
  "about.folder": ["folder", "フォルダー"],
  "about.writer": ["writer", "書き込み元"],
  "about.process": ["host and process", "ホストとプロセス"],
  "about.started": ["started", "開始"],
  "about.ended": ["ended", "終了"],
  "about.status": ["status", "状態"],
  "about.run": ["run", "実行"],
  "about.took": ["took", "所要時間"],
  "about.none": ["none", "なし"],
  "about.dropped": ["{records} records could not be kept: {reason}", "{records} 件を保存できませんでした: {reason}"],
});

/** Yield [path, value] of nested parameters: model.layers.0. */
function* leaves(value, path = "") {
  const isNest = value !== null && typeof value === "object" && Object.keys(value).length > 0;
  if (!isNest) yield [path, value];
  else for (const [key, item] of Object.entries(value)) yield* leaves(item, path ? `${path}.${key}` : key);
}

/** A value as it is; an empty text in quotes, so that it is seen. */
function textOf(value) {
  return typeof value === "string" && value !== "" ? visible(value) : JSON.stringify(value);
}

function pairs(rows, name) {
  const shown = rows.filter(([, value]) => value !== undefined);
  if (!shown.length) return h("p", { className: "faint" }, t("about.none"));
  return h("table", { className: "pairs", "data-what": name }, h("tbody", null,
    shown.map(([key, value]) => h("tr", null, h("th", { scope: "row" }, visibleName(key)), h("td", { className: "mono" }, value instanceof Node ? value : textOf(value))))));
}

function part(title, ...content) {
  return h("section", { className: "about-part" }, h("h2", null, title), ...content);
}

function factsOf(about, size) {
  const rows = { id: about.id, type: about.type, parent: about.parent, created: moment(about.created), lastrecord: moment(about.last_record), streams: bytes(size), folder: about.path };
  return Object.entries(rows).filter(([, value]) => value).map(([key, value]) => [t(`about.${key}`), value]);
}

/** A table with a head; rows of cells, of which the first names the row. */
function wideTable(label, columns, rows) {
  return h("div", { className: "wide-table", tabindex: "0", role: "region", "aria-label": label }, h("table", null,
    h("thead", null, h("tr", null, columns.map((key) => h("th", { scope: "col" }, t(`about.${key}`))))),
    h("tbody", null, rows.map(([name, ...cells]) => h("tr", null, h("th", { scope: "row" }, name), cells.map((cell) => h("td", null, cell)))))));
}

function writersOf(writers) {
  return wideTable(t("about.writers"), ["writer", "process", "started", "ended", "status"],
    writers.map((writer) => [writer.name, `${writer.host ?? ""} ${writer.pid ?? ""}`, moment(writer.started), writer.ended ? moment(writer.ended) : "", writer.status ?? ""]));
}

function environmentOf(environment) {
  const { packages, variables, git, ...rest } = environment;
  const rows = Object.entries({ ...rest, git }).map(([name, value]) => [name, Array.isArray(value) ? value.join(" ") : value]);
  return [
    pairs(rows.flatMap(([name, value]) => [...leaves(value, name)]), "environment"),
    packages && h("details", null, h("summary", null, `${t("about.packages")} ${Object.keys(packages).length}`), pairs(Object.entries(packages), "packages")),
    variables && h("details", null, h("summary", null, t("about.variables")), pairs(Object.entries(variables), "variables")),
  ];
}

function problemsOf(problems) {
  if (!problems.length) return h("p", { className: "faint" }, t("about.noproblems"));
  return h("ul", { className: "problems" }, problems.map((problem) =>
    h("li", null, h("span", { className: "mono" }, problem.offset === null ? problem.file : `${problem.file}:${problem.offset}`), ` ${problem.kind}: ${problem.text}`)));
}

/** Return the list of child runs as links. */
export function childrenOf(runs) {
  if (!runs.length) return h("p", { className: "faint" }, t("about.none"));
  const link = (run) => h("a", { href: runLink(run.key), "data-inside": true }, visibleName(run.name || run.id));
  return wideTable(t("about.children"), ["run", "status", "started", "took"],
    runs.map((run) => [link(run), h("span", { className: "status", "data-status": run.status }, run.status), moment(run.started), duration(run.seconds)]));
}

/** What is asked for apart: each part says by itself what goes wrong. */
function loadParts(run, facts, { environment, children, problems }, signal) {
  const into = (place, path, draw) => get(path, { run }, signal).then((found) => fill(place, draw(found)))
    .catch((error) => error.name !== "AbortError" && fill(place, h("p", { className: "faint" }, error.message)));
  const look = () => into(problems, "api/problems", (found) => problemsOf(found.problems));
  fill(problems, facts.problems ? problemsOf(facts.problems) : h("button", { onClick: look }, t("about.look")));
  into(environment, "api/environment", (found) => environmentOf(found.environment));
  into(children, "api/children", (found) => childrenOf(found.runs));
}

/** Show the tab. */
export async function show(container, context) {
  const controller = new AbortController();
  const draw = (facts) => {
    const about = facts.facts;
    const places = { environment: h("div"), children: h("div"), problems: h("div") };
    fill(container, h("div", { className: "about" },
      part(t("about.parameters"), pairs([...leaves(about.parameters)].filter(([path]) => path), "parameters")),
      part(t("about.tags"), pairs(Object.entries(about.tags).map(([name, value]) => [name, value ?? "\u2713"]), "tags")),
      Object.keys(about.properties).length > 0 && part(t("about.properties"), pairs(Object.entries(about.properties), "properties")),
      part(t("about.facts"), pairs(factsOf(about, facts.bytes), "facts"), about.dropped && h("p", { className: "problem" }, t("about.dropped", about.dropped))),
      part(t("about.writers"), writersOf(facts.writers)),
      part(t("about.environment"), places.environment),
      part(t("about.problems"), places.problems),
      part(t("about.children"), places.children)));
    loadParts(context.run, facts, places, controller.signal);
  };
  draw(context.facts);
  return { update() {}, note() {}, facts: draw, dispose: () => controller.abort() };
}
