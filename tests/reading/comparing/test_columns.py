"""Numbers that are taken from many lines at once are those of each line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging.folder import Line, now_text
from runlogging.reading._columns import columns_of
from runlogging.reading._model import numbers_of

_TIME = now_text()
_NAMES = st.sampled_from(["a", "b", "c"])
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.none()
_TEXTS = st.sampled_from(["NaN", "Infinity", "-Infinity", "damaged"])
_LINES = st.builds(
    Line,
    time=st.just(_TIME),
    metrics=st.none() | st.dictionaries(_NAMES, _NUMBERS, max_size=3),
    nonfinite=st.none() | st.dictionaries(_NAMES, _TEXTS, max_size=3),
    exact=st.none() | st.dictionaries(_NAMES, st.sampled_from(["0x10", "123", "damaged"]), max_size=1),
)


def _singly(lines: list[Line]) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for line in lines:
        for name, value in numbers_of(line):
            found.setdefault(name, []).append((id(line), repr(value)))
    return found


def _together(lines: list[Line]) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for own, columns in columns_of(lines):
        for name, values in columns.items():
            found.setdefault(name, []).extend(zip(map(id, own), map(repr, values), strict=True))
    return found


@given(st.lists(_LINES, max_size=12))
def test_columns_are_the_numbers_of_the_lines(lines: list[Line]) -> None:
    """Whatever the lines have, each number is there with its line, and those of a metric are in their order."""
    assert _together(lines) == _singly(lines)


@pytest.mark.parametrize(
    ("metrics", "nonfinite", "parts"),
    [
        ([{"a": 1.0, "b": 2}] * 5, None, 1),
        ([{"a": 1.0}, {"b": 2}] * 5, None, 2),
        ([{"a": None, "b": 2}] * 5, {"a": "NaN"}, 1),
        ([{"a": 1.0}, {"a": 1.0, "b": 2}], None, 2),
        ([{"a": 1.0}, {"a": 1.0, "b": 2}] * 3, None, 6),
    ],
    ids=["alike", "two kinds", "not finite", "a metric of two kinds", "in turn"],
)
def test_lines_that_are_alike_are_one_part(
    metrics: list[dict[str, Any]], nonfinite: dict[str, str] | None, parts: int
) -> None:
    """Lines with the same names are taken together, unless a metric would lose its order."""
    lines = [Line(time=_TIME, metrics=own, nonfinite=nonfinite) for own in metrics]
    assert len(list(columns_of(lines))) == parts
