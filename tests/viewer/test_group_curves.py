"""The curves of groups of runs: figures are numpy's, at logged steps only, and a group knows its own runs only."""

from __future__ import annotations

import csv
import io
import math
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import runlogging
from runlogging.viewer._axes import Line
from runlogging.viewer._bands import BANDS
from runlogging.viewer._curve import Curve
from runlogging.viewer._group_curves import GroupCurve, bands_of, group_curve, kept_of
from runlogging.viewer._sampling import Grid
from tests.viewer.conftest import PATIENCE_S, StartViewer

numpy = pytest.importorskip("numpy")

Points = list[tuple[int, float]]
points = st.lists(
    st.tuples(st.integers(0, 12), st.one_of(st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf]))), max_size=12
)


def _line(found: Points, run: str = "a/b") -> Line:
    curve = Curve("v", (), "step")
    ordered = sorted(found, key=lambda point: point[0])
    curve.x, curve.y = array("q", [x for x, _ in ordered]), array("d", [y for _, y in ordered])
    curve.bad = [place for place, (_, y) in enumerate(ordered) if not math.isfinite(y)]
    return Line(run, "main", "step", curve)


def _lines(runs: list[Points]) -> list[Line]:
    return [_line(run, f"a/{number}") for number, run in enumerate(runs)]


def _numpy_figures(values: list[float], agg: str, band: str) -> tuple[float, float, float]:
    data = numpy.array(values)
    centre = float(numpy.median(data) if agg == "median" else numpy.mean(data))
    if band == "minmax":
        return centre, float(data.min()), float(data.max())
    if len(values) < 2:
        return centre, math.nan, math.nan
    if band == "quantile":
        return centre, float(numpy.percentile(data, 25)), float(numpy.percentile(data, 75))
    spread = float(numpy.std(data, ddof=1)) / (math.sqrt(len(values)) if band == "stderr" else 1)
    return centre, centre - spread, centre + spread


@pytest.mark.parametrize("band", sorted(BANDS))
@pytest.mark.parametrize("agg", ["mean", "median"])
@given(runs=st.lists(points, min_size=1, max_size=5))
def test_figures_are_those_of_numpy(runs: list[Points], agg: str, band: str) -> None:
    """At each logged step the figures are over the runs that logged that very step, the last value of each."""
    found = group_curve(_lines(runs), agg, band, is_interpolated=False)
    last = [dict(sorted(run, key=lambda point: point[0])) for run in runs]
    steps = sorted({step for run in last for step in run})
    assert list(found.x) == steps
    for place, step in enumerate(steps):
        values = [run[step] for run in last if step in run and math.isfinite(run[step])]
        assert found.n[place] == len(values)
        if not values:
            assert math.isnan(found.centre[place])
            assert place in found.bad
            continue
        expected = _numpy_figures(values, agg, band)
        got = (found.centre[place], found.low[place], found.high[place])
        assert got == pytest.approx(expected, rel=1e-9, abs=1e-6, nan_ok=True)
    logged = [value for run in runs for _, value in run]
    counts = {"NaN": sum(map(math.isnan, logged)), "Infinity": sum(map(math.isinf, logged))}
    assert found.nonfinite == {name: count for name, count in counts.items() if count}


@given(runs=st.lists(points, min_size=1, max_size=5))
def test_between_its_points_a_run_counts_on_the_straight_line(runs: list[Points]) -> None:
    """Interpolated, a run counts from its first finite point to its last, as numpy interpolates, and never beyond."""
    found = group_curve(_lines(runs), "mean", "minmax", is_interpolated=True)
    last = [dict(sorted(run, key=lambda point: point[0])) for run in runs]
    finite = [{step: value for step, value in run.items() if math.isfinite(value)} for run in last]
    for place, step in enumerate(found.x):
        values = [
            float(numpy.interp(step, sorted(run), [run[each] for each in sorted(run)]))
            for run in finite
            if run and min(run) <= step <= max(run)
        ]
        assert found.n[place] == len(values)
        if values:
            expected = (numpy.mean(values), min(values), max(values))
            assert (found.centre[place], found.low[place], found.high[place]) == pytest.approx(expected, abs=1e-6)


