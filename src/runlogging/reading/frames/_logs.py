"""The log of a run as a frame or as plain columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

import msgspec

from runlogging.reading._engines import Column, Engine, Kind, check_engine, make_frame, plain_columns
from runlogging.reading._levels import is_entry, lowest_level
from runlogging.reading._model import Record, level_number

if TYPE_CHECKING:
    import polars

    from runlogging.reading._run import RunReader

_encode = msgspec.json.Encoder().encode


class _Field(NamedTuple):
    kind: Kind
    of: Callable[[Record], Any]


def _json(value: Any) -> str | None:
    return _encode(value).decode() if value else None


def _exception_text(record: Record) -> str | None:
    """Return the stack trace of a record's exception; its message where there is none."""
    exception = record.line.exception
    return None if exception is None else exception.get("stacktrace") or exception.get("message")


def _metrics(record: Record) -> str | None:
    """Return the numbers of a record as JSON; those that JSON cannot write stand as the text that the line has."""
    line = record.line
    marked = {**(line.nonfinite or {}), **(line.exact or {})}
    return _json({name: marked.get(name, value) for name, value in (line.metrics or {}).items()})


_FIELDS: dict[str, _Field] = {
    "seq": _Field("whole", lambda record: record.line.seq),
    "time": _Field("time", lambda record: record.line.time),
    "level": _Field("text", lambda record: record.line.level),
    "level_number": _Field("whole", lambda record: level_number(record.line)),
    "logger": _Field("text", lambda record: record.line.logger),
    "message": _Field("text", lambda record: record.line.message),
    "template": _Field("text", lambda record: record.line.template),
    "file": _Field("text", lambda record: record.line.file),
    "line": _Field("whole", lambda record: record.line.line),
    "function": _Field("text", lambda record: record.line.function),
    "thread": _Field("text", lambda record: record.line.thread),
    "task": _Field("text", lambda record: record.line.task),
    "process": _Field("whole", lambda record: record.line.process),
    "step": _Field("whole", lambda record: record.line.step),
    "writer": _Field("text", lambda record: record.writer),
    "exception_type": _Field("text", lambda record: (record.line.exception or {}).get("type")),
    "exception": _Field("text", _exception_text),
    "stack": _Field("text", lambda record: record.line.stack),
    "metrics": _Field("text", _metrics),
    "attributes": _Field("text", lambda record: _json(record.line.attributes)),
}


@overload
def logs_frame(
    run: RunReader, level: str | int | None = None, *, engine: Literal["polars"] = "polars"
) -> polars.DataFrame: ...
@overload
def logs_frame(run: RunReader, level: str | int | None = None, *, engine: Engine) -> Any: ...
def logs_frame(run: RunReader, level: str | int | None = None, *, engine: Engine = "polars") -> Any:
    """Return the log of a run as a data frame, a row an entry, in the order of the run.

    The columns are ``seq``, ``time`` (UTC, to the microsecond), ``level``, ``level_number``, ``logger``, ``message``,
    ``template``, ``file``, ``line``, ``function``, ``thread``, ``task``, ``process``, ``step``, ``writer``,
    ``exception_type``, ``exception`` (the stack trace), ``stack``, ``metrics`` and ``attributes`` (both JSON text).
    What a record lacks is null.

    Args:
        run: the run.
        level: a level's name or number; records below it are left out.
        engine: "polars" gives a polars.DataFrame, "pandas" a pandas.DataFrame, "pyarrow" a pyarrow.Table. The last two
            need no Polars.

    Raises:
        MissingExtraError: the engine is not installed (also an ImportError).
        InvalidValueError: no level or engine has this name (also a ValueError).
        RunNotFoundError: the folder is gone (also a FileNotFoundError).
    """
    check_engine(engine)
    return make_frame(_columns(run, level), engine)


def logs_columns(run: RunReader, level: str | int | None = None) -> dict[str, list[Any]]:
    """Return what `logs_frame` returns as plain Python: name of the column to its values, times as aware datetimes.

    Raises:
        InvalidValueError: no level has this name (also a ValueError).
        RunNotFoundError: the folder is gone (also a FileNotFoundError).
    """
    return plain_columns(_columns(run, level))


def _columns(run: RunReader, level: str | int | None) -> dict[str, Column]:
    lowest = lowest_level(level)
    records = [record for record in run.records() if is_entry(record, lowest)]
    return {name: Column(field.kind, list(map(field.of, records))) for name, field in _FIELDS.items()}
