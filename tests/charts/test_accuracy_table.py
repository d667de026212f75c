"""Accuracy tables hold what counting by hand gives, and their curves are those of scikit-learn."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve, roc_curve

from runlogging._errors import InvalidValueError
from runlogging.charts import AccuracyTable
from tests.charts.examples import example

Sample = tuple[list[int], list[list[float]]]
PROBABILITY = st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 1.0])


@st.composite
def samples(draw: st.DrawFn, classes: int = 3) -> Sample:
    size = draw(st.integers(1, 15))
    true = draw(st.lists(st.integers(0, classes - 1), min_size=size, max_size=size))
    row = st.lists(PROBABILITY, min_size=classes, max_size=classes)
    return true, draw(st.lists(row, min_size=size, max_size=size))


def _by_hand(true: list[int], column: list[float], label: int, threshold: float) -> tuple[int, int, int, int]:
    taken = [(index == label, value >= threshold) for index, value in zip(true, column, strict=True)]
    return tuple(map(taken.count, [(True, True), (False, True), (False, False), (True, False)]))  # type: ignore[return-value]


@given(samples(), st.none() | st.lists(st.floats(0, 1), min_size=1, max_size=6).map(sorted))
def test_cells_agree_with_counting_by_hand(sample: Sample, thresholds: list[float] | None) -> None:
    """Each cell of both kinds counts the decisions at its stored threshold, and the chart reads back from JSON."""
    true, rows = sample
    chart = AccuracyTable.from_predictions(true, rows, labels=range(3), thresholds=thresholds)
    assert AccuracyTable.parse(json.dumps(chart.to_dict())) == chart
    assert chart.class_labels == ("0", "1", "2")
    for label in range(3):
        column = [row[label] for row in rows]
        for tables, cuts in (
            (chart.probability_tables, chart.probability_thresholds),
            (chart.percentile_tables, chart.percentile_thresholds),
        ):
            assert list(tables[label]) == [_by_hand(true, column, label, cut) for cut in cuts]


@given(samples(), st.lists(st.floats(0, 1), min_size=1, max_size=6).map(sorted))
def test_percentile_thresholds_are_those_of_all_probabilities(sample: Sample, fractions: list[float]) -> None:
    """A percentile threshold is the nearest probability by rank: never beyond the neighbours of the exact place."""
    true, rows = sample
    chart = AccuracyTable.from_predictions(true, rows, labels=range(3), thresholds=fractions)
    for fraction, threshold in zip(fractions, chart.percentile_thresholds, strict=True):
        assert threshold in np.array(rows)
        assert np.quantile(rows, fraction, method="lower") <= threshold <= np.quantile(rows, fraction, method="higher")


def test_percentile_thresholds_by_rank() -> None:
    """The smallest probability is at 0, the largest at 1, the median in the middle, ties go to the even index."""
    rows = [[0.1, 0.2], [0.3, 0.9], [0.8, 0.4]]
    chart = AccuracyTable.from_predictions([0, 1, 0], rows, thresholds=[0, 0.2, 0.5, 0.7, 1])
    assert chart.percentile_thresholds == (0.1, 0.2, 0.3, 0.8, 0.9)  # indices 0, 1, 2.5, 3.5, 5
    assert chart.probability_thresholds == (0, 0.2, 0.5, 0.7, 1)


def test_default_thresholds_are_hundredths() -> None:
    """Without thresholds there are 101, and the hundredths are the nearest doubles."""
    chart = AccuracyTable.from_predictions([0, 1], [0.2, 0.7])
    assert chart.probability_thresholds == tuple(float(f"{n / 100:.2f}") for n in range(101))
    assert len(chart.percentile_thresholds) == len(chart.percentile_tables[1]) == 101


@pytest.mark.parametrize("kind", [list, np.array, lambda rows: np.array(rows, dtype=np.float32)])
def test_probabilities_of_the_positive_class(kind: Any) -> None:
    """One probability a sample belongs to the second of two classes; the first has the rest."""
    chart = AccuracyTable.from_predictions(["no", "yes", "yes"], kind([0.25, 0.5, 0.75]), thresholds=[0, 0.5, 1])
    rows = kind([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]])
    assert chart == AccuracyTable.from_predictions(["no", "yes", "yes"], rows, thresholds=[0, 0.5, 1])
    assert chart.class_labels == ("no", "yes")
    assert chart.probability_tables[1] == ((2, 1, 0, 0), (2, 0, 1, 0), (0, 0, 1, 2))


def test_rounding_around_the_bounds_is_taken() -> None:
    """A probability that misses 0 or 1 by the rounding of single precision counts as 0 or 1."""
    chart = AccuracyTable.from_predictions([0, 1], [[1.0000001, -1e-9], [0, 1]])
    assert chart.percentile_thresholds[0] == 0
    assert chart.percentile_thresholds[-1] == 1
    assert chart.probability_tables[0][-1] == (1, 0, 1, 0)


@given(samples(classes=2))
def test_roc_holds_the_points_of_scikit_learn(sample: Sample) -> None:
    """With thresholds at every probability, the curve has just the points that scikit-learn finds."""
    true, rows = sample
    scores = [row[1] for row in rows]
    chart = AccuracyTable.from_predictions(true, rows, labels=[0, 1], thresholds=sorted(set(scores)))
    if len(set(true)) < 2:
        assert chart.roc(1) == []
        return
    fpr, tpr, _ = roc_curve(true, scores, drop_intermediate=False)
    curve = chart.roc("1")
    np.testing.assert_array_almost_equal(sorted(set(zip(fpr, tpr, strict=True))), curve, decimal=12)
    assert curve[0] == (0, 0)
    assert curve[-1] == (1, 1)


@given(samples(classes=2))
def test_precision_recall_holds_the_points_of_scikit_learn(sample: Sample) -> None:
    """With thresholds at every probability, the curve has just the points that scikit-learn finds."""
    true, rows = sample
    scores = [row[1] for row in rows]
    chart = AccuracyTable.from_predictions(true, rows, labels=[0, 1], thresholds=sorted(set(scores)))
    if 1 not in true:
        assert chart.precision_recall(1) == []
        return
    precision, recall, _ = precision_recall_curve(true, scores)
    expected = sorted(set(zip(recall, precision, strict=True)), key=lambda point: (point[0], -point[1]))
    curve = chart.precision_recall(1)
    np.testing.assert_array_almost_equal(expected, curve, decimal=12)
    assert curve[0] == (0, 1)
    assert curve[-1][0] == 1


def test_curves_join_both_kinds_of_tables() -> None:
    """Curves of a chart that was read have the points of both kinds of tables, each once."""
    chart = AccuracyTable.parse(example("accuracy_table"))
    assert chart.roc("cat") == [(0, 0), (0, 0.25), (1 / 6, 0.75), (2 / 6, 1), (1, 1)]
    assert chart.precision_recall("cat") == [(0, 1), (0.25, 1), (0.75, 0.75), (1, 4 / 6), (1, 0.4)]


@pytest.mark.parametrize("label", ["bird", 1, None])
def test_curve_of_an_unknown_class_is_refused(label: object) -> None:
    """A label that the chart does not have is refused with those that it has."""
    chart = AccuracyTable.parse(example("accuracy_table"))
    for curve in (chart.roc, chart.precision_recall):
        with pytest.raises(InvalidValueError, match=f"label is {label!r}; expected one of 'cat', 'dog'"):
            curve(label)


@pytest.mark.parametrize(
    ("true", "probabilities", "options", "message"),
    [
        ([0, 1], [0.1], {}, r"y_true has 2 elements and probabilities has 1; expected one prediction"),
        ([], [], {}, r"y_true and probabilities are empty; expected at least one"),
        ([0, 1], [0.1, float("nan")], {}, r"probabilities\[1\] is nan; expected a number from 0 to 1"),
        ([0, 1], [0.1, 1.1], {}, r"probabilities\[1\] is 1\.1; expected a number from 0 to 1"),
        ([0, 1], [0.1, True], {}, r"probabilities\[1\] is True; expected a number from 0 to 1"),
        ([0, 1], [[0.1, 0.9], [0.5, float("inf")]], {}, r"probabilities\[1\]\[1\] is inf; expected a number from 0"),
        ([0, 1], [[0.1, 0.9], [0.5, "x"]], {}, r"probabilities\[1\]\[1\] is 'x'; expected a number from 0 to 1"),
        ([0, 1], [[0.1, 0.9], [0.5]], {}, r"probabilities\[1\] has 1 elements; expected 2, one for each label"),
        ([0, 1], [[0.1, 0.9], 0.5], {}, r"probabilities\[1\] is 0\.5; expected a list of 2 probabilities"),
        ([0, 0], [[0.1, 0.9], [1, 0]], {}, r"probabilities\[0\] has 2 elements; expected 1, .*; give labels="),
        ([0, 0], [0.1, 0.2], {}, r"probabilities has one number for each sample, but there are 1 classes; expected"),
        ([0, 1, 2], [0.1, 0.2, 0], {}, r"probabilities has one number for each sample, but there are 3 classes"),
        ([0, 5], [0.1, 0.2], {"labels": [0, 1]}, r"y_true\[1\] is 5; expected one of the labels: 0, 1"),
        ([0, 1], [0.1, 0.2], {"thresholds": [0.5, 0.4]}, r"thresholds\[1\] is 0\.4; expected ascending numbers"),
        ([0, 1], [0.1, 0.2], {"thresholds": [0.5, 2]}, r"thresholds\[1\] is 2\.0; expected a number from 0 to 1"),
        ([0, 1], [0.1, 0.2], {"thresholds": []}, r"thresholds is empty; expected at least one number"),
        ([0, 1], [0.1, 0.2], {"thresholds": 5}, r"thresholds is 5; expected a list of numbers"),
    ],
)
def test_bad_probabilities_are_refused(true: Any, probabilities: Any, options: Any, message: str) -> None:
    """Bad shapes, probabilities, labels and thresholds are refused with the name and index of what is wrong."""
    with pytest.raises(InvalidValueError, match=f"^{message}"):
        AccuracyTable.from_predictions(true, probabilities, **options)
