// The table of runs itself: what stands in it, and what a click on a row or a head does.

import { change, go } from "../base/state.js";
import { makeTable } from "../base/table.js";
import { t } from "../base/words.js";
import { joined } from "./links.js";
import { select } from "./runs_actions.js";
import { tableColumns } from "./runs_columns.js";

/** The table of the page of runs, in its place. */
export function makeRunTable(page) {
  const { cells, rows, selection } = page;
  return makeTable(page.place, {
    label: t("runs.title"),
    columns: () => tableColumns(page.ids, page.sort, selection.allBox()),
    total: () => page.facts.total,
    row: (place) => rows.get(place),
    cell: (row, column) => cells.cell(row, column),
    card: (row) => cells.card(row, page.plainIds),
    note: (row) => (row.problem ? t("runs.problem", { text: row.problem }) : null),
    key: (row) => row.key,
    depth: (row) => row.depth,
    isSelected: (row) => selection.has(row),
    onSelect: (place, how) => select(page, place, how),
    onOpen: (row) => go({ view: "run", run: row.key }),
    onFold: (row) => page.turn(row),
    onSort: (column, isSecond) => sortBy(page.sort, column, isSecond),
    need: (first, last, columns) => page.need(first, last, columns),
  });
}

function sortBy(now, { id }, isSecond) {
  if (id === "select" || id === "tags") return;
  const before = now.find((name) => name.replace(/^-/, "") === id);
  // Up, down, off.
  const next = before === undefined ? id : before === id ? `-${id}` : null;
  const others = isSecond ? now.filter((name) => name !== before) : [];
  change({ sort: joined([...others, next].filter(Boolean)) || null });
}
