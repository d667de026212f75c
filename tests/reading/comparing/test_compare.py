"""What is compared, what is refused, and the result as plain data."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from runlogging import InvalidValueError, MetricNotFoundError, RunHandler, RunNotFoundError, _demo, start_run
from runlogging.reading import RunReader, open_run
from runlogging.reading.comparing import MISSING, compare
from tests.reading.comparing.tools import entry, in_environment, logged, measured, started


def _demo_run(root: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    handler = RunHandler(root, "demo", run_name="small-training", tags={"seed": str(seed)})
    logger = _demo.logger
    level, propagates = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel("DEBUG")
    logger.propagate = False
    try:
        _demo.train(random.Random(seed))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagates
        handler.close()
    return handler.run_path


def test_demo_with_another_seed_differs_in_its_seed_and_metrics_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two trainings with other noise have the same warnings, and other numbers."""
    found = compare(*(_demo_run(tmp_path, seed, monkeypatch) for seed in (7, 8)))
    assert [item.key for item in found.tags if item.differs] == ["seed"]
    assert [metric.name for metric in found.metrics if metric.differs] == ["loss", "accuracy"]
    assert [(log.level, log.counts, log.differs) for log in found.logs] == [
        ("ERROR", (1, 1), False),
        ("WARNING", (1, 1), False),
    ]
    assert found.only_differences().logs == ()


def test_runs_say_who_they_are_and_how_they_ended(tmp_path: Path) -> None:
    """Readers and paths are taken in any mixture, and a failed run brings its error."""
    one = measured(tmp_path, "a", loss=[1.0])
    with pytest.raises(KeyError), start_run("test", tmp_path, "named", run_id="b", capture=False, environment=False):
        raise KeyError("x")
    found = compare(open_run(one), str(tmp_path / "test" / "b"))
    first, second = found.runs
    assert (first.id, first.name, first.status, first.error) == ("a", None, "Completed", None)
    assert (second.id, second.name, second.status, second.experiment) == ("b", "named", "Failed", "test")
    assert second.error is not None
    assert (second.error.type, second.error.message) == ("KeyError", "'x'")
    assert second.duration is not None
    assert second.duration >= 0
    assert second.path == tmp_path / "test" / "b"


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_runs_are_refused(tmp_path: Path, count: int) -> None:
    """There is nothing to compare one run with."""
    with pytest.raises(InvalidValueError, match=f"two runs or more, not {count}"):
        compare(*[measured(tmp_path, "a")][:count])


def test_one_run_twice_is_refused(tmp_path: Path) -> None:
    """A run given twice is named, also where one is a link to the other."""
    path = measured(tmp_path, "a")
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(InvalidValueError, match="link is given twice"):
        compare(path, tmp_path / "link")


def test_error_of_a_run_that_cannot_be_read_comes_as_it_is(tmp_path: Path) -> None:
    """A folder that is no run ends the comparison with the reader's own error."""
    with pytest.raises(RunNotFoundError):
        compare(measured(tmp_path, "a"), tmp_path / "nowhere")


@pytest.mark.parametrize("tolerance", [-0.1, float("nan"), float("inf")])
def test_tolerance_is_a_finite_share(tmp_path: Path, tolerance: float) -> None:
    """A tolerance below 0 or without an end is refused."""
    with pytest.raises(InvalidValueError, match="tolerance"):
        compare(measured(tmp_path, "a"), measured(tmp_path, "b"), tolerance=tolerance)


def test_level_that_is_none_is_refused(tmp_path: Path) -> None:
    """An unknown level is named."""
    with pytest.raises(InvalidValueError, match="LOUD"):
        compare(measured(tmp_path, "a"), measured(tmp_path, "b"), level="LOUD")


def test_only_the_metrics_asked_for_are_compared(tmp_path: Path) -> None:
    """Names choose metrics; one that no run has is refused, with names that come near."""
    runs = [measured(tmp_path, "a", loss=[1.0], extra=[2.0]), measured(tmp_path, "b", loss=[1.0], accuracy=[0.5])]
    assert [metric.name for metric in compare(*runs, metrics="loss").metrics] == ["loss"]
    assert [metric.name for metric in compare(*runs, metrics=["accuracy", "extra"]).metrics] == ["extra", "accuracy"]
    with pytest.raises(MetricNotFoundError, match="accuracy"):
        compare(*runs, metrics=["acuracy"])


