"""Counting decisions at thresholds: one class against the rest."""

from __future__ import annotations

from bisect import bisect_left
from itertools import chain
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging._values import number_of
from runlogging.charts._checks import at, check_length, items_of, number_at, refusal

Cell = tuple[int, int, int, int]
# A softmax in single precision may miss 1 by some rounding.
_ROUNDING = 1e-6
_EXPECTED = "a number from 0 to 1"


def columns_of(rows: list[Any], classes: int) -> list[list[float]]:
    """Return the probabilities of each class.

    Args:
        rows: n rows of C probabilities; or, for two classes, n probabilities of the second one.
        classes: C.

    Raises:
        InvalidValueError: the shape does not fit, or a probability is not from 0 to 1; the message has its index.
    """
    if rows and (number_of(rows[0]) is not None):
        return _two_columns(rows, classes)
    expected = f"a list of {classes} probabilities"
    columns: list[list[float]] = [[] for _ in range(classes)]
    for n, row in enumerate(rows):
        items = items_of(row, at("probabilities", n), expected)
        check_length(items, at("probabilities", n), classes, "one for each label; give labels= if some do not occur")
        for m, (column, item) in enumerate(zip(columns, items, strict=True)):
            column.append(_probability(item, n, m))
    return columns


def _two_columns(values: list[Any], classes: int) -> list[list[float]]:
    if classes != 2:
        raise InvalidValueError(
            f"probabilities has one number for each sample, but there are {classes} classes; "
            "expected a row of one probability for each class, or labels= with two classes"
        )
    second = [_probability(item, n) for n, item in enumerate(values)]
    return [[1 - probability for probability in second], second]


def _probability(value: Any, *indices: int) -> float:
    number = number_at(value, "probabilities", *indices, expected=_EXPECTED)
    if 0 <= number <= 1:
        return number
    if not -_ROUNDING <= number <= 1 + _ROUNDING:
        raise refusal(at("probabilities", *indices), value, _EXPECTED)
    return min(max(number, 0.0), 1.0)


def percentiles(columns: list[list[float]], fractions: tuple[float, ...]) -> tuple[float, ...]:
    """Return the probability at each fraction of all probabilities, by nearest rank.

    Args:
        columns: the probabilities of each class, at least one number in all.
        fractions: numbers from 0 (the smallest probability) to 1 (the largest).
    """
    ordered = sorted(chain.from_iterable(columns))
    return tuple(ordered[round(fraction * (len(ordered) - 1))] for fraction in fractions)


def cells(column: list[float], classes: list[int], wanted: int, thresholds: tuple[float, ...]) -> tuple[Cell, ...]:
    """Return TP, FP, TN and FN at each threshold.

    Args:
        column: the probability of the wanted class, one for each sample.
        classes: the true class of each sample.
        wanted: the class.
        thresholds: a sample is taken for the class from this probability on.
    """
    members = sorted(value for value, index in zip(column, classes, strict=True) if index == wanted)
    others = sorted(value for value, index in zip(column, classes, strict=True) if index != wanted)
    return tuple(_cell(members, others, threshold) for threshold in thresholds)


def _cell(members: list[float], others: list[float], threshold: float) -> Cell:
    fn, tn = bisect_left(members, threshold), bisect_left(others, threshold)
    return len(members) - fn, len(others) - tn, tn, fn
