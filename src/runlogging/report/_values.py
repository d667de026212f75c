"""What was logged and is no number: charts, tables, lists, texts, histograms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runlogging._texts import short_number
from runlogging.drawing import CHART_KINDS, Curve, Histogram, charts_of, histograms_chart, line_chart, table_chart
from runlogging.drawing._markup import Markup, element, joined, one_line
from runlogging.drawing._numbers import counted
from runlogging.reading import Value
from runlogging.report._images import KINDS as IMAGE_KINDS
from runlogging.report._parts import (
    BAD_VALUE,
    Section,
    bounded,
    faint,
    figures,
    label_text,
    pre,
    section,
    table,
    value_text,
)

_MOST_NAMES = 60
_MOST_ROWS, _MOST_COLUMNS = 30, 16
_NARROW = 6  # columns of a table that half a page holds
_LONGEST_CELL, _LONGEST_TEXT = 200, 4_000
_MOST_HISTOGRAMS = 200
_TABLES = frozenset({"row", "table"})


def values_section(values: Sequence[Value]) -> Section | None:
    """Return the section of all values but pictures; None where there are none."""
    names: dict[tuple[str, str], list[Value]] = {}
    for value in values:
        if value.type not in IMAGE_KINDS:
            kind = "table" if value.type in _TABLES else value.type
            names.setdefault((value.name, kind), []).append(value)
    shown = list(names.items())[:_MOST_NAMES]
    parts = [_name(name, kind, found) for (name, kind), found in shown]
    if len(names) > len(shown):
        parts.append(faint(f"{len(names) - len(shown):,} more values are left out."))
    return section("Values", "values", element("div", *parts, class_="values")) if parts else None


def _name(name: str, kind: str, values: Sequence[Value]) -> Markup:
    show = _SHOWN.get(kind, _show_plain)
    try:
        body = show(name, values)
    except BAD_VALUE as error:
        body = faint(f"This value cannot be shown: {bounded(str(error), 300)}")
    about = next((value.description for value in values if isinstance(value.description, str)), "")
    said = faint(bounded(about, 500)) if about else ""
    charts = body.count("<figure")  # texts are escaped: these are ours
    # A chart says the name itself; what is wide has the whole width of the page.
    is_wide = charts > 1 or kind in ("matrix", "text") or body.count("<th") > _NARROW
    heading = "" if charts else element("h3", label_text(name))
    return element("div", heading, body, said, class_="wide" if is_wide else None)


def _last_of(values: Sequence[Value], what: str) -> Markup:
    if len(values) == 1:
        return Markup()
    step = values[-1].step
    at = "" if step is None else f", of step {short_number(step)}"
    return faint(f"The last of {counted(len(values), what)}{at}.")


def _show_chart(name: str, values: Sequence[Value]) -> Markup:
    value = values[-1]
    return Markup(_last_of(values, "chart") + figures(charts_of(value.type, value.value, title=name)))


def _show_histograms(name: str, values: Sequence[Value]) -> Markup:
    kept = values[:: -(-len(values) // _MOST_HISTOGRAMS)]
    read = [Histogram(value.step, value.value["counts"], value.value["edges"]) for value in kept]
    return figures([histograms_chart(read, title=name)])


def _show_table(name: str, values: Sequence[Value]) -> Markup:
    columns = joined_tables(values)
    chart = table_chart(columns, title=name)
    return Markup((figures([chart]) if chart else "") + _table_of(columns))


def joined_tables(values: Sequence[Value]) -> dict[str, list[Any]]:
    """Return rows and tables of one name as one table: column to cells, None where a row lacks the column."""
    columns: dict[str, list[Any]] = {}
    length = 0
    for value in values:
        content = value.value
        part = {name: [cell] for name, cell in content.items()} if value.type == "row" else content
        for name, cells in part.items():
            column = columns.setdefault(str(name), [])
            column += [None] * (length - len(column)) + list(cells)
        length += max((len(cells) for cells in part.values()), default=0)
    return {name: cells + [None] * (length - len(cells)) for name, cells in columns.items()}


def _table_of(columns: Mapping[str, Sequence[Any]]) -> Markup:
    names = list(columns)[:_MOST_COLUMNS]
    count = max(map(len, columns.values()), default=0)
    rows = [
        ["" if columns[name][at] is None else value_text(columns[name][at], _LONGEST_CELL) for name in names]
        for at in range(min(count, _MOST_ROWS))
    ]
    numbers = [at for at, name in enumerate(names) if any(_is_number(cell) for cell in columns[name])]
    shown = table([label_text(name) for name in names], rows, numbers=numbers)
    left_out = []
    if count > len(rows):
        left_out.append(f"the first {len(rows)} of {count:,} rows")
    if len(columns) > len(names):
        left_out.append(f"the first {len(names)} of {len(columns):,} columns")
    return Markup(shown + (faint(f"Shown: {' and '.join(left_out)}.") if left_out else ""))


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _show_list(name: str, values: Sequence[Value]) -> Markup:
    items = values[-1].value
    chart = ""
    if isinstance(items, list) and len(items) > 2 and all(map(_is_number, items)):
        curve = Curve(name, [float(at) for at in range(len(items))], items)
        chart = figures([line_chart([curve], title=name, x_title="place in the list")])
    return Markup(_last_of(values, "list") + chart + pre(value_text(items)))


def _show_matrix(name: str, values: Sequence[Value]) -> Markup:
    rows = values[-1].value
    width = max(map(len, rows), default=0)
    columns = {str(at): [row[at] if at < len(row) else None for row in rows] for at in range(width)}
    return Markup(_last_of(values, "matrix") + _table_of(columns))


def _show_plain(name: str, values: Sequence[Value]) -> Markup:
    shown = values[-3:]
    said = faint(f"The last {len(shown)} of {len(values):,}.") if len(values) > len(shown) else ""
    return joined([said, *(pre(f"{_step(value)}{value_text(value.value, _LONGEST_TEXT)}") for value in shown)])


def _step(value: Value) -> str:
    return "" if value.step is None else f"step {one_line(short_number(value.step))}: "


_SHOWN: dict[str, Callable[[str, Sequence[Value]], Markup]] = {
    **dict.fromkeys(CHART_KINDS, _show_chart),
    "histogram": _show_histograms,
    "table": _show_table,
    "list": _show_list,
    "matrix": _show_matrix,
}
