"""Workspaces, experiments, and choosing their runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runlogging import (
    Experiment,
    InvalidNameError,
    InvalidValueError,
    RootError,
    Run,
    RunActiveError,
    RunNotFoundError,
    Workspace,
    start_run,
)

from ..conftest import SOURCE

HOLDER = """
import sys
from runlogging import start_run
run = start_run("live", sys.argv[1], run_id="r1", environment=False)
run.log("a", 1)
print(flush=True)
sys.stdin.readline()
run.log("a", 2)
run.complete()
"""


@contextmanager
def _live_run(root: Path) -> Iterator[None]:
    """Have a run open in another process meanwhile, which completes it."""
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(root)], stdin=pipe, stdout=pipe, env=environment)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        yield
        process.communicate(b"\n", timeout=20)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def _make(root: Path, *names: str, **options: Any) -> None:
    for name in names:
        experiment, _, run_id = name.partition("/")
        start_run(experiment, root, run_id=run_id, environment=False, **options).complete()


# ---------------------------------------------------------------------- workspaces


def test_workspace_is_a_folder_that_appears_with_its_first_run(tmp_path: Path) -> None:
    """It is known by its path; making the object makes nothing, and Azure's places read as "local"."""
    workspace = Workspace(tmp_path / "mine")
    assert (workspace.path, workspace.name) == (tmp_path / "mine", "mine")
    assert {workspace.resource_group, workspace.location, workspace.subscription_id} == {"local"}
    assert (workspace.experiments, workspace.models) == ({}, {})
    assert not workspace.path.exists()
    _make(workspace.path, "a/r1", "b/r1")
    assert list(workspace.experiments) == ["a", "b"]
    assert workspace.get_details()["experiments"] == ["a", "b"]
    assert workspace == Workspace(tmp_path / "mine")
    assert len({workspace, Workspace(tmp_path / "mine"), Workspace(tmp_path)}) == 2
    assert str(tmp_path / "mine") in repr(workspace)


def test_workspace_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """It is our error and an OSError."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RootError, match="file") as caught:
        Workspace(tmp_path / "file")
    assert isinstance(caught.value, OSError)
    with pytest.raises(RootError):
        Experiment(tmp_path / "file", "a")


def test_from_config_looks_upward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `runs` folder here or above that holds a run, else `./runs`; one without runs is passed over."""
    deep = tmp_path / "project" / "src" / "deep"
    deep.mkdir(parents=True)
    (tmp_path / "project" / "src" / "runs" / "empty").mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert Workspace.from_config().path == deep / "runs"
    _make(tmp_path / "project" / "runs", "a/r1")
    assert Workspace.from_config().path == tmp_path / "project" / "runs"
    _make(deep / "runs", "a/r1")
    assert Workspace.from_config(auth=None, _logger=None).path == deep / "runs"


@pytest.mark.parametrize("config", ["config.json", ".azureml/config.json", "aml_config/config.json", "."])
def test_from_config_takes_azures_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str) -> None:
    """The path of the file, or of the folder, says where to begin, whatever the working directory is."""
    monkeypatch.chdir("/")
    _make(tmp_path / "runs", "a/r1")
    path = tmp_path / config
    path.parent.mkdir(exist_ok=True)
    if config != ".":
        path.write_text("{}")
    assert Workspace.from_config(path).path == tmp_path / "runs"


