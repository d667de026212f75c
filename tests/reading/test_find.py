"""Finding runs: newest first, by path, id, prefix or ``latest``; broken folders do not stand in the way."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from runlogging import RunHandler, RunNotFoundError, list_runs
from runlogging.reading import resolve_run


def make_run(root: Path, experiment: str, run_id: str, created: str = "2026-11-23T23:05:02.000000Z") -> Path:
    path = root / experiment / run_id
    path.mkdir(parents=True)
    manifest = {"format": 1, "id": run_id, "experiment": experiment, "created": created, "status": "Completed"}
    (path / "run.json").write_text(json.dumps(manifest))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a root with three runs of two experiments; the middle id is the newest."""
    make_run(tmp_path, "a", "20261123T1-one", "2026-11-23T01:00:00.000000Z")
    make_run(tmp_path, "b", "20261123T2-two", "2026-11-23T03:00:00.000000Z")
    make_run(tmp_path, "a", "20261123T3-three", "2026-11-23T02:00:00.000000Z")
    return tmp_path


def test_runs_are_listed_newest_first(root: Path) -> None:
    """All experiments together, or one of them."""
    assert [run.id[-3:] for run in list_runs(root)] == ["two", "ree", "one"]
    assert [run.id[-3:] for run in list_runs(root, experiment="a")] == ["ree", "one"]
    assert list_runs(root, experiment="none") == []


