// What a run was started with and in: parameters, tags, writers, environment, problems, children.

import { get } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { bytes, duration, moment } from "../base/format.js";
import { addWords, t } from "../base/words.js";

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
  "about.none": ["none", "なし"],
  "about.dropped": ["{records} records could not be kept: {reason}", "{records} 件を保存できませんでした: {reason}"],
});

/** Yield [path, value] of nested parameters: model.layers.0. */
function* leaves(value, path = "") {
  const isNest = value !== null && typeof value === "object" && Object.keys(value).length > 0;
  if (!isNest) yield [path, value];
  else for (const [key, item] of Object.entries(value)) yield* leaves(item, path ? `${path}.${key}` : key);
}

function textOf(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function pairs(rows, name) {
  const shown = rows.filter(([, value]) => value !== undefined && value !== "");
  if (!shown.length) return h("p", { className: "faint" }, t("about.none"));
  return h("table", { className: "pairs", "data-what": name }, h("tbody", null,
    shown.map(([key, value]) => h("tr", null, h("th", { scope: "row" }, key), h("td", { className: "mono" }, value instanceof Node ? value : textOf(value))))));
}

function part(title, ...content) {
  return h("section", { className: "about-part" }, h("h2", null, title), ...content);
}

function writersOf(writers) {
  return h("div", { className: "wide-table", tabindex: "0", role: "region", "aria-label": t("about.writers") }, h("table", null, h("tbody", null, writers.map((writer) => h("tr", null,
    h("th", { scope: "row" }, writer.name), h("td", null, `${writer.host ?? ""} ${writer.pid ?? ""}`), h("td", null, moment(writer.started)),
    h("td", null, writer.ended ? moment(writer.ended) : ""), h("td", null, writer.status ?? ""))))));
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
  return h("div", { className: "wide-table" }, h("table", null, h("tbody", null, runs.map((run) => h("tr", null,
    h("td", null, h("a", { href: `?view=run&run=${encodeURIComponent(run.key).replaceAll("%2F", "/")}`, "data-inside": true }, run.name || run.id)),
    h("td", null, h("span", { className: "status", "data-status": run.status }, run.status)), h("td", null, moment(run.started)), h("td", { className: "number" }, duration(run.seconds)))))));
}

/** Show the tab. */
export async function show(container, context) {
  const controller = new AbortController();
  const draw = async (facts) => {
    const { facts: about } = facts;
    const environment = h("div");
    const children = h("div");
    const problems = h("div");
    fill(container, h("div", { className: "about" },
      part(t("about.parameters"), pairs([...leaves(about.parameters)].filter(([path]) => path), "parameters")),
      part(t("about.tags"), pairs(Object.entries(about.tags).map(([name, value]) => [name, value ?? "\u2713"]), "tags")),
      Object.keys(about.properties).length > 0 && part(t("about.properties"), pairs(Object.entries(about.properties), "properties")),
      part(t("about.facts"), pairs([["id", about.id], ["type", about.type ?? ""], ["parent", about.parent ?? ""], ["created", moment(about.created)], ["last record", moment(about.last_record)], ["streams", bytes(facts.bytes)], ["folder", about.path]], "facts"),
        about.dropped && h("p", { className: "problem" }, t("about.dropped", about.dropped))),
      part(t("about.writers"), writersOf(facts.writers)),
      part(t("about.environment"), environment),
      part(t("about.problems"), problems),
      part(t("about.children"), children)));
    const ask = (path) => get(path, { run: context.run }, controller.signal);
    const failed = (place) => (error) => error.name !== "AbortError" && fill(place, h("p", { className: "faint" }, error.message));
    const look = () => ask("api/problems").then((found) => fill(problems, problemsOf(found.problems))).catch(failed(problems));
    if (facts.problems) fill(problems, problemsOf(facts.problems));
    else fill(problems, h("button", { onClick: look }, t("about.look")));
    ask("api/environment").then((found) => fill(environment, environmentOf(found.environment))).catch(failed(environment));
    ask("api/children").then((found) => fill(children, childrenOf(found.runs))).catch(failed(children));
  };
  await draw(context.facts);
  return { update() {}, note() {}, facts: draw, dispose: () => controller.abort() };
}
