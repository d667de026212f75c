"""Sampling and smoothing of curves: the spike survives, and what is smoothed does not depend on what is shown."""

from __future__ import annotations

import math
import random
from array import array

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runlogging.reading._smoothing import Smoothed, unit_of
from runlogging.viewer._sampling import Grid, kept_points

# On a busy machine making the data may take long; that says nothing of what is tested.
_patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_steps = st.lists(st.integers(0, 300), min_size=1, max_size=100).map(sorted)
_values = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])


@st.composite
def _curves(draw: st.DrawFn) -> tuple[list[int], array[float], list[int]]:
    x = draw(_steps)
    y = array("d", draw(st.lists(_values, min_size=len(x), max_size=len(x))))
    return x, y, [place for place, value in enumerate(y) if not math.isfinite(value)]


def _column(x: float, grid: Grid) -> int:
    column = 0
    while column < grid.width - 1 and x >= grid.low + (grid.high - grid.low) * ((column + 1) / grid.width):
        column += 1
    return column


@_patient
@given(_curves(), st.integers(1, 12))
def test_each_column_keeps_its_first_least_greatest_and_last(
    curve: tuple[list[int], array[float], list[int]], width: int
) -> None:
    """Of each column exactly what M4 names is among what is kept, told by an independent count."""
    x, y, bad = curve
    grid = Grid(x[0], x[-1], width, False)
    kept = {point.place for point in kept_points(x, y, bad, grid)}
    columns: dict[int, list[int]] = {}
    for place in range(len(x)):
        if math.isfinite(y[place]):
            columns.setdefault(_column(x[place], grid), []).append(place)
    for places in columns.values():
        values = [y[place] for place in places]
        assert places[0] in kept
        assert places[-1] in kept
        assert min(values) in {y[place] for place in places if place in kept}
        assert max(values) in {y[place] for place in places if place in kept}
    finite = [place for place in kept if math.isfinite(y[place])]
    assert len(finite) <= 4 * width


@_patient
@given(_curves(), st.integers(1, 12), st.booleans())
def test_places_on_the_grid_rise_and_are_unique(
    curve: tuple[list[int], array[float], list[int]], width: int, is_whole: bool
) -> None:
    """What is drawn is in the order of the curve, each point at a place of its own."""
    x, y, bad = curve
    points = kept_points(x, y, bad, Grid(x[0], x[-1] + 1, width, is_whole))
    assert [point.place for point in points] == sorted(point.place for point in points)
    slots = [point.slot for point in points]
    assert slots == sorted(set(slots))


def test_a_spike_in_a_million_points_is_kept_at_every_width() -> None:
    """One point that stands out is kept whatever the width and the zoom."""
    n = 1_000_000
    y = array("d", bytes(8 * n))
    y[637_123] = 9.75
    for width in (1, 300, 1000, 3000):
        points = kept_points(range(n), y, [], Grid(0, n - 1, width, False))
        assert 9.75 in {y[point.place] for point in points}
    near = kept_points(range(n), y, [], Grid(600_000, 700_000, 300, False))
    assert 637_123 in {point.place for point in near}


def test_a_kept_point_is_drawn_within_its_own_column() -> None:
    """Where points were left out, a kept one is drawn less than a column from its true x."""
    rng = random.Random(5)
    y = array("d", [rng.random() for _ in range(50_000)])
    grid = Grid(0, 49_999, 400, False)
    for (x, _), place in kept_points(range(50_000), y, [], grid):
        assert abs(x - place) <= 49_999 / 400


def test_a_zoomed_range_has_a_neighbour_on_each_side() -> None:
    """The line runs on over both ends of what is shown."""
    points = kept_points(range(100), array("d", range(100)), [], Grid(40, 60, 300, True))
    assert [point.place for point in points] == list(range(39, 62))


def _smoothed(x: list[float], y: list[float], weight: float) -> list[float]:
    smoothed = Smoothed(weight)
    smoothed.extend(x, y)
    return list(smoothed.values)


@_patient
@given(
    st.floats(-1e9, 1e9), st.floats(0.01, 0.999), st.lists(st.integers(0, 1000), min_size=1, max_size=50).map(sorted)
)
def test_a_constant_stays_constant_to_the_last_bit(value: float, weight: float, x: list[float]) -> None:
    """Smoothing makes no spikes and no drift of what does not change."""
    assert _smoothed(x, [value] * len(x), weight) == [value] * len(x)


@_patient
@given(_curves(), st.floats(0.01, 0.999))
def test_smoothing_is_the_weighted_mean_of_all_points_before(
    curve: tuple[list[int], array[float], list[int]], weight: float
) -> None:
    """It equals the sum by its definition, what is not finite left out, and begins with the first value."""
    x, y, _ = curve
    unit = unit_of(x[-1] - x[0])
    found = _smoothed(list(map(float, x)), list(y), weight)
    finite = [place for place in range(len(x)) if math.isfinite(y[place])]
    for place in finite[:20]:
        weights = {other: weight ** ((x[place] - x[other]) / unit) for other in finite if other <= place}
        mean = sum(weights[other] * y[other] for other in weights) / sum(weights.values())
        assert found[place] == pytest.approx(mean, rel=1e-9, abs=1e-6)
    if finite:
        assert found[finite[0]] == y[finite[0]]


def test_curves_of_unlike_density_smooth_alike() -> None:
    """Every tenth point of a line smooths to the same as all of its points, up to the ends of the averages."""
    dense = _smoothed(list(range(10_001)), [x / 10_000 for x in range(10_001)], 0.99)
    thin = _smoothed(list(range(0, 10_001, 10)), [x / 10_000 for x in range(0, 10_001, 10)], 0.99)
    assert all(abs(dense[10 * place] - thin[place]) < 0.001 for place in range(len(thin)))


def test_smoothing_goes_on_where_it_stopped() -> None:
    """A curve that grows has the same smoothed values as one that was there at once, while its extent's unit holds."""
    rng = random.Random(3)
    x, y = list(range(1000)), [rng.random() for _ in range(1000)]
    grown = Smoothed(0.95)
    for end in (1, 700, 900, 1000):
        grown.extend(x[:end], y[:end])
    assert list(grown.values) == _smoothed([float(place) for place in x], y, 0.95)


@pytest.mark.parametrize(("extent", "unit"), [(0, 1.0), (1, 1 / 1024), (39, 64 / 1024), (1_000_000, 1024.0)])
def test_the_unit_is_a_power_of_two(extent: float, unit: float) -> None:
    """It changes only where the extent passes a power of two."""
    assert unit_of(extent) == unit
