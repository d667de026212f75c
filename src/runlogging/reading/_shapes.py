"""Metrics in the shapes of Azure's ``get_metrics``: what was logged once stands bare, what was logged more often lists.

`rows` is its counterpart whose shape does not change with the count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from runlogging.reading._model import numbers_of, value_of
from runlogging.reading._run import RunReader

_SCALARS = frozenset({"none", "bool", "text"})
_FILES = frozenset({"image", "figure"})


def metrics_in_shapes(run: RunReader, name: str | None = None) -> dict[str, Any]:
    """Return everything that was logged as a metric, name to value or values, in the order of first appearance.

    Numbers, text, bools and None: the value, or a list of them. Lists: one list of all items, also with scalars of
    the same name among them. Rows and tables: column to value where they have one row in all, else column to list,
    with None where a row lacks the column. Images and figures: the name of the artifact, or a list of names. Anything
    else, and what does not go together: the value, or a list of the values as they are.

    Args:
        run: the run.
        name: only what was logged under this name; nothing was: an empty dict.

    Raises:
        ArtifactNotFoundError: a value was too large for its line, and its file is missing (also a FileNotFoundError).
    """
    return {known: logged.in_shape() for known, logged in _logged(run, name).items()}


def rows(run: RunReader, name: str) -> dict[str, list[Any]]:
    """Return the rows and tables that were logged under a name as one table, whatever their count.

    Returns:
        Column to list, all of one length, one item a row, None where a row lacks the column; columns in the order of
        first appearance. Empty where the name has no rows; what else has the name is left out.

    Raises:
        ArtifactNotFoundError: a table was too large for its line, and its file is missing (also a FileNotFoundError).
    """
    logged = _logged(run, name).get(name)
    return logged.table().filled() if logged is not None else {}


class _Table:
    """Rows as columns."""

    def __init__(self) -> None:
        self.length = 0
        self._columns: dict[str, list[Any]] = {}

    def add_row(self, row: Mapping[str, Any]) -> None:
        for name, cell in row.items():
            self._column(name).append(cell)
        self.length += 1

    def add_columns(self, table: Mapping[str, list[Any]]) -> None:
        for name, cells in table.items():
            self._column(name).extend(cells)
        self.length += max(map(len, table.values()), default=0)

    def _column(self, name: str) -> list[Any]:
        """Return a column, as long as the rows so far."""
        column = self._columns.setdefault(name, [])
        column += [None] * (self.length - len(column))
        return column

    def filled(self) -> dict[str, list[Any]]:
        return {name: self._column(name) for name in self._columns}


class _Logged:
    """What was logged under one name, in order: values and what kind of thing each is."""

    __slots__ = ("kinds", "values")

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.values: list[Any] = []

    def add(self, kind: str, value: Any) -> None:
        self.kinds.append(kind)
        self.values.append(value)

    def in_shape(self) -> Any:
        kinds = set(self.kinds)
        if kinds <= {"row", "table"}:
            table = self.table()
            columns = table.filled()
            return {name: cells[0] for name, cells in columns.items()} if table.length == 1 else columns
        if "list" in kinds and kinds <= {"scalar", "list"}:
            return self._joined()
        return self.values[0] if len(self.values) == 1 else self.values

    def table(self) -> _Table:
        """Return the rows and tables among the values as one table."""
        table = _Table()
        for kind, value in zip(self.kinds, self.values, strict=True):
            if kind == "row":
                table.add_row(value)
            elif kind == "table":
                table.add_columns(value)
        return table

    def _joined(self) -> list[Any]:
        joined: list[Any] = []
        for kind, value in zip(self.kinds, self.values, strict=True):
            joined += value if kind == "list" else [value]
        return joined


def _logged(run: RunReader, name: str | None) -> dict[str, _Logged]:
    """Return name to what was logged under it, in one pass over the records."""
    found: defaultdict[str, _Logged] = defaultdict(_Logged)
    for record in run.records(("metrics", "values")):
        for known, number in numbers_of(record.line):
            if name is None or known == name:
                found[known].add("scalar", number)
        for item in record.line.values or ():
            known = str(item.get("name", ""))
            if name is None or known == name:
                found[known].add(*_kind_and_value(item, run))
    return found


def _kind_and_value(item: dict[str, Any], run: RunReader) -> tuple[str, Any]:
    """Return an item's value and what kind of thing it is; one that is not what its type says is taken as it is."""
    kind, artifact = str(item.get("type", "json")), item.get("artifact")
    if kind in _FILES and artifact is not None:
        return "file", artifact
    value = value_of(item, run.artifact)
    if kind in _SCALARS:
        return "scalar", value
    if (kind == "list" and isinstance(value, list)) or (kind == "row" and isinstance(value, dict)):
        return kind, value
    is_table = kind == "table" and isinstance(value, dict) and all(isinstance(cells, list) for cells in value.values())
    return "table" if is_table else "other", value
