// The band of a group of runs, below its line.

/** Draw the bands of all lines that have one; called by uPlot before the lines. */
export function drawBands(chart, u) {
  const { ctx, bbox } = u;
  const { columns, colours, group } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const line of columns.lines) {
    if (!line.low || group.hidden.has(line.key)) continue;
    ctx.fillStyle = `${colours.of(line.run).colour}33`;
    for (const part of parts(chart, line)) drawPart(u, part);
  }
  ctx.restore();
}

/** The pieces of a band without a gap, each a list of [x, low, high]. */
function parts({ columns: { x }, settings }, { low, high }) {
  const found = [[]];
  for (let at = 0; at < x.length; at += 1) {
    if (low[at] === undefined) continue; // another line's place
    const isThere = low[at] !== null && high[at] !== null && !(settings.scale === "log" && high[at] <= 0);
    if (isThere) found[found.length - 1].push([x[at], low[at], high[at]]);
    else if (found[found.length - 1].length) found.push([]);
  }
  return found.filter((part) => part.length);
}

function drawPart(u, part) {
  const { ctx, bbox } = u;
  const x = (value) => u.valToPos(value, "x", true);
  // On a log scale a band that reaches below 0 goes to the bottom.
  const y = (value) => {
    const place = u.valToPos(value, "y", true);
    return Number.isFinite(place) ? place : bbox.top + bbox.height;
  };
  ctx.beginPath();
  part.forEach(([at, , high]) => ctx.lineTo(x(at), y(high)));
  for (let place = part.length - 1; place >= 0; place -= 1) ctx.lineTo(x(part[place][0]), y(part[place][1]));
  ctx.closePath();
  ctx.fill();
}
