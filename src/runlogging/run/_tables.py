"""Rows and tables as a user hands them over, checked before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging._values import is_array, is_time, scalar_of

_LONG_TEXT = 4096
_INT64 = range(-(1 << 63), 1 << 63)
_MANY_COLUMNS = 256
_PLAIN = frozenset({int, float, str, bool, type(None)})


def is_plain_row(columns: Mapping[str, Any]) -> bool:
    """Tell whether JSON has all cells of a row as they are, and whether they fit into a line."""
    if not 0 < len(columns) <= _MANY_COLUMNS:
        return False
    for value in columns.values():
        kind = type(value)
        if kind is float:
            if value - value:  # not zero for NaN and the infinities
                return False
        elif kind is int:
            if value not in _INT64:
                return False
        elif kind is str:
            if len(value) > _LONG_TEXT:
                return False
        elif value is not None and kind is not bool:
            return False
    return True


def row_of(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row that was checked.

    Raises:
        InvalidValueError: there is no column, or a cell is no scalar; the message names the column.
    """
    if not columns:
        raise InvalidValueError("log_row takes at least one column: log_row('losses', train=0.1, test=0.2)")
    for name, value in columns.items():
        if _is_container(scalar_of(value)):
            raise InvalidValueError(
                f"the cell {name!r} is a {type(value).__name__}; a cell of log_row is one value, "
                "log_table takes columns of several"
            )
    return {name: _plain_cell(cell) for name, cell in columns.items()}


def items_of(value: Any) -> Any:
    """Return the items of a list that was checked: an array as it is, of any other iterable a list.

    Raises:
        InvalidValueError: it is text, a mapping, a data frame, or no iterable.
    """
    if isinstance(value, str | bytes | Mapping) or not _has_items(value):
        raise InvalidValueError(f"log_list takes an iterable of values, not {type(value).__name__}; see log")
    if _is_frame(value):
        raise InvalidValueError(f"log_list takes an iterable of values, not a {type(value).__name__}; see log_table")
    return value if is_array(value) and not is_time(value) else _plain_cells(value)


def columns_of(value: Any) -> dict[str, list[Any]]:
    """Return the columns of a table: of a mapping, or of a pandas or polars frame.

    Raises:
        InvalidValueError: it is neither, has no column, or has columns of different lengths.
    """
    pairs = [(name if isinstance(name, str) else str(name), cells) for name, cells in _pairs(value)]
    columns = dict(pairs)
    if not columns:
        raise InvalidValueError("a table has at least one column")
    if len(columns) < len(pairs):
        raise InvalidValueError("two columns have the same name as text; rename one of them")
    table = {name: _cells(name, cells) for name, cells in columns.items()}
    lengths = {name: len(cells) for name, cells in table.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} has {length}" for name, length in list(lengths.items())[:6])
        raise InvalidValueError(f"the columns of a table are of one length, but {shown}; nothing was logged")
    return table


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    if _is_frame(value):
        return [(name, value[name]) for name in value.columns]
    raise InvalidValueError(
        f"a table is a mapping of column to cells, or a pandas or polars frame, not {type(value).__name__}"
    )


def _cells(name: str, cells: Any) -> list[Any]:
    if callable(getattr(cells, "to_list", None)):  # a series of pandas or polars
        return _plain_cells(cells.to_list())
    if isinstance(cells, str | bytes | Mapping) or not _has_items(cells):
        raise InvalidValueError(
            f"the column {name!r} is a {type(cells).__name__}; a column is a list of cells, log_row takes one row"
        )
    return list(cells.tolist()) if is_array(cells) and not is_time(cells) else _plain_cells(cells)


def _is_container(value: Any) -> bool:
    return is_array(value) or (isinstance(value, Iterable) and not isinstance(value, str | bytes))


def _has_items(value: Any) -> bool:
    try:
        iter(value)
    except TypeError:  # also an array without dimensions, though its class has __iter__
        return is_array(value)
    return True


def _is_frame(value: Any) -> bool:
    return getattr(value, "columns", None) is not None and callable(getattr(type(value), "__getitem__", None))


def _plain_cells(cells: Iterable[Any]) -> list[Any]:
    listed = list(cells)
    if set(map(type, listed)) <= _PLAIN:  # at C speed, because columns are long
        return listed
    return [_plain_cell(cell) for cell in listed]


def _plain_cell(cell: Any) -> Any:
    """Return a cell: missing ones of pandas and numpy (NA, NaT) are None, times of numpy their text."""
    if type(cell).__name__ in ("NAType", "NaTType"):
        return None
    if not is_time(cell):
        return cell
    return _plain_cells(cell) if is_array(cell) else None if str(cell) == "NaT" else str(cell)
