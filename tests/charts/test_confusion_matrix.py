"""Confusion matrices are counted as scikit-learn counts them, and bad labels are named by index."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from runlogging._errors import InvalidValueError
from runlogging.charts import ConfusionMatrix

PAIRS = st.lists(st.tuples(st.integers(-3, 12), st.integers(-3, 12)), min_size=1)
LABELS = st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=3) | st.just(2.5)


class Pet(enum.Enum):
    """Labels that do not compare."""

    CAT = 1
    DOG = 2


class Colour(str, enum.Enum):  # noqa: UP042  # its str() differs from that of a StrEnum
    """Labels that are text, and say their name as str()."""

    RED = "red"


@given(PAIRS)
def test_counts_agree_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    """Counts and the order of default labels are those of scikit-learn."""
    true, pred = map(list, zip(*pairs, strict=True))
    chart = ConfusionMatrix.from_predictions(true, pred)
    assert chart.class_labels == tuple(map(str, np.unique(true + pred)))
    if len(chart.class_labels) == 1:  # scikit-learn warns of it
        assert chart.matrix == ((len(pairs),),)
    else:
        assert [list(row) for row in chart.matrix] == confusion_matrix(true, pred).tolist()


@given(PAIRS, st.permutations(range(-3, 13)))
def test_given_labels_order_rows_and_columns(pairs: list[tuple[int, int]], labels: list[int]) -> None:
    """Given labels set the order, and those that do not occur have zeros."""
    true, pred = map(list, zip(*pairs, strict=True))
    chart = ConfusionMatrix.from_predictions(np.array(true), np.array(pred), labels=labels)
    assert [list(row) for row in chart.matrix] == confusion_matrix(true, pred, labels=labels).tolist()
    assert chart.class_labels == tuple(map(str, labels))


@given(st.lists(st.tuples(LABELS, LABELS), min_size=1))
def test_any_scalars_are_counted_once_each(pairs: list[tuple[Any, Any]]) -> None:
    """Labels of mixed types give a chart of all pairs that reads back, unless two of them have one text."""
    true, pred = zip(*pairs, strict=True)
    labels = list(dict.fromkeys(true + pred))  # of equal ones such as 0 and False the first stays
    if len(set(map(str, labels))) < len(labels):
        with pytest.raises(InvalidValueError, match="would both be shown as"):
            ConfusionMatrix.from_predictions(true, pred)
        return
    chart = ConfusionMatrix.from_predictions(true, pred)
    assert sum(map(sum, chart.matrix)) == len(pairs)
    assert set(chart.class_labels) == set(map(str, labels))
    index = {label: chart.class_labels.index(str(label)) for label in labels}
    for pair in pairs:
        assert chart.matrix[index[pair[0]]][index[pair[1]]] == pairs.count(pair)
    assert ConfusionMatrix.parse(chart.to_dict()) == chart


@pytest.mark.parametrize(
    ("true", "pred", "labels"),
    [
        ([10, 9, 2], [2, 2, 2], ("2", "9", "10")),
        (["b", "a"], ["a", "a"], ("a", "b")),
        ([True, False], [1, 0], ("False", "True")),
        ([1, 2], [1.0, 2.0], ("1", "2")),
        ([None, "b", 1], [1, 1, 1], ("1", "None", "b")),
        (np.array([2, 1]), [np.int64(1), np.int8(2)], ("1", "2")),
        (np.array(["x", "y"]), (label for label in "xy"), ("x", "y")),
        ([Pet.DOG], [Pet.CAT], ("Pet.CAT", "Pet.DOG")),
        ([Colour.RED], [Colour.RED], ("red",)),
    ],
)
def test_default_labels(true: Any, pred: Any, labels: tuple[str, ...]) -> None:
    """Default labels are sorted by value, or by text where values do not compare, and shown as text."""
    assert ConfusionMatrix.from_predictions(true, pred).class_labels == labels


@pytest.mark.parametrize(
    ("true", "pred", "labels", "message"),
    [
        ([1, 2], [1], None, r"y_true has 2 elements and y_pred has 1; expected one prediction"),
        ([], [], None, r"y_true and y_pred are empty; expected at least one"),
        ([], [], ["a"], r"y_true and y_pred are empty; expected at least one"),
        (["a", "c"], ["a", "a"], ["a", "b"], r"y_true\[1\] is 'c'; expected one of the labels: 'a', 'b'"),
        (["a", "a"], ["a", "c"], ["a", "b"], r"y_pred\[1\] is 'c'; expected one of the labels: 'a', 'b'"),
        ([99], [1], range(50), r"y_true\[0\] is 99; expected one of the labels: 0, .*9, \.\.\.$"),
        (["a"], ["a"], ["a", "b", "a"], r"labels\[2\] is 'a'; expected another label than labels\[0\]"),
        (["a"], ["a"], "a", r"labels is 'a'; expected a list or array of labels"),
        (["a"], ["a"], {"a"}, r"labels is \{'a'\}; expected a list or array of labels"),
        (5, [1], None, r"y_true is 5; expected a list or array of labels"),
        ([1], {"a": 1}, None, r"y_pred is \{'a': 1\}; expected a list or array of labels"),
        ([1], [[0.2, 0.8]], None, r"y_pred\[0\] is \[0\.2, 0\.8\]; expected a scalar label"),
        (np.eye(2), [0, 1], None, r"y_true\[0\] is \[1\.0, 0\.0\]; expected a scalar label"),
        ([1, float("nan")], [1, 1], None, r"y_true\[1\] is nan; expected a label that is text or a finite number"),
        ([1, 1], np.array([1, np.inf]), None, r"y_pred\[1\] is inf; expected a label that is text or a finite"),
        ([1, "1"], [1, 1], None, r"the labels 1 and '1' would both be shown as '1'; expected labels of one type"),
    ],
)
def test_bad_predictions_are_refused(true: Any, pred: Any, labels: Any, message: str) -> None:
    """Bad lists and labels are refused with the name and index of what is wrong."""
    with pytest.raises(InvalidValueError, match=f"^{message}"):
        ConfusionMatrix.from_predictions(true, pred, labels)


def test_labels_become_plain_text() -> None:
    """A member of a text Enum, given as a label of a chart, is kept as its text."""
    chart = ConfusionMatrix((Colour.RED,), ((1,),))
    assert [type(label) for label in chart.class_labels] == [str]
    assert chart.class_labels == ("red",)
