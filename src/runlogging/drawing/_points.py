"""The points of a run's metrics as the columns of curves, in one pass over its records."""

from __future__ import annotations

import math
import operator
from array import array
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from runlogging.drawing._frame import Kind
from runlogging.folder import MAIN_WRITER, Line, parse_time
from runlogging.reading import RunReader
from runlogging.reading._checking import Checked
from runlogging.reading._columns import columns_of
from runlogging.reading._digest import Progress
from runlogging.reading._sampling import as_floats
from runlogging.reading._streams import stream_files

_TOLD = 16  # blocks of lines between two reports
XOf = Callable[[Line], float | int | None]
"""Gives the x of a line; None where it has none."""


@dataclass(frozen=True)
class Points:
    """The points of one metric, of one writer or of all attempts of the run's owner, as they were logged.

    Attributes:
        xs: steps or seconds, finite; the points' places where one of them has no step.
        ys: the values.
        has_steps: whether every point has an x of its own.
    """

    xs: Sequence[float]
    ys: Sequence[float]
    has_steps: bool = True

    def columns(self, by_place: bool = False) -> tuple[Sequence[float], Sequence[float]]:
        """Return x and y; x are the points' places where that is wanted."""
        return (range(len(self.ys)) if by_place else self.xs), self.ys


RunPoints = dict[str, dict[str, Points]]
"""The points of a run: metric to writer to points."""


class _Columns:
    """What was read of one line so far; NaN where a point has no x."""

    __slots__ = ("xs", "ys")

    def __init__(self) -> None:
        self.xs, self.ys = array("d"), array("d")

    def extend(self, xs: Sequence[float | int | None], ys: Sequence[float | int]) -> None:
        """Append points."""
        self.ys.extend(as_floats(ys))
        self.xs.extend(as_floats([math.nan if x is None else x for x in xs]))

    def points(self) -> Points:
        """Return the points."""
        if all(map(math.isfinite, self.xs)):
            return Points(self.xs, self.ys)
        return Points(range(len(self.ys)), self.ys, has_steps=False)


def points_of(xs: Sequence[float | int | None], ys: Sequence[float | int]) -> Points:
    """Return points that were read elsewhere; where one has no x they stand at their places."""
    columns = _Columns()
    columns.extend(xs, ys)
    return columns.points()


def read_points(
    run: RunReader,
    names: Collection[str],
    x: Kind = "step",
    progress: Progress | None = None,
    checked: Checked | None = None,
) -> RunPoints:
    """Read the points of some metrics.

    Args:
        run: the run.
        names: the metrics.
        x: what x counts: "step", "time" or "relative".
        progress: is told how far it is.
        checked: the run, to be checked on the way.

    Returns:
        Metric to writer to points; the attempts of the run's owner are one line, whose writer is "main". A metric that
        the run lacks is missing.
    """
    x_of = _x_reader(run, x)
    checked = checked or Checked(run)
    wanted = frozenset(names)
    found: dict[str, dict[str, _Columns]] = {}
    for file in stream_files(run.path, ("metrics", "values")):
        writer, done = _line_of(file.writer), 0
        for number, lines in enumerate(checked.blocks(file)):
            for own, columns in columns_of(lines, wanted):
                xs = list(map(x_of, own)) if columns else []
                for name, ys in columns.items():
                    found.setdefault(name, {}).setdefault(writer, _Columns()).extend(xs, ys)
            done += len(lines)
            if progress is not None and number % _TOLD == 0:
                progress(file.path.name, done, 0)
    return {name: {writer: columns.points() for writer, columns in one.items()} for name, one in found.items()}


def _line_of(writer: str) -> str:
    stem, _, number = writer.partition("-")
    return MAIN_WRITER if stem == MAIN_WRITER and (not number or number.isdecimal()) else writer


def _x_reader(run: RunReader, x: Kind) -> XOf:
    if x in ("step", "number"):
        return operator.attrgetter("step")
    start = run.started or run.created if x == "relative" else None
    begin = start.timestamp() if start else 0.0
    return lambda line: parse_time(line.time).timestamp() - begin
