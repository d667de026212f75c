"""What the options of ``runlogging sweep`` say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging import InvalidValueError
from runlogging.cli._sweep import parse_param, parse_params
from runlogging.sweep import loguniform, uniform

CASES: dict[str, tuple[str, Any]] = {
    "depth=2,4,8": ("depth", [2, 4, 8]),
    "opt=adam,sgd": ("opt", ["adam", "sgd"]),
    "mixed=1,0.5,1e-3,x": ("mixed", [1, 0.5, 0.001, "x"]),
    "one=3": ("one", [3]),
    "alpha=0.0:0.3:0.1": ("alpha", [0.0, 0.1, 0.2]),
    "n=1:10:3": ("n", [1, 4, 7]),
    "n=0:1:0.4": ("n", [0.0, 0.4, 0.8]),
    "down=10:0:-4": ("down", [10, 6, 2]),
    "down=1:0:-0.25": ("down", [1.0, 0.75, 0.5, 0.25]),
    "u=0:1": ("u", uniform(0.0, 1.0)),
    "lr=log:1e-4:1e-1": ("lr", loguniform(1e-4, 1e-1)),
    "url=http://a:b": ("url", ["http://a:b"]),
    "at=12:30:xx": ("at", ["12:30:xx"]),
    "id=007": ("id", ["007"]),
    "sign=-1,+1": ("sign", [-1, "+1"]),
    "odd=1_0,inf,nan,true": ("odd", ["1_0", "inf", "nan", "true"]),
    "eq=a=b": ("eq", ["a=b"]),
}


@pytest.mark.parametrize("text", CASES)
def test_parameters(text: str) -> None:
    """Lists, ranges, distributions and texts are read, with numbers as numbers of their type."""
    name, values = parse_param(text)
    assert (name, values) == CASES[text]
    if isinstance(values, list):
        assert [type(value) for value in values] == [type(value) for value in CASES[text][1]]


def test_twenty_alphas_without_drift() -> None:
    """The range of the Ridge sample has the twenty numbers that one would write by hand."""
    assert parse_param("alpha=0.0:1.0:0.05")[1] == [float(f"{number * 5 / 100:.2f}") for number in range(20)]


@given(st.integers(-50, 50), st.integers(1, 60), st.integers(1, 20), st.sampled_from([1, 10, 100, 1000]))
def test_ranges_are_those_of_arange(start: int, length: int, step: int, scale: int) -> None:
    """A range has as many values as exact arithmetic says, within rounding those of ``numpy.arange`` of integers."""
    stop = start + length
    text = f"a={start / scale}:{stop / scale}:{step / scale}"
    values = parse_param(text)[1]
    assert isinstance(values, list)
    assert values == [number / scale for number in np.arange(start, stop, step).tolist()]


BAD: list[tuple[list[str], int | None, str]] = [
    (["alpha"], None, "no parameter; write"),
    (["=1"], None, "no parameter; write"),
    (["alpha="], None, "no parameter; write"),
    ([], None, "no parameter to vary"),
    (["a=0:1:0"], None, "not 0"),
    (["a=1:0:0.1"], None, "nothing from 1 to 0"),
    (["a=1:1:1"], None, "nothing from 1 to 1"),
    (["a=0:1:1e-9"], None, "more than 100,000"),
    (["a=0:1e300:1e-300"], None, "more than 100,000"),
    (["a=1", "a=2"], None, "given twice"),
    (["a=0:1"], None, "add --random 20"),
    (["a=log:1e-4:x"], 5, "'x' is no number"),
    (["a=log:0:1"], 5, "above 0"),
]


@pytest.mark.parametrize("case", range(len(BAD)))
def test_wrong_options_are_refused(case: int) -> None:
    """A wrong option is refused with a sentence that says what to write."""
    texts, draws, said = BAD[case]
    with pytest.raises(InvalidValueError, match=said):
        parse_params(texts, draws)


def test_space_of_the_options() -> None:
    """Without draws the options are a grid, with them they are drawn from, lists too."""
    assert parse_params(["a=1,2", "b=x"], None).points() == [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]
    drawn = parse_params(["a=0:1", "b=2,4"], 3).points(3, seed=1)
    assert [set(point) for point in drawn] == [{"a", "b"}] * 3
    assert all(0 <= point["a"] <= 1 and point["b"] in (2, 4) for point in drawn)
