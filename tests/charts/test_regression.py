"""Residuals and predictions are binned as numpy bins them, whatever the numbers are."""

from __future__ import annotations

import json
import math
import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runlogging._errors import InvalidValueError
from runlogging.charts import Predictions, Residuals

LARGEST = sys.float_info.max
Pairs = list[tuple[float, float]]
# Tenths put many values on edges; their differences have the rounding that makes edges hard.
TENTHS = st.integers(-50, 50).map(lambda n: n / 10)
TAME: st.SearchStrategy[Pairs] = st.lists(st.tuples(TENTHS, TENTHS), min_size=1)
HALF = st.floats(-LARGEST / 2, LARGEST / 2)
WILD: st.SearchStrategy[Pairs] = st.lists(st.tuples(HALF, HALF), min_size=1, max_size=20)
BINS = st.integers(1, 12)


def _split(pairs: Pairs) -> tuple[list[float], list[float]]:
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


@given(TAME, BINS)
def test_residual_counts_agree_with_numpy(pairs: Pairs, bins: int) -> None:
    """Counts and edges are those of numpy.histogram over prediction minus true value."""
    true, pred = _split(pairs)
    chart = Residuals.from_predictions(true, pred, bins)
    counts, edges = np.histogram(np.array(pred) - np.array(true), bins)
    assert chart.bin_counts == tuple(counts.tolist())
    np.testing.assert_allclose(chart.bin_edges, edges, rtol=1e-12, atol=1e-12)


