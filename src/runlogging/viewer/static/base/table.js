// A table of which only what is seen is in the page, in both directions: an ARIA grid with arrow keys.
//
// The grid itself has the focus and says by aria-activedescendant which cell is meant, because cells come and go. Rows
// have one height; on a narrow screen a row is a card. Where the rows come from is the page's matter.

import { fill, h, perFrame } from "./dom.js";

const AHEAD = 6; // rows beyond the edges
const NARROW_PX = 560;

/**
 * Make a table: makeTable(container, {
 *   label,                         what it is
 *   columns,                       () -> [{ id, title, width, pinned, number, sort: "" | "up" | "down", rank }]
 *   total,                         () -> how many rows
 *   row,                           (place) -> what is known of a row, or undefined
 *   cell,                          (row, column) -> what stands in a cell
 *   card,                          (row) -> what stands on a card
 *   key,                           (row) -> text
 *   isSelected, onSelect(place, { range, isOn }), onOpen(row, event), onFold(row, isClosed), onSort(column, isSecond),
 *   need,                          (first, last, columns) is called with the rows and columns that are seen
 *   depth,                         (row) -> how deep it hangs
 *   note,                          (row) -> text that stands in place of all cells but the pinned ones, or null
 * }); gives { draw(), scrollTo(place), element, dispose(), active() }.
 */