def test_a_run_of_several_writers_counts_once() -> None:
    """A run that was resumed has a curve a writer; a step that both logged counts with the later value."""
    lines = [_line([(0, 1.0), (1, 2.0), (2, 3.0)]), _line([(2, 30.0), (3, 40.0)]), _line([(2, 10.0)], "a/other")]
    found = group_curve(lines, "mean", "minmax", is_interpolated=False)
    assert (list(found.x), list(found.n)) == ([0, 1, 2, 3], [1, 1, 2, 1])
    assert list(found.centre) == [1, 2, 20, 40]


def test_sampled_bands_keep_what_stands_out() -> None:
    """Of a hundred thousand places the extremes of the centre and of the band are kept."""
    curve = GroupCurve()
    for x in range(100_000):
        values = [1.0, 2.0]
        if x == 54_321:
            values = [-70.0, 90.0]
        if x == 77_777:
            values = [500.0, 500.0]
        curve.add(float(x), values, "mean", BANDS["minmax"])
    grid = Grid(0.0, 99_999.0, 300, is_whole=False)
    kept = kept_of(curve, grid)
    lows, highs = bands_of(curve, kept, grid)
    assert len(kept) <= 4 * 300
    assert max(curve.centre[one.place] for one in kept) == 500
    assert min(low for low in lows if low is not None) == -70
    assert max(high for high in highs if high is not None) == 500
    assert 90 in highs


# ---------------------------------------------------------------------- the server


@pytest.fixture
def asker(tmp_path: Path, start_viewer: StartViewer) -> Iterator[tuple[httpx.Client, list[str]]]:
    """Give a client of a viewer over six runs, three of each rate, and their keys."""
    root, keys = tmp_path / "runs", []
    for rate in (0.1, 0.01):
        for seed in range(3):
            with runlogging.start_run(
                "sweep", root=root, parameters={"rate": rate, "seed": seed}, tags={"team": "a/b"}, capture=False
            ) as run:
                for step in range(20):
                    run.log("loss", rate * step + seed, step=step)
                if seed == 1:
                    run.log("seldom", 1.0, step=0)
                if seed == 2:
                    run.log("loss", math.nan, step=20)
            keys.append(f"sweep/{Path(run.path).name}")
    viewer = start_viewer(root)
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
        client.get(viewer.url)
        yield client, keys


