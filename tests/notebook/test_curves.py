"""Curves that grow in bounded memory."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging.notebook._curves import Columns, GrowingCurve


def points(columns: Columns | None) -> list[tuple[float, float]]:
    """Return columns as pairs of x and y."""
    assert columns is not None
    size = len(columns.x) // 8
    return list(zip(struct.unpack(f"<{size}d", columns.x), struct.unpack(f"<{size}d", columns.y), strict=True))


def test_new_points_come_once() -> None:
    """A second look gives what came since the first, and then nothing."""
    curve = GrowingCurve(10)
    curve.extend([0, 1], [5.0, 6])
    assert points(curve.take()) == [(0, 5), (1, 6)]
    assert curve.take() is None
    curve.extend([2], [7.0])
    found = curve.take()
    assert (points(found), found and found.replaces) == ([(2, 7)], False)
    assert points(curve.all()) == [(0, 5), (1, 6), (2, 7)]


@pytest.mark.parametrize("batch", [1, 7, 1000, 100_000])
def test_a_spike_survives_and_the_memory_is_bounded(batch: int) -> None:
    """Whatever the batches are, one point in many is kept, with the first and the last."""
    count = max(20 * batch, 20_000) if batch < 100_000 else batch
    values = [math.sin(step / 50) for step in range(count)]
    values[count // 3], values[count // 2] = 99.0, -99.0
    curve = GrowingCurve(75)
    for at in range(0, count, batch):
        curve.extend(range(at, at + len(values[at : at + batch])), values[at : at + batch])
        assert len(curve.all().x) <= 8 * 600
    kept = points(curve.all())
    assert {(0, values[0]), (count // 3, 99.0), (count // 2, -99.0), (count - 1, values[-1])} <= set(kept)
    assert (curve.count, curve.low, curve.high) == (count, -99.0, 99.0)


def test_a_point_without_step_makes_places_of_all() -> None:
    """Where one point has no step, x is the place of each, and all are given anew."""
    curve = GrowingCurve(10)
    curve.extend([10, 20], [1.0, 2.0])
    curve.take()
    curve.extend([None], [3.0])
    found = curve.take()
    assert (points(found), found and found.replaces) == ([(0, 1), (1, 2), (2, 3)], True)


def test_numbers_of_any_size() -> None:
    """Integers that no float holds become infinities; what is not finite is counted and kept."""
    curve = GrowingCurve(10)
    curve.extend([0, 1, 2, 3], [10**400, -math.inf, math.nan, 1])
    assert str(points(curve.take())) == "[(0.0, inf), (1.0, -inf), (2.0, nan), (3.0, 1.0)]"
    assert (curve.nonfinite, curve.low, curve.high) == (3, 1.0, 1.0)


@given(st.lists(st.lists(st.floats(width=32), max_size=300), max_size=8))
def test_increments_make_the_whole(batches: list[list[float]]) -> None:
    """Whoever puts what comes behind what was, or in its place, has what is kept."""
    curve, known, step = GrowingCurve(20), b"", 0
    for batch in batches:
        curve.extend(range(step, step + len(batch)), batch)
        step += len(batch)
        found = curve.take()
        if found is not None:
            known = found.y if found.replaces else known + found.y
    assert known == curve.all().y