export function makeTable(container, options) {
  const rowHeight = 30;
  const cardHeight = 92;
  const head = h("div", { className: "grid-head", role: "row", "aria-rowindex": 1 });
  const body = h("div", { className: "grid-body", role: "rowgroup" });
  const grid = h("div", { className: "grid", role: "treegrid", tabindex: 0, "aria-label": options.label, "aria-multiselectable": "true" });
  grid.append(h("div", { className: "grid-headgroup", role: "rowgroup" }, head), body);
  fill(container, grid);
  const active = { row: 0, column: 0 };
  let anchor = 0;
  let isCards = false;
  const rowsShown = new Map(); // place -> element

  const height = () => (isCards ? cardHeight : rowHeight);

  /** The columns that are seen: pinned ones always, of the others those in view. */
  function window_() {
    const all = options.columns();
    const pinned = all.filter((column) => column.pinned);
    const free = all.filter((column) => !column.pinned);
    const offset = pinned.reduce((sum, column) => sum + column.width, 0);
    const left = grid.scrollLeft;
    const right = left + grid.clientWidth - offset;
    let x = 0;
    let before = 0;
    let after = 0;
    const seen = [];
    for (const column of free) {
      if (x + column.width < left - 200) before += column.width;
      else if (x > right + 200) after += column.width;
      else seen.push(column);
      x += column.width;
    }
    const order = [...pinned, ...free];
    const numbers = new Map(order.map((column, number) => [column, number]));
    return { pinned, seen, before, after, width: offset + x, order, numbers };
  }

  function cells(view, make) {
    let left = 0;
    const parts = view.pinned.map((column) => {
      const element = make(column, view.numbers.get(column));
      element.classList.add("pinned");
      element.style.left = `${left}px`;
      left += column.width;
      return element;
    });
    const spacer = (width) => width > 0 && h("div", { className: "grid-space", role: "presentation", style: { width: `${width}px` } });
    return [parts, spacer(view.before), view.seen.map((column) => make(column, view.numbers.get(column))), spacer(view.after)];
  }

  function drawHead(view) {
    const make = (column, place) => {
      const label = { up: "ascending", down: "descending" }[column.sort] ?? "none";
      const element = h(
        "div",
        {
          role: "columnheader",
          className: `cell${column.number ? " number" : ""}${column.head ? " select" : ""}`,
          "aria-sort": label,
          "aria-colindex": place + 1,
          title: column.hint ?? column.title,
          style: { width: `${column.width}px` },
        },
        column.head ??
          h(
            "button",
            { className: "quiet sort", tabindex: -1, onClick: (event) => options.onSort(column, event.shiftKey) },
            h("span", { className: "label" }, column.title),
            column.sort && h("span", { className: "arrow", "aria-hidden": true }, `${column.sort === "up" ? "▲" : "▼"}${column.rank > 1 ? column.rank : ""}`),
          ),
      );
      return element;
    };
    fill(head, ...cells(view, make));
    head.style.width = `${view.width}px`;
  }

  function rowElement(place, view) {
    const row = options.row(place);
    const isSelected = row ? options.isSelected(row) : false;
    const props = {
      role: "row",
      className: `grid-row${row?.problem ? " damaged" : ""}${row && row.fits === false ? " context" : ""}${place % 2 ? " odd" : ""}`,
      "aria-rowindex": place + 2,
      "aria-selected": String(isSelected),
      "aria-level": row ? options.depth(row) + 1 : null,
      "aria-expanded": row?.children ? String(!row.closed) : null,
      "data-key": row ? options.key(row) : null,
      style: { top: `${place * height()}px`, height: `${height()}px`, width: isCards ? "100%" : `${view.width}px` },
      onClick: (event) => clicked(place, event),
    };
    if (!row) return h("div", props, h("div", { role: "gridcell", className: "cell waiting" }, "…"));
    if (isCards) {
      const isActive = place === active.row;
      return h("div", props, h("div", { role: "gridcell", id: cellId(place, 0), className: `card${isActive ? " active" : ""}` }, options.card(row, place)));
    }
    const make = (column, number) => {
      const isActive = place === active.row && number === active.column;
      return h(
        "div",
        {
          role: "gridcell",
          id: cellId(place, number),
          "aria-colindex": number + 1,
          className: `cell${column.number ? " number" : ""}${column.head ? " select" : ""}${isActive ? " active" : ""}`,
          style: { width: `${column.width}px` },
        },
        options.cell(row, column, place),
      );
    };
    const note = options.note(row);
    if (note === null) return h("div", props, ...cells(view, make));
    const pinned = cells({ ...view, seen: [], before: 0, after: 0 }, make);
    return h("div", props, ...pinned, h("div", { role: "gridcell", className: "cell note", title: note }, note));
  }

  const cellId = (place, column) => `cell-${place}-${isCards ? 0 : column}`;

  function draw() {
    isCards = grid.clientWidth > 0 && grid.clientWidth < NARROW_PX;
    grid.classList.toggle("cards", isCards);
    const total = options.total();
    const view = window_();
    active.row = Math.max(0, Math.min(active.row, total - 1));
    active.column = Math.max(0, Math.min(active.column, view.order.length - 1));
    grid.setAttribute("aria-rowcount", String(total + 1));
    grid.setAttribute("aria-colcount", String(view.order.length));
    body.style.height = `${total * height()}px`;
    body.style.width = isCards ? "100%" : `${view.width}px`;
    if (!isCards) drawHead(view);
    const top = grid.scrollTop;
    const first = Math.max(0, Math.floor(top / height()) - AHEAD);
    const last = Math.min(total, Math.ceil((top + grid.clientHeight) / height()) + AHEAD);
    options.need(first, last, isCards ? view.order : [...view.pinned, ...view.seen]);
    rowsShown.clear();
    for (let place = first; place < last; place += 1) rowsShown.set(place, rowElement(place, view));
    body.replaceChildren(...rowsShown.values());
    if (rowsShown.has(active.row)) grid.setAttribute("aria-activedescendant", cellId(active.row, active.column));
    else grid.removeAttribute("aria-activedescendant");
  }

  const redraw = perFrame(draw);

  function scrollTo(place) {
    const y = place * height();
    const headHeight = isCards ? 0 : head.offsetHeight;
    if (y < grid.scrollTop) grid.scrollTop = y;
    else if (y + height() + headHeight > grid.scrollTop + grid.clientHeight) grid.scrollTop = y + height() + headHeight - grid.clientHeight;
  }

  function scrollToColumn() {
    const { pinned, order } = window_();
    const column = order[active.column];
    if (!column || column.pinned) return;
    const offset = pinned.reduce((sum, one) => sum + one.width, 0);
    const free = order.filter((one) => !one.pinned);
    const x = free.slice(0, free.indexOf(column)).reduce((sum, one) => sum + one.width, 0);
    const room = grid.clientWidth - offset;
    if (x < grid.scrollLeft) grid.scrollLeft = x;
    else if (x + column.width > grid.scrollLeft + room) grid.scrollLeft = x + column.width - room;
  }

  function clicked(place, event) {
    active.row = place;
    const cell = event.target.closest("[aria-colindex]");
    if (cell) active.column = Number(cell.getAttribute("aria-colindex")) - 1;
    const box = event.target.closest("input[type=checkbox]");
    if (box) {
      options.onSelect(place, { range: event.shiftKey ? anchor : null, isOn: box.checked });
      anchor = place;
    }
    redraw();
  }

  function moved(event, rows, columns) {
    const total = options.total();
    active.row = Math.max(0, Math.min(active.row + rows, total - 1));
    active.column = Math.max(0, Math.min(active.column + columns, options.columns().length - 1));
    if (event.shiftKey && rows) options.onSelect(active.row, { range: anchor, isOn: true });
    else if (rows) anchor = active.row;
    event.preventDefault();
    scrollTo(active.row);
    if (columns) scrollToColumn();
    draw();
  }

  grid.addEventListener("keydown", (event) => {
    if (event.target !== grid && event.key !== "Escape") return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(grid.clientHeight / height()) - 2);
    const row = options.row(active.row);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    if (event.key in steps) moved(event, steps[event.key], 0);
    else if (event.key === "ArrowRight" && row?.children && row.closed) options.onFold(row, false);
    else if (event.key === "ArrowLeft" && row?.children && !row.closed && active.column === 0) options.onFold(row, true);
    else if (event.key === "ArrowRight") moved(event, 0, 1);
    else if (event.key === "ArrowLeft") moved(event, 0, -1);
    else if (event.key === "Home") moved(event, -options.total(), 0);
    else if (event.key === "End") moved(event, options.total(), 0);
    else if (event.key === "Enter" && row) options.onOpen(row, event);
    else if (event.key === " " && row) {
      options.onSelect(active.row, { range: event.shiftKey ? anchor : null, isOn: !options.isSelected(row) });
      anchor = active.row;
    } else return;
    event.preventDefault();
  });
  grid.addEventListener("scroll", redraw, { passive: true });
  const watcher = new ResizeObserver(redraw);
  watcher.observe(grid);
  return { draw, redraw, scrollTo, element: grid, active: () => active, dispose: () => watcher.disconnect() };
}
