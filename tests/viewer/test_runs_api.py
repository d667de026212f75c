"""api/runs: windows of the table of runs, in order, under their parents, and in groups."""

from __future__ import annotations

import json
import math
import random
import statistics
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging.folder import Line, RunSpec, Writer, now_text
from runlogging.viewer._run_groups import figures
from runlogging.viewer._sparks import thinned
from tests.viewer.conftest import PATIENCE_S, StartRunning, StartViewer, Viewer, keys, wait_until

numpy = pytest.importorskip("numpy")


def make_run(root: Path, experiment: str, run_id: str, /, **facts: Any) -> str:
    """Let the real writer make a run that has ended; return ``experiment/id``."""
    metrics = facts.pop("metrics", None)
    writer = Writer(RunSpec(root / experiment / run_id, run_id, experiment, **facts))
    writer.open()
    if metrics:
        writer.write(Line(time=now_text(), step=0, metrics=metrics))
    writer.end("Completed")
    return f"{experiment}/{run_id}"


def asked(viewer: Viewer, path: str = "api/runs", **query: Any) -> Any:
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
        client.get(viewer.url)
        answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def keys_of(answer: Any) -> list[str]:
    return [row["key"] for row in answer["rows"]]


def test_a_window_has_the_rows_and_columns_that_were_asked_for(viewer: Viewer) -> None:
    """Rows from offset on, with only the named cells, and how many there are."""
    whole = asked(viewer)
    part = asked(viewer, offset=1, limit=2, columns=["params.rate", "metrics.train/loss", "min(metrics.train/loss)"])
    assert whole["total"] == whole["fitting"] == whole["runs"] == 5
    assert keys_of(part) == keys_of(whole)[1:3]
    lasso = next(row for row in asked(viewer, columns=["params.rate"])["rows"] if row["experiment"] == "lasso")
    assert lasso["cells"] == {"params.rate": 0.1}
    assert lasso["status"] == "Completed"
    assert set(part["rows"][0]["cells"]) == {"params.rate", "metrics.train/loss", "min(metrics.train/loss)"}


def test_the_columns_are_those_that_runs_fill(viewer: Viewer) -> None:
    """With about=1 each parameter, tag and metric is named with how many runs have it."""
    answer = asked(viewer, about=1)
    counts = {column["name"]: column["count"] for column in answer["columns"]}
    assert counts["params.rate"] == counts["tags.rate"] == counts["metrics.val/loss"] == 3
    assert counts["metrics.train/loss"] == 4
    assert {one["name"]: one["count"] for one in answer["experiments"]} == {"demo": 1, "lasso": 1, "ridge": 3}


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("metrics.`train/loss` < 0.5", 2),
        ("params.rate = 0.1 and experiment = 'ridge'", 1),
        ("status = 'Failed'", 1),
        ("metrics.`train/loss` IS NAN", 1),
        ("max(metrics.`train/loss`) = 1", 3),
        ("", 5),
    ],
    ids=["metric", "parameter", "status", "nan", "figure", "empty"],
)
def test_a_filter_chooses_rows(viewer: Viewer, where: str, count: int) -> None:
    """The filter language of the reading side holds for what is kept in memory, too."""
    answer = asked(viewer, where=where)
    assert answer["fitting"] == len(answer["rows"]) == count
    assert answer["runs"] == 5


def test_a_wrong_filter_says_where(client: httpx.Client) -> None:
    """The answer is 400 with the place of the mistake and what was meant."""
    answer = client.get("api/runs", params={"where": "satus = 'Failed'"})
    assert answer.status_code == 400
    assert answer.json()["position"] == 0
    assert answer.json()["candidates"] == ["status"]
    assert client.get("api/runs", params={"columns": "nonsense"}).status_code == 400


def test_rows_are_sorted_by_columns_as_they_are_named(tmp_path: Path, start_viewer: StartViewer) -> None:
    """A name may hold anything; a dash sorts from the greatest down, and a second column decides between equals."""
    root, name = tmp_path / "runs", 'a, "b" `c`'
    for number, (first, second) in enumerate([(1, 2), (2, 1), (1, 1)]):
        make_run(root, "e", f"r{number}", metrics={name: first}, parameters={"p": {"q": second}})
    viewer = start_viewer(root)
    column = f"metrics.{name}"
    assert keys_of(asked(viewer, sort=[f"-{column}", "params.p.q"])) == ["e/r1", "e/r2", "e/r0"]
    assert keys_of(asked(viewer, sort=[column, "-params.p.q"])) == ["e/r0", "e/r2", "e/r1"]


@pytest.fixture
def family(tmp_path: Path, start_viewer: StartViewer) -> Viewer:
    """Give a viewer of two parents with children, one of these with a child of its own, and a lone run."""
    root = tmp_path / "family"
    for number, (name, parent) in enumerate(
        [("a", None), ("a1", "a"), ("a2", "a"), ("a21", "a2"), ("b", None), ("b1", "b"), ("lone", None)]
    ):
        make_run(root, "e", name, parent=parent, metrics={"score": number})
    return start_viewer(root)


