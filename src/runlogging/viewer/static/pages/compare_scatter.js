// A sweep as a scatter: two columns, and a third as the colour.

import { fill, h, s } from "../base/dom.js";
import { go } from "../base/state.js";
import { t } from "../base/words.js";
import { clipped, ramp, saidValue, scaleOf } from "./compare_scale.js";
import { loadSweep, picker, usualAxes } from "./compare_sweep.js";
import { titleOf } from "./runs_columns.js";

export async function drawScatter(page) {
  const place = page.body;
  const { parameters, metrics } = usualAxes(page);
  const [x, y, colour] = [page.state.sx ?? parameters[0] ?? metrics[0], page.state.sy ?? metrics[0], page.state.colour ?? metrics[0]];
  if (!x || !y) return fill(place, h("p", { className: "faint" }, t("compare.nothing")));
  const answer = await loadSweep(page, [x, y, colour]);
  if (place !== page.body) return;
  fill(place, h("div", { className: "compare-bar" }, picker(page, "sx", x, t("compare.x")), picker(page, "sy", y, t("compare.y")), picker(page, "colour", colour, t("compare.colour"))), scatter(page, x, y, answer.rows));
}

function scatter(page, xName, yName, rows) {
  const width = Math.max(320, Math.min(900, page.body.clientWidth));
  const height = Math.min(460, width * 0.7);
  const [xs, ys, colours] = [0, 1, 2].map((at) => scaleOf(rows, at));
  const x = (share) => 64 + share * (width - 90);
  const y = (share) => height - 44 - share * (height - 70);
  const dot = (row) => {
    const [a, b] = [xs.share(row.values[0]), ys.share(row.values[1])];
    if (a === null || b === null) return null;
    const element = s("circle", { class: "dot", cx: x(a), cy: y(b), r: 6, fill: ramp(colours.share(row.values[2])), "data-key": row.key }, s("title", null, `${row.name || row.id}\n${titleOf(xName)}: ${saidValue(row.values[0])}\n${titleOf(yName)}: ${saidValue(row.values[1])}`));
    element.addEventListener("click", () => go({ view: "run", run: row.key }));
    return element;
  };
  return s(
    "svg",
    { class: "sweep scatter", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${t("compare.scatter")}: ${titleOf(xName)}, ${titleOf(yName)}`, style: { "max-width": `${width}px` } },
    s("path", { class: "axis", fill: "none", d: `M64 20V${height - 44}H${width - 20}` }),
    xs.ticks.map(([share, text]) => s("text", { class: "faint", x: x(share), y: height - 26, "text-anchor": "middle" }, clipped(text, 12))),
    ys.ticks.map(([share, text]) => s("text", { class: "faint", x: 58, y: y(share) + 4, "text-anchor": "end" }, clipped(text, 9))),
    s("text", { x: width / 2, y: height - 6, "text-anchor": "middle" }, clipped(titleOf(xName), 60)),
    s("text", { x: 6, y: 12 }, clipped(titleOf(yName), 60)),
    rows.map(dot),
  );
}
