// What a chart draws besides its lines: what is not finite, what lies beyond its edges, the moment of the time line, and what
// the log says: marks that the program set as lines, warnings and errors as ticks at the bottom.

import { css } from "./colours.js";

const NEAR = 4; // px
const TICK = 7;
const RANKS = { WARNING: 1, ERROR: 2, CRITICAL: 3 };
const LABEL_FONT = "10px system-ui, sans-serif";

/** Draw all of it; called by uPlot after the lines. */
export function drawMarks(chart, u) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left - 6 * ratio, bbox.top, bbox.width + 12 * ratio, bbox.height);
  ctx.clip();
  drawNotes(chart, u, ratio);
  for (const line of chart.columns.lines) {
    if (chart.group.hidden.has(line.key)) continue;
    ctx.strokeStyle = ctx.fillStyle = chart.colours.of(line.run).colour;
    ctx.lineWidth = 1.5 * ratio;
    for (const mark of line.marks) drawMark(u, mark.kind, u.valToPos(mark.x, "x", true), ratio);
    drawEdges(chart, u, line, ratio);
  }
  const { mark } = chart.group;
  const place = mark ? placeOf(chart, mark) : null;
  if (place !== null) {
    ctx.strokeStyle = css("--text");
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash([4 * ratio, 3 * ratio]);
    upright(u, u.valToPos(place, "x", true));
  }
  ctx.restore();
}

function upright(u, x) {
  const { ctx, bbox } = u;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
}

function drawMark(u, kind, x, ratio) {
  const { ctx, bbox } = u;
  const size = 4 * ratio;
  const y = kind === "+" ? bbox.top + size : bbox.top + bbox.height - size;
  ctx.beginPath();
  if (kind === "n") {
    ctx.moveTo(x - size, y - size);
    ctx.lineTo(x + size, y + size);
    ctx.moveTo(x + size, y - size);
    ctx.lineTo(x - size, y + size);
    ctx.stroke();
  } else triangle(ctx, x, y, size, kind === "+");
}

/**
 * Mark at the edge what lies beyond it: clipped outliers, limits that a person set, and on a log scale 0 and less. A group's
 * mark is hollow where its band goes beyond, and not its middle.
 */
function drawEdges(chart, u, line, ratio) {
  const [low, high] = chart.range;
  const { scale, clip, min, max } = chart.settings;
  const isCut = clip || min !== null || max !== null;
  if (!isCut && scale !== "log") return;
  const isThere = (value) => value !== null && value !== undefined;
  const isBelow = (value) => isThere(value) && ((isCut && value < low) || (scale === "log" && value <= 0));
  const isAbove = (value) => isThere(value) && isCut && value > high;
  chart.columns.x.forEach((x, at) => {
    const [value, from, to] = [line.y[at], line.low?.[at], line.high?.[at]];
    if (isBelow(value) || (isCut && isBelow(from))) drawEdge(u, x, false, isBelow(value), ratio);
    if (isAbove(value) || isAbove(to)) drawEdge(u, x, true, isAbove(value), ratio);
  });
}

function drawEdge(u, x, isTop, isFull, ratio) {
  const { ctx, bbox } = u;
  const size = 3 * ratio;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  triangle(ctx, u.valToPos(x, "x", true), isTop ? bbox.top + size : bbox.top + bbox.height - size, size, isTop, isFull);
}

function triangle(ctx, x, y, size, isUp, isFull = true) {
  const way = isUp ? -1 : 1;
  ctx.moveTo(x - size, y - way * size);
  ctx.lineTo(x + size, y - way * size);
  ctx.lineTo(x, y + way * size);
  ctx.closePath();
  if (isFull) ctx.fill();
  else ctx.stroke();
}

// ------------------------------------------------------------------ what the log says

/** Return the marks and ticks that are shown, each with its place on x, ascending. */
export function notesOf(chart) {
  const { notes } = chart.group;
  if (!notes) return [];
  const known = chart.columns.notes;
  const { appended, count } = chart.columns;
  if (known?.of === notes && known.appended === appended && known.count === count) return known.placed;
  const placed = [...notes.marks, ...notes.ticks]
    .map((note) => ({ note, x: placeOf(chart, note) }))
    .filter(({ x }) => x !== null)
    .sort((one, two) => one.x - two.x);
  chart.columns.notes = { of: notes, appended, count, placed };
  return placed;
}

