"""The curves of a chart: which there are, and what x is to them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runlogging._errors import InvalidValueError, RunLoggingError
from runlogging.folder import WriterInfo, format_time, nonfinite_text, parse_time
from runlogging.viewer._curve import METRIC_AXIS, Curve, curve_of, writers_of
from runlogging.viewer._table import NO_STEP

if TYPE_CHECKING:
    from runlogging.reading import RunReader
    from runlogging.viewer._curves import RunCurves

# Each axis to what the points are ordered by; the rest is a distance to be taken off.
_ORDERS = {"step": "step", "relstep": "step", "wall": "wall", "relative": "wall", "active": "wall", "index": "index"}


@dataclass
class Line:
    """A curve as a chart shows it.

    Attributes:
        run: ``experiment/id``.
        writer: whose it is.
        axis: what x is.
        curve: the points.
        base: what is taken off the curve's x.
    """

    run: str
    writer: str
    axis: str
    curve: Curve
    base: float = 0.0

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the greatest x; None where there are no points."""
        x = self.curve.x
        return (x[0] - self.base, x[-1] - self.base) if len(x) else None

    def count_between(self, low: float, high: float) -> int:
        """Return how many points lie in a part of x."""
        x = self.curve.x
        return bisect_right(x, high + self.base) - bisect_left(x, low + self.base)

    def step(self, place: int) -> int | None:
        """Return the step of a point."""
        table, row = self.curve.ref(place)
        return None if table.steps[row] == NO_STEP else table.steps[row]

    def csv_row(self, place: int) -> str:
        """Return a point as a line of CSV."""
        table, row = self.curve.ref(place)
        value = self.curve.y[place]
        text = table.exact.get(self.curve.name, {}).get(row) or (
            nonfinite_text(value) if value - value else repr(value)
        )
        step = self.step(place)
        time = format_time(table.time_us(row) / 1e6)
        return f"{self.writer},{table.seqs[row] or ''},{time},{'' if step is None else step},{text}\n"


def lines_of(key: str, run: RunReader, curves: RunCurves, name: str, axis: str) -> list[Line]:
    """Return the curves of a metric of a run, one a writer; call it with the lock held.

    Args:
        key: ``experiment/id``.
        run: the run.
        curves: its metrics.
        name: the metric.
        axis: what x is. A metric that was logged without any step has "index" in place of steps.

    Raises:
        InvalidValueError: there is no such axis.
    """
    if axis not in _ORDERS and not (axis.startswith(METRIC_AXIS) and axis != METRIC_AXIS):
        raise InvalidValueError(f"x is one of {', '.join(_ORDERS)} or metric:NAME, not {axis!r:.80}")
    if _ORDERS.get(axis) == "step" and _is_without_steps(curves, name):
        axis = "index"
    found = [
        Line(key, writer, axis, curve_of(curves, name, writer, _ORDERS.get(axis, axis)))
        for writer in writers_of(curves, name)
    ]
    for line in found:
        line.base = _base(line, run, curves)
    return found


def _is_without_steps(curves: RunCurves, name: str) -> bool:
    tables = curves.named.get(name, ())
    return bool(tables) and all(table.without_step == len(table) for table in tables)


def _base(line: Line, run: RunReader, curves: RunCurves) -> float:
    x = line.curve.x
    if not len(x):
        return 0.0
    if line.axis == "relstep":
        return x[0]
    if line.axis in ("relative", "active"):
        start = run.started or run.created
        began = start.timestamp() if start else x[0]
        return began + _paused(line.writer, run, curves) if line.axis == "active" else began
    return 0.0


def _paused(writer: str, run: RunReader, curves: RunCurves) -> float:
    """Return for how long the run did not run before an attempt, in seconds."""
    try:
        attempts: Sequence[WriterInfo] = run.attempts
    except (RunLoggingError, OSError):
        return 0.0
    paused, ended = 0.0, None
    for attempt in attempts:
        started = _seconds(attempt.started)
        if started is not None and ended is not None:
            paused += max(0.0, started - ended)
        if attempt.name == writer:
            return paused
        ends = [_seconds(attempt.ended), *_last_walls(attempt.name, curves), ended]
        ended = max((end for end in ends if end is not None), default=None)
    return 0.0


def _last_walls(writer: str, curves: RunCurves) -> Iterator[float]:
    for table in curves.tables.values():
        if table.writer == writer and len(table):
            yield table.time_us(len(table) - 1) / 1e6


def _seconds(text: str | None) -> float | None:
    try:
        return parse_time(text).timestamp() if text else None
    except ValueError:
        return None


def bounds_of(lines: Sequence[Line]) -> tuple[float, float] | None:
    """Return the least and the greatest x of some curves; None where they have no points."""
    bounds = [line.bounds for line in lines]
    known = [pair for pair in bounds if pair]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None
