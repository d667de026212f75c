// Numbers, round marks and ranges behind the plots, and texts that fit.

const CHAR = 6.4;
const WIDE_CHAR = 11.2;
const FIRST_WIDE = 0x2e80; // what is written in Chinese, Japanese and Korean

/** How many pixels a text of a plot takes, about. */
export function textWidth(text) {
  let width = 0;
  for (const char of String(text)) width += char.codePointAt(0) >= FIRST_WIDE ? WIDE_CHAR : CHAR;
  return width;
}

/** The number of what the server sends: what is not finite comes as text, what is missing is NaN. */
export function num(value) {
  return value === null || value === undefined || typeof value === "boolean" ? NaN : Number(value);
}

/** Round numbers within a range, about so many. */
export function ticks(low, high, most = 5) {
  if (!(high > low) || !Number.isFinite(high - low)) return [low];
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const found = [];
  for (let place = Math.ceil(low / unit); place * unit <= high + unit * 1e-9; place += 1) found.push(Number((place * unit).toPrecision(12)));
  return found;
}

/** The least and the greatest finite number, with some room; never a range of nothing. */
export function rangeOf(values, { zero = false, room = 0.05 } = {}) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  if (zero) [low, high] = [Math.min(0, low), Math.max(0, high)];
  if (low === high) return [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const spare = (high - low) * room;
  return [zero && low === 0 ? 0 : low - spare, zero && high === 0 ? 0 : high + spare];
}

/** A text that fits into so many pixels; three letters of it in any case. */
export function clipped(text, room) {
  if (textWidth(text) <= Math.max(room, 3 * CHAR)) return String(text);
  let kept = "";
  for (const char of String(text)) {
    if (textWidth(kept + char) + CHAR > room && kept.length >= 2) break;
    kept += char;
  }
  return `${kept}\u2026`;
}
