"""Tables out of values: sorted, a page at a time, as a line of points, as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_MOST_POINTS = 2000

Columns = dict[str, list[Any]]


def joined(parts: Iterable[tuple[str, Any]]) -> Columns:
    """Return tables and rows below each other as one table, None where a part lacks a column.

    Args:
        parts: the type of each ("row", "table", "matrix" or "list"), and what it is; what is none of these is left out.
    """
    table: Columns = {}
    length = 0
    for kind, value in parts:
        columns = columns_of(kind, value)
        for name, cells in columns.items():
            column = table.setdefault(name, [])
            column += [None] * (length - len(column))
            column += cells
        length += max(map(len, columns.values()), default=0)
    for column in table.values():
        column += [None] * (length - len(column))
    return table


def columns_of(kind: str, value: Any) -> Columns:
    """Return one value as columns; none where it is no table."""
    if isinstance(value, Mapping):
        if kind == "row":
            return {str(name): [cell] for name, cell in value.items()}
        return {str(name): list(cells) for name, cells in value.items() if isinstance(cells, list)}
    if isinstance(value, list) and kind == "list":
        return {"value": value}
    if isinstance(value, list) and value and all(isinstance(row, list) for row in value):
        return {
            str(place): [row[place] if place < len(row) else None for row in value] for place in range(_width(value))
        }
    return {}


def _width(rows: Sequence[Sequence[Any]]) -> int:
    return max(map(len, rows))


def length_of(table: Columns) -> int:
    """Return how many rows a table has."""
    return max(map(len, table.values()), default=0)


def order_of(table: Columns, column: str, *, descending: bool = False) -> list[int]:
    """Return the numbers of the rows in the order of a column: numbers, then texts; what is missing and NaN last."""
    places = list(range(length_of(table)))
    cells = table.get(column)
    if cells is None:
        return places
    there = [place for place in places if not _is_missing(cells[place])]
    there.sort(key=lambda place: _key(cells[place]), reverse=descending)
    return there + [place for place in places if _is_missing(cells[place])]


def _is_missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _key(cell: Any) -> tuple[int, Any]:
    return (0, cell) if isinstance(cell, int | float) else (1, str(cell))


def rows_of(table: Columns, places: Iterable[int]) -> list[list[Any]]:
    """Return some rows, each a list of cells in the order of the columns."""
    columns = list(table.values())
    return [[column[place] for column in columns] for place in places]


def line_of(table: Columns) -> dict[str, Any] | None:
    """Return the second numeric column over the first, or the only one over the row's number.

    Returns:
        ``x_name`` (None: the row's number), ``y_name``, ``x``, ``y``, ``total``; at most about 2,000 points, of which
        each part of the rows has its least and its greatest. None where no column is numeric.
    """
    numeric = [name for name, cells in table.items() if _is_numeric(cells)]
    if not numeric:
        return None
    y_name = numeric[1] if len(numeric) > 1 else numeric[0]
    x_name = numeric[0] if len(numeric) > 1 else None
    y = table[y_name]
    x = table[x_name] if x_name is not None else list(range(len(y)))
    places = _extremes(y)
    return {
        "x_name": x_name,
        "y_name": y_name,
        "x": [x[place] for place in places],
        "y": [y[place] for place in places],
        "total": len(y),
    }


def _is_numeric(cells: Sequence[Any]) -> bool:
    is_number = [isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells]
    return any(is_number) and all(here or cell is None for here, cell in zip(is_number, cells, strict=True))


def _extremes(values: Sequence[Any]) -> Sequence[int]:
    if len(values) <= _MOST_POINTS:
        return range(len(values))
    parts = _MOST_POINTS // 2
    kept: set[int] = {0, len(values) - 1}
    for part in range(parts):
        places = range(part * len(values) // parts, (part + 1) * len(values) // parts)
        there = [place for place in places if not _is_missing(values[place])]
        if there:
            kept |= {min(there, key=values.__getitem__), max(there, key=values.__getitem__)}
        else:
            kept.add(places[0])  # so that a gap stays one
    return sorted(kept)


def csv_of(table: Columns) -> str:
    """Return a whole table as CSV (RFC 4180); a missing cell is empty, NaN and the infinities are their names."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table)
    writer.writerows([_csv_cell(cell) for cell in row] for row in rows_of(table, range(length_of(table))))
    return text.getvalue()


def _csv_cell(cell: Any) -> Any:
    if isinstance(cell, float) and not math.isfinite(cell):
        return "NaN" if math.isnan(cell) else "Infinity" if cell > 0 else "-Infinity"
    if isinstance(cell, float):
        return repr(cell)
    return cell
