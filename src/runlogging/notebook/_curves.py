"""Curves that grow, in bounded memory, as columns of bytes for a page. No I/O."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import NamedTuple

from runlogging.reading._sampling import as_float, sample_buckets

_NEW_BUCKETS = 25
_MOST_NONFINITE = 40


class Columns(NamedTuple):
    """Points as two columns of little-endian float64.

    Attributes:
        x, y: the columns, 8 bytes a point; y has NaN and infinities as they were logged.
        replaces: whether these are all points, in place of those that were given before.
    """

    x: bytes
    y: bytes
    replaces: bool


class _Kept(NamedTuple):
    step: float  # NaN where there was none
    place: float
    value: float


class GrowingCurve:
    """The first, least, greatest and last points of some stretches of a curve, and all of the newest ones.

    Args:
        buckets: how many stretches; at most 8 points of each are kept, and 40 of those that are not finite.
    """

    def __init__(self, buckets: int) -> None:
        self._buckets = buckets
        self._kept: list[_Kept] = []
        self._given = 0
        self._replaces = False
        self._has_steps = True
        self.count = self.nonfinite = 0
        self.last: float | int | None = None
        self.step: int | None = None
        self.low, self.high = math.inf, -math.inf

    def extend(self, steps: Sequence[int | None], values: Sequence[float | int]) -> None:
        """Append points in the order in which they were logged."""
        if not values:
            return
        new = []
        for step, value in zip(steps, values, strict=True):
            x = math.nan if step is None else as_float(step)
            new.append(_Kept(x, float(self.count), as_float(value)))
            self.count += 1
        if self._has_steps and not all(math.isfinite(point.step) for point in new):
            self._has_steps, self._replaces = False, bool(self._given)
        self._summarize(new)
        self.last, self.step = values[-1], steps[-1]
        self._kept += self._thinned(new, _NEW_BUCKETS if self._kept else self._buckets)
        if len(self._kept) > 8 * self._buckets:
            self._kept = self._thinned(self._kept, self._buckets)
            self._replaces = True

    def _summarize(self, new: list[_Kept]) -> None:
        finite = [point.value for point in new if math.isfinite(point.value)]
        self.nonfinite += len(new) - len(finite)
        if finite:
            self.low = min(*finite, self.low)
            self.high = max(*finite, self.high)

    def _thinned(self, points: list[_Kept], buckets: int) -> list[_Kept]:
        if len(points) <= 4 * buckets:
            return points
        sample = sample_buckets([self._x(point) for point in points], [point.value for point in points], buckets)
        stride = math.ceil(len(sample.nonfinite) / _MOST_NONFINITE) or 1
        places = sorted([*sample.kept, *sample.nonfinite[::stride]])
        return [points[place] for place in places]

    def _x(self, point: _Kept) -> float:
        return point.step if self._has_steps else point.place

    def take(self) -> Columns | None:
        """Return what is new since the last call; None where nothing is."""
        if not self._replaces and self._given == len(self._kept):
            return None
        first = 0 if self._replaces else self._given
        columns = self._columns(first, self._replaces)
        self._given, self._replaces = len(self._kept), False
        return columns

    def all(self) -> Columns:
        """Return all points that are kept."""
        return self._columns(0, True)

    def renew(self) -> None:
        """Have the next `take` give all points."""
        self._replaces = True

    def _columns(self, first: int, replaces: bool) -> Columns:
        points = self._kept[first:]
        layout = f"<{len(points)}d"
        x = struct.pack(layout, *(self._x(point) for point in points))
        return Columns(x, struct.pack(layout, *(point.value for point in points)), replaces)
