// The curves of groups of runs: by which column, which middle, and which band.

import { h } from "../base/dom.js";
import { change } from "../base/state.js";
import { addWords, t } from "../base/words.js";
import { joined, parted } from "./links.js";
import "./runs_words.js";

addWords({
  "compare.group": ["Group by", "グループ化"],
  "compare.nogroup": ["each run", "実行ごと"],
  "compare.centre": ["Middle", "中心"],
  "compare.band": ["Band", "範囲"],
  "compare.between": ["between points, too", "点の間も補間"],
  "compare.betweenwhy": [
    "A run counts between its own points, on the straight line. Without it, only at steps that it logged.",
    "各実行をその点の間でも直線で補間して数えます。オフでは記録したステップだけを数えます。",
  ],
});

const FACTS = ["experiment", "parent", "status"];
const MOST_COLUMNS = 1_000;
const STEPS = ["step", "relstep"];

/** Return the choices of the bar above the curves. */
export function groupChoice(page, x) {
  const { group, agg, band, between } = page.state;
  const choose = (name) => (event) => change({ [name]: event.target.value || null }, { push: true });
  const option = (value, text, now) => h("option", { value, selected: value === (now ?? "") }, text);
  const names = page.columns.filter(({ kind }) => kind === "param" || kind === "tag").slice(0, MOST_COLUMNS).map(({ name }) => name);
  const choices = ["", ...[...FACTS, ...names].map((name) => joined([name]))];
  if (group && !choices.includes(group)) choices.push(group);
  const title = (value) => (value ? parted(value).join(" \u00d7 ") : t("compare.nogroup"));
  const isForced = !STEPS.includes(x);
  const turn = (event) => change({ between: event.target.checked ? 1 : null });
  return [
    h("label", null, `${t("compare.group")} `, h("select", { onChange: choose("group") }, choices.map((value) => option(value, title(value), group)))),
    group && h("label", null, `${t("compare.centre")} `, h("select", { onChange: choose("agg") }, option("", t("runs.mean"), agg), option("median", t("runs.median"), agg))),
    group && h("label", null, `${t("compare.band")} `, h("select", { onChange: choose("band") }, ["", "stderr", "minmax", "quantile"].map((name) => option(name, t(`runs.${name || "std"}`), band)))),
    group && h("label", { title: t("compare.betweenwhy") }, h("input", { type: "checkbox", checked: Boolean(between) || isForced, disabled: isForced, onChange: turn }), ` ${t("compare.between")}`),
  ];
}
