"""The points of metrics, read in one pass and thinned for a picture."""

from __future__ import annotations

import difflib
import math
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, cast

from runlogging._errors import MetricNotFoundError
from runlogging.cli._column import MetricColumn
from runlogging.cli._progress import Report
from runlogging.folder import nonfinite_text, parse_time
from runlogging.reading import RunReader
from runlogging.reading._model import Record, numbers_of
from runlogging.reading._sampling import as_float, sample_buckets
from runlogging.reading._smoothing import smoothed
from runlogging.reading._streams import stream_files

Axis = Literal["step", "time", "relative"]

_WILD = frozenset("*?[")
_TOLD = 10_000  # records between two reports of progress


@dataclass
class Points:
    """The points of one metric and one writer, in the order in which they were logged.

    Attributes:
        xs: the step, the place where a point has no step, or the seconds.
        ys: the values; NaN and infinities as they were logged.
    """

    # Arrays, because a float of a list takes four times as much.
    xs: array[float] = field(default_factory=lambda: array("d"))
    ys: array[float] = field(default_factory=lambda: array("d"))
    has_steps: bool = True


@dataclass
class Curve:
    """What a picture shows of one metric and one writer.

    Attributes:
        xs, ys: the points that were kept, finite, in the order of x.
        apart: x and value of what no axis can show: NaN, infinities, and on a logarithmic axis what is not above 0.
    """

    xs: list[float]
    ys: list[float]
    apart: list[tuple[float, float]]


def read_points(
    runs: Sequence[RunReader], pattern: str, axis: Axis, progress: Report
) -> dict[str, dict[str, dict[str, Points]]]:
    """Read the points of the metrics that a name or pattern means.

    Args:
        runs: the runs.
        pattern: a metric's name; or a pattern with ``*``, ``?`` or ``[`` where no metric has that name.
        axis: what x is: steps, seconds since 1970 or seconds since the run's start.
        progress: is told how far it is.

    Returns:
        Metric, in the order of first appearance, to run id to writer to points.

    Raises:
        MetricNotFoundError: none of the runs has such a metric; the error names those that come near (also a KeyError).
    """
    named = _read_named(runs, pattern, axis, progress)
    if named:
        return {pattern: named}
    # A pattern, or nothing: then the names are wanted that are there.
    found: dict[str, dict[str, dict[str, Points]]] = {}
    known: dict[str, bool] = {}
    for run in runs:
        begin = _begin(run) if axis == "relative" else 0.0
        x_of = _step if axis == "step" else (lambda record, begin=begin: _seconds(record) - begin)
        _read_run(run, pattern, x_of, known, found, progress)
    if not found:
        raise MetricNotFoundError(pattern, _near(pattern, list(known)))
    return found


def _read_named(runs: Sequence[RunReader], name: str, axis: Axis, progress: Report) -> dict[str, dict[str, Points]]:
    """Return the points of one metric, run id to writer to points; of runs that have it."""
    column = MetricColumn(name, has_steps=axis == "step")
    found: dict[str, dict[str, Points]] = {}
    for run in runs:
        run_id, begin = run.id, _begin(run) if axis == "relative" else 0.0
        for file in stream_files(run.path, ("metrics", "values")):
            number = 0
            for piece in column.pieces(file):
                if piece.ys:
                    points = found.setdefault(run_id, {}).setdefault(file.writer, Points())
                    xs = [x - begin for x in piece.xs if x is not None] if begin else piece.xs
                    _extend(points, xs, piece.ys)
                if number // _TOLD != (number + piece.lines) // _TOLD:
                    progress(file.path.name, number + piece.lines, 0)
                number += piece.lines
    return found


def _extend(points: Points, xs: Sequence[float | None], ys: Sequence[float]) -> None:
    """Append points, at once where all have an x."""
    try:
        own_xs, own_ys = array("d", cast("Sequence[float]", xs)), array("d", ys)
    except (TypeError, OverflowError):  # one without a step, or a number that no float holds
        own_xs = None
    if own_xs is not None and math.isfinite(sum(own_xs)):
        points.xs.extend(own_xs)
        points.ys.extend(own_ys)
        return
    for x, y in zip(xs, ys, strict=True):
        _add(points, None if x is None else as_float(x), as_float(y))


def _begin(run: RunReader) -> float:
    begin = run.started or run.created
    return begin.timestamp() if begin else 0.0


def _near(pattern: str, known: Sequence[str]) -> tuple[str, ...]:
    near = difflib.get_close_matches(pattern, known, n=3, cutoff=0.5)
    inside = [name for name in known if pattern.lower() in name.lower()]
    return tuple(dict.fromkeys([*near, *inside[:3]])) or tuple(known[:3])


def _step(record: Record) -> float | None:
    step = record.line.step
    return None if step is None else as_float(step)


def _seconds(record: Record) -> float:
    return parse_time(record.line.time).timestamp()


def _read_run(
    run: RunReader,
    pattern: str,
    x_of: Callable[[Record], float | None],
    known: dict[str, bool],
    found: dict[str, dict[str, dict[str, Points]]],
    progress: Report,
) -> None:
    is_wild, run_id = not _WILD.isdisjoint(pattern), run.id  # each look at the id is a look at the manifest
    for file in stream_files(run.path, ("metrics", "values")):
        for number, record in enumerate(file.new_records()):
            for name, value in numbers_of(record.line):
                wanted = known.get(name)
                if wanted is None:
                    wanted = known[name] = name == pattern or (is_wild and fnmatchcase(name, pattern))
                if wanted:
                    writers = found.setdefault(name, {}).setdefault(run_id, {})
                    _add(writers.setdefault(record.writer, Points()), x_of(record), as_float(value))
            if number % _TOLD == 0:
                progress(file.path.name, number, 0)


def _add(points: Points, x: float | None, y: float) -> None:
    points.has_steps = points.has_steps and x is not None and math.isfinite(x)
    points.xs.append(float(len(points.xs)) if x is None or not math.isfinite(x) else x)
    points.ys.append(y)


def curve_of(points: Points, buckets: int, *, weight: float | None, is_log: bool) -> Curve:
    """Return the curve of some points: smoothed, then thinned, its extremes kept.

    Args:
        points: the points. Where one of them has no step, all stand at their places.
        buckets: how many parts of the axis keep points of their own.
        weight: how much the past counts in smoothing, from 0 to below 1; None: not smoothed.
        is_log: whether y is shown by its logarithm.
    """
    xs: Sequence[float] = points.xs if points.has_steps else [float(place) for place in range(len(points.xs))]
    ys: Sequence[float] = points.ys
    if weight is not None:
        order = sorted(range(len(xs)), key=xs.__getitem__)
        xs = [xs[place] for place in order]
        ys = smoothed(xs, [ys[place] for place in order], weight)
    shown = [y if y > 0 else math.nan for y in ys] if is_log else ys
    sample = sample_buckets(xs, shown, buckets)
    return Curve(
        [xs[place] for place in sample.kept],
        [ys[place] for place in sample.kept],
        [(xs[place], ys[place]) for place in sample.nonfinite],
    )


def apart_text(curve_parts: Sequence[Curve]) -> str:
    """Return how many values no axis can show: ``3 NaN, 1 Infinity``; nothing where there are none."""
    counts = Counter(
        nonfinite_text(value) if not math.isfinite(value) else "not above 0"
        for curve in curve_parts
        for _, value in curve.apart
    )
    return ", ".join(f"{count} {what}" for what, count in counts.items())