def test_from_config_gives_way_to_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RUNLOGGING_ROOT wins over the folders above, and loses to a path."""
    monkeypatch.chdir(tmp_path)
    _make(tmp_path / "runs", "a/r1")
    monkeypatch.setenv("RUNLOGGING_ROOT", str(tmp_path / "shared"))
    assert Workspace.from_config().path == tmp_path / "shared"
    assert Workspace.from_config(tmp_path).path == tmp_path / "runs"
    assert Workspace().path == tmp_path / "shared"
    run = Experiment(Workspace.from_config(tmp_path), "a").start_logging(run_id="r2", environment=False)
    assert run.path == tmp_path / "runs" / "a" / "r2"
    run.complete()


# ---------------------------------------------------------------------- experiments


def test_experiments_are_listed_archived_and_reactivated(tmp_path: Path) -> None:
    """An archived one is left out unless it is asked for; its runs stay, and it comes back."""
    _make(tmp_path, "a/r1", "b/r1", "c/r1")
    (tmp_path / ".store").mkdir()
    (tmp_path / "file").write_text("no experiment")
    experiment = Experiment(tmp_path, "b")
    assert (experiment.is_archived, experiment.archived_time) == (False, None)
    experiment.archive()
    assert (experiment.is_archived, experiment.archived_time is not None) == (True, True)
    found = {view: [one.name for one in Experiment.list(tmp_path, view_type=view)] for view in VIEWS}
    assert found == {"ActiveOnly": ["a", "c"], "ArchivedOnly": ["b"], "All": ["a", "b", "c"]}
    assert [one.name for one in Experiment.list(Workspace(tmp_path), "c")] == ["c"]
    assert Experiment.list(tmp_path, "b") == []
    assert [run.id for run in experiment.get_runs()] == ["r1"]
    assert list(Workspace(tmp_path).experiments) == ["a", "c"]
    experiment.reactivate()
    experiment.reactivate()
    assert [one.name for one in Experiment.list(tmp_path)] == ["a", "b", "c"]
    with pytest.raises(InvalidValueError, match="ArchivedOnly"):
        Experiment.list(tmp_path, view_type="Some")


VIEWS = ("ActiveOnly", "ArchivedOnly", "All")


def test_experiment_without_a_folder_cannot_be_archived(tmp_path: Path) -> None:
    """It is a FileNotFoundError; nothing is made. Its list of runs is empty."""
    with pytest.raises(RunNotFoundError, match="'a'"):
        Experiment(tmp_path, "a").archive()
    assert list(tmp_path.iterdir()) == []
    assert list(Experiment(tmp_path, "a").get_runs()) == []


def test_bad_name_of_an_experiment_is_refused(tmp_path: Path) -> None:
    """The error offers a valid spelling."""
    with pytest.raises(InvalidNameError, match="a-b") as caught:
        Experiment(tmp_path, "a/b")
    assert caught.value.suggestion is not None


def test_experiment_is_deleted_with_all_its_runs(tmp_path: Path) -> None:
    """Nothing of it is left, others stay, and its name can be used again."""
    _make(tmp_path, "a/r1", "a/r2", "b/r1")
    Experiment.delete(Workspace(tmp_path), "a")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    _make(tmp_path, "a/r1")
    assert [run.number for run in Experiment(tmp_path, "a").get_runs()] == [1]


def test_experiment_with_a_live_run_is_not_deleted(tmp_path: Path) -> None:
    """Of another process or of this one: our error and a RuntimeError; the run goes on and nothing is missing."""
    _make(tmp_path, "live/r0")
    with _live_run(tmp_path):
        with pytest.raises(RunActiveError, match="r1") as caught:
            Experiment.delete(tmp_path, "live")
        assert isinstance(caught.value, RuntimeError)
    assert Run(Experiment(tmp_path, "live"), "r1").series("a").values == [1, 2]
    with start_run("live", tmp_path, environment=False), pytest.raises(RunActiveError):
        Experiment.delete(tmp_path, "live")
    assert len(list(Experiment(tmp_path, "live").get_runs())) == 3
    Experiment.delete(tmp_path, "live")
    assert list(tmp_path.iterdir()) == []


def test_unknown_experiment_is_not_deleted(tmp_path: Path) -> None:
    """The error names experiments that come near; a name that leaves the root is refused."""
    _make(tmp_path, "vision/r1", "speech/r1")
    with pytest.raises(RunNotFoundError, match="vison") as caught:
        Experiment.delete(tmp_path, "vison")
    assert caught.value.candidates == ("vision",)
    with pytest.raises(InvalidNameError):
        Experiment.delete(tmp_path / "vision", "..")
    assert {path.name for path in tmp_path.iterdir()} == {"vision", "speech"}


# ---------------------------------------------------------------------- runs


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    """Give an experiment of four runs, r1 to r4, of which r4 is a child of r1."""
    start = Experiment(tmp_path, "q").start_logging
    with start(run_id="r1", tags={"stage": "dev", "best": None}, type="train", environment=False) as run:
        run.child_run(run_id="r4", tags={"stage": "dev"}, environment=False).complete()
    start(run_id="r2", tags={"stage": "prod"}, properties={"seed": "3"}, environment=False).fail("no")
    start(run_id="r3", type="train", properties={"seed": "4"}, environment=False).cancel()
    _make(tmp_path, "other/r9")
    return Experiment(tmp_path, "q")


QUERIES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "all": ({}, ["r3", "r2", "r1"]),
    "children": ({"include_children": True}, ["r3", "r2", "r4", "r1"]),
    "type": ({"type": "train"}, ["r3", "r1"]),
    "tag": ({"tags": "stage"}, ["r2", "r1"]),
    "tags": ({"tags": ["stage", "best"]}, ["r1"]),
    "tag value": ({"tags": {"stage": "prod"}}, ["r2"]),
    "tag without value": ({"tags": {"best": None}}, ["r1"]),
    "property": ({"properties": "seed"}, ["r3", "r2"]),
    "property value": ({"properties": {"seed": "4"}}, ["r3"]),
    "status": ({"status": "Failed"}, ["r2"]),
    "both": ({"tags": {"stage": "dev"}, "type": "train", "include_children": True}, ["r1"]),
    "none": ({"tags": "nowhere"}, []),
}


@pytest.mark.parametrize("case", QUERIES)
def test_runs_are_chosen(experiment: Experiment, case: str) -> None:
    """By type, tags, properties and status, newest first; children only on request; the two ways agree."""
    query, expected = QUERIES[case]
    assert [run.id for run in experiment.get_runs(**query)] == expected
    assert [run.id for run in Run.list(experiment, **query)] == expected
    assert all(type(run) is Run for run in experiment.get_runs(**query))


@pytest.mark.parametrize("query", [{"tags": 5}, {"tags": {"a": [1]}}, {"properties": 5}, {"properties": [3]}])
def test_bad_query_is_refused_at_the_call(experiment: Experiment, query: dict[str, Any]) -> None:
    """It is our error and a ValueError, before the first run is asked for."""
    with pytest.raises(InvalidValueError, match="query"):
        experiment.get_runs(**query)


def test_run_is_found_again_by_its_id(experiment: Experiment) -> None:
    """By its experiment, or in whatever experiment it is; the objects are equal, and looking makes no writer."""
    workspace = experiment.workspace
    runs = [
        Run(experiment, "r2"),
        Run.get(workspace, "r2"),
        workspace.get_run("r2"),
        *experiment.get_runs(tags="stage"),
    ]
    assert len(set(runs)) == 2
    assert runs[0].status == "Failed"
    assert runs[0].experiment == experiment
    assert Run.get(workspace, "r9").experiment.name == "other"
    child = Run.get(workspace, "r4")
    assert child.parent == Run(experiment, "r1")
    assert list(Run(experiment, "r1").get_children()) == [child]
    for run in runs:
        assert [path.name for path in (run.path / ".writers").glob("*.lock")] == ["main.lock"]


def test_unknown_run_is_an_error_with_near_matches(experiment: Experiment) -> None:
    """Our error and a FileNotFoundError, from each way; an id is never a path."""
    _make(experiment.workspace.path, "q/train-2026")
    for look in (
        lambda run_id: Run(experiment, run_id),
        lambda run_id: Run.get(experiment.workspace, run_id),
        experiment.workspace.get_run,
    ):
        with pytest.raises(RunNotFoundError, match="train-2025") as caught:
            look("train-2025")
        assert isinstance(caught.value, FileNotFoundError)
        assert caught.value.candidates == ("train-2026",)
        with pytest.raises(RunNotFoundError):
            look("../other/r9")
        with pytest.raises(RunNotFoundError):
            look("")


def test_id_of_two_experiments_is_not_guessed(tmp_path: Path) -> None:
    """Without an experiment the error names both; with one the run is found."""
    _make(tmp_path, "a/r1", "b/r1")
    with pytest.raises(RunNotFoundError, match="'a', 'b'"):
        Run.get(Workspace(tmp_path), "r1")
    assert Run(Experiment(tmp_path, "b"), "r1").experiment.name == "b"
