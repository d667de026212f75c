"""Histograms count as numpy.histogram counts, with numpy and without."""

from __future__ import annotations

import math
import sys
from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from runlogging._errors import InvalidValueError
from runlogging.run._histograms import histogram_of

from ..conftest import RunScript


class _Tensor:
    """What torch shows of a tensor, and no numpy."""

    def __init__(self, rows: Any) -> None:
        self._array = np.array(rows)
        self.ndim = self._array.ndim

    def tolist(self) -> Any:
        return self._array.tolist()

    def item(self) -> Any:
        return self._array.item()


def _numpy_says(values: Any, bins: Any = 64) -> dict[str, Any]:
    counts, edges = np.histogram(np.asarray(values, dtype=np.float64), bins)
    return {"counts": counts.tolist(), "edges": edges.tolist()}


_doubles = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
# Numbers that fall on edges are where two ways of counting differ.
_values = st.lists(
    st.one_of(_doubles, st.integers(-50, 50).map(float), st.sampled_from([0.1, 0.2, 0.3, 0.7])), min_size=1
)


@settings(max_examples=300, deadline=None)
@given(_values, st.integers(1, 70))
def test_bins_of_equal_width_are_those_of_numpy(values: list[float], bins: int) -> None:
    """Edges and counts are those of numpy.histogram to the last bit, from a list and from an array."""
    try:
        expected = _numpy_says(values, bins)
    except ValueError:  # too many bins for the range
        assume(False)
    assume(all(np.diff(expected["edges"]) > sys.float_info.min))
    assert histogram_of(values, bins) == expected
    assert histogram_of(np.array(values), bins) == expected


@settings(deadline=None)
@given(_values, st.lists(st.one_of(st.integers(-60, 60).map(float), _doubles), min_size=2, max_size=20, unique=True))
def test_bins_by_edges_are_those_of_numpy(values: list[float], edges: list[float]) -> None:
    """Given edges are kept, and what lies outside of them is not counted."""
    edges.sort()
    expected = _numpy_says(values, edges)
    assert histogram_of(values, edges) == expected
    array: Any = np.array(edges)
    assert histogram_of(np.array(values), array) == expected


@settings(max_examples=200, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from(["f2", "f4", "f8", ">f4", "i1", "u2", "i8", "?"]).map(np.dtype),
        hnp.array_shapes(min_dims=0, max_dims=3, max_side=6),
    )
)
def test_numpy_and_plain_python_agree(array: Any) -> None:
    """An array of any dtype and shape gives what its nested lists give, NaN and infinities included."""
    rows = array.tolist()
    flat = [float(number) for number in array.reshape(-1).tolist()]
    finite = [number for number in flat if math.isfinite(number)]
    assume(not finite or math.isfinite(max(finite) - min(finite)))
    result = histogram_of(array)
    assert result == histogram_of(rows) == histogram_of(flat)
    assert sum(result["counts"]) == len(finite)
    assert sum(result.get("nonfinite", {}).values()) == len(flat) - len(finite)
    assert all(type(count) is int for count in result["counts"])
    assert all(type(edge) is float for edge in result["edges"])


@settings(max_examples=300, deadline=None)
@given(st.floats(-1e307, 1e307), st.integers(0, 20), st.sampled_from([1, 2, 3, 64, 999, 10_000]))
def test_every_finite_value_is_counted_however_near_its_neighbours(value: float, apart: int, bins: int) -> None:
    """Values a few units of the last place apart are counted too, between edges that ascend strictly."""
    values = [value]
    for _ in range(apart):
        values.append(math.nextafter(values[-1], math.inf))
    result = histogram_of(values, bins)
    assert sum(result["counts"]) == len(values)
    assert len(result["counts"]) == bins
    assert all(np.diff(result["edges"]) > 0)
    assert result["edges"][0] <= values[0] <= values[-1] <= result["edges"][-1]
    assert histogram_of(np.array(values), bins) == result


@pytest.mark.parametrize("units", [64, 70, 100, 132, 10_000])
def test_the_smallest_doubles_are_counted_in_their_bins(units: int) -> None:
    """Among subnormal doubles, where numpy misses bins, each value lies between the edges of its bin."""
    values = [number * 5e-324 for number in range(units + 1)]
    result = histogram_of(values)
    edges = np.array(result["edges"])
    assert all(np.diff(edges) > 0)
    assert result["counts"] == np.histogram(values, edges)[0].tolist()
    assert histogram_of(np.array(values)) == result