def test_what_is_no_run_is_passed_over(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files, folders of ours that start with a dot, and folders without a manifest are none; a broken one is said."""
    (root / "file").write_text("x")
    make_run(root, ".store", "hidden")
    (root / "a" / "empty").mkdir()
    broken = make_run(root, "a", "broken")
    (broken / "run.json").write_text("{")
    said: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("runlogging").addHandler(listener)
    try:
        assert len(list_runs(root)) == 3
    finally:
        logging.getLogger("runlogging").removeHandler(listener)
    assert len(said) == 1
    assert str(broken) in said[0]


def test_a_root_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    """An absent or empty root, and one that is a file, list nothing."""
    (tmp_path / "file").write_text("x")
    assert list_runs(tmp_path / "none") == list_runs(tmp_path) == list_runs(tmp_path / "file") == []


def test_the_default_root_gives_way_to_the_environment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RUNLOGGING_ROOT names the root where none is given."""
    monkeypatch.setenv("RUNLOGGING_ROOT", str(root))
    assert len(list_runs()) == 3
    assert resolve_run("latest").name == "20261123T2-two"


@pytest.mark.parametrize(
    ("meant", "found"),
    [
        ("latest", "b/20261123T2-two"),
        ("20261123T1-one", "a/20261123T1-one"),
        ("20261123T3", "a/20261123T3-three"),
        ("a/20261123T1-one", "a/20261123T1-one"),
    ],
)
def test_a_run_is_found_by_what_people_type(root: Path, meant: str, found: str) -> None:
    """latest, an id, a prefix that one run has, and experiment/id."""
    assert resolve_run(meant, root) == root / found


def test_a_run_is_found_by_its_path(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An absolute and a relative path of a run folder work under any root."""
    assert resolve_run(str(root / "a" / "20261123T1-one"), "/nowhere") == root / "a" / "20261123T1-one"
    monkeypatch.chdir(root / "a")
    assert resolve_run("20261123T1-one", "/nowhere") == root / "a" / "20261123T1-one"


@pytest.mark.parametrize("meant", ["20261123T", "nothing", "", "2026-11-23", "../.."])
def test_no_run_or_several_are_refused(root: Path, meant: str) -> None:
    """The error says how many runs fit, or which come near."""
    with pytest.raises(RunNotFoundError) as caught:
        resolve_run(meant, root)
    assert str(root) in str(caught.value)
    if meant == "20261123T":
        assert len(caught.value.candidates) == 3


def test_the_same_id_in_two_experiments_is_ambiguous(tmp_path: Path) -> None:
    """An id that two experiments have is asked for as experiment/id."""
    make_run(tmp_path, "a", "same")
    make_run(tmp_path, "b", "same")
    with pytest.raises(RunNotFoundError, match="2 runs") as caught:
        resolve_run("same", tmp_path)
    assert caught.value.candidates == ("a/same", "b/same")
    assert resolve_run("b/same", tmp_path) == tmp_path / "b" / "same"


def test_latest_of_nothing(tmp_path: Path) -> None:
    """An empty root has no latest run."""
    with pytest.raises(RunNotFoundError, match="no runs"):
        resolve_run("latest", tmp_path)


def test_a_handlers_run_is_listed_while_it_runs(tmp_path: Path, logger: logging.Logger) -> None:
    """A run appears with its first record."""
    handler = RunHandler(tmp_path, "exp")
    logger.addHandler(handler)
    assert list_runs(tmp_path) == []
    logger.info("x")
    assert [(run.id, run.status) for run in list_runs(tmp_path)] == [(handler.run_id, "Running")]


def test_a_prefix_of_the_same_id_in_two_experiments_is_ambiguous(tmp_path: Path) -> None:
    """Two runs of one id are two runs for its beginning, too."""
    make_run(tmp_path, "a", "same")
    make_run(tmp_path, "b", "same")
    with pytest.raises(RunNotFoundError, match="2 runs"):
        resolve_run("sa", tmp_path)


def test_a_zip_is_a_run_that_was_packed_away(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its path is taken as it is, whatever is in it; below the root, too."""
    (root / "a" / "old.zip").write_bytes(b"PK")
    assert resolve_run(root / "a" / "old.zip", "/nowhere") == root / "a" / "old.zip"
    assert resolve_run("a/old.zip", root) == root / "a" / "old.zip"
    monkeypatch.chdir(root / "a")
    assert resolve_run("old.zip", "/nowhere") == root / "a" / "old.zip"
    with pytest.raises(RunNotFoundError):
        resolve_run("older.zip", root)


def test_a_folder_that_is_no_run_says_what_is_missing(root: Path) -> None:
    """An empty one, an experiment, and a root; the runs in it are offered."""
    (root / "a" / "empty").mkdir()
    for meant in ("a/empty", root / "a" / "empty"):
        with pytest.raises(RunNotFoundError, match=r"a/empty is no run folder: it has no run\.json") as caught:
            resolve_run(meant, root)
        assert caught.value.candidates == ()
    with pytest.raises(RunNotFoundError, match=r"has no run\.json, but folders in it have") as caught:
        resolve_run("a", root)
    assert caught.value.candidates == ("a/20261123T3-three", "a/20261123T1-one")
    with pytest.raises(RunNotFoundError, match="holds experiments"):
        resolve_run(root, root)


def test_an_unknown_run_is_told_what_comes_near(root: Path) -> None:
    """Ids of all experiments, best first; folders that are no runs are not offered."""
    (root / "a" / "20261123T1-onn").mkdir()
    with pytest.raises(FileNotFoundError, match="Did you mean 20261123T1-one") as caught:
        resolve_run("20261123T1-onne", root)
    assert isinstance(caught.value, RunNotFoundError)
    assert caught.value.candidates[0] == "20261123T1-one"
    assert "20261123T1-onn" not in caught.value.candidates


def test_near_ids_among_very_many(tmp_path: Path) -> None:
    """Those that begin alike are compared."""
    for number in range(1_500):
        make_run(tmp_path, "a", f"run-{number:05d}")
    with pytest.raises(RunNotFoundError) as caught:
        resolve_run("run-01234x", tmp_path)
    assert caught.value.candidates[0] == "run-01234"


@pytest.mark.parametrize("meant", ["x" * 5_000, "a\0b", ".", "..", "a/", ".index", "\udcff"])
def test_texts_that_can_be_no_run(root: Path, meant: str) -> None:
    """They are not found, as any other; nothing else is raised."""
    make_run(root, ".index", "r")
    with pytest.raises(RunNotFoundError):
        resolve_run(meant, root)
