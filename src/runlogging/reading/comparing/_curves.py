"""A metric as a curve: its figures, and where two curves part."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import cached_property
from typing import Literal, TypeVar, cast

from runlogging.reading._sampling import as_floats
from runlogging.reading.comparing._goals import Goal
from runlogging.reading.comparing._model import Against, MetricFigures

Number = float | int
Item = TypeVar("Item")


class Curve:
    """The values over the steps, or over the points' places where not every point has a step.

    Args:
        steps, values: the points in the order in which they were logged, at least one.

    Attributes:
        axis: "step" or "index".
        floats: the values as floats.
        places: the places on the axis, ascending.
        heights: the value of each place as a float; the last one where there are several.
    """

    def __init__(self, steps: Sequence[int | None], values: Sequence[Number]) -> None:
        self.steps, self.values = steps, values
        self.floats = as_floats(values)
        self._is_finite = all(map(math.isfinite, self.floats))
        self.axis: Literal["step", "index"] = "index" if None in steps else "step"
        places = range(len(values)) if self.axis == "index" else cast("Sequence[int]", steps)
        self.places, self.heights = _ascending(places, self.floats)

    def figures(self, goal: Goal | None, against: Against | None) -> MetricFigures:
        """Return what is said of the curve."""
        finite = self._finite(self.values)
        least, greatest = min(finite, default=None), max(finite, default=None)
        best = least if goal == "minimize" else greatest if goal == "maximize" else None
        area, average = self._area()
        return MetricFigures(
            count=len(self.values),
            nonfinite=len(self.values) - len(finite),
            last=self.values[-1],
            last_step=self.steps[-1],
            min=least,
            min_step=self._step_of(least),
            max=greatest,
            max_step=self._step_of(greatest),
            best=best,
            best_step=self._step_of(best),
            axis=self.axis,
            area=area,
            average=average,
            against=against,
        )

    def _finite(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return those of the points' items whose values are finite."""
        if self._is_finite:
            return items
        return [item for item, value in zip(items, self.floats, strict=True) if math.isfinite(value)]

    def _step_of(self, value: Number | None) -> int | None:
        """Return the step of the first point with a value."""
        return None if value is None else self.steps[self.values.index(value)]

    def _area(self) -> tuple[float | None, float | None]:
        places, values = self.places, self.heights
        if not self._is_finite:  # of places that were logged again one value is left
            places = [place for place, value in zip(places, values, strict=True) if math.isfinite(value)]
            values = [value for value in values if math.isfinite(value)]
        if not places:
            return None, None
        halves = [value / 2 for value in values]  # the sum of two large values would be infinite
        heights = map(operator.add, halves, halves[1:])
        area = sum(map(operator.mul, map(operator.sub, places[1:], places), heights))
        span = places[-1] - places[0]
        return area, area / span if span else values[0]

    @cached_property
    def spread(self) -> float:
        """The greatest finite value minus the least; the size of the values where they are all equal."""
        finite = self._finite(self.floats)
        if not finite:
            return 0.0
        least, greatest = min(finite), max(finite)
        return greatest - least or abs(greatest)


def _ascending(places: Sequence[int], floats: Sequence[float]) -> tuple[Sequence[int], Sequence[float]]:
    """Return the places in ascending order, each once, and the last of the values of each."""
    if isinstance(places, range) or all(map(operator.lt, places, places[1:])):
        return places, floats
    last = dict(zip(places, floats, strict=True))
    ordered = sorted(last)
    return ordered, [last[place] for place in ordered]


def against_baseline(base: Curve, other: Curve, tolerance: float) -> Against:
    """Return how a curve stands to the baseline's.

    Args:
        base: the baseline's curve.
        other: the curve.
        tolerance: how far apart two values may be and still be together, as a part of the spread of the baseline's
            finite values (greatest minus least); of their size where they are all equal.
    """
    delta: float | None = other.floats[-1] - base.floats[-1]
    relative = None
    if delta is None or not math.isfinite(delta):
        delta = None
    elif base.floats[-1]:
        relative = delta / abs(base.floats[-1])
    shared, ones, others = _shared(base, other)
    return Against(delta, relative, len(shared), _parting(shared, ones, others, tolerance * base.spread))


def _shared(base: Curve, other: Curve) -> tuple[Sequence[int], Sequence[float], Sequence[float]]:
    """Return the places that both curves have, with the values of each."""
    if base.axis != other.axis:
        return (), (), ()
    if base.places == other.places:
        return base.places, base.heights, other.heights
    others = dict(zip(other.places, other.heights, strict=True))
    shared = [at for at, place in enumerate(base.places) if place in others]
    places = [base.places[at] for at in shared]
    return places, [base.heights[at] for at in shared], [others[place] for place in places]


def _parting(shared: Sequence[int], ones: Sequence[float], others: Sequence[float], limit: float) -> int | None:
    parting = None
    for place, one, other in zip(reversed(shared), reversed(ones), reversed(others), strict=True):
        if _is_together(one, other, limit):
            break
        parting = place
    return parting


def _is_together(one: float, other: float, limit: float) -> bool:
    # Equal infinities have no difference that is a number; NaN is equal to nothing.
    return one == other or abs(one - other) <= limit or (one != one and other != other)
