// Scales of y: linear, logarithmic and arcsinh; ticks for them. No DOM.

const MOST_TICKS = 100;

/** Return [low, high] of the axis for what is shown. */
export function yRange(found, { scale, zero, min, max }) {
  const isGood = (limit) => limit !== null && (scale !== "log" || limit > 0);
  return limited(free(found, scale, zero), scale, isGood(min) ? min : null, isGood(max) ? max : null);
}

function free(found, scale, zero) {
  let [low, high] = found ?? (scale === "log" ? [1, 10] : [0, 1]);
  if (scale === "log") {
    const room = low === high ? 2 : (high / low) ** 0.05;
    low /= room;
    high *= room;
  } else {
    if (zero) {
      low = Math.min(low, 0);
      high = Math.max(high, 0);
    }
    // Doubles that lie closer to each other than their digits reach have no scale of their own.
    const size = Math.max(Math.abs(low), Math.abs(high));
    const isFlat = high - low <= size * 1e-12;
    const room = isFlat ? size * 0.1 || 1 : (high - low) * 0.05;
    if (!zero || low < 0) low -= room;
    if (!zero || high > 0) high += room;
  }
  return [low, high];
}

/** Put the limits that a person set in place of the ends. Two the wrong way round are turned; behind one that lies beyond all
 * points the axis goes on a little, so that the limit holds. */
function limited([low, high], scale, min, max) {
  if (min !== null && max !== null && min !== max) return [Math.min(min, max), Math.max(min, max)];
  const [from, to] = [min ?? low, max ?? high];
  if (from < to) return [from, to];
  const room = Math.abs(max ?? from) * 0.1 || 1;
  if (max === null) return [from, scale === "log" ? from * 10 : from + room];
  return [scale === "log" ? to / 10 : to - room, to];
}

/** Return what a value is on the scale: a number that grows evenly over the height. */
export function forward(value, { scale, bend }) {
  if (scale === "log") return Math.log10(value);
  return scale === "asinh" ? Math.asinh(value / bend) : value;
}

/** Return where arcsinh turns from even to logarithmic: small against the greatest value. */
export function bendOf(found) {
  const top = found ? Math.max(Math.abs(found[0]), Math.abs(found[1])) : 1;
  return 10 ** Math.floor(Math.log10(top || 1) - 2.5);
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((part) => part * power >= rough * 0.999) * power;
}

/** Return ticks that suit a range. */
export function ticks(low, high, most, { scale = "linear", bend = 1 } = {}) {
  if (scale === "log") return logTicks(low, high, most);
  if (scale === "asinh") return bentTicks(low, high, bend, most);
  const step = niceStep((high - low) / Math.max(1, most));
  const found = [];
  const first = Math.ceil(low / step - 1e-9);
  for (let place = first; place * step <= high + step * 1e-9 && place - first < MOST_TICKS; place += 1) found.push(place * step);
  return found.map((value) => Number(value.toPrecision(12)));
}

function logTicks(low, high, most) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  if (last - first < 1) return ticks(low, high, most).filter((value) => value > 0);
  const every = Math.max(1, Math.ceil((last - first + 1) / most));
  const found = [];
  for (let power = first; power <= last; power += every) found.push(10 ** power);
  return found;
}

function bentTicks(low, high, bend, most) {
  const first = Math.ceil(Math.log10(bend));
  const top = Math.floor(Math.log10(Math.max(Math.abs(low), Math.abs(high), bend * 10)));
  const every = Math.max(1, Math.ceil((2 * (top - first) + 1) / most));
  const found = [0];
  for (let power = top; power > first; power -= every) found.push(10 ** power, -(10 ** power));
  return found.filter((value) => value >= low && value <= high).sort((one, two) => one - two);
}
