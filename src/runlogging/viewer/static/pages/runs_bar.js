// Above the table of runs: what is shown of it, and what is done with the selected ones.

import { fill, h, refill } from "../base/dom.js";
import { pythonOf } from "../base/export.js";
import { change, urlOf } from "../base/state.js";
import { t } from "../base/words.js";
import { joined } from "./links.js";
import { compare, copyRows, handOut, hide, MOST_HIDDEN, unhide } from "./runs_actions.js";
import { titleOf } from "./runs_columns.js";

/** Experiment, groups, columns and folding. */
export function drawBar(page) {
  const { exp, group, agg, band, fold, where } = page.state;
  const { known, experiments, hasTree, chooser } = page;
  if (isDrawn(page, "bar", [exp, group, agg, band, fold, where, hasTree, chooser.isOpen, experiments, known.map(({ name }) => name)])) return;
  const choose = (name) => (event) => change({ [name]: event.target.value || null }, { push: true });
  const option = (value, text, now) => h("option", { value, selected: value === (now ?? "") }, text);
  const select = (label, name, choices, now) =>
    h("label", null, h("span", { className: "faint" }, label), " ", h("select", { onChange: choose(name), "aria-label": label }, choices.map(([value, text]) => option(value, text, now))));
  const groups = page.known.filter((column) => column.kind === "param" || column.kind === "tag").slice(0, 1000);
  const inGroups = [["", t("runs.nogroup")], ["experiment", titleOf("experiment")], ["parent", titleOf("parent")], ["status", titleOf("status")], ...groups.map(({ name }) => [name, name])];
  if (group && !inGroups.some(([name]) => name === group)) inGroups.push([group, page.group.join(" × ")]);
  refill(
    page.bar,
    select(t("runs.experiment"), "exp", [["", t("runs.all")], ...(page.experiments ?? []).map(({ name, count }) => [name, `${name} (${count})`])], exp),
    select(t("runs.group"), "group", inGroups.map(([name, text]) => [name && name !== group ? joined([name]) : name, text]), group),
    group && h("select", { onChange: choose("agg"), "aria-label": t("runs.mean") }, option("", t("runs.mean"), agg), option("median", t("runs.median"), agg)),
    group && h("select", { onChange: choose("band"), "aria-label": t("runs.std") }, option("", t("runs.std"), band), ["stderr", "minmax", "quantile"].map((name) => option(name, t(`runs.${name}`), band))),
    group && h("a", { "data-inside": true, href: urlOf({ view: "compare", where: page.state.where, exp, all: page.state.where ? null : 1, group, agg, band }) }, t("runs.groupcurves")),
    h("button", { className: "columns", "aria-expanded": String(page.chooser.isOpen), onClick: () => (page.chooser.toggle(), page.drawBar()) }, t("runs.columns")),
    !group && page.hasTree && h("button", { className: "quiet", onClick: () => (page.turned.clear(), change({ fold: fold ? null : "all" })) }, t(fold ? "runs.unfold" : "runs.fold")),
    h("div", { className: "spring" }),
    page.count,
  );
}

/** Tell whether a part of the page was drawn with just this: made anew, it would take the keyboard and open lists along. */
function isDrawn(page, part, facts) {
  const text = JSON.stringify(facts);
  const isSame = page.drawn?.[part] === text;
  page.drawn = { ...page.drawn, [part]: text };
  return isSame;
}

/** How many runs there are and are selected, and what is done with those. */
export function drawActions(page) {
  const { facts, selection } = page;
  const { isAll } = selection;
  if (isDrawn(page, "actions", [facts.fitting, facts.runs, facts.problems, facts.loading, facts.read, selection.size, isAll, page.hidden.size])) return;
  const count = isAll ? facts.fitting : selection.size;
  fill(page.count, t("runs.count", { fitting: facts.fitting, runs: facts.runs }), facts.problems ? [" · ", h("span", { className: "bad" }, t("runs.damaged", { count: facts.problems }))] : null, facts.loading ? h("span", { className: "runs-loading" }, " · ", t("runs.loading", { read: facts.read.toLocaleString(), runs: facts.runs.toLocaleString() })) : null);
  const button = (name, work, isOff = false, title = null) => h("button", { onClick: (event) => work(event.currentTarget), disabled: isOff, title }, t(`runs.${name}`));
  const areTooMany = page.hidden.size + selection.size > MOST_HIDDEN;
  refill(
    page.actions,
    h("span", { className: "selected", role: "status" }, t("runs.selected", { count })),
    button("compare", () => compare(page), count < 2),
    button("hide", () => hide(page), !selection.size || isAll || areTooMany, areTooMany && t("runs.mosthidden", { count: MOST_HIDDEN })),
    page.hidden.size > 0 && h("button", { onClick: () => unhide(page) }, t("runs.show", { count: page.hidden.size })),
    button("path", (place) => copyRows(page, place, (rows) => rows.map((row) => row.path).join("\n")), !count),
    button("python", (place) => copyRows(page, place, pythonOf), !count),
    button("clear", () => (selection.clear(), page.draw()), !count),
    h("div", { className: "spring" }),
    h("span", { className: "faint" }, t("runs.out")),
    ["CSV", "Markdown", "LaTeX"].map((kind) => h("button", { className: "quiet out", onClick: (event) => handOut(page, kind, event.currentTarget) }, kind)),
  );
}
