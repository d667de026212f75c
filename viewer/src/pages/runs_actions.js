// What is done with the rows of the table of runs: selected, compared, hidden, handed out.

import { csvOf, latexOf, markdownOf } from "../base/export.js";
import { copyText, download } from "../base/handout.js";
import { go, remember } from "../base/state.js";
import { joined } from "./links.js";
import { asked } from "./runs_columns.js";
import { CHUNK } from "./runs_rows.js";

/** So many runs are hidden at most: each stands in every question to the server. */
export const MOST_HIDDEN = 200;

/** Select a row, or not, and all between it and another one where that is given. */
export async function select(page, place, { range, isOn }) {
  const { rows, selection } = page;
  selection.single(rows.values());
  const [first, last] = range === null ? [place, place] : [Math.min(place, range), Math.max(place, range)];
  if (last - first >= CHUNK) await said(page, () => rows.fill(first, last));
  for (let at = first; at <= last; at += 1) {
    const row = rows.get(at);
    if (row) selection.set(row, isOn);
  }
  page.draw();
}

/** Go to the comparison of the selected runs. */
export function compare({ state, selection }) {
  const { where, exp } = state;
  if (selection.isAll) go({ view: "compare", all: 1, where, exp });
  else if (selection.size > 1) go({ view: "compare", runs: joined([...selection.rows.keys()]) });
}

export function hide(page) {
  for (const key of page.selection.rows.keys()) page.hidden.add(key);
  remember("runs.hidden", [...page.hidden]);
  page.selection.clear();
  page.load();
}

export function unhide(page) {
  page.hidden.clear();
  remember("runs.hidden", []);
  page.load();
}

/** Copy what a function writes of the selected rows. */
export const copyRows = (page, button, write) =>
  said(page, async () => {
    const { rows, selection } = page;
    await copyText(write(selection.isAll ? await rows.all([]) : [...selection.rows.values()]), button);
  });

/** Hand out the table: as CSV a file, as Markdown or LaTeX a text to paste. */
export const handOut = (page, kind, button) =>
  said(page, async () => {
    const table = page.facts.groups ? page.groups.table(page.groupView()) : await runTable(page);
    const text = { CSV: csvOf, Markdown: markdownOf, LaTeX: latexOf }[kind](table);
    if (kind === "CSV") download(new Blob([text], { type: "text/csv" }), "runs.csv");
    else await copyText(text, button);
  });

/** Do what may ask the server, and say on the page what was wrong. */
async function said(page, work) {
  try {
    await work();
  } catch (error) {
    page.say(error);
  }
}

/** The selected rows as plain ones; all that fit if none is selected. */
async function runTable({ plainIds, rows, selection }) {
  const ids = ["name", ...plainIds];
  // A selected row has only the cells that were seen.
  const all = await rows.all(asked(ids));
  const chosen = selection.size && !selection.isAll ? all.filter((row) => selection.has(row)) : all;
  return { head: ["run", ...ids], rows: chosen.map((row) => [row.key, ...ids.map((id) => plainValue(row, id))]) };
}

function plainValue(row, id) {
  if (id === "tags") return Object.entries(row.tags).map(([name, value]) => (value === null ? name : `${name}=${value}`)).join(" ");
  if (id === "name") return row.name || row.id;
  return id in row ? row[id] : row.cells[id];
}
