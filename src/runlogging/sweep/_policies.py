"""Which runs of a sweep are stopped early, as Azure's HyperDrive defines it. Pure functions over the metrics so far.

The primary metric counts the intervals: the n-th value that a run logs of it is its interval n. A policy is applied at
the intervals that are multiples of ``evaluation_interval`` and not below ``delay_evaluation``. A run is judged at the
latest of these that it and at least one other run have reached: the best of all that it has logged, against what the
others had logged by that interval. So a run that is ahead of all others is judged, and by its later values, too.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from runlogging._errors import InvalidValueError

AllSeries = Mapping[int, Sequence[float]]
"""The values of the primary metric by the number of the point, each in the order in which it was logged."""


class Policy:
    """When a policy is applied; what it says then is its subclass's.

    Attributes:
        evaluation_interval: it is applied at multiples of this number of values, 1 or more.
        delay_evaluation: and not below this number of values.
    """

    evaluation_interval: int
    delay_evaluation: int

    def __post_init__(self) -> None:
        for name, least in (("evaluation_interval", 1), ("delay_evaluation", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InvalidValueError(f"{name} is a whole number, {least} or more, not {value!r:.80}")

    def judge(self, series: AllSeries, point: int, goal: str, finished: Collection[int] = ()) -> str | None:
        """Return why a run is to be stopped now, or None.

        Args:
            series: what every run of the sweep has logged so far, those that have ended too.
            point: the run in question.
            goal: "minimize" or "maximize".
            finished: the runs that have ended.
        """
        mine = series[point]
        reached = max((len(values) for one, values in series.items() if one != point), default=0)
        interval = due_interval(min(len(mine), reached), self.evaluation_interval, self.delay_evaluation)
        if interval is None:
            return None
        sign = 1 if goal == "maximize" else -1
        # From here on more is better, and what is no number is the worst.
        known = {one: _signed(values[:interval], sign) for one, values in series.items() if len(values)}
        known[point] = _signed(mine, sign)
        return self._reason(known, point, interval, sign, finished)

    def _reason(self, known: AllSeries, point: int, interval: int, sign: int, finished: Collection[int]) -> str | None:
        raise NotImplementedError


@dataclass(frozen=True)
class BanditPolicy(Policy):
    """Stop a run whose best value is not within a slack of the best value that any run had by that interval.

    With ``slack_factor`` 0.2 and a metric that is to be large, a run is stopped below best / 1.2; where it is to be
    small, above best * 1.2. With ``slack_amount`` 0.2 below best - 0.2, or above best + 0.2. (For a negative best the
    factor works the other way round, so that the slack lies on the worse side.)

    Args:
        slack_factor: the slack as a ratio, above 0 or 0; or instead
        slack_amount: the slack as a difference.
        evaluation_interval: the policy is applied at multiples of this number of values.
        delay_evaluation: and not below this number of values.

    Raises:
        InvalidValueError: neither or both of the slacks are given, or one is negative.
    """

    slack_factor: float | None = None
    slack_amount: float | None = None
    evaluation_interval: int = 1
    delay_evaluation: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.slack_factor is None) == (self.slack_amount is None):
            raise InvalidValueError("BanditPolicy takes either slack_factor or slack_amount")
        _check_number("a slack", self.slack_factor if self.slack_factor is not None else self.slack_amount, 0, math.inf)

    def _reason(self, known: AllSeries, point: int, interval: int, sign: int, finished: Collection[int]) -> str | None:
        best = max(max(values) for values in known.values())
        bound, mine = self._bound(best), max(known[point])
        if not mine < bound:
            return None
        numbers = f"{mine * sign:.6g} is beyond {bound * sign:.6g}, where the best run has {best * sign:.6g}"
        return f"BanditPolicy at interval {interval}: {numbers}"

    def _bound(self, best: float) -> float:
        if self.slack_amount is not None:
            return best - self.slack_amount
        ratio = 1 + (self.slack_factor or 0.0)
        return best / ratio if best >= 0 else best * ratio


@dataclass(frozen=True)
class MedianStoppingPolicy(Policy):
    """Stop a run whose best value is worse than the median of the running averages of all runs.

    At interval n the running average of a run is the mean of its first n values; runs with fewer values do not count.

    Args:
        evaluation_interval: the policy is applied at multiples of this number of values.
        delay_evaluation: and not below this number of values.
    """

    evaluation_interval: int = 1
    delay_evaluation: int = 0

    def _reason(self, known: AllSeries, point: int, interval: int, sign: int, finished: Collection[int]) -> str | None:
        averages = [_mean(values[:interval]) for values in known.values() if len(values) >= interval]
        middle, mine = _median(averages), max(known[point])
        if not mine < middle:
            return None
        numbers = f"{mine * sign:.6g} is worse than {middle * sign:.6g}, the median of {len(averages)} running averages"
        return f"MedianStoppingPolicy at interval {interval}: {numbers}"


@dataclass(frozen=True)
class TruncationSelectionPolicy(Policy):
    """Stop the worst runs: at each interval a percentage of the runs that have reached it.

    Runs are ranked by their best value up to the interval, whatever they logged later. Of runs with the same value
    the one with the higher number is the worse. A run that was stopped before keeps its rank.

    Args:
        truncation_percentage: how many of a hundred runs are stopped, 1 to 99; the count is rounded down.
        evaluation_interval: the policy is applied at multiples of this number of values.
        delay_evaluation: and not below this number of values.
        exclude_finished_jobs: whether runs that have ended are left out of the ranking.

    Raises:
        InvalidValueError: the percentage is none.
    """

    truncation_percentage: float
    evaluation_interval: int = 1
    delay_evaluation: int = 0
    exclude_finished_jobs: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_number("truncation_percentage", self.truncation_percentage, 1, 99)

    def _reason(self, known: AllSeries, point: int, interval: int, sign: int, finished: Collection[int]) -> str | None:
        left_out = set(finished) - {point} if self.exclude_finished_jobs else set()
        there = [one for one, values in known.items() if len(values) >= interval and one not in left_out]
        ranked = sorted(there, key=lambda one: (max(known[one]), -one))
        count = math.floor(len(ranked) * self.truncation_percentage / 100)
        if point not in ranked[:count]:
            return None
        numbers = f"{max(known[point]) * sign:.6g} is among the {count} worst of {len(ranked)} runs"
        return f"TruncationSelectionPolicy at interval {interval}: {numbers}"


def due_interval(count: int, every: int, delay: int) -> int | None:
    """Return the latest interval at which a run of so many values is judged, or None where there is none yet."""
    interval = count - count % every
    return interval if interval > 0 and interval >= delay else None


def _signed(values: Sequence[float], sign: int) -> list[float]:
    return [-math.inf if math.isnan(value) else value * sign for value in map(_float, values)]


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an int beyond all doubles
        return math.inf if value > 0 else -math.inf


def _mean(values: Sequence[float]) -> float:
    mean = sum(value / len(values) for value in values)
    # A mean is never above the greatest value; rounded, it may be.
    return -math.inf if math.isnan(mean) else min(mean, max(values))


def _median(values: Iterable[float]) -> float:
    """Return the median; `statistics.median` would overflow for large numbers."""
    ordered = sorted(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    if low == high or math.isinf(low) or math.isinf(high):
        return low
    return min(low / 2 + high / 2, high)


def _check_number(what: str, value: object, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise InvalidValueError(f"{what} is a number from {least:g} to {most:g}, not {value!r:.80}")
