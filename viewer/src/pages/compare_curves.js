// The curves of several runs, one chart for each metric.

import { get, urlFor } from "../base/api.js";
import { axisTitle } from "../base/chartplot.js";
import { Card } from "../base/chartcard.js";
import { ChartGroup } from "../base/chartgroup.js";
import { viewOf, viewText } from "../base/chartview.js";
import { Tip } from "../base/charttip.js";
import { RunColours } from "../base/colours.js";
import { fill, h } from "../base/dom.js";
import { change } from "../base/state.js";
import { t } from "../base/words.js";
import { zoomButtons } from "../tabs/charts_bar.js";
import { groupChoice } from "./compare_groups.js";
import { parted } from "./links.js";

/** So many charts are drawn at first, and so many more at each press of the button. */
export const FIRST_CURVES = 12;

const AXES = ["step", "relstep", "wall", "relative", "active"];

export async function drawCurves(page) {
  const place = page.body;
  const names = await metricNames(page);
  if (place !== page.body || page.isGone) return;
  const question = questionOf(page.state);
  shareGroup(page, question);
  page.tip = new Tip();
  // The colours of groups are their own: eight groups have eight of them, whatever their runs have.
  page.groupColours ??= new RunColours();
  const spoken = h("div", { className: "unseen", role: "status", "aria-live": "polite" });
  const slots = h("div", { className: "compare-curves" });
  const more = h("button", { onClick: () => ((page.mostCurves += FIRST_CURVES), growCurves(page)) }, t("compare.more"));
  page.curves = { place, question, spoken, slots, more };
  fill(
    place,
    curvesBar(page, question),
    h("h2", { className: "unseen" }, t("compare.curves")),
    slots,
    more,
    spoken,
  );
  addCurves(page, names);
}

/** Draw what is not drawn yet, such as a metric that is new; what is there stays as it is. */
export async function growCurves(page) {
  const { curves } = page;
  const names = await metricNames(page);
  if (curves === page.curves && curves.place === page.body && !page.isGone) addCurves(page, names);
}

function addCurves(page, names) {
  const { slots, more } = page.curves;
  const runs = page.keys.filter((key) => !page.off.has(key));
  let next = slots.firstElementChild;
  for (const name of names.slice(0, page.mostCurves)) {
    const known = page.cards.find((card) => card.name === name);
    if (known) next = known.element.parentElement.nextElementSibling;
    else addCurve(page, name, runs, next);
  }
  more.hidden = names.length <= page.cards.length;
}

function addCurve(page, name, runs, next) {
  const { question, spoken, slots } = page.curves;
  const slot = h("div", { className: "compare-slot" });
  slots.insertBefore(slot, next);
  const card = cardOf(page, name, runs, question, spoken);
  if (question.group) knowGroups(card);
  page.cards.push(card);
  slot.append(card.element);
  card.load();
}

/** Let the charts share zoom and what is hidden, as long as x and the kind of lines stay. */
function shareGroup(page, question) {
  const kind = `${question.x} ${question.group ?? ""}`;
  if (page.groupKind === kind) return;
  const group = new ChartGroup({ onView: () => page.group === group && viewed(page) });
  group.view = viewOf(page.state);
  group.isFollowing = !group.view;
  Object.assign(page, { group, groupKind: kind });
}

/** Another part of x is shown: it goes into the URL, where a step back undoes it. */
function viewed(page) {
  if (page.isGone) return;
  const text = viewText(page.group.view);
  if ((page.state.v ?? null) !== text) page.setState({ v: text }, { push: true });
  page.reload();
}

/** What is asked for of each metric, by the state of the page. */
function questionOf({ x = "step", smooth, group, agg, band, between }) {
  if (!group) return { x, smooth: Number(smooth) || 0 };
  return { x, group: parted(group), agg, band, between: between ? 1 : null };
}

function curvesBar(page, question) {
  const { x } = question;
  const setAxis = (event) => change({ x: event.target.value === "step" ? null : event.target.value, v: null }, { push: true });
  const setSmooth = (event) => change({ smooth: Number(event.target.value) || null });
  return h(
    "div",
    { className: "compare-bar" },
    h("label", null, "x ", h("select", { onChange: setAxis }, AXES.map((name) => h("option", { value: name, selected: name === x }, axisTitle(name))))),
    question.group ? null : h("label", null, `${t("compare.smooth")} `, h("input", { type: "range", min: 0, max: 0.99, step: 0.01, value: question.smooth, onChange: setSmooth })),
    groupChoice(page, x),
    zoomButtons(page.group, () => page.cards.map((card) => card.chart).find((chart) => chart.columns)?.span ?? [0, 1], null),
  );
}

function cardOf(page, name, runs, question, spoken) {
  const isGrouped = Boolean(question.group);
  return new Card({
    name, runs, group: page.group, colours: isGrouped ? page.groupColours : page.colours, tip: page.tip, text: page.state[`c.${name}`],
    label: isGrouped ? (line) => line.run.slice(1) : (line) => page.title(page.keys.indexOf(line.run)),
    path: isGrouped ? "api/group_series" : null,
    csv: isGrouped ? urlFor("api/group_series.csv", { run: runs, name, ...question }) : null,
    read: (text) => (spoken.textContent = text),
    ask: () => question,
    onSettings: (text) => page.setState({ [`c.${name}`]: text }),
    onPoint: () => {},
  });
}

/** Let all groups have their colours before one is drawn: a group has one colour, whichever metrics it has. */
function knowGroups(card) {
  const { asker, colours } = card;
  card.asker = async (...asked) => {
    const answer = await asker(...asked);
    colours.add(answer.groups);
    return answer;
  };
}

/** All metrics of the runs, also those that are the same in all. */
async function metricNames(page) {
  const names = page.data.metrics.map((metric) => metric.name);
  if (!page.data.same.metrics) return names;
  page.whole ??= new Map();
  const { metrics, same } = page.data;
  const asked = [metrics.length + same.metrics, ...page.keys].join(" ");
  if (!page.whole.has(asked)) page.whole.set(asked, get("api/compare", { run: page.keys, all: 1 }).then((whole) => whole.metrics.map((metric) => metric.name)));
  return page.whole.get(asked).catch(() => names);
}

/** Take the charts away. */
export function dropCards(page) {
  for (const card of page.cards) card.dispose();
  page.cards = [];
  page.tip?.dispose();
  page.tip = null;
}
