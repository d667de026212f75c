"""Choosing runs by what their manifests say, children of a run, and one run by its id."""

from __future__ import annotations

import os
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runlogging import InvalidNameError, InvalidValueError, RunHandler, RunNotFoundError, open_run
from runlogging.folder import Writer
from runlogging.reading import RunReader, children_of, find_run, has_properties, has_tags, select_runs

from .tools import HOLD, living, manifest_only, spec_of

TAGS: dict[str, str | None] = {"team": "vision", "seed": "3", "best": "True", "rate": "0.5", "draft": None, "": "empty"}


def time_of(second: int) -> str:
    return f"2026-11-23T23:05:{second:02d}.000000Z"


def ids(runs: Any) -> list[str]:
    return [run.id for run in runs]


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (None, True),
        ("team", True),
        ("draft", True),
        ("", True),
        ("vision", False),
        (["team", "draft"], True),
        (("team",), True),
        ({"team", "none"}, False),
        (frozenset({"seed"}), True),
        ([], True),
        ({}, True),
        ({"team": "vision"}, True),
        ({"team": "Vision"}, False),
        ({"team": "vision", "seed": "3"}, True),
        ({"team": "vision", "seed": "4"}, False),
        ({"none": "x"}, False),
        ({"none": None}, False),
        ({"team": None}, False),
        ({"draft": None}, True),
        ({"draft": "None"}, False),
        ({"draft": ""}, False),
        ({"seed": 3}, True),
        ({"seed": 3.0}, False),
        ({"rate": 0.5}, True),
        ({"best": True}, True),
        ({"best": False}, False),
        ({"seed": np.int64(3)}, True),
        ({"rate": Decimal("0.5")}, True),
    ],
)
def test_tags_are_asked_for(wanted: Any, fits: bool) -> None:
    """By key, by several keys of which all must be there, or by exact values; numbers and bools by their text."""
    assert has_tags(TAGS, wanted) is fits


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (None, True),
        ("commit", True),
        (["commit", "branch"], False),
        ({"commit": "abc"}, True),
        ({"commit": "ab"}, False),
        ({"commit": None}, False),
    ],
)
def test_properties_are_asked_for(wanted: Any, fits: bool) -> None:
    """In the same ways as tags."""
    assert has_properties({"commit": "abc"}, wanted) is fits


@pytest.mark.parametrize(
    "wanted", [7, b"team", [1], ["team", None], {1: "x"}, {"team": ["x"]}, {"team": b"x"}, object()]
)
def test_a_query_that_is_none_is_refused(wanted: Any) -> None:
    """The error says what is taken; no query is taken for one that nothing fits."""
    for ask, what in ((has_tags, "tags"), (has_properties, "properties")):
        with pytest.raises(InvalidValueError, match=f"query for {what}: give a key, a list of keys, or a mapping"):
            ask({}, wanted)


def test_a_property_is_asked_for_as_text() -> None:
    """Properties are texts, so a number in a query for them is a mistake and is told."""
    with pytest.raises(InvalidValueError, match="text or None"):
        has_properties({"n": "1"}, {"n": 1})  # type: ignore[dict-item, unused-ignore]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a root with four runs, made in the order of their numbers, in two experiments; r3 is a child of r1."""
    manifest_only(tmp_path, "r1", "a", created=time_of(1), status="Completed", type="sweep", tags={"k": "1"})
    manifest_only(tmp_path, "r2", "b", created=time_of(2), status="Failed", properties={"p": "x"})
    manifest_only(
        tmp_path, "r3", "a", created=time_of(3), status="Completed", type="trial", parent="r1", tags={"k": None}
    )
    manifest_only(tmp_path, "r4", "a", created=time_of(4), status="NotStarted", type="trial", tags={"k": "1"})
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["r4", "r3", "r2", "r1"]),
        ({"experiment": "a"}, ["r4", "r3", "r1"]),
        ({"experiment": "none"}, []),
        ({"type": "trial"}, ["r4", "r3"]),
        ({"tags": "k"}, ["r4", "r3", "r1"]),
        ({"tags": {"k": 1}}, ["r4", "r1"]),
        ({"tags": {"k": None}}, ["r3"]),
        ({"properties": {"p": "x"}}, ["r2"]),
        ({"status": "Completed"}, ["r3", "r1"]),
        ({"status": "NotStarted"}, ["r4"]),
        ({"parent": "r1"}, ["r3"]),
        ({"parent": None}, ["r4", "r2", "r1"]),
        ({"include_children": False}, ["r4", "r2", "r1"]),
        ({"include_children": False, "parent": "r1"}, ["r3"]),
        ({"type": "trial", "tags": {"k": 1}, "status": "NotStarted", "parent": None, "experiment": "a"}, ["r4"]),
        ({"type": "trial", "status": "Failed"}, []),
    ],
)
def test_runs_are_selected(root: Path, asked: dict[str, Any], found: list[str]) -> None:
    """Those that fit everything that was asked for, newest first."""
    assert ids(select_runs(root, **asked)) == found


