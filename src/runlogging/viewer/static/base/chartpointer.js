// The pointer in a chart: which points it is near, and what a drag, the wheel and a double click do.

const CATCH = 5; // px within which a mark of what is not finite is pointed at
const LEAST_DRAG = 4; // px
const TURN_MS = 400; // notches of the wheel that are closer are one step back
const TEXTS = { n: "NaN", "+": "Infinity", "-": "-Infinity" };

/**
 * Return the points that the cursor is nearest to, one a line; marks of what is not finite where they are nearer.
 *
 * Each has `gap`, how far it is along x, and `away`, how far it is, both in pixels.
 */
export function pointsAt(chart, idxs) {
  const { plot, columns, group } = chart;
  const { left, top } = plot.cursor;
  const height = plot.over.clientHeight;
  const found = columns.lines.map((line, number) => (group.hidden.has(line.key) ? null : nearestOf(chart, line, idxs[number + 1], left)));
  return found.filter(Boolean).map((point) => ({ ...point, away: Math.hypot(point.gap, topOf(plot, point, height) - top) }));
}

function nearestOf({ plot, columns }, line, at, left) {
  const gapOf = (x) => Math.abs(plot.valToPos(x, "x") - left);
  const point = at === null || at === undefined ? null : columns.point(line, at);
  const gap = point ? gapOf(point.drawnAt) : Infinity;
  // Where many are not finite a number is pointed at within its own pixel.
  let [mark, least] = [null, Math.min(gap - 1, CATCH)];
  for (const each of line.marks) if (gapOf(each.x) < least) [mark, least] = [each, gapOf(each.x)];
  if (!mark) return point && { ...point, gap };
  return { ...mark, drawnAt: mark.x, value: null, text: TEXTS[mark.kind], smooth: null, line, gap: least };
}

/** Where a point is drawn, in pixels from the top; what has no place on the scale is marked at an edge. */
function topOf(plot, { value, text }, height) {
  if (value === null) return text === "Infinity" ? 0 : height;
  const top = plot.valToPos(value, "y");
  return Number.isFinite(top) ? top : height;
}

/** Return the nearest of all points; null where there is none. */
export function nearestPoint(chart) {
  const points = pointsAt(chart, chart.plot.cursor.idxs ?? []);
  return points.reduce((best, next) => (best && best.away <= next.away ? best : next), null);
}

/** Zoom to what a drag has selected. */
export function select(chart, u) {
  const { left, width } = u.select;
  const [from, to] = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
  u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  if (width < LEAST_DRAG) return;
  chart.wasDragged = true;
  chart.group.zoomTo(from, to);
  // The click that ends a drag comes after it, or not at all.
  setTimeout(() => (chart.wasDragged = false), 0);
}

/** The wheel zooms where the chart has the keyboard, or with Ctrl; with shift it pans; else the page scrolls. */
export function wheel(chart, event) {
  const isMine = event.ctrlKey || event.shiftKey || document.activeElement === chart.figure;
  if (!isMine) return;
  event.preventDefault();
  const { group, plot, span } = chart;
  const isStep = event.timeStamp - (group.turnedAt ?? -Infinity) > TURN_MS;
  group.turnedAt = event.timeStamp;
  const delta = event.deltaY || event.deltaX;
  if (event.shiftKey) return group.pan(delta > 0 ? 0.1 : -0.1, span, { isStep });
  const share = (event.clientX - plot.over.getBoundingClientRect().left) / plot.over.clientWidth;
  group.zoomBy(delta > 0 ? 1.25 : 0.8, share, span, { isStep });
}
