"""A table that a run logged, as a frame."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import msgspec

from runlogging._errors import InvalidValueError, MetricNotFoundError
from runlogging.reading._engines import Column, Engine, Kind, check_engine, make_frame
from runlogging.reading._model import numbers_of
from runlogging.reading._shapes import rows
from runlogging.reading.frames._columns import METRIC_STREAMS

if TYPE_CHECKING:
    import polars

    from runlogging.reading._run import RunReader

_TABLES = frozenset({"row", "table"})
_KINDS: tuple[tuple[frozenset[type], Kind], ...] = (
    (frozenset({bool}), "bool"),
    (frozenset({int}), "whole"),
    (frozenset({int, float}), "float"),
)
_WHOLE = range(-(1 << 63), 1 << 63)
_encode = msgspec.json.Encoder(enc_hook=str).encode


@overload
def table_frame(run: RunReader, name: str, *, engine: Literal["polars"] = "polars") -> polars.DataFrame: ...
@overload
def table_frame(run: RunReader, name: str, *, engine: Engine) -> Any: ...
def table_frame(run: RunReader, name: str, *, engine: Engine = "polars") -> Any:
    """Return the rows and tables that were logged under a name as one data frame.

    The columns are in the order of first appearance; what a row lacks is null. A column of bools, of ints or of numbers
    has that type, every other one is text: what is no text there is written as JSON.

    Args:
        run: the run.
        name: the name that the rows were logged under.
        engine: "polars" gives a polars.DataFrame, "pandas" a pandas.DataFrame, "pyarrow" a pyarrow.Table. The last two
            need no Polars.

    Raises:
        MetricNotFoundError: nothing was logged under the name (also a KeyError).
        InvalidValueError: what has the name is neither row nor table; or there is no such engine (also a ValueError).
        MissingExtraError: the engine is not installed (also an ImportError).
        ArtifactNotFoundError: a table was too large for its line, and its file is missing (also a FileNotFoundError).
        RunNotFoundError: the folder is gone (also a FileNotFoundError).
    """
    check_engine(engine)
    columns = rows(run, name)
    if not columns:
        _check_name(run, name)
    return make_frame({title: _column(cells) for title, cells in columns.items()}, engine)


def _check_name(run: RunReader, name: str) -> None:
    """Raise an error unless the name has rows, be they without a column."""
    kinds: dict[str, set[str]] = {}
    for line in (record.line for record in run.records(METRIC_STREAMS)):
        for known, _ in numbers_of(line):
            kinds.setdefault(known, set()).add("number")
        for item in line.values or ():
            kinds.setdefault(str(item.get("name", "")), set()).add(str(item.get("type", "json")))
    if name not in kinds:
        tables = [known for known, found in kinds.items() if found & _TABLES]
        raise MetricNotFoundError(name, tuple(difflib.get_close_matches(str(name), tables)))
    if not kinds[name] & _TABLES:
        raise InvalidValueError(f"{name!r} is no table; what has this name is: {', '.join(sorted(kinds[name]))}")


def _column(cells: Sequence[Any]) -> Column:
    found = [cell for cell in cells if cell is not None]
    types = set(map(type, found))
    # An integer that a column of numbers cannot have keeps its digits as text.
    fits = all(cell in _WHOLE for cell in found if type(cell) is int)
    for known, kind in _KINDS:
        if types and types <= known and fits:
            return Column(kind, cells)
    return Column("text", [cell if cell is None or isinstance(cell, str) else _text(cell) for cell in cells])


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell - cell != 0:
        return str(cell)  # JSON has none of these
    return _encode(cell).decode()
