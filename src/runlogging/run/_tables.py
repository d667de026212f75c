"""Rows and tables as a user hands them over, checked before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging._values import is_array, scalar_of

_LONG_TEXT = 4096
_INT64 = range(-(1 << 63), 1 << 63)
_MANY_COLUMNS = 256


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
    return dict(columns)


def columns_of(value: Any) -> dict[str, list[Any]]:
    """Return the columns of a table: of a mapping, or of a pandas or polars frame.

    Raises:
        InvalidValueError: it is neither, has no column, or has columns of different lengths.
    """
    columns = {name if isinstance(name, str) else str(name): cells for name, cells in _pairs(value)}
    if not columns:
        raise InvalidValueError("a table has at least one column")
    table = {name: _cells(name, cells) for name, cells in columns.items()}
    lengths = {name: len(cells) for name, cells in table.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} has {length}" for name, length in list(lengths.items())[:6])
        raise InvalidValueError(f"the columns of a table are of one length, but {shown}; nothing was logged")
    return table


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    names = getattr(value, "columns", None)
    if names is not None and callable(getattr(type(value), "__getitem__", None)):
        pairs = [(name, value[name]) for name in names]
        if len({str(name) for name, _ in pairs}) < len(pairs):
            raise InvalidValueError("two columns of the frame have the same name; rename one of them")
        return pairs
    raise InvalidValueError(
        f"a table is a mapping of column to cells, or a pandas or polars frame, not {type(value).__name__}"
    )


def _cells(name: str, cells: Any) -> list[Any]:
    if callable(getattr(cells, "to_list", None)):  # a series of pandas or polars
        return list(cells.to_list())
    if is_array(cells):
        return list(cells.tolist())
    if isinstance(cells, str | bytes | Mapping) or not isinstance(cells, Iterable):
        raise InvalidValueError(
            f"the column {name!r} is a {type(cells).__name__}; a column is a list of cells, log_row takes one row"
        )
    return list(cells)


def _is_container(value: Any) -> bool:
    return is_array(value) or (isinstance(value, Iterable) and not isinstance(value, str | bytes))