def _generator() -> Iterator[int]:
    yield from (1, 2, 2)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 2],
        (1, 2, 2),
        _generator,
        [True, 2, 2.0],
        [np.int64(1), np.float32(2), 2],
        [[1], [2, 2]],
        [np.array([1, 2]), 2],
        np.array([[1], [2], [2]], dtype=np.uint8),
        np.array([1, 2, 2], dtype=object),
        np.ma.masked_array([1, 7, 2, 2], [False, True, False, False]),
        np.array([1, 9, 2, 9, 2])[::2],
        _Tensor([[1], [2], [2]]),
        [_Tensor(1), 2, 2],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_holds_the_numbers_does_not_matter(values: Any) -> None:
    """Iterables, arrays of any shape, tensors and numbers of any library are counted alike."""
    given_values = values() if callable(values) else values
    assert histogram_of(given_values, 2) == {"counts": [1, 2], "edges": [1.0, 1.5, 2.0]}


@pytest.mark.parametrize("values", [[5], [5.0, 5.0, 5.0], np.full((2, 2), 5), np.array(5), _Tensor(5), 5])
def test_equal_values_lie_in_the_middle(values: Any) -> None:
    """One value, or many equal ones, get a range of width 1 around them."""
    result = histogram_of(values, 4)
    assert result["edges"] == [4.5, 4.75, 5.0, 5.25, 5.5]
    assert result["counts"] == [0, 0, np.size(getattr(values, "_array", values)), 0]


def test_bools_count_as_numbers() -> None:
    """False is 0 and True is 1, in lists and in arrays."""
    expected = {"counts": [1, 3], "edges": [0.0, 0.5, 1.0]}
    assert histogram_of([True, False, True, True], 2) == expected
    assert histogram_of(np.array([True, False, True, True]), 2) == expected


def test_numbers_that_are_not_finite_stand_beside() -> None:
    """NaN and infinities are counted by their names, and only those that are there."""
    values = [1.0, math.nan, 2.0, -math.inf, math.nan]
    expected = {"counts": [1, 1], "edges": [1.0, 1.5, 2.0], "nonfinite": {"NaN": 2, "-Infinity": 1}}
    assert histogram_of(values, 2) == expected
    assert histogram_of(np.array(values), 2) == expected
    assert "nonfinite" not in histogram_of([1.0, 2.0])


@pytest.mark.parametrize("make", [list, np.array])
def test_nothing_finite_is_a_histogram_too(make: Any) -> None:
    """Where all values are NaN, which is when one wants to know, the bins are empty and NaN is counted."""
    nonfinite = {"NaN": 2, "Infinity": 1}
    values = make([math.nan, math.inf, math.nan])
    assert histogram_of(values, 2) == {"counts": [0, 0], "edges": [0.0, 0.5, 1.0], "nonfinite": nonfinite}
    assert histogram_of(values, [3, 4]) == {"counts": [0], "edges": [3.0, 4.0], "nonfinite": nonfinite}


@pytest.mark.parametrize("array", [np.arange(10.0), np.arange(10, dtype=np.float32)], ids=["double", "single"])
def test_result_of_numpy_histogram_is_taken_as_it_is(array: Any) -> None:
    """A tuple of counts and edges is kept, in plain ints and floats."""
    counts, edges = np.histogram(array, 3)
    result = histogram_of((counts, edges))
    assert result == {"counts": [3, 3, 4], "edges": [0.0, 3.0, 6.0, 9.0]}
    assert {type(number) for numbers in result.values() for number in numbers} == {int, float}


def test_named_pair_of_tensors_is_taken() -> None:
    """What torch.histogram gives, a named tuple of tensors with whole floats as counts, is a ready pair."""
    histogram = namedtuple("histogram", "hist bin_edges")
    assert histogram_of(histogram(_Tensor([1.0, 2.0]), _Tensor([0.0, 1.0, 2.0]))) == {
        "counts": [1, 2],
        "edges": [0.0, 1.0, 2.0],
    }


