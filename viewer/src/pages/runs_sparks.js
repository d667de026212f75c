// The small curves beside the values of metrics, asked for as the table is scrolled.

import { get } from "../base/api.js";
import { s, settled } from "../base/dom.js";

const MOST_AT_ONCE = 400;
const MOST_NAMES = 12;
const MOST_KEPT = 20_000;

const sparkKey = (row, name) => `${row.key} ${row.status === "Running" ? row.cells[`metrics.${name}`] : ""} ${name}`;

/** new Sparks({ row: (place) -> row, onLoad() }) */
export class Sparks {
  constructor({ row, onLoad }) {
    this.row = row;
    this.onLoad = onLoad;
    this.values = new Map(); // sparkKey -> values; null while they are asked for
  }

  of(row, name) {
    return this.values.get(sparkKey(row, name));
  }

  want = settled((first, last, columns) => this.load(first, last, columns), 150);

  async load(first, last, columns) {
    const names = columns.map((column) => column.id).filter((id) => id.startsWith("metrics.")).map((id) => id.slice(8)).slice(0, MOST_NAMES);
    const rows = this.lacking(first, last, names);
    if (!names.length || !rows.length) return;
    const part = rows.slice(0, Math.floor(MOST_AT_ONCE / names.length));
    this.keep(part, names, {});
    try {
      this.keep(part, names, await get("api/sparks", { run: part.map((row) => row.key), name: names }));
      if (this.values.size > MOST_KEPT) this.values.clear();
      this.onLoad();
    } catch {
      // The numbers beside them are there; what is drawn again asks again.
      for (const row of part) for (const name of names) this.values.delete(sparkKey(row, name));
    }
  }

  lacking(first, last, names) {
    const rows = [];
    for (let place = first; place < last; place += 1) {
      const row = this.row(place);
      if (row && !row.problem && names.some((name) => !this.values.has(sparkKey(row, name)))) rows.push(row);
    }
    return rows;
  }

  keep(rows, names, found) {
    for (const row of rows) for (const name of names) this.values.set(sparkKey(row, name), found[row.key]?.[name] ?? null);
  }
}

/** A curve the size of a word. */
export function spark(values, { colour }) {
  const finite = values.filter((value) => typeof value === "number");
  const low = Math.min(...finite);
  const span = Math.max(...finite) - low || 1;
  const x = (place) => 2 + (place / Math.max(values.length - 1, 1)) * 66;
  const y = (value) => 20 - ((value - low) / span) * 18;
  let path = "";
  let isDown = false;
  values.forEach((value, place) => {
    if (typeof value !== "number") return (isDown = false);
    path += `${isDown ? "L" : "M"}${x(place).toFixed(1)} ${y(value).toFixed(1)}${isDown ? "" : "h0.01"}`;
    isDown = true;
  });
  return s("svg", { class: "spark", width: 70, height: 22, viewBox: "0 0 70 22", "aria-hidden": "true" }, s("path", { d: path, fill: "none", stroke: colour, "stroke-width": 1.4, "stroke-linecap": "round" }));
}
