"""The other charts: matrices, rates, residuals, predictions, histograms, bars, tables."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging import InvalidValueError
from runlogging.charts import AccuracyTable, ConfusionMatrix, Predictions, Residuals
from runlogging.drawing import (
    Histogram,
    bar_chart,
    charts_of,
    confusion_chart,
    histogram_chart,
    histograms_chart,
    roc_chart,
    table_chart,
)
from runlogging.drawing._matrix import confusions
from runlogging.drawing._rates import area
from tests.drawing.tools import HOSTILE, SVG, parsed, texts


def test_confusion_matrix_has_counts_and_rates() -> None:
    """A cell says its count and its share of the true class."""
    svg = confusion_chart(ConfusionMatrix(("cat", "dog"), ((3, 1), (0, 0))), title="pets")
    shown = texts(svg)
    assert [text for text in shown if text.isdecimal()] == ["3", "1", "0", "0"]
    assert {"75%", "25%", "pets", "predicted", "true"} <= set(shown)
    assert parsed(svg)[1].text == (
        "Confusion matrix of 2 classes, 4 samples, 75.0% right; most often confused: cat taken for dog, 1 times."
    )


@pytest.mark.parametrize("count", [1, 12, 13, 64, 65, 500])
def test_confusion_matrix_of_many_classes(count: int) -> None:
    """However many classes there are, the drawing stays small and says when a cell stands for several."""
    matrix = [[5 if row == column else (row * column) % 3 for column in range(count)] for row in range(count)]
    svg = confusion_chart(ConfusionMatrix(tuple(f"class {at}" for at in range(count)), tuple(map(tuple, matrix))))
    parsed(svg)
    assert len(svg) < 200_000
    assert any("to a cell" in text for text in texts(svg)) == (count > 64)


def test_confusion_matrix_without_samples_and_with_hostile_names() -> None:
    """Empty rows divide nothing by nothing, and names are texts."""
    svg = confusion_chart(ConfusionMatrix((HOSTILE.replace("\ud800", ""), "b"), ((0, 0), (0, 0))), title=HOSTILE)
    assert parsed(svg)[1].text == "Confusion matrix of 2 classes, 0 samples."


def test_confusions_are_the_worst_pairs() -> None:
    """The pairs come by their counts, and what was right is none."""
    matrix = ConfusionMatrix(("a", "b", "c"), ((9, 2, 0), (5, 9, 1), (0, 0, 9)))
    assert confusions(matrix, 2) == [("b", "a", 5), ("a", "b", 2)]


def test_roc_says_the_area() -> None:
    """The legend has the area under the curve, as the trapezoid rule gives it."""
    table = AccuracyTable.from_predictions(["n", "n", "y", "y"], [0.1, 0.4, 0.35, 0.8])
    assert area(table.roc("y")) == pytest.approx(0.75)
    assert "y, AUC 0.750" in texts(roc_chart(table))


def test_roc_of_one_class() -> None:
    """Where a rate is undefined the legend says so, and there is no curve."""
    table = AccuracyTable.from_predictions(["y", "y"], [[0.5], [0.7]], labels=["y"])
    assert "y, no curve: one class only" in texts(roc_chart(table))


def test_roc_of_many_classes() -> None:
    """Eight classes are drawn, and the axis says of how many."""
    labels = [str(at) for at in range(10)]
    table = AccuracyTable.from_predictions(labels, [[float(a == b) for b in labels] for a in labels], labels=labels)
    assert "false positive rate (the first 8 of 10 classes)" in texts(roc_chart(table))


_NUMBERS = st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=20)


@given(_NUMBERS, st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_any_regression(values: list[float], bins: int) -> None:
    """Residuals and predictions of any numbers are drawn inside of their frames."""
    shifted = [value * 0.5 + 1 for value in values]
    for kind, chart in (
        ("residuals", Residuals.from_predictions(values, shifted, bins)),
        ("predictions", Predictions.from_predictions(values, shifted, bins)),
    ):
        (svg,) = charts_of(kind, chart.to_dict(), title=HOSTILE)
        for element in parsed(svg).iter(f"{SVG}rect"):
            assert float(element.get("width", "-1")) >= 0
            assert float(element.get("height", "-1")) >= 0


def test_predictions_leave_empty_bins_out() -> None:
    """A bin without values has no point."""
    chart = Predictions((1.0, 0.0, 3.0), (0.1, 0.0, 0.2), (4, 0, 2), (0.0, 1.0, 2.0, 3.0))
    (svg,) = charts_of("predictions", chart.to_dict())
    assert len(list(parsed(svg).iter(f"{SVG}circle"))) == 2


def test_charts_of_bad_data() -> None:
    """What is not as its schema says is refused with the place."""
    with pytest.raises(InvalidValueError, match="matrix"):
        charts_of(
            "confusion_matrix",
            {
                "schema_type": "confusion_matrix",
                "schema_version": "1.0.0",
                "data": {"class_labels": ["a"], "matrix": [["x"]]},
            },
        )


def test_histogram_bars_are_as_high_as_their_counts() -> None:
    """Heights go with counts, and each bar tells its bin."""
    root = parsed(histogram_chart([1, 2, 4], [0.0, 1.0, 2.0, 3.0]))
    bars = [bar for bar in root.iter(f"{SVG}rect") if len(bar)]
    heights = [float(bar.get("height", "0")) for bar in bars]
    assert heights[2] == pytest.approx(4 * heights[0], abs=0.1)
    assert bars[2][0].text == "2 to 3: 4"
    with pytest.raises(InvalidValueError, match="4 edges, not 3"):
        histogram_chart([1, 2, 3], [0, 1, 2])


@given(
    st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=10), min_size=1, max_size=100), st.floats(1e-3, 1e300)
)
@settings(max_examples=40, deadline=None)
def test_histograms_over_steps(counts: list[list[int]], width: float) -> None:
    """Histograms of any bins over any number of steps are drawn."""
    made = [Histogram(at, one, [width * (edge - at) for edge in range(len(one) + 1)]) for at, one in enumerate(counts)]
    svg = histograms_chart(made, title=HOSTILE)
    parsed(svg)
    assert len(svg) < 250_000


def test_bars_of_missing_numbers() -> None:
    """What is no finite number has no bar, and says what it is."""
    svg = bar_chart(["a", "b", "c", "d"], {"x": [1, None, math.inf, -2], HOSTILE: [1, 2, 3, 10**400]})
    assert [text for text in texts(svg) if text in ("none", "Infinity")] == ["none", "Infinity", "Infinity"]
    assert len([bar for bar in parsed(svg).iter(f"{SVG}rect") if len(bar)]) == 5


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"class": ["a", "b"], "right": [1, 2]}, "right of 2 rows"),
        ({"x": [1, 2, 3], "y": [4.0, None, 6]}, "t by x, 1 curve"),
        ({"x": [1], "y": [2]}, None),
        ({"a": ["x", "y"], "b": ["z", "w"]}, None),
        ({"x": [True, False], "y": [1, 2]}, None),
        ({"x": [math.nan, math.inf], "y": [1, 2]}, None),
        ({}, None),
        ({"x": [], "y": []}, None),
    ],
    ids=["bars", "line", "one row", "no numbers", "bools", "no place", "nothing", "no rows"],
)
def test_tables(columns: dict[str, list[Any]], kind: str | None) -> None:
    """Names with numbers make bars, two numeric columns a line, all else no picture."""
    svg = table_chart(columns, title="t")
    if kind is None:
        assert svg is None
    else:
        assert svg is not None
        assert kind in (parsed(svg)[1].text or "")