def test_everything_is_strict_json(tmp_path: Path) -> None:
    """The dictionary of a comparison has no NaN, no time and no object of ours in it."""
    odd = measured(tmp_path, "a", loss=[float("nan"), float("inf")], big=[2**20000, 1], none=[1.0])
    other = logged(tmp_path, "b", entry("new %d", 1))
    facts = compare(odd, other).as_dict()
    again = json.loads(json.dumps(facts, allow_nan=False))
    assert again == facts
    by_name = {metric["name"]: metric["runs"] for metric in facts["metrics"]}
    assert by_name["loss"][0]["last"] == "Infinity"
    assert by_name["loss"][1] is None
    assert facts["logs"][0]["kind"] == "new"
    assert facts["runs"][0]["path"] == str(odd)


def test_missing_and_null_are_told_apart_in_plain_data(tmp_path: Path) -> None:
    """A value that is not there is null with its place under "missing"."""
    found = compare(started(tmp_path, "a", {"x": None}), started(tmp_path, "b", {}), started(tmp_path, "c", {"x": 0}))
    assert found.parameters[0].values == (None, MISSING, 0)
    assert found.as_dict()["parameters"] == [{"key": "x", "values": [None, None, 0], "missing": [1], "differs": True}]
    assert repr(MISSING) == "MISSING"
    assert not MISSING


def test_runs_that_are_the_same_have_no_differences(tmp_path: Path) -> None:
    """Two runs that did the same differ in nothing but their identity."""
    runs = [measured(tmp_path, name, loss=[1.0, float("nan")]) for name in "ab"]
    found = compare(*runs)
    assert not found.has_differences
    assert found.metrics[0].runs[0] is not None
    assert found.only_differences().metrics == ()


def test_a_hundred_runs_are_compared(tmp_path: Path) -> None:
    """Every item has a place for each run, and progress is told of each."""
    told: list[tuple[str, int, int]] = []
    runs = [measured(tmp_path, f"r{number:03}", loss=[1.0, number / 100]) for number in range(100)]
    found = compare(*runs, progress=lambda *report: told.append(report))
    assert [run.id for run in found.runs] == [f"r{number:03}" for number in range(100)]
    lasts = [run.last for run in found.metrics[0].runs if run is not None]
    assert lasts == [number / 100 for number in range(100)]
    assert found.metrics[0].winners == (0,)
    assert told == [(f"r{number:03}", number, 100) for number in range(100)]


def test_environment_is_compared_key_by_key(tmp_path: Path) -> None:
    """Python, host, command, git and packages have keys of their own."""
    facts = {
        "command": ["python", "train.py"],
        "python": {"version": "3.12.1"},
        "host": {"name": "one"},
        "packages": {"numpy": "2.0", "torch": "2.4"},
        "git": {"commit": "abc", "branch": "main", "dirty": False},
    }
    other = {
        **facts,
        "packages": {"numpy": "2.1", "polars": "1"},
        "git": {"commit": "abc", "branch": None, "dirty": True},
    }
    found = compare(in_environment(tmp_path, "a", facts), in_environment(tmp_path, "b", other))
    differing = {item.key: item.values for item in found.environment if item.differs}
    assert differing == {
        "packages.numpy": ("2.0", "2.1"),
        "packages.torch": ("2.4", MISSING),
        "packages.polars": (MISSING, "1"),
        "git.branch": ("main", MISSING),
        "git.dirty": (False, True),
    }
    assert {"command", "python.version", "host.name", "git.commit"} < {item.key for item in found.environment}


def test_run_without_an_environment_differs_from_no_other(tmp_path: Path) -> None:
    """Where nothing was kept, nothing is said to have changed."""
    one = in_environment(tmp_path, "a", {"packages": {"numpy": "2.0"}})
    none = measured(tmp_path, "b")
    other = in_environment(tmp_path, "c", {"packages": {"numpy": "2.1"}})
    assert not compare(one, none).has_differences
    assert compare(none, one, other).environment[0].values == (MISSING, "2.0", "2.1")
    assert compare(none, one, other).environment[0].differs


def test_other_code_is_seen_by_its_snapshot(tmp_path: Path) -> None:
    """Two runs with snapshots of other code differ in the snapshot's id."""
    paths = []
    for number in range(2):
        code = tmp_path / f"code{number}"
        code.mkdir()
        (code / "train.py").write_text(f"print({number})\n", encoding="utf-8")
        with start_run("test", tmp_path / "runs", run_id=f"r{number}", capture=False, snapshot=code):
            pass
        paths.append(tmp_path / "runs" / "test" / f"r{number}")
    assert "snapshot.id" in [item.key for item in compare(*paths).environment if item.differs]
    assert RunReader(paths[0]).properties["snapshot.id"] != RunReader(paths[1]).properties["snapshot.id"]
