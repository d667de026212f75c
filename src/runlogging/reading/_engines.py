"""Plain columns into a frame of Polars or pandas, or a table of Arrow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from runlogging._errors import InvalidValueError, MissingExtraError
from runlogging.folder import parse_time

if TYPE_CHECKING:
    import polars

Engine = Literal["polars", "pandas", "pyarrow"]
"""What a frame is one of."""

Kind = Literal["text", "whole", "float", "bool", "time"]
"""What the values of a column are."""

_LONGEST = 1 << 63
_SECOND_LENGTH, _FRACTION_LENGTH, _TIME_LENGTH = 19, 6, 27


class Column(NamedTuple):
    """A column: what its values are, and the values, None where one is missing.

    Times are texts as the folder writes them, or datetimes.
    """

    kind: Kind
    values: Sequence[Any]


def check_engine(engine: str) -> None:
    """Raise InvalidValueError for what is no engine."""
    if engine not in _MAKERS:
        raise InvalidValueError(f"engine is one of {', '.join(get_args(Engine))}, not {engine!r:.80}")


def make_frame(columns: Mapping[str, Column], engine: Engine) -> Any:
    """Return columns as a frame. What is missing is null; an integer beyond 64 bits is null in a column of such.

    Raises:
        MissingExtraError: the engine is not installed.
    """
    return _MAKERS[engine](columns)


def plain_columns(columns: Mapping[str, Column]) -> dict[str, list[Any]]:
    """Return columns as plain Python, times as datetimes."""
    return {
        name: [parse_time(text) for text in values] if kind == "time" else list(values)
        for name, (kind, values) in columns.items()
    }


def import_polars() -> Any:
    """Return Polars.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import polars
    except ImportError:
        raise MissingExtraError("a data frame", "polars", "frames") from None
    return polars


def _polars(columns: Mapping[str, Column]) -> Any:
    makers: dict[Kind, Callable[..., polars.Series]] = {
        "text": text_series,
        "whole": whole_series,
        "float": float_series,
        "bool": _bool_series,
        "time": time_series,
    }
    return import_polars().DataFrame([makers[kind](name, values) for name, (kind, values) in columns.items()])


def _pyarrow(columns: Mapping[str, Column]) -> Any:
    try:
        import pyarrow
    except ImportError:
        raise MissingExtraError("a table of Arrow", "pyarrow", "pack") from None
    types: dict[Kind, Any] = {
        "text": pyarrow.string(),
        "whole": pyarrow.int64(),
        "float": pyarrow.float64(),
        "bool": pyarrow.bool_(),
        "time": pyarrow.timestamp("us", "UTC"),
    }
    return pyarrow.table({name: pyarrow.array(_fitting(one), types[one.kind]) for name, one in columns.items()})


def _pandas(columns: Mapping[str, Column]) -> Any:
    try:
        import pandas
    except ImportError:
        raise MissingExtraError("a data frame of pandas", "pandas", "test") from None
    # Nullable types: a step beside a record without one stays whole.
    types = {"text": "string", "whole": "Int64", "float": "float64", "bool": "boolean", "time": "datetime64[us, UTC]"}
    # A series a column would have an index each to compare.
    return pandas.DataFrame({name: pandas.array(_fitting(one), types[one.kind]) for name, one in columns.items()})


_MAKERS: dict[str, Callable[[Mapping[str, Column]], Any]] = {
    "polars": _polars,
    "pandas": _pandas,
    "pyarrow": _pyarrow,
}


def _fitting(column: Column) -> list[Any]:
    """Return the values of a column as all packages take them."""
    kind, values = column
    if kind == "time":
        return [parse_time(value) if isinstance(value, str) else value for value in values]
    if kind == "float":
        return doubles(values)
    if kind == "whole":
        return _whole(values)
    return list(values)


# ------------------------------------------------------------------ numbers that do not fit


def _whole(numbers: Sequence[int | None]) -> list[int | None]:
    return [None if number is None or not -_LONGEST <= number < _LONGEST else number for number in numbers]


def doubles(values: Sequence[float | int | None]) -> list[float | None]:
    """Return numbers as doubles, the nearest ones; an int beyond all doubles is infinite."""
    try:
        return [None if value is None else float(value) for value in values]
    except OverflowError:
        return [None if value is None else _double(value) for value in values]


def _double(value: float | int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


# ------------------------------------------------------------------ series of Polars


def text_series(name: str, texts: Sequence[str | None]) -> polars.Series:
    """Return texts."""
    import polars

    return polars.Series(name, texts, dtype=polars.String)


def _bool_series(name: str, values: Sequence[bool | None]) -> polars.Series:
    import polars

    return polars.Series(name, values, dtype=polars.Boolean)


def float_series(name: str, values: Sequence[float | int | None]) -> polars.Series:
    """Return numbers as doubles."""
    import polars

    return polars.Series(name, doubles(values), dtype=polars.Float64)


def whole_series(name: str, numbers: Sequence[int | None]) -> polars.Series:
    """Return ints as 64 bits; one that has more is null."""
    try:
        return strict_whole_series(name, numbers)
    except OverflowError:
        return strict_whole_series(name, _whole(numbers))


def strict_whole_series(name: str, numbers: Sequence[int | None]) -> polars.Series:
    """Return ints as 64 bits.

    Raises:
        OverflowError: one has more.
    """
    import polars

    try:
        return polars.Series(name, numbers, dtype=polars.Int64)
    except TypeError as error:
        raise OverflowError(str(error)) from error


def time_series(name: str, times: Sequence[Any]) -> polars.Series:
    """Return times in UTC; None is null."""
    import polars

    if set(map(type, times)) <= {str}:
        series = polars.Series(name, times, dtype=polars.String)
        is_regular = (
            (series.str.len_bytes() == _TIME_LENGTH)
            & (series.str.slice(_SECOND_LENGTH, 1) == ".")
            & series.str.ends_with("Z")
        )
        found = series.to_frame().select(time_of(polars.col(name))).to_series()
        if is_regular.all() and not found.has_nulls():
            return found
    # Polars takes the wall time of whatever zone, and a second a million.
    moments = [parse_time(time) if isinstance(time, str) else time for time in times]
    naive = [moment and moment.astimezone(UTC).replace(tzinfo=None) for moment in moments]
    return polars.Series(name, naive, dtype=polars.Datetime("us")).dt.replace_time_zone("UTC")


def time_of(text: polars.Expr) -> polars.Expr:
    """Return the times that texts of fixed width say, null where they are none."""
    import polars

    # Most lines share their second with others, and Polars keeps what it parsed; a whole text would be new each time.
    second = text.str.slice(0, _SECOND_LENGTH).str.to_datetime(
        "%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False, cache=True
    )
    fraction = text.str.slice(_SECOND_LENGTH + 1, _FRACTION_LENGTH).cast(polars.Int64, strict=False)
    return (second.cast(polars.Int64) + fraction).cast(polars.Datetime("us", "UTC"))
