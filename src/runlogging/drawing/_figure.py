"""Curves of a run as a figure of matplotlib."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from runlogging._errors import InvalidValueError, MetricNotFoundError, MissingExtraError
from runlogging.drawing._curves import apart_text
from runlogging.drawing._palette import DASHES, RunStyle, line_styles
from runlogging.drawing._paths import kind_of, lone_points, sampled
from runlogging.drawing._points import read_points
from runlogging.folder import MAIN_WRITER
from runlogging.reading import RunReader

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

X = Literal["step", "time", "relative"]

_BUCKETS = 2000  # parts of the axis that keep points of their own: more than a figure has pixels
_TITLES = {"step": "step", "time": "time (UTC)", "relative": "seconds since the start"}
_MARKERS = {"NaN": ("x", 0.02), "Infinity": ("^", 0.98), "-Infinity": ("v", 0.02), "not above 0": ("v", 0.02)}


def plot(run: RunReader, names: str | Sequence[str], x: X = "step", *, log_y: bool = False) -> Figure:
    """Return a figure of matplotlib with the curves of a run.

    It belongs to no window and changes no state of pyplot: ``figure.savefig("loss.png")`` writes it, a notebook shows
    it. Values that are not finite are gaps, marked at the edge and counted in the legend; no spike is lost.

    Args:
        run: the run.
        names: a metric, or several.
        x: what x is: "step" (the place of a point where it has none), "time" or "relative" (seconds since the start).
        log_y: whether y is logarithmic.

    Raises:
        MetricNotFoundError: the run has no metric of one of the names (also a KeyError).
        InvalidValueError: there is no such x, or no name (also a ValueError).
        MissingExtraError: matplotlib is not installed (also an ImportError).
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("a figure", "matplotlib", "plot") from error
    wanted = [names] if isinstance(names, str) else list(names)
    if x not in _TITLES or not wanted:
        raise InvalidValueError(f"plot takes one metric at least and x of {', '.join(_TITLES)}; not {wanted!r}, {x!r}")
    found = read_points(run, set(wanted), x)
    _check(run, wanted, found)
    figure = Figure(figsize=(7.0, 4.2), layout="constrained")
    axes = figure.add_subplot()
    lines = [(name, writer, points) for name in wanted for writer, points in found[name].items()]
    by_place = x == "step" and not all(points.has_steps for _, _, points in lines)
    for (name, writer, points), style in zip(lines, line_styles(run.id), strict=False):
        text = name if writer == MAIN_WRITER else f"{name}, {writer}"
        _line(axes, text, points.columns(by_place), style, is_time=x == "time", is_log=log_y)
    _finish(axes, wanted, "point" if by_place else _TITLES[x], log_y)
    return figure


def _check(run: RunReader, wanted: Sequence[str], found: dict[str, Any]) -> None:
    for name in wanted:
        if name not in found:
            raise MetricNotFoundError(name, tuple(difflib.get_close_matches(name, run.summary())))


def _line(
    axes: Axes,
    name: str,
    columns: tuple[Sequence[float], Sequence[float]],
    style: RunStyle,
    *,
    is_time: bool,
    is_log: bool,
) -> None:
    colour, dash = style.colour.hex, DASHES[style.dash]
    points = sampled(*columns, _BUCKETS, is_log=is_log)
    missing = apart_text([value for _, value in points.apart])
    # NaN between the parts breaks the line.
    broken = [point for part in points.parts for point in (*part, (part[-1][0], math.nan))]
    xs = [at for at, _ in broken]
    shown = _times(xs) if is_time else xs
    text = f"{name} ({missing})" if missing else name
    # In multiples of the line's width.
    stroke = (0, tuple(float(length) / 1.5 for length in dash.split())) if dash else "-"
    label = text.replace("$", r"\$")
    axes.plot(shown, [y for _, y in broken], linestyle=stroke, color=colour, linewidth=1.5, label=label)
    lone = lone_points(points.parts)
    alone = [at for at, _ in lone]
    axes.plot(_times(alone) if is_time else alone, [y for _, y in lone], "o", color=colour, markersize=4)
    _marks(axes, points.apart, colour, is_time)


def _marks(axes: Axes, apart: Sequence[tuple[float, float]], colour: str, is_time: bool) -> None:
    for kind, (marker, height) in _MARKERS.items():
        xs = [at for at, value in apart if kind_of(value) == kind]
        if xs:
            shown = _times(xs) if is_time else xs
            axes.plot(
                shown, [height] * len(xs), marker, color=colour, markersize=6, transform=axes.get_xaxis_transform()
            )


def _times(seconds: Sequence[float]) -> list[Any]:
    return [datetime.fromtimestamp(second, UTC) for second in seconds]


def _finish(axes: Axes, wanted: Sequence[str], x_title: str, log_y: bool) -> None:
    if log_y:
        axes.set_yscale("log")
    axes.set_xlabel(x_title)
    if len(wanted) == 1:
        axes.set_ylabel(wanted[0].replace("$", r"\$"))
    axes.grid(True, alpha=0.4)
    axes.legend()
