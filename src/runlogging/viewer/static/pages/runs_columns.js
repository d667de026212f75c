// The columns of the table of runs: their titles and widths. In a link a "!" before a name says that it is pinned.

import { t } from "../base/words.js";
import "./runs_words.js";

/** The columns that are facts of the run itself, as they are offered. */
export const FACTS = ["status", "experiment", "started", "duration", "tags", "created", "ended", "number", "parent", "type", "host"];

const WIDTHS = { status: 120, experiment: 120, started: 168, created: 168, ended: 168, duration: 90, tags: 200, number: 70, parent: 220, host: 110, type: 90 };

// What each row has without being asked for it.
const ALWAYS = ["select", "name", "status", "tags", "duration", "started", "created", "ended", "experiment", "number", "parent"];

/** A column's name without what says that it is pinned. */
export const plain = (id) => id.replace(/^!/, "");

/** The columns that the server is asked for. */
export const asked = (ids) => ids.filter((id) => !ALWAYS.includes(id));

/** Whether a column holds a figure of a metric. */
export const isMetric = (id) => /^(\w+\()?metrics\./.test(id);

/** Whether the viewer has a word for a column. */
export const isKnown = (id) => id in WIDTHS;

const isNumber = (id) => isMetric(id) || id === "duration" || id === "number" || id.startsWith("params.");

/** A column's title: for what the viewer knows a word, else its name without what kind it is of. */
export function titleOf(id) {
  if (id === "experiment") return t("runs.experimentcolumn");
  if (id in WIDTHS || id === "name") return t(`runs.${id}`);
  const found = /^(?:(\w+)\()?(?:metrics|params|tags|properties)\.([^]*?)(\))?$/.exec(id);
  if (!found) return id;
  return found[1] ? `${found[1]} ${found[2]}` : `${found[2]}${found[3] ?? ""}`;
}

/** The columns that are shown unless others were chosen: some facts, and the metrics that most runs have. */
export function usualColumns(known) {
  const metrics = known.filter((column) => column.kind === "metric");
  metrics.sort((one, other) => other.count - one.count);
  return ["status", "experiment", "started", "duration", "tags", ...metrics.slice(0, 3).map((column) => column.name)];
}

function widthOf(id) {
  if (id in WIDTHS) return WIDTHS[id];
  if (isMetric(id)) return 176;
  return Math.min(200, Math.max(90, 24 + 8 * titleOf(id).length));
}

/** The columns as the table draws them; allBox stands above the boxes of the rows. */
export function tableColumns(ids, sort, allBox) {
  const directions = new Map(sort.map((name, place) => [name.replace(/^-/, ""), { sort: name.startsWith("-") ? "down" : "up", rank: sort.length > 1 ? place + 1 : 1 }]));
  const make = (id, isPinned) => ({ id, title: titleOf(id), width: widthOf(id), pinned: isPinned, number: isNumber(id), ...(directions.get(id) ?? { sort: "", rank: 1 }) });
  const all = ids.map((text) => make(plain(text), text.startsWith("!")));
  return [
    { id: "select", title: "", width: 34, pinned: true, sort: "", head: allBox },
    { ...make("name", true), width: 230 },
    ...all.filter((column) => column.pinned),
    ...all.filter((column) => !column.pinned),
  ];
}