def test_a_bad_query_is_refused_at_the_call(tmp_path: Path) -> None:
    """Not at the first run, which may never come."""
    with pytest.raises(InvalidValueError):
        select_runs(tmp_path, tags=7)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError):
        select_runs(tmp_path, properties={"a": 1})


def test_the_status_asked_for_is_the_derived_one(tmp_path: Path) -> None:
    """A living run is Running; a killed one is not, whatever its manifest says."""
    with living(HOLD, str(tmp_path)) as process:
        assert ids(select_runs(tmp_path, status="Running")) == ["r1"]
        process.kill()
        process.wait(timeout=60)
        assert ids(select_runs(tmp_path, status="Running")) == []
        assert ids(select_runs(tmp_path, status="NotResponding")) == ["r1"]


def test_runs_of_the_handler_are_selected(tmp_path: Path) -> None:
    """Tags of a real run, on the default root as the environment says."""
    RunHandler(tmp_path, "e", run_id="one", tags={"k": "v", "n": None}, delay=False).close()
    (run,) = select_runs(tmp_path, tags={"k": "v", "n": None})
    assert (run.id, run.status) == ("one", "Completed")


def test_a_run_that_is_deleted_meanwhile_is_passed_over(root: Path) -> None:
    """Runs are looked at when it is their turn."""
    runs = select_runs(root)
    assert next(runs).id == "r4"
    shutil.rmtree(root / "a" / "r3")
    assert ids(runs) == ["r2", "r1"]


@pytest.fixture
def family(tmp_path: Path) -> RunReader:
    """Give a run with two children and three grandchildren; ids do not tell the order of creation."""
    for second, (run_id, parent) in enumerate(
        [("z", None), ("y", "z"), ("x", "z"), ("c", "y"), ("a", "x"), ("b", "y"), ("stranger", "other")]
    ):
        manifest_only(tmp_path, run_id, created=time_of(second), status="Completed", parent=parent)
    manifest_only(tmp_path, "cousin", "elsewhere", created=time_of(9), status="Completed", parent="z")
    return open_run(tmp_path / "test" / "z")


def test_children_are_in_the_order_of_their_creation(family: RunReader) -> None:
    """They are the runs of the same experiment that name the run as their parent."""
    assert ids(children_of(family)) == ["y", "x"]
    assert ids(children_of(open_run(family.path.parent / "a"))) == []


def test_grandchildren_come_behind_their_parents(family: RunReader) -> None:
    """Depth first, each generation in the order of creation."""
    assert ids(children_of(family, recursive=True)) == ["y", "c", "b", "x", "a"]


def test_runs_that_name_each_other_come_once(tmp_path: Path) -> None:
    """A cycle of parents, and a run that is its own, end the search."""
    for second, (run_id, parent) in enumerate([("a", "c"), ("b", "a"), ("c", "b"), ("self", "self")]):
        manifest_only(tmp_path, run_id, created=time_of(second), status="Completed", parent=parent)
    assert ids(children_of(open_run(tmp_path / "test" / "a"), recursive=True)) == ["b", "c"]
    assert children_of(open_run(tmp_path / "test" / "self"), recursive=True) == []