@given(TAME, BINS)
def test_predictions_agree_with_numpy(pairs: Pairs, bins: int) -> None:
    """Each bin of the true value has the mean and the standard deviation of its predictions, an empty one zeros."""
    true, pred = _split(pairs)
    chart = Predictions.from_predictions(np.array(true), np.array(pred), bins)
    counts, edges = np.histogram(true, bins)
    assert chart.bin_counts == tuple(counts.tolist())
    places = np.clip(np.digitize(true, np.array(chart.bin_edges)) - 1, 0, bins - 1)
    for n, count in enumerate(chart.bin_counts):
        members = np.array(pred)[places == n]
        expected = (members.mean(), members.std()) if count else (0.0, 0.0)
        np.testing.assert_allclose((chart.bin_averages[n], chart.bin_errors[n]), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(chart.bin_edges, edges, rtol=1e-12, atol=1e-12)


@given(WILD, BINS)
@example([(-LARGEST / 2, LARGEST / 2), (LARGEST / 2, -LARGEST / 2)], 10)
@example([(0.0, 0.0), (0.0, 15 * 5e-324)], 10)
@example([(1.0, 1.0), (1.0, 1.0 + sys.float_info.epsilon)], 10)
@example([(2.0**60, 2.0**60)], 10)
def test_no_finite_value_breaks_the_bins(pairs: Pairs, bins: int) -> None:
    """Tiny, huge and equal values give finite ascending edges around all of them, and every value is counted."""
    true, pred = _split(pairs)
    for chart, binned in (
        (Residuals.from_predictions(true, pred, bins), [p - t for t, p in pairs]),
        (Predictions.from_predictions(true, pred, bins), true),
    ):
        assert sum(chart.bin_counts) == len(pairs)
        assert len(chart.bin_counts) == bins == len(chart.bin_edges) - 1
        assert all(map(math.isfinite, chart.bin_edges))
        assert all(lower <= upper for lower, upper in pairwise(chart.bin_edges))
        assert chart.bin_edges[0] <= min(binned)
        assert max(binned) <= chart.bin_edges[-1]
        assert type(chart).parse(json.dumps(chart.to_dict())) == chart


def test_wide_range_has_equal_bins() -> None:
    """A range wider than the largest float is divided evenly all the same."""
    chart = Predictions.from_predictions([-LARGEST, 0.0, LARGEST], [LARGEST, -LARGEST, 1.0], bins=4)
    assert chart.bin_edges == pytest.approx((-LARGEST, -LARGEST / 2, 0.0, LARGEST / 2, LARGEST), rel=1e-15)
    assert chart.bin_counts == (1, 0, 1, 1)
    assert chart.bin_averages == (LARGEST, 0.0, -LARGEST, 1.0)


def test_equal_residuals() -> None:
    """Where all residuals are equal, the range is half a unit to either side."""
    chart = Residuals.from_predictions([1, 2, 3], [3, 4, 5], bins=4)
    assert chart == Residuals((1.5, 1.75, 2.0, 2.25, 2.5), (0, 0, 3, 0))


def test_residual_is_prediction_minus_true_value() -> None:
    """A prediction that is too high has a positive residual; the last bin holds its upper edge."""
    assert Residuals.from_predictions([0, 0, 0], [0, 1, 2], bins=2) == Residuals((0.0, 1.0, 2.0), (1, 2))


def test_mean_and_deviation_are_exact_where_floats_are() -> None:
    """The mean of two numbers is the number between them, and the deviation is that of the bin's own members."""
    chart = Predictions.from_predictions([0, 0, 10], [1, 3, 7], bins=2)
    assert chart == Predictions((2.0, 7.0), (1.0, 0.0), (2, 1), (0.0, 5.0, 10.0))


@pytest.mark.parametrize("chart", [Residuals, Predictions])
@pytest.mark.parametrize(
    ("true", "pred", "bins", "message"),
    [
        ([1, 2], [1], 10, r"y_true has 2 elements and y_pred has 1; expected one prediction for each true value"),
        ([], [], 10, r"y_true and y_pred are empty; expected at least one value"),
        ([1, 2], [1, float("nan")], 10, r"y_pred\[1\] is nan; expected a finite number"),
        ([1, 2], np.array([-np.inf, 2]), 10, r"y_pred\[0\] is -inf; expected a finite number"),
        ([1, float("inf")], [1, 2], 10, r"y_true\[1\] is inf; expected a finite number"),
        ([1, True], [1, 2], 10, r"y_true\[1\] is True; expected a finite number"),
        ([1, "2"], [1, 2], 10, r"y_true\[1\] is '2'; expected a finite number"),
        ([1, 2], np.array([[1], [2]]), 10, r"y_pred\[0\] is \[1\]; expected a finite number"),
        ("12", [1, 2], 10, r"y_true is '12'; expected a list or array of numbers"),
        ([1], [1], 0, r"bins is 0; expected an int of at least 1"),
        ([1], [1], 2.5, r"bins is 2\.5; expected an int of at least 1"),
        ([1], [1], True, r"bins is True; expected an int of at least 1"),
        ([1], [1], [0, 1], r"bins is \[0, 1\]; expected an int of at least 1"),
    ],
)
def test_bad_predictions_are_refused(chart: Any, true: Any, pred: Any, bins: Any, message: str) -> None:
    """Bad lists, numbers and bins are refused with the name and index of what is wrong."""
    with pytest.raises(InvalidValueError, match=f"^{message}"):
        chart.from_predictions(true, pred, bins)


def test_infinite_residual_is_refused() -> None:
    """Values whose difference no float holds are refused with their index."""
    with pytest.raises(InvalidValueError, match=r"y_pred\[1\] - y_true\[1\] is inf; expected values whose difference"):
        Residuals.from_predictions([0, -LARGEST], [0, LARGEST])


def test_numpy_scalars_are_taken() -> None:
    """Bins may be a numpy int, and values numpy scalars."""
    values: Any = [np.float32(0.5), np.int8(2)]
    bins: Any = np.int64(3)
    assert Residuals.from_predictions(values, values, bins).bin_counts == (0, 2, 0)


class Frame:
    """Stand for a data frame: it iterates over the names of its columns."""

    def __init__(self, rows: list[list[float]]) -> None:
        self.rows = rows

    def __iter__(self) -> Any:
        return iter(["a", "b"])

    def to_numpy(self) -> Any:
        return np.array(self.rows)


def test_columns_of_a_frame_are_taken_by_value() -> None:
    """What can become a numpy array is read as one, not iterated over."""
    column: Any = Frame([1.0, 2.0])  # type: ignore[list-item]
    assert Residuals.from_predictions(column, column, bins=1).bin_counts == (2,)
