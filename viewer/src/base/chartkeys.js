// The keyboard in a chart: along the points, zoom, and a click at where it stands.

/** Do what a key asks of a chart. */
export function steer(chart, event) {
  const { group, span } = chart;
  const work = {
    ArrowLeft: () => (event.shiftKey ? group.pan(-0.2, span) : move(chart, -1)),
    ArrowRight: () => (event.shiftKey ? group.pan(0.2, span) : move(chart, 1)),
    PageUp: () => move(chart, -20),
    PageDown: () => move(chart, 20),
    Home: () => move(chart, -Infinity),
    End: () => move(chart, Infinity),
    "+": () => group.zoomBy(0.5, share(chart), span),
    "=": () => group.zoomBy(0.5, share(chart), span),
    "-": () => group.back(span),
    0: () => group.reset(),
    Enter: () => chart.onClick(),
  }[event.key];
  if (!work || event.ctrlKey || event.metaKey || event.altKey || !chart.columns) return;
  event.preventDefault();
  event.stopPropagation();
  work();
}

function share(chart) {
  const { left } = chart.plot.cursor;
  return left > 0 ? left / chart.plot.over.clientWidth : 0.5;
}

/** Move the cursor along the points that are drawn. */
function move(chart, by) {
  const { columns, plot } = chart;
  const [from, to] = chart.span;
  const isThere = (at) => columns.lines.some((line) => line.place[at] >= 0);
  const inside = columns.x.map((x, at) => at).filter((at) => columns.x[at] >= from && columns.x[at] <= to && isThere(at));
  if (!inside.length) return;
  const last = inside.length - 1;
  const near = chart.at === null ? -1 : inside.indexOf(chart.at);
  const next = near < 0 ? (by > 0 ? 0 : last) : near + by;
  chart.isFollower = false;
  chart.at = inside[Math.min(last, Math.max(0, next === -Infinity ? 0 : next === Infinity ? last : next))];
  plot.setCursor({ left: plot.valToPos(columns.x[chart.at], "x"), top: topOf(chart, chart.at) }, true);
  chart.onRead?.(chart, columns.lines.map((line) => columns.point(line, chart.at)).filter(Boolean));
}

function topOf(chart, at) {
  const value = chart.columns.lines.map((line) => line.y[at]).find((each) => each !== null && each !== undefined);
  return value === undefined ? chart.plot.over.clientHeight / 2 : Math.max(0, chart.plot.valToPos(value, "y"));
}