def test_a_long_line_of_descendants_is_followed(tmp_path: Path) -> None:
    """Deeper than Python's stack."""
    for number in range(1200):
        parent = f"r{number - 1}" if number else None
        manifest_only(tmp_path, f"r{number}", created=time_of(0), status="Completed", parent=parent)
    found = children_of(open_run(tmp_path / "test" / "r0"), recursive=True)
    assert ids(found) == [f"r{number}" for number in range(1, 1200)]


def test_children_of_a_run_outside_a_root(tmp_path: Path) -> None:
    """The folder beside the run is what counts, also where its name is none of an experiment."""
    hidden = tmp_path / ".kept"
    manifest_only(tmp_path, "p", ".kept", status="Completed")
    writer = Writer(spec_of(tmp_path, "child", ".kept", parent="p"))
    writer.open()
    (child,) = children_of(open_run(hidden / "p"))
    assert (child.path, child.status) == (hidden / "child", "Running")
    writer.end("Completed")


def test_children_of_a_run_that_is_gone(family: RunReader) -> None:
    """The error is ours."""
    shutil.rmtree(family.path)
    with pytest.raises(RunNotFoundError):
        children_of(family)


def test_a_run_is_found_by_its_whole_id(root: Path) -> None:
    """In all experiments, or in the one that is named."""
    assert find_run(root, "r2").path == root / "b" / "r2"
    assert find_run(os.fspath(root), "r1", "a").experiment == "a"


@pytest.mark.parametrize(
    ("run_id", "experiment"), [("r", None), ("r2", "a"), ("latest", None), ("a/r1", None), ("../a/r1", "a"), ("", None)]
)
def test_nothing_but_the_whole_id_finds_a_run(root: Path, run_id: str, experiment: str | None) -> None:
    """No prefix, no path, no word; the error says where it was looked for."""
    with pytest.raises(RunNotFoundError, match=f"no run '{run_id}'") as caught:
        find_run(root, run_id, experiment)
    assert str(root) in str(caught.value)
    assert not isinstance(caught.value, InvalidNameError)


def test_an_unknown_id_is_told_what_comes_near(tmp_path: Path) -> None:
    """Ids of the experiment, or of the root where none is named."""
    manifest_only(tmp_path, "20261123T230502-one", "a", status="Completed")
    manifest_only(tmp_path, "20261123T230502-two", "b", status="Completed")
    with pytest.raises(FileNotFoundError, match="Did you mean 20261123T230502-one") as caught:
        find_run(tmp_path, "20261123T230502-onne", "a")
    assert isinstance(caught.value, RunNotFoundError)
    assert caught.value.candidates == ("20261123T230502-one",)
    with pytest.raises(RunNotFoundError) as caught:
        find_run(tmp_path, "20261123T230502-onne")
    assert caught.value.candidates[0] == "20261123T230502-one"
    assert len(caught.value.candidates) == 2


def test_an_id_in_two_experiments_asks_for_one(tmp_path: Path) -> None:
    """The error names both, and the experiment decides."""
    for experiment in ("a", "b"):
        manifest_only(tmp_path, "same", experiment, status="Completed")
    with pytest.raises(RunNotFoundError, match=r"'a', 'b'.*say which experiment") as caught:
        find_run(tmp_path, "same")
    assert caught.value.candidates == ("a/same", "b/same")
    assert find_run(tmp_path, "same", "b").path.parent.name == "b"


def test_a_broken_run_is_found_and_told(tmp_path: Path) -> None:
    """What is wrong is the error of opening it, not that it is missing."""
    path = manifest_only(tmp_path)
    (path / "run.json").write_text("{")
    with pytest.raises(InvalidValueError, match=r"run\.json"):
        find_run(tmp_path, "r1")