@pytest.mark.parametrize(
    "sort", [[], ["metrics.score"], ["-metrics.score"], ["name"]], ids=["new", "up", "down", "name"]
)
def test_children_stand_under_their_parents(family: Viewer, sort: list[str]) -> None:
    """In any order and any window each row comes below its parent, one deeper."""
    rows = asked(family, sort=sort)["rows"]
    above: list[str] = []
    for row in rows:
        del above[row["depth"] :]
        assert row["parent"] == (above[-1] if above else None)
        above.append(row["id"])
    windows = [asked(family, sort=sort, offset=offset, limit=2)["rows"] for offset in range(0, 8, 2)]
    assert [row for window in windows for row in window] == rows


def test_a_parent_stays_for_a_child_that_fits(family: Viewer) -> None:
    """It is marked as not fitting and is not counted among the fitting."""
    answer = asked(family, where="metrics.score = 3")
    assert [(row["id"], row["fits"]) for row in answer["rows"]] == [("a", False), ("a2", False), ("a21", True)]
    assert (answer["total"], answer["fitting"]) == (3, 1)


def test_closed_parents_hide_their_children(family: Viewer) -> None:
    """One by one, or all but the named ones."""
    assert "e/a1" not in keys_of(asked(family, closed=["e/a"]))
    assert sorted(keys_of(asked(family, fold="all"))) == ["e/a", "e/b", "e/lone"]
    assert sorted(keys_of(asked(family, fold="all", closed=["e/b"]))) == ["e/a", "e/b", "e/b1", "e/lone"]


def test_parents_in_a_circle_are_all_shown(tmp_path: Path, start_viewer: StartViewer) -> None:
    """Each run is there once, whatever its manifest says of parents."""
    root = tmp_path / "circle"
    for name, parent in [("a", "c"), ("b", "a"), ("c", "b"), ("d", "d"), ("e", "gone")]:
        make_run(root, "e", name, parent=parent)
    assert sorted(keys_of(asked(start_viewer(root)))) == ["e/a", "e/b", "e/c", "e/d", "e/e"]


def test_a_damaged_folder_is_a_row_with_its_problem(made_root: Path, start_viewer: StartViewer) -> None:
    """The others are as they were."""
    (made_root / "ridge" / "torn").mkdir()
    (made_root / "ridge" / "torn" / "run.json").write_text('{"id": "to', encoding="utf-8")
    answer = asked(start_viewer(made_root))
    (row,) = [row for row in answer["rows"] if row["problem"]]
    assert (row["key"], row["status"]) == ("ridge/torn", "Unknown")
    assert "run.json" in row["problem"]
    assert (answer["problems"], answer["total"]) == (1, 6)


def test_what_changes_is_seen(viewer: Viewer, made_root: Path, start_running: StartRunning) -> None:
    """A run that comes, logs, is damaged and goes: each fresh answer says how it is."""
    before = asked(viewer)["version"]
    run = start_running()
    run.log("loss", 0.5, step=0)

    def row() -> dict[str, Any]:
        answer = asked(viewer, fresh=1, columns=["metrics.loss"])
        return next((row for row in answer["rows"] if row["key"] == run.key), {})

    assert row()["status"] == "Running"
    run.end()
    assert (row()["status"], row()["cells"]) == ("Completed", {"metrics.loss": 0.5})
    (run.path / "run.json").write_text("", encoding="utf-8")
    assert row()["problem"]
    for path in run.path.iterdir():
        path.unlink() if path.is_file() else None
    assert row() == {}
    assert asked(viewer)["version"] > before
    assert len(keys_of(asked(viewer))) == len(keys(made_root))


def test_a_run_that_was_running_at_first_is_followed(
    made_root: Path, start_running: StartRunning, start_viewer: StartViewer
) -> None:
    """Its values come and its end is seen, though its manifest is the same for long."""
    run = start_running()
    viewer = start_viewer(made_root)

    def row() -> dict[str, Any]:
        answer = asked(viewer, fresh=1, columns=["metrics.loss"])
        return next(row for row in answer["rows"] if row["key"] == run.key)

    assert (row()["status"], row()["cells"]) == ("Running", {"metrics.loss": None})
    run.log("loss", 0.25, step=0)
    wait_until(lambda: row()["cells"] == {"metrics.loss": 0.25}, "the value is there")
    run.end()
    assert row()["status"] == "Completed"


# ---------------------------------------------------------------------- groups