def _ask(client: httpx.Client, keys: list[str], **query: Any) -> dict[str, Any]:
    asked = {"run": keys, "name": "loss", "group": "params.rate", **query}
    answer = client.get("api/group_series", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_group_is_a_series_with_a_band(asker: tuple[httpx.Client, list[str]]) -> None:
    """Each has the middle, the band and how many runs counted at every step; NaN is a gap that is counted."""
    client, keys = asker
    found = _ask(client, keys)
    slow, fast = found["series"]
    assert [slow["run"], fast["run"]] == ["/rate=0.01", "/rate=0.1"]
    assert (slow["runs"], fast["runs"], found["axis"], found["between"]) == (3, 3, "step", False)
    assert found["x"] == list(range(21))
    assert fast["y"][10] == pytest.approx(0.1 * 10 + 1)
    assert (fast["low"][10], fast["high"][10]) == pytest.approx((1.0, 3.0))
    assert fast["n"] == [3] * 20 + [0]
    assert (fast["y"][20], fast["nonfinite"]) == (None, {"NaN": 1})
    assert fast["step"] == list(range(21))


def test_hiding_other_groups_changes_nothing(asker: tuple[httpx.Client, list[str]]) -> None:
    """A group's figures are the same whatever stands beside it."""
    client, keys = asker
    both = _ask(client, keys)["series"][1]
    alone = _ask(client, keys[:3])["series"][0]
    assert alone == both


def test_groups_without_the_metric_are_named(asker: tuple[httpx.Client, list[str]]) -> None:
    """They have no series, but the page gives colours to all groups at once."""
    client, keys = asker
    found = _ask(client, keys, group="params.seed", name="seldom")
    assert found["groups"] == ["/seed=0", "/seed=1", "/seed=2"]
    assert [one["run"] for one in found["series"]] == ["/seed=1"]


def test_several_columns_make_a_group(asker: tuple[httpx.Client, list[str]]) -> None:
    """Numbers are in order of size, and a tag with a slash keeps its name."""
    client, keys = asker
    found = _ask(client, keys, group=["params.seed", "tags.team"])
    assert [one["run"] for one in found["series"]] == [f"/seed={seed}, team=a/b" for seed in range(3)]
    assert [one["runs"] for one in found["series"]] == [2, 2, 2]


def test_kinds_of_nothing_are_groups_of_their_own(tmp_path: Path, start_viewer: StartViewer) -> None:
    """0, "0", false, "false", "" and a missing value are told apart."""
    kinds: list[Any] = [0, "0", False, "false", ""]
    keys = []
    for kind in [*kinds, None]:
        parameters = {} if kind is None else {"kind": kind}
        with runlogging.start_run("kinds", root=tmp_path / "kinds", parameters=parameters, capture=False) as run:
            run.log("loss", 1.0, step=0)
        keys.append(f"kinds/{Path(run.path).name}")
    viewer = start_viewer(tmp_path / "kinds")
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
        client.get(viewer.url)
        found = _ask(client, keys, group="params.kind")
    labels = ["0", '"0"', "false", '"false"', '""', "missing"]
    assert sorted(one["run"] for one in found["series"]) == sorted(f"/kind={label}" for label in labels)
    assert [one["runs"] for one in found["series"]] == [1] * 6


def test_times_are_always_interpolated(asker: tuple[httpx.Client, list[str]]) -> None:
    """No two runs log at one moment, so the answer says that it interpolates."""
    client, keys = asker
    found = _ask(client, keys, x="relative")
    assert found["between"] is True
    assert all(one["count"] > 40 for one in found["series"])
    assert found["axis"] == "relative"


def test_a_zoom_shows_a_part(asker: tuple[httpx.Client, list[str]]) -> None:
    """Only places between the limits come, and one neighbour on each side for the line's ends."""
    client, keys = asker
    found = _ask(client, keys, **{"from": 5, "to": 8})
    assert found["x"] == [4, 5, 6, 7, 8, 9]
    assert found["series"][0]["in_view"] == 4


def test_all_places_come_as_csv(asker: tuple[httpx.Client, list[str]]) -> None:
    """The file has each group at each step, with all digits."""
    client, keys = asker
    answer = client.get("api/group_series.csv", params={"run": keys, "name": "loss", "group": "params.rate"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 42
    assert rows[0]["group"] == "rate=0.01"
    row = next(row for row in rows if row["group"] == "rate=0.1" and float(row["x"]) == 7)
    assert float(row["centre"]) == pytest.approx(1.7)
    assert row["n"] == "3"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"group": []}, "group says"),
        ({"agg": "mode"}, "agg is mean or median"),
        ({"band": "none"}, "band one of"),
        ({"group": "nonsense"}, "is no column"),
        ({"from": 9, "to": 3}, "which is less"),
    ],
    ids=["no group", "agg", "band", "column", "limits"],
)
def test_what_cannot_be_is_said(asker: tuple[httpx.Client, list[str]], query: dict[str, Any], said: str) -> None:
    """A question that has no answer gets a sentence."""
    client, keys = asker
    answer = client.get("api/group_series", params={"run": keys, "name": "loss", "group": "params.rate", **query})
    assert answer.status_code == 400
    assert said in answer.json()["error"]
