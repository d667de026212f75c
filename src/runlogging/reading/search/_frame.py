"""Runs as a table: a row a run, a column a fact, for polars, pandas, pyarrow or plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from os import PathLike
from typing import Any

import msgspec

from runlogging._errors import InvalidValueError
from runlogging.folder import MetricSummary, clean_text, find_root, parse_time, unused_name
from runlogging.reading._engines import Column, Engine, Kind, check_engine, make_frame
from runlogging.reading.search._listing import chooser, opened_listing
from runlogging.reading.search._row import RunRow

SUMMARIES = ("last", "min", "max", "mean", "count", "step", "nonfinite")
"""What a summary says of a metric."""

_FIXED: dict[str, Kind] = {
    "id": "text",
    "experiment": "text",
    "name": "text",
    "number": "whole",
    "status": "text",
    "created": "time",
    "started": "time",
    "ended": "time",
    "duration": "float",
    "parent": "text",
    "type": "text",
    "problem": "text",
}
_WHOLE = range(-(1 << 63), 1 << 63)


def runs_frame(
    root: str | PathLike[str] = "runs",
    experiment: str | None = None,
    where: str | None = None,
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
    *,
    summaries: Iterable[str] = ("last",),
    damaged: bool = True,
    engine: Engine = "polars",
) -> Any:
    """Return the runs below a root as a data frame, a row a run, the newest first unless an order is given.

    The columns are ``id``, ``experiment``, ``name``, ``number``, ``status``, ``created``, ``started``, ``ended`` (UTC,
    to the microsecond), ``duration`` (seconds), ``parent``, ``type`` and ``problem`` (why a folder cannot be read, else
    null), then ``tags.KEY``, ``params.KEY`` (``params.model.depth`` for what is nested) and ``metrics.NAME``. A tag
    without a value is null, as one that a run does not have. A parameter is a number or a bool where it is one in all
    runs that have it, else text; lists are JSON. A second column of a name gets ``#2``.

    Args:
        root: the folder that holds experiments; see `list_rows`.
        experiment: only this experiment's runs.
        where: a filter; see `list_rows`.
        order_by: an order; see `list_rows`.
        limit: how many runs at most; None is all.
        summaries: what of each metric's summary is a column: "last" is ``metrics.NAME``, each other one
            ``metrics.NAME.min`` and so on. Of "last", "min", "max", "mean", "count", "step" and "nonfinite".
        damaged: whether folders that cannot be read are rows, too.
        engine: "polars" gives a polars.DataFrame, "pandas" a pandas.DataFrame, "pyarrow" a pyarrow.Table.

    Raises:
        MissingExtraError: the engine is not installed (also an ImportError); `runs_columns` needs none.
        FilterError: the filter or the order cannot be read (also a ValueError).
        InvalidValueError: the limit, the engine or a summary is none (also a ValueError).
    """
    check_engine(engine)
    return make_frame(_columns(root, experiment, where, order_by, limit, summaries, damaged), engine)


def runs_columns(
    root: str | PathLike[str] = "runs",
    experiment: str | None = None,
    where: str | None = None,
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
    *,
    summaries: Iterable[str] = ("last",),
    damaged: bool = True,
) -> dict[str, list[Any]]:
    """Return what `runs_frame` returns as plain Python: name of the column to its values, an item a run.

    Times are aware datetimes in UTC, what is missing is None. No extra is needed.

    Raises:
        FilterError, InvalidValueError: as `runs_frame`.
    """
    columns = _columns(root, experiment, where, order_by, limit, summaries, damaged)
    return {name: list(column.values) for name, column in columns.items()}


def _columns(
    root: str | PathLike[str],
    experiment: str | None,
    where: str | None,
    order_by: str | Sequence[str] | None,
    limit: int | None,
    summaries: Iterable[str],
    damaged: bool,
) -> dict[str, Column]:
    figures = _figures(summaries)
    choose = chooser(where, order_by, limit)
    with opened_listing(find_root(root), experiment) as listing:
        rows = choose(row for row in listing.rows() if damaged or not row.problem)
        return columns_of(rows, figures)


def _figures(summaries: Iterable[str]) -> tuple[str, ...]:
    figures = (summaries,) if isinstance(summaries, str) else tuple(dict.fromkeys(summaries))
    for figure in figures:
        if figure not in SUMMARIES:
            raise InvalidValueError(f"a summary is one of {', '.join(SUMMARIES)}, not {figure!r:.80}")
    return figures


def columns_of(rows: Sequence[RunRow], figures: Sequence[str] = ("last",)) -> dict[str, Column]:
    """Return the columns of some rows.

    Args:
        rows: the rows.
        figures: what of each metric's summary is a column.
    """
    columns = {}
    for name, kind in _FIXED.items():
        plain = _time if kind == "time" else _clean
        columns[name] = Column(kind, [plain(getattr(row, name)) for row in rows])
    _add(columns, "tags.", [row.tags for row in rows], lambda values: Column("text", values))
    _add(columns, "params.", [_flat(row.parameters) for row in rows], _typed)
    metrics = [row.metrics for row in rows] if figures else []
    for figure in figures:
        end = "" if figure == "last" else f".{figure}"
        _add(columns, "metrics.", [_numbers(row, figure) for row in metrics], _numeric, end)
    return columns


def _add(
    columns: dict[str, Column],
    beginning: str,
    rows: Sequence[Mapping[str, Any]],
    typed: Any,
    end: str = "",
) -> None:
    """Add a column for each key that any row has."""
    for key in dict.fromkeys(key for row in rows for key in row):
        name = unused_name(clean_text(f"{beginning}{key}{end}"), columns)
        columns[name] = typed([row.get(key) for row in rows])


def _numbers(metrics: Mapping[str, MetricSummary], figure: str) -> dict[str, Any]:
    return {name: getattr(metric, figure) for name, metric in metrics.items()}


def _flat(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with what is nested under dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in _leaves(parameters):
        flat[unused_name(key, flat)] = value
    return flat


def _leaves(value: Mapping[str, Any], beginning: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield from _leaves(item, f"{beginning}{key}.")
        else:
            yield f"{beginning}{key}", item


def _numeric(values: list[Any]) -> Column:
    are_whole = all(value is None or (isinstance(value, int) and value in _WHOLE) for value in values)
    return Column("whole", values) if are_whole else Column("float", [_float(value) for value in values])


def _typed(values: list[Any]) -> Column:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return Column("bool", values)
    if kinds and kinds <= {int, float}:
        return _numeric(values)
    return Column("text", [_text(value) for value in values])


def _float(value: float | int | None) -> float | None:
    return None if value is None else float(value)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return clean_text(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _clean(value: Any) -> Any:
    return clean_text(value) if isinstance(value, str) and not value.isascii() else value


def _time(text: str | None) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except ValueError:
        return None
