// Values as text, as places on an axis, and as colours.

import { valueText } from "../base/export.js";
import { number } from "../base/format.js";

/** A value so that 0, false, "", null and a text that looks like one of them are told apart. */
export function saidValue(value) {
  if (value === null || value === undefined) return "null";
  if (typeof value !== "string") return valueText(value);
  const isUnclear = value === "" || ["null", "true", "false", "missing"].includes(value) || (value.trim() !== "" && !Number.isNaN(Number(value)));
  return isUnclear ? JSON.stringify(value) : value;
}

/** A text that is cut where it is too long. */
export const clipped = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** A scale of one column: numbers by size, other values side by side; share(value) is from 0 to 1, null without a place. */
export function scaleOf(rows, at) {
  const values = rows.map((row) => row.values[at]).filter((value) => value !== null && value !== undefined);
  const isNumeric = values.length > 0 && values.every((value) => typeof value === "number" || ["NaN", "Infinity", "-Infinity"].includes(value));
  if (!isNumeric) {
    const names = [...new Set(values.map(saidValue))].sort();
    const share = (name) => (names.length > 1 ? names.indexOf(name) / (names.length - 1) : 0.5);
    const each = Math.ceil(names.length / 12);
    return { share: (value) => (value === null || value === undefined ? null : share(saidValue(value))), ticks: names.filter((_, place) => place % each === 0).map((name) => [share(name), name]) };
  }
  const finite = values.filter((value) => typeof value === "number");
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const share = (value) => (typeof value !== "number" ? null : high > low ? (value - low) / (high - low) : 0.5);
  const places = high > low ? [0, 0.5, 1] : [0.5];
  return { share, ticks: finite.length ? places.map((one) => [one, number(high > low ? low + one * (high - low) : low, 4)]) : [] };
}

/** A colour of a share: from blue to orange, both seen on light and dark grounds by all eyes. */
export function ramp(share) {
  if (share === null) return "var(--faint)";
  const mix = (from, to) => Math.round(from + (to - from) * share);
  return `rgb(${mix(20, 240)} ${mix(120, 110)} ${mix(220, 20)})`;
}
