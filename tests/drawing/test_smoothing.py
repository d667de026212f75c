"""Smoothing in pictures, the terminal and the viewer: one rule, by distance in x."""

from __future__ import annotations

import math
from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging.cli._points import Points, curve_of
from runlogging.drawing._curves import Curve, drawn_of
from runlogging.reading._smoothing import Smoothed, smoothed, unit_of

_VALUES = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf, -math.inf]))
_CURVES = st.lists(st.tuples(st.integers(0, 10_000), _VALUES), min_size=1, max_size=60)
_WEIGHTS = st.floats(0.01, 0.999)
_MANY = 10_000  # parts of an axis that keep every point of these curves


def _of_the_viewer(points: list[tuple[int, float]], weight: float) -> dict[int, list[float]]:
    """Return x to its smoothed values, as the server of the viewer works them out: piece by piece."""
    ordered = sorted(points, key=lambda point: point[0])
    curve = Smoothed(weight)
    x, y = array("q", [at for at, _ in ordered]), array("d", [value for _, value in ordered])
    for end in (len(x) // 2, len(x)):
        curve.extend(x[:end], y[:end])
    found: dict[int, list[float]] = {}
    for at, value in zip(x, curve.values, strict=True):
        found.setdefault(at, []).append(value)
    return found


@given(_CURVES, _WEIGHTS)
def test_pictures_smooth_as_the_viewer_does(points: list[tuple[int, float]], weight: float) -> None:
    """Every smoothed point of a drawing is the viewer's, whatever the order, the gaps and the density."""
    expected = _of_the_viewer(points, weight)
    curve = Curve("loss", [float(at) for at, _ in points], [value for _, value in points])
    drawn = drawn_of(curve, 0, _MANY, is_log=False, smoothing=weight)
    found: dict[int, list[float]] = {}
    for at, value in drawn.points.points:
        found.setdefault(int(at), []).append(value)
    assert found == {at: kept for at, values in expected.items() if (kept := [v for v in values if v == v])}


@given(_CURVES, _WEIGHTS)
def test_the_terminal_smooths_as_the_viewer_does(points: list[tuple[int, float]], weight: float) -> None:
    """Every smoothed point of a chart of the command line is the viewer's."""
    expected = _of_the_viewer(points, weight)
    columns = Points(array("d", [at for at, _ in points]), array("d", [value for _, value in points]))
    curve = curve_of(columns, _MANY, weight=weight, is_log=False)
    assert curve.ys == [value for at in sorted(expected) for value in expected[at] if value == value]


def test_weight_0_leaves_all_as_it_is() -> None:
    """Nothing of the past counts: the values stay, those that are not finite too."""
    values = [1.0, math.nan, 3.0, math.inf]
    assert list(map(str, smoothed([0, 1, 1, 2], values, 0.0))) == list(map(str, values))


def test_a_gap_moves_no_average() -> None:
    """What is not finite is passed over: the line goes on where it was, and weighs what comes by its distance."""
    found = smoothed([0, 1, 2, 3], [1.0, math.nan, math.inf, 2.0], 0.9)
    assert list(found[:3]) == [1.0, 1.0, 1.0]
    assert found[3] == smoothed([0, 3], [1.0, 2.0], 0.9)[1]


def test_smoothing_weighs_by_distance_and_not_by_points() -> None:
    """Where a curve is ten times as dense its line is no smoother: it moves as far over the same x."""
    dense = [at / 10 for at in range(1000)]
    thin = [float(at) for at in range(100, 1101)]
    x = dense + thin
    step = [0.0] * 500 + [1.0] * (len(x) - 500)
    values = smoothed(x, step, 0.9)
    reached = next(at for at, value in zip(x, values, strict=True) if value > 0.9)
    assert reached - x[500] == pytest.approx(math.log(0.1) / math.log(0.9) * unit_of(x[-1]), rel=0.2)


@pytest.mark.parametrize(
    "ends", [(0.0, 5e-324), (-1.7e308, 1.7e308), (0.0, 1.7e308), (3.0, 3.0)], ids=["tiny", "endless", "huge", "one"]
)
def test_extents_beyond_measure(ends: tuple[float, float]) -> None:
    """No extent of x makes an error, and a constant stays one."""
    assert unit_of(ends[1] - ends[0]) > 0
    assert list(smoothed(ends, [2.5, 2.5], 0.9)) == [2.5, 2.5]
    assert all(a <= b for a, b in pairwise(smoothed(ends, [1.0, 2.0], 0.9)))
