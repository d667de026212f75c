"""Summaries agree with plain statistics, whatever the numbers are."""

from __future__ import annotations

import json
import math
import sys
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runlogging.folder import MetricSummary, WriterSummary, merge_summaries
from runlogging.folder._summary import Summary

Value = float | int | None
LARGEST = sys.float_info.max
FINITE = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63 - 1)
CHUNKS = st.lists(st.lists(st.none() | FINITE, max_size=8), max_size=5)


def _folded(chunks: list[list[Value]]) -> MetricSummary | None:
    summary = Summary()
    step = 0
    for chunk in chunks:
        for value in chunk:
            step += 1
            summary.columns["x"].append(value)
            summary.steps["x"] = step
        summary.fold()
    return summary.metrics.get("x")


def _check(metric: MetricSummary, values: list[Value]) -> None:
    """Compare a summary with what Python's own exact arithmetic says of all values."""
    finite = [value for value in values if value is not None]
    assert metric.count == len(values)
    assert metric.nonfinite == len(values) - len(finite)
    assert metric.min == min(finite, default=None)
    assert metric.max == max(finite, default=None)
    if not finite:
        assert metric.mean is None
        return
    assert metric.mean is not None
    assert math.isfinite(metric.mean)
    exact = sum((Fraction(value) for value in finite), Fraction()) / len(finite)
    largest = max(abs(Fraction(value)) for value in finite)
    assert abs(Fraction(metric.mean) - exact) <= largest / 10**12 + Fraction(1, 10**300)


@given(CHUNKS)
@example([[LARGEST] * 3])
@example([[LARGEST], [LARGEST], [LARGEST]])
@example([[LARGEST, -LARGEST], [LARGEST]])
@example([[2**63 - 1, 2**63 - 2], [-(2**63)]])
@example([[None], [1.0], [None]])
def test_summary_agrees_with_plain_python(chunks: list[list[Value]]) -> None:
    """Count, last, min, max, mean, step and nonfinite are those of all values, however they were folded in."""
    values = [value for chunk in chunks for value in chunk]
    metric = _folded(chunks)
    if metric is None:
        assert values == []
        return
    _check(metric, values)
    assert metric.last == values[-1]
    assert metric.step == len(values)


@given(st.lists(CHUNKS.map(lambda chunks: [value for chunk in chunks for value in chunk]), min_size=1, max_size=4))
@example([[LARGEST], [LARGEST], [LARGEST]])
@example([[LARGEST] * 2, [-LARGEST], [None]])
def test_merged_summaries_agree_with_one_over_all(writers: list[list[Value]]) -> None:
    """The merge of several writers says what one summary over all their values says."""
    summaries = []
    for number, values in enumerate(writers):
        metric = _folded([values])
        metrics = {} if metric is None else {"x": metric}
        summaries.append(
            WriterSummary(writer=f"w{number}", time=f"2026-11-23T23:05:0{number}.000000Z", metrics=metrics)
        )
    merged = merge_summaries(reversed(summaries))
    values = [value for part in writers for value in part]
    assert set(merged) == ({"x"} if values else set())
    if values:
        _check(merged["x"], values)
        assert merged["x"].last == values[-1]


def test_merge_takes_last_and_step_from_the_latest() -> None:
    """``last`` and ``step`` come from the summary with the latest time, in whatever order they are given."""
    early = WriterSummary(time="2026-01-01", metrics={"x": MetricSummary(1, 5, 5, 5, 5.0, 100), "y": MetricSummary(1)})
    late = WriterSummary(time="2026-01-02", metrics={"x": MetricSummary(4, 1, 1, 2, 1.0, 7, 1)})
    for order in ([early, late], [late, early]):
        merged = merge_summaries(order)
        assert merged["x"] == MetricSummary(5, 1, 1, 5, 2.0, 7, 1)
        assert merged["y"] == MetricSummary(1)


def test_merge_changes_none_of_its_parts() -> None:
    """A merged summary is a new one."""
    parts = [WriterSummary(time=str(number), metrics={"x": MetricSummary(1, 1, 1, 1, 1.0)}) for number in range(3)]
    assert merge_summaries(parts)["x"].count == 3
    assert [part.metrics["x"].count for part in parts] == [1, 1, 1]
    assert merge_summaries([]) == {}


def test_last_is_null_where_it_was_not_finite() -> None:
    """A last value that is not finite leaves the other figures alone."""
    assert _folded([[1, 3, None]]) == MetricSummary(3, None, 1, 3, 2.0, 3, 1)


def test_integers_stay_exact() -> None:
    """Integers near 64 bits keep every digit in last, min and max."""
    metric = _folded([[2**63 - 1, -(2**63), 2**53 + 1]])
    assert metric is not None
    assert (metric.max, metric.min, metric.last) == (2**63 - 1, -(2**63), 2**53 + 1)
    assert type(metric.last) is int


def test_names_are_kept_apart() -> None:
    """Each metric has figures and a step of its own, and folding twice changes nothing."""
    summary = Summary()
    for name, value, step in (("a", 1, 5), ("b", 2, None), ("a", 3, 4)):
        summary.columns[name].append(value)
        summary.steps[name] = step
    summary.fold()
    summary.fold()
    assert summary.metrics == {
        "a": MetricSummary(2, 3, 1, 3, 2.0, 4),
        "b": MetricSummary(1, 2, 2, 2, 2.0, None),
    }


class _Interrupted(list[Value]):
    """A column that is folded in again, by a signal handler, just after it was copied."""

    summary: Summary
    times = 1

    def __getitem__(self, place: Any) -> Any:
        column = super().__getitem__(place)
        if self.times:
            self.times -= 1
            self.append(2.0)
            self.summary.fold()
        return column


def test_folding_in_the_middle_of_folding_counts_nothing_twice() -> None:
    """A signal handler that logs, and so folds, while the columns are being folded in, repeats no value."""
    summary, column = Summary(), _Interrupted([1.0])
    column.summary = summary
    summary.columns["x"], summary.steps["x"] = column, 1
    summary.fold()
    summary.fold()
    assert summary.metrics["x"] == MetricSummary(2, 2.0, 1.0, 2.0, 1.5, 1)


def test_mean_of_very_many_values_stays_exact() -> None:
    """A hundred folds of numbers far from zero lose no digits that matter."""
    chunks: list[list[Value]] = [[1e9 + number % 7 for number in range(100)] for _ in range(100)]
    metric = _folded(chunks)
    assert metric is not None
    assert metric.mean == pytest.approx(1e9 + sum(number % 7 for number in range(100)) / 100, rel=1e-15)


@given(CHUNKS)
def test_summary_is_strict_json_and_comes_back(chunks: list[list[Value]]) -> None:
    """What is written of a summary is strict JSON, and reads back equal."""
    metric = _folded(chunks)
    summary = WriterSummary(writer="main", metrics={} if metric is None else {"x": metric})
    data = msgspec.json.encode(summary)
    json.loads(data, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert msgspec.json.decode(data, type=WriterSummary) == summary
