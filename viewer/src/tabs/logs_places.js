// What a person types to go somewhere in a log.

import { moment } from "../base/format.js";

/** Return what a person means: { place } of a line number, { step }, { time } in UTC; null for nothing of these. */
export function placeOf(text, near) {
  if (/^\d[\d,_]*$/.test(text)) return { place: Math.max(0, Number(text.replace(/[,_]/g, "")) - 1) };
  const step = /^s(?:tep)?[\s=:]*(-?\d+)$/i.exec(text);
  if (step) return { step: Number(step[1]) };
  const parts = /^(?:(\d{4}-\d\d-\d\d)[T\s]+)?(\d{1,2}:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z?)$/i.exec(text);
  if (!parts) return null;
  const day = parts[1] ?? (near ? moment(near).slice(0, 10) : null);
  if (!day) return null;
  const [hours, ...rest] = parts[2].split(":");
  const moment_ = new Date(`${day}T${hours.padStart(2, "0")}:${rest.join(":")}${parts[3].toUpperCase()}`);
  return Number.isNaN(moment_.getTime()) ? null : { time: moment_.toISOString().replace(/(\.\d{3})Z$/, "$1000Z") };
}
