// The curves of several runs, one chart for each metric.

import { get, urlFor } from "../base/api.js";
import { axisTitle } from "../base/chartplot.js";
import { Card } from "../base/chartcard.js";
import { ChartGroup } from "../base/chartgroup.js";
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
  // Zoom and what is hidden stay while x and the kind of lines do.
  const kind = `${question.x} ${question.group ?? ""}`;
  if (page.groupKind !== kind) page.group = new ChartGroup({ onView: () => page.cards.forEach((card) => card.load()) });
  page.groupKind = kind;
  page.tip = new Tip();
  // The colours of groups are their own: eight groups have eight of them, whatever their runs have.
  page.groupColours ??= new RunColours();
  const spoken = h("div", { className: "unseen", role: "status" });
  const slots = h("div", { className: "compare-curves" });
  fill(
    place,
    curvesBar(page, question),
    h("h2", { className: "unseen" }, t("compare.curves")),
    slots,
    names.length > page.mostCurves && h("button", { onClick: () => ((page.mostCurves += FIRST_CURVES), page.draw()) }, t("compare.more")),
    spoken,
  );
  const runs = page.keys.filter((key) => !page.off.has(key));
  for (const name of names.slice(0, page.mostCurves)) {
    const slot = h("div", { className: "compare-slot" });
    slots.append(slot);
    const card = cardOf(page, name, runs, question, spoken);
    if (question.group) knowGroups(card);
    page.cards.push(card);
    slot.append(card.element);
    card.load();
  }
}

/** What is asked for of each metric, by the state of the page. */
function questionOf({ x = "step", smooth, group, agg, band, between }) {
  if (!group) return { x, smooth: Number(smooth) || 0 };
  return { x, group: parted(group), agg, band, between: between ? 1 : null };
}

function curvesBar(page, question) {
  const { x } = question;
  const setAxis = (event) => change({ x: event.target.value === "step" ? null : event.target.value });
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
    onSettings: (text) => change({ [`c.${name}`]: text }, { quiet: true }),
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
  const asked = page.keys.join(" ");
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
