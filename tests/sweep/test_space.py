"""Which points a sweep tries."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging import InvalidValueError
from runlogging.sweep import (
    choice,
    grid,
    loguniform,
    normal,
    qloguniform,
    qnormal,
    quniform,
    randint,
    random,
    random_choice,
    uniform,
)
from runlogging.sweep._distributions import Distribution
from runlogging.sweep._space import space_of

BOUNDED = {
    "uniform": uniform(-1, 2),
    "quniform": quniform(0, 1, 0.1),
    "loguniform": loguniform(1e-4, 1e-1),
    "qloguniform": qloguniform(1, 1000, 5),
    "randint": randint(3, 7),
    "randint of one": randint(4),
    "choice": choice("a", "b"),
}


def test_grid_is_the_product_in_order() -> None:
    """A grid has every combination, the last parameter fastest, whatever kind of iterable the values are."""
    points = grid({"a": range(2), "b": np.array([0.5, 1.5]), "c": choice("x", "y")}).points()
    wanted = [dict(zip("abc", values, strict=True)) for values in itertools.product((0, 1), (0.5, 1.5), ("x", "y"))]
    assert points == wanted
    assert {type(point["b"]) for point in points} == {float}
    assert grid({"a": range(10**5), "b": range(10**5)}).points(max_total=2) == [{"a": 0, "b": 0}, {"a": 0, "b": 1}]


def test_mapping_and_list_are_spaces() -> None:
    """A mapping of lists is a grid, one with a distribution is drawn from, a list of mappings is taken as it is."""
    assert space_of({"a": [1, 2]}).points() == [{"a": 1}, {"a": 2}]
    assert space_of({"a": choice(1, 2)}).points() == [{"a": 1}, {"a": 2}]
    drawn = space_of({"a": uniform(0, 1), "b": [1, 2]})
    assert drawn.is_drawn
    assert all(0 <= point["a"] <= 1 and point["b"] in (1, 2) for point in drawn.points(5, seed=1))
    assert space_of([{"a": 1}, {"b": 2}]).points() == [{"a": 1}, {"b": 2}]
    assert space_of([{"a": 1}, {"b": 2}]).points(max_total=1) == [{"a": 1}]


def test_the_seed_decides() -> None:
    """One seed gives the same points in every process and version of Python; another seed gives others."""
    space = random(BOUNDED)
    assert space.points(5, seed=7) == space.points(5, seed=7) != space.points(5, seed=8)
    assert space.points(3, seed=7) == space.points(5, seed=7)[:3]
    assert random({"a": randint(100), "b": choice("x", "y", "z")}).points(3, seed=7) == [
        {"a": 32, "b": "x"},
        {"a": 65, "b": "x"},
        {"a": 53, "b": "y"},
    ]
    assert random is random_choice


def test_no_point_comes_twice() -> None:
    """A small space gives each of its points once, and then no more."""
    points = random({"a": randint(3), "b": [True, False]}).points(50, seed=1)
    assert sorted((point["a"], point["b"]) for point in points) == list(itertools.product(range(3), (False, True)))


@given(st.integers(), st.sampled_from(sorted(BOUNDED)))
def test_draws_stay_within_bounds(seed: int, name: str) -> None:
    """What is drawn is within the bounds, whatever the seed."""
    value: Any = BOUNDED[name].draw(Random(seed))
    fits: dict[str, Callable[[], bool]] = {
        "uniform": lambda: -1 <= value <= 2,
        "quniform": lambda: value == round(value, 1) and 0 <= value <= 1,
        "loguniform": lambda: 1e-4 <= value <= 1e-1,
        "qloguniform": lambda: value % 5 == 0 and 0 <= value <= 1000,
        "randint": lambda: value in (3, 4, 5, 6),
        "randint of one": lambda: value in (0, 1, 2, 3),
        "choice": lambda: value in ("a", "b"),
    }
    assert fits[name]()


def test_distributions_are_what_they_are_called() -> None:
    """Half of the draws lie below the median of each distribution, and a normal one has its deviation."""
    medians: list[tuple[Distribution, float]] = [
        (uniform(0, 4), 2),
        (loguniform(1e-4, 1e-2), 1e-3),
        (normal(5, 2), 5),
        (qnormal(5, 2, 0.01), 5),
    ]
    for distribution, median in medians:
        generator = Random(3)
        values = [distribution.draw(generator) for _ in range(4000)]
        assert 0.47 < sum(value < median for value in values) / 4000 < 0.53, distribution
    generator = Random(3)
    values = [normal(5, 2).draw(generator) for _ in range(4000)]
    assert 1.9 < math.sqrt(sum((value - 5) ** 2 for value in values) / 4000) < 2.1


BAD: dict[str, tuple[Any, str]] = {
    "a text for values": (lambda: grid({"opt": "adam"}), r"write a list, \['adam'\]"),
    "a number for values": (lambda: grid({"a": 3}), r"write a list, \[3\]"),
    "no values": (lambda: grid({"a": []}), "no values"),
    "no parameters": (lambda: grid({}), "at least one"),
    "a name that is no text": (lambda: grid({1: [2]}), "name is a text"),  # type: ignore[dict-item]
    "a distribution in a grid": (lambda: grid({"a": uniform(0, 1)}), r"use random"),
    "a huge grid": (lambda: grid({"a": range(1000), "b": range(1000)}).points(), "1,000,000 points; give max_total"),
    "values without end": (lambda: grid({"a": itertools.count()}), "at most 100,000 values"),
    "a draw without end": (lambda: random({"a": uniform(0, 1)}).points(), "max_total"),
    "no points": (lambda: space_of([]).points(), "no point"),
    "a list of numbers": (lambda: space_of([1, 2]), "mapping of name to value"),
    "a text": (lambda: space_of("a=1"), "not str"),
    "bounds the wrong way round": (lambda: uniform(2, 1), "low is below high"),
    "bounds that are no numbers": (lambda: uniform("0", 1), "takes numbers"),  # type: ignore[arg-type]
    "logarithms": (lambda: loguniform(-4, -1), "the bounds themselves"),
    "no room for an int": (lambda: randint(0), "no number in it"),
    "a broken int": (lambda: randint(1.5), "whole numbers"),  # type: ignore[arg-type]
    "no step": (lambda: quniform(0, 1, 0), "q is a number above 0"),
    "no spread": (lambda: normal(0, 0), "sigma"),
    "no choice": (lambda: choice(), "at least one"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_space_is_refused(case: str) -> None:
    """Each wrong input is refused with a sentence that says what to write."""
    make, said = BAD[case]
    with pytest.raises(InvalidValueError, match=said):
        make()


def test_text_of_a_space_is_bounded() -> None:
    """What the manifest holds of a space is readable, and at most 4,000 characters."""
    assert grid({"a": [1, 2]}).text() == "grid({'a': [1, 2]})"
    assert random({"lr": loguniform(1e-4, 0.1)}).text() == "random({'lr': loguniform(0.0001, 0.1)})"
    assert random({"n": quniform(0, 1, 0.1), "m": qnormal(0, 1, 2), "k": randint(3), "c": choice(1)}).text() == (
        "random({'n': quniform(0, 1, 0.1), 'm': qnormal(0, 1, 2), 'k': randint(0, 3), 'c': choice(1)})"
    )
    assert len(grid({"a": list(range(100_000))}).text()) == 4_000
    assert len(space_of([{"a": "x" * 100}] * 1000).text()) == 4_000