def test_tuple_of_two_numbers_is_no_pair() -> None:
    """Two numbers in a tuple are two values."""
    assert histogram_of((1, 3), 2) == {"counts": [1, 1], "edges": [1.0, 2.0, 3.0]}


def test_ten_thousand_bins_are_the_most() -> None:
    """The greatest number of bins, by number and by edges, is counted as numpy counts it."""
    values = np.linspace(0, 1, 5_001)
    assert histogram_of(values, 10_000) == _numpy_says(values, 10_000)
    assert len(histogram_of(values, range(10_001))["counts"]) == 10_000


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([], "nothing to count"),
        (np.array([]), "nothing to count"),
        (np.zeros((3, 0)), "nothing to count"),
        ([1, "2"], r"values\[1\] is text, '2'"),
        ("123", "values is text"),
        (b"123", "values is text"),
        (np.array(["a"]), r"values\[0\] is text, 'a'"),
        ([1, [2, "x"]], r"values\[1\]\[1\] is text"),
        ([1, None], r"values\[1\] is of type NoneType"),
        ([1, 2j], r"values\[1\] is of type complex"),
        (np.array([1j]), r"values\[0\] is of type complex"),
        (np.array([1], dtype="M8[ns]"), "datetime64"),
        ([0, 10**400], r"values\[1\] is too large for a double"),
        ({"a": 1}, "values is of type dict"),
        (None, "values is of type NoneType"),
        pytest.param(object(), "values is of type object", id="object"),
        ([-1.7e308, 1.7e308], "Give edges as bins"),
        (np.array([-1.7e308, 1.7e308]), "Give edges as bins"),
        (([1], [0, 1, 2]), "1 and 3"),
        (([], []), "0 edges"),
        (([1, 2], [0, 1, 1]), "edge 2 is 1.0, after 1.0"),
        (([1, 2], [0, 1, math.nan]), "strictly ascending"),
        (([1], [0, math.inf]), "finite"),
        (([1, -1], [0, 1, 2]), r"counts\[1\] is -1.0"),
        (([0.5], [0, 1]), "no densities"),
        (([math.nan], [0, 1]), r"counts\[0\] is nan"),
        (([1], ["a", "b"]), r"edges\[0\] is text"),
    ],
    ids=str,
)
def test_values_that_cannot_be_counted_are_refused(values: Any, says: str) -> None:
    """The error says which value it is, and what is wrong with it."""
    with pytest.raises(InvalidValueError, match=says):
        histogram_of(values)


@pytest.mark.parametrize(
    "bins", [0, -1, 10_001, True, 2.0, "auto", None, [], [1], [1, 1], [2, 1], [0, math.inf], ["a", "b"]]
)
@pytest.mark.parametrize("values", [[1, 2], np.array([1, 2])], ids=["list", "array"])
def test_bins_that_are_none_are_refused(values: Any, bins: Any) -> None:
    """The error names bins, whoever would count."""
    with pytest.raises(InvalidValueError, match="bins"):
        histogram_of(values, bins)


def test_values_are_left_as_they_were() -> None:
    """Counting changes neither the values nor the edges."""
    values, edges = np.array([3.0, math.nan, 1.0]), [0.0, 2.0, 4.0]
    histogram_of(values, edges)
    np.testing.assert_array_equal(values, [3.0, math.nan, 1.0])
    assert edges == [0.0, 2.0, 4.0]


def test_counting_without_numpy_imports_none(run_script: RunScript) -> None:
    """A program that has no numpy counts all the same, and does not load it."""
    program = """
        import sys
        from runlogging.run._histograms import histogram_of
        print(histogram_of([0, 1, 1], 2)["counts"], "numpy" in sys.modules)
    """
    assert run_script(program).stdout == "[1, 2] False\n"


def test_millions_of_numbers_are_counted_by_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three million elements never become Python objects one by one."""
    array = np.random.default_rng(7).normal(size=(1_000, 3_000)).astype(np.float32)
    expected = _numpy_says(array)
    seen = 0

    def count_calls(frame: Any, event: str, argument: Any) -> None:
        nonlocal seen
        seen += 1

    previous = sys.getprofile()
    sys.setprofile(count_calls)
    try:
        result = histogram_of(array)
    finally:
        sys.setprofile(previous)
    assert result == expected
    assert seen < 10_000
