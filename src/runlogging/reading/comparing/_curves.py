"""A metric as a curve: its figures, and where two curves part."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from typing import Literal

from runlogging.reading.comparing._goals import Goal
from runlogging.reading.comparing._model import Against, MetricFigures

Number = float | int


class Curve:
    """The values over the steps, or over the points' places where not every point has a step.

    Args:
        steps, values: the points in the order in which they were logged, at least one.

    Attributes:
        axis: "step" or "index".
        at: the value of each place on the axis as a float, in ascending order; the last one where there are several.
    """

    def __init__(self, steps: Sequence[int | None], values: Sequence[Number]) -> None:
        self.steps, self.values = steps, values
        self.floats = _floats(values)
        whole = [step for step in steps if step is not None]
        self.axis: Literal["step", "index"] = "step" if len(whole) == len(steps) else "index"
        at = dict(zip(whole if self.axis == "step" else range(len(values)), self.floats, strict=True))
        places = list(at)
        ordered = sorted(places)  # quick where it is in order already
        self.at = at if ordered == places else {place: at[place] for place in ordered}

    def figures(self, goal: Goal | None, against: Against | None) -> MetricFigures:
        """Return what is said of the curve."""
        finite = [place for place, value in enumerate(self.floats) if math.isfinite(value)]
        low = min(finite, key=self.values.__getitem__, default=None)
        high = max(finite, key=self.values.__getitem__, default=None)
        best = low if goal == "minimize" else high if goal == "maximize" else None
        area, average = self._area()
        return MetricFigures(
            count=len(self.values),
            nonfinite=len(self.values) - len(finite),
            last=self.values[-1],
            last_step=self.steps[-1],
            min=self._value(low),
            min_step=self._step(low),
            max=self._value(high),
            max_step=self._step(high),
            best=self._value(best),
            best_step=self._step(best),
            axis=self.axis,
            area=area,
            average=average,
            against=against,
        )

    def _value(self, place: int | None) -> Number | None:
        return None if place is None else self.values[place]

    def _step(self, place: int | None) -> int | None:
        return None if place is None else self.steps[place]

    def _area(self) -> tuple[float | None, float | None]:
        places = [place for place, value in self.at.items() if math.isfinite(value)]
        if not places:
            return None, None
        halves = [self.at[place] / 2 for place in places]  # the sum of two large values would be infinite
        heights = map(operator.add, halves, halves[1:])
        area = sum(map(operator.mul, map(operator.sub, places[1:], places), heights))
        span = places[-1] - places[0]
        return area, area / span if span else self.at[places[0]]


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
    shared = _shared(base, other)
    return Against(delta, relative, len(shared), _parting(base, other, shared, tolerance * _spread(base.floats)))


def _shared(base: Curve, other: Curve) -> list[int]:
    if base.axis != other.axis:
        return []
    return [place for place in base.at if place in other.at]


def _parting(base: Curve, other: Curve, shared: Sequence[int], limit: float) -> int | None:
    parting = None
    for place in reversed(shared):
        if _is_together(base.at[place], other.at[place], limit):
            break
        parting = place
    return parting


def _is_together(one: float, other: float, limit: float) -> bool:
    # Equal infinities have no difference that is a number; NaN is equal to nothing.
    return one == other or abs(one - other) <= limit or (one != one and other != other)


def _spread(values: Iterable[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return 0.0
    least, greatest = min(finite), max(finite)
    return greatest - least or abs(greatest)


def _floats(values: Sequence[Number]) -> list[float]:
    try:
        return list(map(float, values))
    except OverflowError:
        return [_float(value) for value in values]


def _float(value: Number) -> float:
    try:
        return float(value)
    except OverflowError:  # an int beyond the floats
        return math.inf if value > 0 else -math.inf
