// Numbers, times and lengths of time as text.

/** A number with six significant digits; what is not finite comes from the server as text and stays so. */
export function number(value, digits = 6) {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  const text = value.toPrecision(digits);
  return text.includes("e") ? Number(text).toExponential() : String(Number(text));
}

/** A length of time in its two largest units: 4.2s, 3m12s, 2h03m, 3d04h. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const whole = Math.max(0, seconds);
  if (whole < 59.95) return `${whole.toFixed(1)}s`;
  const two = (value) => String(value).padStart(2, "0");
  const minutes = Math.floor(Math.round(whole) / 60);
  if (minutes < 60) return `${minutes}m${two(Math.round(whole) % 60)}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h${two(minutes % 60)}m` : `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

const pad = (value, width = 2) => String(value).padStart(width, "0");

/** A local time to the second. */
export function moment(text) {
  if (!text) return "";
  const time = new Date(text);
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())} ${clock(text).slice(0, 8)}`;
}

/** A local time of day with milliseconds. */
export function clock(text) {
  const time = new Date(text);
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => pad(part)).join(":");
  return `${parts}.${pad(time.getMilliseconds(), 3)}`;
}

/** A size in bytes. */
export function bytes(size) {
  if (size === null || size === undefined) return "";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let place = 0;
  let value = size;
  while (value >= 999.5 && place < units.length - 1) {
    value /= 1000;
    place += 1;
  }
  return `${place ? value.toPrecision(3) : value} ${units[place]}`;
}
