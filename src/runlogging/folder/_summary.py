"""The summary of a writer: last, min, max, mean, count and step of each metric.

The hot path only appends to a list a metric; the lists are folded in at C speed, some thousands of values at a time.
Measured per record of one scalar, beside 3.6 us without a summary: appending 0.15 us, updating the numbers at once 0.2
us, keeping the whole record for later 0.5 to 1 us, because what is kept cannot be reused by the allocator.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from runlogging.folder._layout import PLAIN_FORMAT


class MetricSummary(msgspec.Struct):
    """What a summary says of one metric. min, max and mean are of its finite values, None where it has none."""

    count: int = 0
    last: float | int | None = None
    min: float | int | None = None
    max: float | int | None = None
    mean: float | None = None
    step: int | None = None
    nonfinite: int = 0


class WriterSummary(msgspec.Struct):
    """The content of ``summary.json``."""

    format: int = PLAIN_FORMAT
    writer: str = ""
    time: str = ""
    counts: dict[str, int] = {}
    metrics: dict[str, MetricSummary] = {}


class Summary:
    """The running summary of one writer.

    Attributes:
        columns: name to the values that were not folded in yet, oldest first; None for one that is not finite.
        steps: name to the step of its last value.
        metrics: name to what was folded in.
    """

    def __init__(self) -> None:
        self.columns: defaultdict[str, list[Any]] = defaultdict(list)
        self.steps: dict[str, int | None] = {}
        self.metrics: dict[str, MetricSummary] = {}
        self._is_folding = False

    def fold(self) -> None:
        """Take in the columns. Values that another thread appends meanwhile stay for the next time."""
        if self._is_folding:  # a signal handler logs in the middle: its values stay for the next time
            return
        self._is_folding = True
        try:
            for name in tuple(self.columns):
                values = self.columns[name]
                column = values[:]
                del values[: len(column)]
                if column:
                    self._take(name, column)
        finally:
            self._is_folding = False

    def _take(self, name: str, column: Sequence[Any]) -> None:
        metric = self.metrics.get(name)
        if metric is None:
            metric = self.metrics[name] = MetricSummary()
        finite = [value for value in column if value is not None] if None in column else column
        before = metric.count - metric.nonfinite
        metric.count += len(column)
        metric.nonfinite += len(column) - len(finite)
        metric.last, metric.step = column[-1], self.steps.get(name)
        if finite:
            _widen(metric, finite, before)


def _widen(metric: MetricSummary, finite: Sequence[float | int], before: int) -> None:
    low, high = min(finite), max(finite)
    metric.min = low if metric.min is None or low < metric.min else metric.min
    metric.max = high if metric.max is None or high > metric.max else metric.max
    count = before + len(finite)
    # The old mean is weighed in rather than kept as a sum: a sum of large values would overflow to infinity.
    mean = _mean(finite) * (len(finite) / count) + (metric.mean or 0.0) * (before / count)
    metric.mean = mean if math.isfinite(mean) else metric.mean


def _mean(values: Sequence[float | int]) -> float:
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        # Halved, because even the parts of a mean may add up to just above the largest double.
        mean = 2 * math.fsum(value / (2 * len(values)) for value in values)
        return min(max(mean, min(values)), max(values))


def summarise(values: Sequence[float | int], step: int | None) -> MetricSummary:
    """Return the summary of all values of a metric, oldest first.

    Args:
        values: its values; those that are not finite count as such.
        step: the step of the last one.
    """
    summary = Summary()
    summary.columns["x"] = [value if _is_finite(value) else None for value in values]
    summary.steps["x"] = step
    summary.fold()
    return summary.metrics.get("x", MetricSummary())


def _is_finite(value: float | int) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def merge(summaries: Iterable[WriterSummary]) -> dict[str, MetricSummary]:
    """Return one summary of several writers; ``last`` and ``step`` come from the summary with the latest time."""
    first, *others = sorted(summaries, key=lambda item: item.time) or [WriterSummary()]
    merged = dict(first.metrics)
    for summary in others:
        for name, metric in summary.metrics.items():
            known = merged.get(name)
            merged[name] = metric if known is None else _merged(known, metric)
    return merged


def _merged(first: MetricSummary, second: MetricSummary) -> MetricSummary:
    result = msgspec.structs.replace(
        second, count=first.count + second.count, nonfinite=first.nonfinite + second.nonfinite
    )
    if second.min is None or second.max is None:
        result.min, result.max, result.mean = first.min, first.max, first.mean
    elif first.min is not None and first.max is not None:
        weights = first.count - first.nonfinite, second.count - second.nonfinite
        result.min, result.max = min(first.min, second.min), max(first.max, second.max)
        share = weights[0] / sum(weights)
        mean = (first.mean or 0.0) * share + (second.mean or 0.0) * (1 - share)
        result.mean = mean if math.isfinite(mean) else second.mean
    return result
