"""Taking the points out of a line of metrics, and telling whether they alone would give it back."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from runlogging.folder import Line
from runlogging.keeping.packing._times import fits_64_bits

_NONFINITE = ("NaN", "Infinity", "-Infinity")


class Point(NamedTuple):
    """A number of a line: as a double, as the integer that it was, or in all digits."""

    name: str | None
    value: float | None = None
    integer: int | None = None
    exact: str | None = None


NO_POINT = Point(None)


def points_of(line: Line) -> tuple[list[Point], bool]:
    """Return the points of a line, and whether they hold all that it says of its numbers."""
    metrics, nonfinite, exact = line.metrics or {}, line.nonfinite or {}, line.exact or {}
    if line.nonfinite is not None or line.exact is not None:
        points, holds_all = _marked_points(metrics, nonfinite, exact)
        return points, holds_all and line.nonfinite != {} and line.exact != {}
    points, holds_all = [], bool(metrics)
    for name, value in metrics.items():
        if type(value) is float:
            points.append(Point(name, value))
        else:
            point, is_held = _odd_point(name, value)
            points.append(point)
            holds_all = holds_all and is_held
    return points, holds_all


def _odd_point(name: str, value: Any) -> tuple[Point, bool]:
    """Return what there is of a number that is no float, and whether that is all of it."""
    if type(value) is int and fits_64_bits(value):
        return Point(name, float(value), value), True
    if isinstance(value, int | float):  # a bool, or an integer that is longer than ours are
        return Point(name, _as_double(value)), False
    return Point(name), value is None


def _marked_points(
    metrics: dict[str, Any], nonfinite: dict[str, str], exact: dict[str, str]
) -> tuple[list[Point], bool]:
    points, holds_all = [], bool(metrics)
    for name, value in metrics.items():
        if name in exact:
            is_held = name not in nonfinite and (value is None or type(value) is float)
            points.append(Point(name, value if type(value) is float else None, None, exact[name]))
        elif name in nonfinite:
            is_held = value is None and nonfinite[name] in _NONFINITE
            points.append(Point(name, _nonfinite(nonfinite[name])))
        else:
            point, is_held = _odd_point(name, value)
            is_held = is_held or type(value) is float
            points.append(point)
        holds_all = holds_all and is_held
    in_order = all(list(marked) == [name for name in metrics if name in marked] for marked in (nonfinite, exact))
    return points, holds_all and in_order


def _nonfinite(text: str) -> float | None:
    return float(text) if text in _NONFINITE else None


def _as_double(value: float | int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)
