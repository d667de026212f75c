// A sweep as parallel coordinates: one axis for each column, one line for each run.

import { fill, h, s } from "../base/dom.js";
import { change } from "../base/state.js";
import { t } from "../base/words.js";
import { clipped, ramp, saidValue, scaleOf } from "./compare_scale.js";
import { loadSweep, picker, usualAxes } from "./compare_sweep.js";
import { joined, parted } from "./links.js";
import { titleOf } from "./runs_columns.js";

export async function drawParallel(page) {
  const place = page.body;
  const { parameters, metrics } = usualAxes(page);
  const axes = page.state.axes ? parted(page.state.axes) : [...parameters.slice(0, 6), ...metrics.slice(0, 1)];
  const colour = page.state.colour ?? metrics[0] ?? axes.at(-1);
  if (axes.length < 2) return fill(place, axesBar(page, axes, colour), h("p", { className: "faint" }, t("compare.nothing")));
  const answer = await loadSweep(page, [...axes, colour]);
  if (place !== page.body) return;
  const count = h("span", { role: "status" });
  const picture = h("div", null);
  fill(place, axesBar(page, axes, colour), h("p", { className: "faint" }, t("compare.brush"), " ", count), picture);
  const draw = () => {
    const kept = answer.rows.filter((row) => axes.every((name, at) => isInside(page, name, scaleOf(answer.rows, at), row.values[at])));
    fill(count, t("compare.chosen", { count: kept.length, total: answer.rows.length }));
    fill(picture, parallel(page, axes, answer.rows, new Set(kept), draw));
  };
  draw();
}

function axesBar(page, axes, colour) {
  const rest = page.columns.filter((column) => column.kind !== "fact" && !axes.includes(column.name)).slice(0, 500);
  const set = (next) => change({ axes: joined(next) || null });
  return h(
    "div",
    { className: "compare-bar" },
    h("span", { className: "faint" }, t("compare.axes")),
    axes.map((name) => h("button", { onClick: () => set(axes.filter((one) => one !== name)), "aria-label": t("compare.remove", { name }) }, `${titleOf(name)} ×`)),
    h("select", { "aria-label": t("compare.axes"), onChange: (event) => event.target.value && set([...axes, event.target.value]) }, h("option", { value: "" }, "+"), rest.map(({ name }) => h("option", { value: name }, name))),
    picker(page, "colour", colour, t("compare.colour")),
  );
}

function isInside(page, name, scale, value) {
  const brush = page.brushes.get(name);
  if (!brush) return true;
  const share = scale.share(value);
  return share !== null && share >= brush[0] && share <= brush[1];
}

function parallel(page, axes, rows, kept, redraw) {
  const width = Math.max(320, page.body.clientWidth);
  const [height, top, bottom] = [380, 34, 22];
  const scales = axes.map((_, at) => scaleOf(rows, at));
  const colours = scaleOf(rows, axes.length);
  const x = (at) => 60 + (at / (axes.length - 1)) * (width - 120);
  const y = (share) => height - bottom - share * (height - top - bottom);
  const path = (row) => {
    let text = "";
    let isDown = false;
    scales.forEach((scale, at) => {
      const share = scale.share(row.values[at]);
      if (share === null) return (isDown = false);
      text += `${isDown ? "L" : "M"}${x(at)} ${y(share)}`;
      isDown = true;
    });
    return text;
  };
  const line = (row) => {
    const isKept = kept.has(row);
    return s("path", { d: path(row), class: isKept ? "line" : "rest", stroke: isKept ? ramp(colours.share(row.values[axes.length])) : null, "data-key": row.key }, s("title", null, `${row.name || row.id}\n${axes.map((name, at) => `${titleOf(name)}: ${saidValue(row.values[at])}`).join("\n")}`));
  };
  const ordered = [...rows].sort((one, other) => kept.has(one) - kept.has(other));
  const picture = s("svg", { class: "sweep parallel", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${t("compare.parallel")}: ${axes.map(titleOf).join(", ")}` }, ordered.map(line));
  axes.forEach((name, at) => picture.append(axisOf(page, name, scales[at], x(at), y, { top, height: height - bottom, redraw, picture, width })));
  return picture;
}

function axisOf(page, name, scale, x, y, { top, height, redraw, picture, width }) {
  const brush = page.brushes.get(name);
  const ends = scale.ticks.map(([share, text]) => s("text", { x: x + 5, y: y(share) + 4, class: "faint" }, clipped(text, 14)));
  const area = s("rect", { x: x - 14, y: top - 6, width: 28, height: height - top + 12, class: "catch", "data-axis": name });
  const shareAt = (event) => {
    const box = picture.getBoundingClientRect();
    const at = ((event.clientY - box.top) / box.height) * picture.viewBox.baseVal.height;
    return Math.max(0, Math.min(1, (height - at) / (height - top)));
  };
  area.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const from = shareAt(event);
    const ended = (last) => {
      const to = shareAt(last);
      // A click clears it.
      if (Math.abs(to - from) < 0.015) page.brushes.delete(name);
      else page.brushes.set(name, [Math.min(from, to), Math.max(from, to)]);
      redraw();
    };
    addEventListener("pointerup", ended, { once: true });
  });
  return s(
    "g",
    null,
    s("path", { class: "axis", d: `M${x} ${top}V${height}` }),
    s("text", { x: Math.min(Math.max(x, 50), width - 50), y: 16, "text-anchor": "middle" }, clipped(titleOf(name), 18)),
    ends,
    brush && s("rect", { class: "brush", x: x - 7, y: y(brush[1]), width: 14, height: Math.max(1, y(brush[0]) - y(brush[1])) }),
    area,
  );
}
