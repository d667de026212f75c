// How a chart looks: what uPlot is told of its lines, axes and pointer.

import { drawBands } from "./chartbands.js";
import { drawMarks } from "./chartmarks.js";
import { select } from "./chartpointer.js";
import { ticks } from "./chartscale.js";
import { css } from "./colours.js";
import { number } from "./format.js";
import { addWords, language, t } from "./words.js";

addWords({
  "chart.step": ["step", "ステップ"],
  "chart.relstep": ["steps since the first", "最初からのステップ"],
  "chart.wall": ["time of day (local)", "時刻 (現地)"],
  "chart.relative": ["time since the start (s)", "開始からの時間 (秒)"],
  "chart.active": ["time since the start, pauses left out (s)", "開始からの時間、休止を除く (秒)"],
  "chart.index": ["order of logging (no step was logged)", "記録順 (ステップなし)"],
});

const GAP = 3;
const FONT = "11px system-ui, sans-serif";
const SPREAD = 2400; // how far, in places of x, the cursor looks for a point of a line

/** Return the words for an axis. */
export function axisTitle(axis) {
  return axis.startsWith("metric:") ? axis.slice(7) : t(`chart.${axis}`);
}

/** Return what uPlot is told of a line, or of its smoothed one. */
export function seriesOf(chart, line, isFaint, isSmooth = false) {
  const { colour, dash } = chart.colours.of(line.run);
  const few = (u, at) => u.data[at].reduce((sum, value) => sum + (value !== null && value !== undefined), 0) * 6 < u.over.clientWidth;
  return {
    label: chart.label(line),
    stroke: isFaint ? `${colour}55` : colour,
    width: isFaint ? 1 : 1.6,
    dash,
    spanGaps: false,
    show: !chart.group.hidden.has(line.key),
    points: {
      show: (u, at) => !isSmooth && few(u, at),
      size: 4,
      fill: isFaint ? `${colour}88` : colour,
      // A number between two gaps is no line: it is drawn as a dot whatever the density.
      filter: (u, at, isShown) => (isShown ? null : lonely(u.data[at])),
    },
  };
}

/** Return all that uPlot is told. */
export function optionsOf(chart) {
  const { scale, height } = chart.settings;
  const distr = { linear: 1, log: 3, asinh: 4 }[scale];
  const isTime = chart.columns.answer.axis === "wall";
  return {
    width: chart.width,
    height,
    legend: { show: false },
    focus: { alpha: 1 }, // the group dims, in all charts alike
    cursor: {
      y: false,
      // A hand that moves a pixel has clicked: what is a drag, base/chartpointer.js says.
      drag: { x: true, y: false, setScale: false, click: () => {} },
      focus: { prox: 24 },
      dataIdx: (u, at, near) => nearest(u.data[at], near),
      points: { size: 7 },
      bind: { dblclick: () => () => chart.onDoubleClick() },
    },
    scales: {
      x: { time: isTime, range: () => chart.span },
      y: { distr, asinh: chart.bend, range: () => chart.range },
    },
    series: [{}, ...chart.series],
    axes: [axisX(chart, isTime), axisY(chart, scale)],
    hooks: {
      setSelect: [(u) => select(chart, u)],
      setCursor: [(u) => chart.onCursor(u)],
      setSeries: [(u, at, change) => change.focus && chart.onFocus(at)],
      drawAxes: [(u) => drawBands(chart, u)],
      draw: [(u) => drawMarks(chart, u)],
    },
  };
}

function axisX(chart, isTime) {
  const axis = {
    stroke: css("--faint"), font: FONT, labelFont: FONT, label: axisTitle(chart.columns.answer.axis), labelSize: 16, size: 26, space: 64,
    gap: GAP, grid: { stroke: css("--line"), width: 0.5 }, ticks: { stroke: css("--line"), size: 3 },
  };
  if (!isTime) {
    axis.splits = (u, at, low, high) => ticks(low, high, Math.max(2, Math.floor((chart.width - 60) / 56)));
    axis.values = (u, values) => values.map(short);
  } else if (language === "ja") axis.values = (u, values) => values.map((value) => new Date(value * 1000).toLocaleTimeString("ja"));
  return axis;
}

function axisY(chart, scale) {
  const most = Math.max(3, Math.floor(chart.settings.height / 40));
  return {
    stroke: css("--faint"), font: FONT, gap: GAP, size: (u, values) => 14 + 6.2 * Math.max(3, ...(values ?? []).map((text) => String(text).length)),
    grid: { stroke: css("--line"), width: 0.5 }, ticks: { stroke: css("--line"), size: 3 },
    splits: (u, at, low, high) => ticks(low, high, most, { scale, bend: chart.bend }),
    values: (u, values) => values.map(short),
    filter: (u, values) => values,
  };
}

/** Return the places of numbers that have a gap, or nothing, on both sides. */
function lonely(values) {
  const found = [];
  let before = null; // what stood before, past what is no point of this line
  let alone = -1;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    if (value === undefined) continue;
    if (value === null) {
      if (alone >= 0) found.push(alone);
      alone = -1;
    } else alone = before === null ? at : -1;
    before = value;
  }
  if (alone >= 0) found.push(alone);
  return found.length ? found : null;
}

function nearest(values, near) {
  for (let away = 0; away < SPREAD; away += 1) {
    if (typeof values[near - away] === "number") return near - away;
    if (typeof values[near + away] === "number") return near + away;
    if (near - away < 0 && near + away >= values.length) return null;
  }
  return null;
}

/** A number for a tick. */
export function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-4) return Number(value.toPrecision(3)).toExponential().replace("e+", "e");
  if (size >= 1e4) {
    for (const [unit, name] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
      if (size >= unit) return `${Number((value / unit).toPrecision(6))}${name}`;
    }
  }
  return number(value);
}
