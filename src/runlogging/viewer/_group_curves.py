"""The curve of a group of runs: at each x the middle of what its runs logged there, a band around it, and how many.

Figures are over the runs that logged a finite value at that very x; nothing is moved or invented. Where runs log at
unlike steps, interpolation may be asked for: then a run counts at every x of the group between its own first and last
one, with the value on the straight line between its neighbouring points. A group knows its own runs only.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from runlogging.folder import nonfinite_text
from runlogging.viewer._axes import Line
from runlogging.viewer._bands import BANDS, Band, middle
from runlogging.viewer._bulk import common_bulk
from runlogging.viewer._sampling import Grid, Kept, kept_points

_NAN = math.nan


@dataclass
class GroupCurve:
    """The figures of a group over x, rising in x.

    Attributes:
        x: where at least one of its runs logged something.
        centre: the mean or median; NaN where no run has a finite value.
        low, high: the ends of the band; NaN where there is none, as of one value.
        n: how many finite values there are.
        nonfinite: how many NaN and infinities the runs logged, by their names.
        bad: the places where the centre is NaN.
    """

    x: array[float] = field(default_factory=lambda: array("d"))
    centre: array[float] = field(default_factory=lambda: array("d"))
    low: array[float] = field(default_factory=lambda: array("d"))
    high: array[float] = field(default_factory=lambda: array("d"))
    n: array[int] = field(default_factory=lambda: array("l"))
    nonfinite: dict[str, int] = field(default_factory=dict)
    bad: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.x)

    def count_between(self, low: float, high: float) -> int:
        """Return how many places lie in a part of x."""
        return bisect_right(self.x, high) - bisect_left(self.x, low)

    def add(self, x: float, values: list[float], agg: str, band: Band) -> None:
        """Append the figures of one x."""
        centre, low, high = _NAN, _NAN, _NAN
        if values:
            centre = middle(values, agg)
            low, high = band(values, centre)
        else:
            self.bad.append(len(self.x))
        self.x.append(x)
        self.centre.append(centre)
        self.low.append(low)
        self.high.append(high)
        self.n.append(len(values))


def group_curve(lines: Sequence[Line], agg: str, band: str, *, is_interpolated: bool) -> GroupCurve:
    """Return the curve of a group.

    Args:
        lines: the curves of its runs, all over the same kind of x. Those of one run, by its writers, count as one.
        agg: "mean" or "median".
        band: "std" (of a sample), "stderr", "minmax" or "quantile" (from the 25th to the 75th percentile).
        is_interpolated: whether a run counts between its own points, too.
    """
    found, made = GroupCurve(), BANDS[band]
    runs: dict[str, list[Line]] = {}
    for line in lines:
        runs.setdefault(line.run, []).append(line)
    members = [_points(own) for own in runs.values()]
    found.nonfinite = dict(Counter(nonfinite_text(y) for line in lines for y in line.curve.y if y - y))
    for x, values in _interpolated(members) if is_interpolated else _at_each(members):
        found.add(x, values, agg, made)
    return found


def _points(lines: Sequence[Line]) -> tuple[Sequence[float], Sequence[float]]:
    """Return x and value of a run's points; of several at one x the one that was logged last."""
    x: list[float] = []
    y: list[float] = []
    for line in lines:
        own = [each - line.base for each in line.curve.x] if line.base else list(line.curve.x)
        x += own
        y += line.curve.y[: len(own)]  # a live curve may have grown in between
    if any(one >= other for one, other in pairwise(x)):
        last = dict(zip(x, y, strict=True))
        x = sorted(last)
        y = [last[each] for each in x]
    return x, y


def _at_each(members: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Iterator[tuple[float, list[float]]]:
    if members and all(x == members[0][0] for x, _ in members):  # as sweeps log
        for x, *values in zip(members[0][0], *(y for _, y in members), strict=True):
            yield x, [value for value in values if value - value == 0]
        return
    there: dict[float, list[float]] = {}
    for x_values, y_values in members:
        for x, value in zip(x_values, y_values, strict=True):
            values = there.setdefault(x, [])
            if value - value == 0:
                values.append(value)
    for x in sorted(there):
        yield x, there[x]


def _interpolated(members: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Iterator[tuple[float, list[float]]]:
    finite = [
        ([x for x, value in zip(*member, strict=True) if value - value == 0], [y for y in member[1] if y - y == 0])
        for member in members
    ]
    places = [0] * len(finite)
    for x in sorted({x for x_values, _ in members for x in x_values}):
        values = []
        for number, (x_values, y_values) in enumerate(finite):
            if not x_values or x < x_values[0] or x > x_values[-1]:
                continue
            place = places[number]
            while x_values[place] < x:
                place += 1
            places[number] = place
            values.append(_between(x, x_values, y_values, place))
        yield x, values


def _between(x: float, x_values: Sequence[float], y_values: Sequence[float], place: int) -> float:
    if x_values[place] == x:
        return y_values[place]
    share = (x - x_values[place - 1]) / (x_values[place] - x_values[place - 1])
    return y_values[place - 1] + share * (y_values[place] - y_values[place - 1])


# ---------------------------------------------------------------------- sampling


def kept_of(curve: GroupCurve, grid: Grid) -> list[Kept]:
    """Return the points that a grid keeps of the centre: first, least, greatest and last of each column."""
    return kept_points(curve.x, curve.centre, curve.bad, grid)


def bands_of(curve: GroupCurve, kept: Sequence[Kept], grid: Grid) -> tuple[list[float | None], list[float | None]]:
    """Return the ends of the band at kept points: where a column holds more, the widest of the column."""
    if grid.is_whole:
        return ([_finite(curve.low[one.place]) for one in kept], [_finite(curve.high[one.place]) for one in kept])
    width = (grid.high - grid.low) / grid.width
    lows: list[float | None] = []
    highs: list[float | None] = []
    known: dict[int, tuple[float | None, float | None]] = {}
    for one in kept:
        x = curve.x[one.place]
        if not grid.low <= x <= grid.high:
            lows.append(_finite(curve.low[one.place]))
            highs.append(_finite(curve.high[one.place]))
            continue
        column = min(int((x - grid.low) / width), grid.width - 1)
        if column not in known:
            begin = bisect_left(curve.x, grid.low + column * width)
            end = bisect_right(curve.x, grid.low + (column + 1) * width)
            known[column] = _least(curve.low[begin:end]), _greatest(curve.high[begin:end])
        low, high = known[column]
        lows.append(low)
        highs.append(high)
    return lows, highs


def _least(values: Iterable[float]) -> float | None:
    return min((value for value in values if value - value == 0), default=None)


def _greatest(values: Iterable[float]) -> float | None:
    return max((value for value in values if value - value == 0), default=None)


def _finite(value: float) -> float | None:
    return value if value - value == 0 else None


# ---------------------------------------------------------------------- outliers


def clip_of(curve: GroupCurve, grid: Grid) -> dict[str, float] | None:
    """Return the limits of the bulk of a group, and how many places in view have the middle or the band outside."""
    bulk = common_bulk([curve.centre, curve.low, curve.high])
    if bulk is None:
        return None
    low, high = bulk
    view = slice(bisect_left(curve.x, grid.low), bisect_right(curve.x, grid.high))
    # A comparison with NaN, which stands where there is none, is false.
    ends = zip(curve.centre[view], curve.low[view], curve.high[view], strict=True)
    outside = sum(1 for y, least, most in ends if y < low or y > high or least < low or most > high)
    return {"low": low, "high": high, "outside": outside}
