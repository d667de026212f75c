"""Smoothing on the full data: causal, unbiased at the beginning, by distance in x. No I/O.

The average of a point is that of all points before it, each weighing ``weight`` less with every unit of x between. So
curves of unlike density smooth alike, and the smoothed value of a point depends on no zoom and no sampling. The unit is
a 1024th of the curve's extent, of which the next power of two is taken, so that it stays as it is while points come.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

_UNITS = 1024
_MOST_POWER = 1023  # of two, that a double holds


def unit_of(extent: float) -> float:
    """Return the unit of x of a curve that extends over so much of x."""
    if not 0 < extent < math.inf:
        return 1.0
    return math.ldexp(1.0, min(math.ceil(math.log2(extent)), _MOST_POWER)) / _UNITS or extent


def smoothed(x: Sequence[float], y: Sequence[float], weight: float) -> Sequence[float]:
    """Return the smoothed values of a curve; see `Smoothed`.

    Args:
        x: where the points are, never falling.
        y: their values, as many.
        weight: how much the past counts, from 0 (the values stay as they are) to below 1.
    """
    if not weight:
        return y
    curve = Smoothed(weight)
    curve.extend(x, y)
    return curve.values


class Smoothed:
    """A smoothed curve that grows.

    Args:
        weight: how much the past counts, above 0 and below 1.

    Attributes:
        values: the smoothed values; where the curve is not finite the one before, NaN where there is none.
    """

    def __init__(self, weight: float) -> None:
        self.values = array("d")
        self._weight, self._unit = weight, 0.0
        self._start()

    def _start(self) -> None:
        del self.values[:]
        self._mean, self._share, self._x = math.nan, 0.0, 0.0

    def extend(self, x: Sequence[float], y: Sequence[float]) -> None:
        """Take a curve of which the beginning was taken already; x never falls."""
        if not len(x):
            return
        unit = unit_of(x[-1] - x[0])
        if unit != self._unit:
            self._unit = unit
            self._start()
        # The columns of a run that is read on meanwhile may be of unlike length for a moment.
        begin, end = len(self.values), min(len(x), len(y))
        self._take(x[begin:end], y[begin:end])

    def _take(self, x: Sequence[float], y: Sequence[float]) -> None:
        # mean + (value - mean) / share: what is constant stays so to the last bit.
        mean, share, before = self._mean, self._share, self._x
        rate, distance, decay = math.log(self._weight) / self._unit, 0.0, 1.0
        values = []
        for place, value in zip(x, y, strict=True):
            if value - value == 0:
                if share:
                    if place - before != distance:
                        distance = place - before
                        decay = math.exp(rate * distance)
                    share = share * decay + 1
                    mean += (value - mean) / share
                else:
                    mean, share = value, 1.0
                before = place
            values.append(mean)
        self.values.extend(values)
        self._mean, self._share, self._x = mean, share, before
