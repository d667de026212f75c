"""The summary of a writer: last, min, max, mean, count and step of each metric.

The hot path only appends; rows are folded in by the column, at C speed, some hundreds at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from runlogging.folder._layout import FORMAT

Row = tuple[int | None, dict[str, Any]]
"""A step, and the metrics of one record: name to finite number, or None for one that JSON cannot write."""


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

    format: int = FORMAT
    writer: str = ""
    time: str = ""
    counts: dict[str, int] = {}
    metrics: dict[str, MetricSummary] = {}


class Summary:
    """The running summary of one writer."""

    def __init__(self) -> None:
        self.metrics: dict[str, MetricSummary] = {}

    def fold(self, rows: Sequence[Row]) -> None:
        """Take in some records, oldest first."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for place, (_, row) in enumerate(rows):
            groups.setdefault(tuple(row), []).append(place)
        last_places: dict[str, int] = {}
        for names, places in groups.items():
            columns = zip(*(rows[place][1].values() for place in places), strict=True)
            for name, column in zip(names, columns, strict=True):
                self._take(name, column)
                if places[-1] >= last_places.get(name, -1):
                    last_places[name] = places[-1]
                    self._end(name, column[-1], rows[places[-1]][0])

    def _take(self, name: str, column: tuple[Any, ...]) -> None:
        metric = self.metrics.get(name)
        if metric is None:
            metric = self.metrics[name] = MetricSummary()
        finite = [value for value in column if value is not None] if None in column else column
        before = metric.count - metric.nonfinite
        metric.count += len(column)
        metric.nonfinite += len(column) - len(finite)
        if finite:
            _widen(metric, finite, before)

    def _end(self, name: str, last: float | int | None, step: int | None) -> None:
        self.metrics[name].last = last
        self.metrics[name].step = step


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
        return math.fsum(value / len(values) for value in values)


def merge(summaries: Iterable[WriterSummary]) -> dict[str, MetricSummary]:
    """Return one summary of several writers; ``last`` and ``step`` come from the summary with the latest time."""
    merged: dict[str, MetricSummary] = {}
    for summary in sorted(summaries, key=lambda item: item.time):
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
        result.mean = (first.mean or 0.0) * share + (second.mean or 0.0) * (1 - share)
    return result
