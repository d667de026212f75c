"""The limits that a chart is scaled to where outliers are left out, of runs and of groups."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import runlogging
from runlogging.viewer._bulk import bulk_of, common_bulk
from tests.viewer.conftest import StartViewer

_SPIKE = 1e6
_values = st.lists(st.floats(-1e9, 1e9) | st.sampled_from([math.nan, math.inf, 0.0]), max_size=60)


@given(_values)
def test_half_of_the_values_lie_within(values: list[float]) -> None:
    """Of what is finite at least half is within the limits, so that no curve is ever wholly hidden."""
    finite = [value for value in values if math.isfinite(value)]
    found = bulk_of(values)
    if found is None:
        return
    assert sum(found[0] <= value <= found[1] for value in finite) * 2 >= len(finite)


@given(st.lists(_values, max_size=3))
def test_common_limits_hold_each_curve(curves: list[list[float]]) -> None:
    """Half of each curve is within them, and all of one that has no spread of its own."""
    found = common_bulk(curves)
    assert (found is None) == (not any(bulk_of(curve) for curve in curves))
    for curve in curves if found else []:
        finite = [value for value in curve if math.isfinite(value)]
        within = sum(found[0] <= value <= found[1] for value in finite) if found else 0
        assert within * 2 >= len(finite)
        assert bulk_of(curve) is not None or within == len(finite)


# ---------------------------------------------------------------------- groups


@pytest.fixture
def asker(tmp_path: Path, start_viewer: StartViewer) -> Iterator[tuple[httpx.Client, list[str]]]:
    """Give a client and the keys of four runs of a group: all have a spike at step 30, one has one at step 10."""
    for seed in range(4):
        with runlogging.start_run("spikes", root=tmp_path / "runs", capture=False) as run:
            for step in range(40):
                is_spike = step == 30 or (step, seed) == (10, 3)
                run.log("loss", _SPIKE if is_spike else math.sin(step) + seed / 4, step=step)
    viewer = start_viewer(tmp_path / "runs")
    with httpx.Client(base_url=viewer.base) as client:
        client.get(viewer.url)
        rows = client.get("api/runs").json()["rows"]
        yield client, [row["key"] for row in rows]


def _ask(asker: tuple[httpx.Client, list[str]], **query: str | int) -> dict[str, float] | None:
    client, keys = asker
    asked = {"run": keys, "name": "loss", "group": "experiment", "clip": 1, **query}
    answer = client.get("api/group_series", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, float] | None = answer.json()["series"][0]["clip"]
    return found


@pytest.mark.parametrize("agg", ["mean", "median"])
@pytest.mark.parametrize("band", ["std", "stderr", "minmax", "quantile"])
def test_the_band_counts_as_the_middle_does(asker: tuple[httpx.Client, list[str]], agg: str, band: str) -> None:
    """A place is outside where the middle or an end of the band is; the limits hold the bulk of all three."""
    found = _ask(asker, agg=agg, band=band)
    assert found is not None
    assert found["outside"] == 2
    assert found["low"] < -1 < 1.75 < found["high"] < 40


def test_the_count_is_that_of_the_view(asker: tuple[httpx.Client, list[str]]) -> None:
    """A zoom, also one that leaves points out, has the limits of the whole curve."""
    whole, part, narrow = (
        _ask(asker, **query) for query in ({}, {"from": 0, "to": 20}, {"from": 0, "to": 20, "width": 1})
    )
    assert whole is not None
    assert part == narrow == {**whole, "outside": 1}


def test_a_constant_group_has_no_limits(tmp_path: Path, start_viewer: StartViewer) -> None:
    """Without a spread nothing lies outside."""
    for _ in range(2):
        with runlogging.start_run("flat", root=tmp_path / "runs", capture=False) as run:
            for step in range(5):
                run.log("loss", 1.0, step=step)
    viewer = start_viewer(tmp_path / "runs")
    with httpx.Client(base_url=viewer.base) as client:
        client.get(viewer.url)
        keys = [row["key"] for row in client.get("api/runs").json()["rows"]]
        assert _ask((client, keys)) is None
