"""Parameters key by key."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging.reading.comparing import MISSING, compare
from runlogging.reading.comparing._parameters import flattened, is_same
from tests.reading.comparing.tools import started

_ALL_DIFFERENT: list[Any] = [0, 1, False, True, "", "0", "false", None, [], {}, [0], [False], {"a": 0}, {"a": False}]


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(_ALL_DIFFERENT, 2)))
def test_values_that_look_alike_are_different(one: object, other: object) -> None:
    """Zero, false, empty text, null and empty containers are all different things."""
    assert not is_same(one, other)
    assert not is_same(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (float("nan"), float("nan")), ([1, {"a": None}], [1.0, {"a": None}]), (True, True)]
)
def test_values_that_are_the_same(one: object, other: object) -> None:
    """An int and a float of one value are the same number, and NaN is NaN."""
    assert is_same(one, other)


def test_nested_parameters_have_dotted_keys(tmp_path: Path) -> None:
    """Mappings are split, lists stay whole, and only what differs is marked."""
    one = started(tmp_path, "a", {"opt": {"lr": 0.1, "betas": [0.9, 0.99]}, "seed": 0, "empty": {}})
    other = started(tmp_path, "b", {"opt": {"lr": 0.2, "betas": [0.9, 0.99]}, "seed": False})
    found = {item.key: (item.values, item.differs) for item in compare(one, other).parameters}
    assert found == {
        "opt.lr": ((0.1, 0.2), True),
        "opt.betas": (([0.9, 0.99], [0.9, 0.99]), False),
        "seed": ((0, False), True),
        "empty": (({}, MISSING), True),
    }


def test_two_ways_to_one_key_are_both_kept() -> None:
    """A key with a dot in it does not swallow the nested one."""
    assert flattened({"a.b": 1, "a": {"b": 2}}) == {"a.b": 1, "a.b#2": 2}


def test_tags_are_apart_from_parameters(tmp_path: Path) -> None:
    """A tag without a value is not a missing tag."""
    found = compare(started(tmp_path, "a", {"x": 1}, flag=None), started(tmp_path, "b", {"x": 1}))
    assert [(item.key, item.values, item.differs) for item in found.tags] == [("flag", (None, MISSING), True)]
    assert not found.parameters[0].differs


_LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
_JSON = st.recursive(_LEAVES, lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=8)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=3), _JSON, max_size=4))
def test_no_leaf_is_lost(values: dict[str, Any]) -> None:
    """Each leaf of any mapping has a key of its own."""
    assert len(flattened(values)) == sum(map(_leaf_count, values.values()))


def _leaf_count(value: Any) -> int:
    return sum(map(_leaf_count, value.values())) if isinstance(value, dict) and value else 1