function drawNotes(chart, u, ratio) {
  const { ctx, bbox } = u;
  const columns = new Map(); // a column of pixels has one tick, of the worst that is there
  let free = -Infinity;
  ctx.font = LABEL_FONT.replace("10px", `${10 * ratio}px`);
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  ctx.lineWidth = ratio;
  for (const { note, x } of notesOf(chart)) {
    const left = Math.round(u.valToPos(x, "x", true));
    if (left < bbox.left - 1 || left > bbox.left + bbox.width + 1) continue;
    if (note.count) {
      const before = columns.get(left);
      if (!before || RANKS[note.level] > RANKS[before]) columns.set(left, note.level);
      continue;
    }
    ctx.strokeStyle = css("--link");
    upright(u, left);
    const text = shortened(ctx, note.label, 110 * ratio);
    const width = ctx.measureText(text).width + 4 * ratio;
    if (left < free || left + width > bbox.left + bbox.width) continue;
    free = left + width + 4 * ratio;
    ctx.fillStyle = css("--ground");
    ctx.fillRect(left + ratio, bbox.top, width, 12 * ratio);
    ctx.fillStyle = css("--link");
    ctx.fillText(text, left + 3 * ratio, bbox.top + ratio);
  }
  const colours = { WARNING: css("--warn"), ERROR: css("--bad"), CRITICAL: css("--bad") };
  for (const [left, level] of columns) {
    ctx.fillStyle = colours[level];
    const height = TICK * ratio * (level === "WARNING" ? 1 : 1.6);
    ctx.fillRect(left - ratio, bbox.top + bbox.height - height, 2 * ratio, height);
  }
}

function shortened(ctx, text, room) {
  if (ctx.measureText(text).width <= room) return text;
  let end = Math.min(text.length, 40);
  while (end > 1 && ctx.measureText(`${text.slice(0, end)}\u2026`).width > room) end -= 1;
  return `${text.slice(0, end)}\u2026`;
}

/** Return the marks and ticks near a place of the plot, in CSS pixels from its left: the nearest first, marks before ticks. */
export function notesNear(chart, left) {
  if (left === null || left === undefined || left < 0 || !chart.plot) return [];
  return notesOf(chart)
    .map(({ note, x }) => ({ note, gap: Math.abs(chart.plot.valToPos(x, "x") - left) }))
    .filter(({ gap }) => gap <= NEAR)
    .sort((one, two) => Boolean(one.note.count) - Boolean(two.note.count) || one.gap - two.gap)
    .map(({ note }) => note);
}

// ------------------------------------------------------------------ where a moment lies

/** Return where a moment, { us, step }, lies on x; null where it lies nowhere. */
export function placeOf(chart, { us, step }) {
  const { axis } = chart.columns.answer;
  const base = chart.columns.lines[0]?.info.base ?? 0;
  const hasStep = step !== null && step !== undefined;
  if (axis === "step" && hasStep) return step;
  if (axis === "relstep" && hasStep) return step - base;
  if (axis === "wall") return us / 1e6;
  if (axis === "relative") return us / 1e6 - base;
  return nearestIn(timesOf(chart.columns), us);
}

/** The times of all points that are drawn, with their places on x; worked out once an answer. */
function timesOf(columns) {
  const { appended } = columns;
  if (columns.times?.appended === appended) return columns.times;
  const points = columns.lines.flatMap(({ info }) =>
    info.time.map((time, place) => [info.time0 + time, info.x ? info.x[place] : columns.x[info.at[place]]]));
  points.sort((one, two) => one[0] - two[0]);
  columns.times = { appended, points };
  return columns.times;
}

function nearestIn({ points }, us) {
  if (!points.length || us === null || us === undefined) return null;
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] < us) low = middle + 1;
    else high = middle;
  }
  const before = points[Math.max(0, low - 1)];
  return us - before[0] < points[low][0] - us ? before[1] : points[low][1];
}
