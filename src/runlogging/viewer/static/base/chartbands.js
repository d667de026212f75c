// The band of a group of runs, below its line.

const ALONE = 1.5; // half the width in CSS px of a band that has one place only

/** Draw the bands of all lines that have one; called by uPlot before the lines. */
export function drawBands(chart, u) {
  const { ctx, bbox } = u;
  const { columns, colours, group } = chart;
  const places = { x: (value) => u.valToPos(value, "x", true), y: (value) => u.valToPos(value, "y", true), bottom: bbox.top + bbox.height, unit: devicePixelRatio };
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const line of columns.lines) {
    if (!line.low || group.hidden.has(line.key)) continue;
    ctx.fillStyle = `${colours.of(line.run).colour}33`;
    ctx.fill(new Path2D(bandPath(chart, line, places)));
  }
  ctx.restore();
}

/**
 * Return the outline of a line's band as an SVG has it; "" where the line has none.
 * @param places x(value), y(value) and the bottom of the plot in pixels; unit, how many of them are a CSS pixel
 */
export function bandPath(chart, line, { x, y, bottom, unit = 1 }) {
  if (!line.low) return "";
  // On a log scale a band that reaches below 0 goes to the bottom.
  const height = (value) => (Number.isFinite(y(value)) ? y(value) : bottom);
  const place = (left, value) => `${left.toFixed(2)} ${height(value).toFixed(2)}`;
  return parts(chart.columns.x, line, chart.settings.scale === "log")
    .map((part) => {
      const [[at, low, high]] = part;
      if (part.length === 1) return `M${[[-1, high], [1, high], [1, low], [-1, low]].map(([side, value]) => place(x(at) + side * ALONE * unit, value)).join("L")}Z`;
      const there = part.map((one) => place(x(one[0]), one[2]));
      const back = part.map((one) => place(x(one[0]), one[1])).reverse();
      return `M${[...there, ...back].join("L")}Z`;
    })
    .join("");
}

/** The pieces of a band without a gap, each a list of [x, low, high]. */
function parts(x, { low, high }, isLog) {
  const found = [[]];
  for (let at = 0; at < x.length; at += 1) {
    if (low[at] === undefined) continue; // another line's place
    const isThere = low[at] !== null && high[at] !== null && !(isLog && high[at] <= 0);
    if (isThere) found[found.length - 1].push([x[at], low[at], high[at]]);
    else if (found[found.length - 1].length) found.push([]);
  }
  return found.filter((part) => part.length);
}
