"""The points of a run's metrics as the columns of curves, in one pass over its records."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from runlogging.drawing._frame import Kind
from runlogging.folder import MAIN_WRITER, parse_time
from runlogging.reading import RunReader
from runlogging.reading._model import Record, numbers_of
from runlogging.reading._sampling import as_float
from runlogging.reading._streams import stream_files

Report = Callable[[str, int, int], object]
"""What is told what is worked on now, how much is done and how much there is in all; a total of 0 is unknown."""

_TOLD = 10_000  # records between two reports


@dataclass
class Points:
    """The points of one metric, of one writer or of all attempts of the run's owner, as they were logged.

    Attributes:
        xs: steps or seconds, finite; the points' places where one of them has no step.
        ys: the values.
        has_steps: whether every point has an x of its own.
    """

    xs: list[float] = field(default_factory=list)
    ys: list[float] = field(default_factory=list)
    has_steps: bool = True

    def columns(self, by_place: bool = False) -> tuple[list[float], list[float]]:
        """Return x and y; x are the points' places where that is wanted."""
        return ([float(place) for place in range(len(self.ys))] if by_place else self.xs), self.ys


class _Columns:
    """What was read of one line, as it stands in the records."""

    __slots__ = ("xs", "ys")

    def __init__(self) -> None:
        self.xs: list[float | int | None] = []
        self.ys: list[float | int] = []

    def points(self) -> Points:
        """Return the columns as floats."""
        ys = _floats(self.ys)
        if None not in self.xs:
            xs = _floats(self.xs)  # type: ignore[arg-type]  # there is no None
            if all(map(math.isfinite, xs)):
                return Points(xs, ys)
        return Points([float(place) for place in range(len(ys))], ys, has_steps=False)


def _floats(values: list[float | int]) -> list[float]:
    try:
        return list(map(float, values))
    except OverflowError:
        return list(map(as_float, values))


def read_points(
    run: RunReader, names: Collection[str], x: Kind = "step", progress: Report | None = None
) -> dict[str, dict[str, Points]]:
    """Read the points of some metrics.

    Args:
        run: the run.
        names: the metrics.
        x: what x counts: "step", "time" or "relative".
        progress: is told how far it is.

    Returns:
        Metric to writer to points; the attempts of the run's owner are one line, whose writer is "main". A metric that
        the run lacks is missing.
    """
    x_of = _x_reader(run, x)
    found: dict[str, dict[str, _Columns]] = {}
    for file in stream_files(run.path, ("metrics", "values")):
        lines: dict[str, _Columns] = {}
        writer = _line_of(file.writer)
        for number, record in enumerate(file.new_records()):
            for name, value in numbers_of(record.line):
                if name in names:
                    columns = lines.get(name)
                    if columns is None:
                        columns = found.setdefault(name, {}).setdefault(writer, _Columns())
                        lines[name] = columns
                    columns.xs.append(x_of(record))
                    columns.ys.append(value)
            if progress is not None and number % _TOLD == 0:
                progress(file.path.name, number, 0)
    return {name: {writer: columns.points() for writer, columns in one.items()} for name, one in found.items()}


def _line_of(writer: str) -> str:
    stem, _, number = writer.partition("-")
    return MAIN_WRITER if stem == MAIN_WRITER and (not number or number.isdecimal()) else writer


def _x_reader(run: RunReader, x: Kind) -> Callable[[Record], float | int | None]:
    if x in ("step", "number"):
        return operator.attrgetter("line.step")
    start = run.started or run.created if x == "relative" else None
    begin = start.timestamp() if start else 0.0
    return lambda record: parse_time(record.line.time).timestamp() - begin
