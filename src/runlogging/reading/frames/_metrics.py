"""The metrics of a run as a frame, as plain columns, or as a scan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, get_args, overload

from runlogging._errors import InvalidValueError
from runlogging.reading._engines import Column, Engine, check_engine, import_polars, make_frame
from runlogging.reading.frames._columns import Table, read_table
from runlogging.reading.frames._names import Names
from runlogging.reading.frames._polars import read_points
from runlogging.reading.frames._wide import wide_columns, wide_frame

if TYPE_CHECKING:
    import polars

    from runlogging.reading._run import RunReader

Form = Literal["long", "wide"]
"""Whether a table has a row a point, or a row a record with a column a metric."""

_LONG = ("seq", "time", "step", "name", "value", "writer", "attributes")


@overload
def metrics_frame(
    run: RunReader,
    names: Iterable[str] | str | None = None,
    *,
    form: Form = "long",
    engine: Literal["polars"] = "polars",
) -> polars.DataFrame: ...
@overload
def metrics_frame(
    run: RunReader, names: Iterable[str] | str | None = None, *, form: Form = "long", engine: Engine
) -> Any: ...
def metrics_frame(
    run: RunReader, names: Iterable[str] | str | None = None, *, form: Form = "long", engine: Engine = "polars"
) -> Any:
    """Return the metrics of a run as a data frame, in the order of the run.

    The long form has a row a point: ``seq`` (the record's number in its writer), ``time`` (UTC, to the microsecond),
    ``step``, ``name``, ``value`` (a double; NaN and infinities are such, never null), ``writer`` and ``attributes``:
    what the record said beside its numbers, as JSON text with ``level``, ``logger``, ``message``, ``attributes`` and
    ``description``, or null where it said nothing. A null among the metrics of a record is no point.

    The wide form has a row a record: ``seq``, ``time``, ``step``, ``writer``, and a column a metric, null where the
    record lacks it. A metric that is called like one of the first is ``metrics.NAME``.

    Bad and torn lines are left out; `RunReader.problems` names them. An integer that no double is equal to becomes the
    nearest one, and an infinity beyond all doubles; `metrics_columns` keeps it.

    Args:
        run: the run.
        names: only these metrics, or this one; None is all.
        form: "long" or "wide".
        engine: "polars" gives a polars.DataFrame, "pandas" a pandas.DataFrame, "pyarrow" a pyarrow.Table. The last two
            need no Polars.

    Raises:
        MetricNotFoundError: the run has no metric of one of the names (also a KeyError).
        MissingExtraError: the engine is not installed (also an ImportError).
        InvalidValueError: form or engine is none; or the wide form would have more than 2**28 numbers (also a
            ValueError).
        RunNotFoundError: the folder is gone (also a FileNotFoundError).
    """
    _check_form(form)
    check_engine(engine)
    if engine != "polars":
        return make_frame(_columns(run, names, form), engine)
    import_polars()
    wanted = Names(names)
    points = read_points(run, wanted, with_lines=form == "wide")
    wanted.check()
    return wide_frame(points) if form == "wide" else points.select(_LONG)


def metrics_columns(
    run: RunReader, names: Iterable[str] | str | None = None, *, form: Form = "long"
) -> dict[str, list[Any]]:
    """Return the metrics of a run as plain Python: name of the column to its values, in the order of the run.

    The columns are those of `metrics_frame`. Times are aware datetimes in UTC; values are as they were logged: float,
    int of any length, NaN and infinities. What is missing is None. No extra is needed.

    Args:
        run: the run.
        names: only these metrics, or this one; None is all.
        form: "long", a row a point, or "wide", a row a record.

    Raises:
        MetricNotFoundError: the run has no metric of one of the names (also a KeyError).
        InvalidValueError: form is none; or the wide form would have more than 2**28 numbers (also a ValueError).
        RunNotFoundError: the folder is gone (also a FileNotFoundError).
    """
    _check_form(form)
    # Every column is a list already.
    return {name: column.values for name, column in _columns(run, names, form).items()}  # type: ignore[misc]


def scan_metrics(run: RunReader, names: Iterable[str] | str | None = None) -> polars.LazyFrame:
    """Return the metrics of a run, in the long form of `metrics_frame`, as a lazy frame.

    The files are read when it is collected, as they are then. So the scans of many runs can be put together before any
    of them is read.

    Args:
        run: the run.
        names: only these metrics, or this one; None is all. One that the run does not have is an error of Polars when
            the frame is collected.

    Raises:
        MissingExtraError: Polars is not installed (also an ImportError).
    """
    import_polars()
    import polars
    from polars.io.plugins import register_io_source

    wanted = names if names is None or isinstance(names, str) else tuple(names)

    def read(
        columns: list[str] | None, predicate: polars.Expr | None, rows: int | None, _batch_size: int | None
    ) -> Iterator[polars.DataFrame]:
        # The place to push columns and predicate down, once all files of a run are packed.
        asked = Names(wanted)
        frame = read_points(run, asked, with_lines=False).select(_LONG)
        asked.check()
        # Polars gives both only where the first rows are wanted before any are left out.
        frame = frame if rows is None else frame.head(rows)
        frame = frame if predicate is None else frame.filter(predicate)
        yield frame if columns is None else frame.select(columns)

    types: dict[str, Any] = {
        "seq": polars.Int64,
        "time": polars.Datetime("us", "UTC"),
        "step": polars.Int64,
        "name": polars.String,
        "value": polars.Float64,
        "writer": polars.String,
        "attributes": polars.String,
    }
    return register_io_source(read, schema=types)


def _check_form(form: str) -> None:
    if form not in get_args(Form):
        raise InvalidValueError(f"form is one of {', '.join(get_args(Form))}, not {form!r:.80}")


def _columns(run: RunReader, names: Iterable[str] | str | None, form: Form) -> dict[str, Column]:
    wanted = Names(names)
    table = read_table(run, wanted, with_lines=form == "wide")
    wanted.check()
    return wide_columns(table) if form == "wide" else _long_columns(table)


def _long_columns(table: Table) -> dict[str, Column]:
    return {
        "seq": Column("whole", table.seqs),
        "time": Column("time", table.times),
        "step": Column("whole", table.steps),
        "name": Column("text", table.names),
        "value": Column("float", table.values),
        "writer": Column("text", table.writers),
        "attributes": Column("text", table.attributes),
    }