_FLOATS = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(_FLOATS, min_size=2, max_size=40))
def test_bands_are_those_of_numpy(values: list[float]) -> None:
    """Mean and median with standard deviation of a sample, standard error, least and greatest, and quartiles."""
    mean, spread = numpy.mean(values), numpy.std(values, ddof=1)
    error = spread / math.sqrt(len(values))
    expected = {
        "std": (mean - spread, mean + spread),
        "stderr": (mean - error, mean + error),
        "minmax": (min(values), max(values)),
        "quantile": tuple(numpy.quantile(values, [0.25, 0.75])),
    }
    for band, ends in expected.items():
        found = figures([*values, math.nan, None, "text", True], "mean", band)
        assert (found["n"], found["nonfinite"]) == (len(values), 1)
        assert found["centre"] == pytest.approx(mean, rel=1e-9, abs=1e-6)
        assert (found["low"], found["high"]) == pytest.approx(ends, rel=1e-6, abs=1e-6)
    assert figures(values, "median", "std")["centre"] == statistics.median(values)


def test_one_value_has_no_spread_and_none_no_figures() -> None:
    """What does not exist is null, not 0."""
    assert figures([3], "mean", "std") == {"n": 1, "centre": 3.0, "low": None, "high": None}
    assert figures([math.inf], "mean", "std") == {"n": 0, "centre": None, "low": None, "high": None, "nonfinite": 1}


def test_groups_have_the_figures_of_their_own_runs(tmp_path: Path, start_viewer: StartViewer) -> None:
    """0, false, "" and a missing one are four groups; each says which filter finds it, and a tag splits further."""
    root, rng = tmp_path / "groups", random.Random(5)
    scores: dict[str, list[float]] = {}
    for number in range(40):
        kind: Any = (0, False, "", None)[number % 4]
        score = rng.random()
        scores.setdefault(json.dumps(kind), []).append(score)
        parameters = {} if kind is None else {"kind": kind}
        make_run(
            root, "e", f"r{number:02}", parameters=parameters, tags={"even": str(number % 2)}, metrics={"s": score}
        )
    viewer = start_viewer(root)
    groups = asked(viewer, group="params.kind", columns="metrics.s")["groups"]
    assert {json.dumps(group["values"][0]): group["count"] for group in groups} == dict.fromkeys(scores, 10)
    for group in groups:
        own, cell = scores[json.dumps(group["values"][0])], group["cells"]["metrics.s"]
        assert cell["n"] == 10
        assert cell["centre"] == pytest.approx(numpy.mean(own))
        assert cell["high"] - cell["centre"] == pytest.approx(numpy.std(own, ddof=1))
        assert group["statuses"] == {"Completed": 10}
        assert asked(viewer, where=group["where"])["fitting"] == 10
    both = asked(viewer, group=["params.kind", "tags.even"], columns="metrics.s", where="params.kind = 0")["groups"]
    assert [(group["values"], group["count"]) for group in both] == [([0, "0"], 10)]
    (zero,) = [group for group in groups if json.dumps(group["values"]) == "[0]"]
    assert both[0]["cells"] == zero["cells"]


# ---------------------------------------------------------------------- many


def make_many(root: Path, count: int) -> None:
    """Write manifests of runs that have ended; every other has a tag."""
    for number in range(count):
        path = root / f"exp{number % 10}" / f"20261125T{number:06d}-000000-abcdef"
        path.mkdir(parents=True)
        second = f"2026-11-25T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000000Z"
        manifest = {
            "format": 1, "id": path.name, "experiment": path.parent.name, "name": f"run {number}",
            "status": "Completed", "created": second, "started": second, "ended": second,
            "tags": {"even": None} if number % 2 == 0 else {},
            "parameters": {f"p{place}": number * (place + 1) for place in range(20)},
        }  # fmt: skip
        (path / "run.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_many_runs_answer_before_all_are_read(tmp_path: Path, start_viewer: StartViewer) -> None:
    """The first window comes newest first with its cells; a sort and a filter wait for the rest."""
    make_many(tmp_path / "many", 600)
    viewer = start_viewer(tmp_path / "many")
    first = asked(viewer, limit=3, columns="params.p1")
    assert [row["cells"]["params.p1"] for row in first["rows"]] == [1198, 1196, 1194]
    assert first["total"] == first["runs"] == 600
    last = asked(viewer, sort="params.p0", offset=598, columns="params.p0")
    assert [row["cells"]["params.p0"] for row in last["rows"]] == [598, 599]
    assert asked(viewer, where="params.p0 < 100")["fitting"] == 100
    assert not asked(viewer)["loading"]


def test_a_spark_keeps_the_extremes() -> None:
    """A spike among a hundred thousand values is in the small picture, and so is the lowest."""
    values = [0.0] * 100_000
    values[34_567], values[70_001] = 5.0, -3.0
    kept = thinned(values)
    assert len(kept) <= 120
    assert (max(kept), min(kept)) == (5.0, -3.0)


def test_sparks_come_of_several_runs(viewer: Viewer, made_root: Path) -> None:
    """Each with its values in their order; a run that is not there has none."""
    run = keys(made_root, "lasso")[0]
    found = asked(viewer, "api/sparks", run=[run, "lasso/gone"], name=["train/loss", "no"])
    assert found[run]["train/loss"] == [1 / (1 + 0.1 * step) for step in range(50)]
    assert found["lasso/gone"] == {}
