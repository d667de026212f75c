"""Fewer points of a curve that look the same: the first, least, greatest and last of each bucket. No I/O.

A spike of one point survives any thinning, and what is not finite is kept apart, so that it can be marked.
"""

from __future__ import annotations

import itertools
import math
import operator
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Sample(NamedTuple):
    """The points that are kept of a curve.

    Attributes:
        kept: places of finite points in the order of x.
        nonfinite: places of the points whose y is NaN or infinite, all of them, in the order of x.
    """

    kept: list[int]
    nonfinite: list[int]


def sample_buckets(x: Sequence[float], y: Sequence[float], n: int) -> Sample:
    """Return the first, least, greatest and last point of each of `n` buckets of equal width in x.

    Args:
        x: where the points are, finite numbers in any order.
        y: their values, as many; see `as_float` for integers that no float holds.
        n: how many buckets, 1 at least. At most 4 points of each are kept.
    """
    order = range(len(x)) if _is_sorted(x) else sorted(range(len(x)), key=x.__getitem__)
    # One that is not finite makes the sum so; a sum that only grew too large costs a second look.
    is_finite = math.isfinite(sum(y))
    nonfinite = [] if is_finite else [place for place in order if not math.isfinite(y[place])]
    if nonfinite:
        apart = set(nonfinite)
        order = [place for place in order if place not in apart]
    if len(order) <= 4 * n:
        return Sample(list(order), nonfinite)
    four = four_of if isinstance(order, range) else _four_among
    return Sample([place for part in _parts(x, order, n) for place in four(y, part)], nonfinite)


def _is_sorted(x: Sequence[float]) -> bool:
    return all(map(operator.le, x, x[1:]))


def _parts(x: Sequence[float], order: Sequence[int], n: int) -> Iterator[Sequence[int]]:
    low, high = x[order[0]], x[order[-1]]
    start = 0
    for number in range(1, n + 1):
        # The last bucket ends behind the last point, whatever rounding makes of its edge.
        edge = low + (high - low) * (number / n)
        end = bisect_left(order, edge, lo=start, key=x.__getitem__) if number < n else len(order)
        if start < end:
            yield order[start:end]
        start = end


def four_of(y: Sequence[float], part: Sequence[int]) -> list[int]:
    """Return the places of the first, the least, the greatest and the last point of a part of a curve, rising.

    Args:
        y: the values.
        part: the places from one on up to another, one at least, all of finite values.
    """
    first, last = part[0], part[-1]
    values = y[first : last + 1]
    return sorted({first, first + values.index(min(values)), first + values.index(max(values)), last})


def _four_among(y: Sequence[float], part: Sequence[int]) -> list[int]:
    """Return the same of places that stand in any order, in theirs."""
    inner = {min(part, key=y.__getitem__), max(part, key=y.__getitem__)} - {part[0], part[-1]}
    middle = [place for place in part if place in inner] if len(inner) > 1 else list(inner)
    return [part[0], *middle, *([part[-1]] if len(part) > 1 else [])]


class Bucket(NamedTuple):
    """What some neighbouring points of a curve span.

    Attributes:
        low, high: the least and the greatest finite value; None where there is none.
        nonfinite: how many are not finite.
    """

    low: float | None = None
    high: float | None = None
    nonfinite: int = 0


class Buckets:
    """A curve that grows, in bounded memory: buckets of equally many points each, twice as many when they run out.

    Args:
        most: how many buckets there are at most, 2 at least; from half of that on when there are points enough.
    """

    def __init__(self, most: int) -> None:
        self._most = most + most % 2
        self._size = 1
        self._full: list[Bucket] = []
        self._rest: list[float] = []

    def extend(self, values: Iterable[float]) -> None:
        """Append values; see `as_float` for integers that no float holds."""
        self._rest += values
        start = 0
        while len(self._rest) - start >= self._size:
            self._full.append(bucket_of(self._rest[start : start + self._size]))
            start += self._size
            if len(self._full) == self._most:
                self._full = [merged(self._full[at : at + 2]) for at in range(0, self._most, 2)]
                self._size *= 2
        del self._rest[:start]

    def buckets(self) -> list[Bucket]:
        """Return the buckets so far, in order; the last may hold fewer points."""
        return [*self._full, bucket_of(self._rest)] if self._rest else self._full[:]


def bucket_of(values: Sequence[float]) -> Bucket:
    """Return the bucket of some values."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return Bucket(nonfinite=len(values))
    return Bucket(min(finite), max(finite), len(values) - len(finite))


def merged(buckets: Iterable[Bucket]) -> Bucket:
    """Return one bucket of what several hold."""
    kept = list(buckets)
    lows = [bucket.low for bucket in kept if bucket.low is not None]
    highs = [bucket.high for bucket in kept if bucket.high is not None]
    nonfinite = sum(bucket.nonfinite for bucket in kept)
    return Bucket(min(lows), max(highs), nonfinite) if lows else Bucket(nonfinite=nonfinite)


def columns_of(buckets: Sequence[Bucket], width: int) -> list[Bucket]:
    """Return buckets as so many columns: neighbours are merged, or repeated where there are fewer."""
    count = len(buckets)
    if not count or width < 1:
        return []
    edges = [column * count // width for column in range(width + 1)]
    return [merged(buckets[at : max(end, at + 1)]) for at, end in itertools.pairwise(edges)]


def as_float(value: float | int) -> float:
    """Return a number as a float; an integer that is too large for one becomes an infinity."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def as_floats(values: Sequence[float | int]) -> list[float]:
    """Return numbers as floats; see `as_float`."""
    try:
        return list(map(float, values))
    except OverflowError:
        return list(map(as_float, values))
