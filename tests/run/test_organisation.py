"""Tags, properties, parameters, names, numbers, parents and children, also after the end of a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runlogging import Experiment, InvalidValueError, Run, RunNotFoundError, open_run, start_run

from ..conftest import RunScript
from ..handlers import manifest_of

LONG = 10**5000


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give an open run."""
    with start_run("organised", tmp_path / "runs", environment=False) as started:
        yield started


@pytest.fixture(params=["open", "ended"])
def any_run(run: Run, request: pytest.FixtureRequest) -> Run:
    """Give a run that is open, and one that has ended."""
    if request.param == "ended":
        run.complete()
    return run


# ---------------------------------------------------------------------- tags and properties


def test_tags_come_with_and_without_value(any_run: Run) -> None:
    """Tags are text to text or None, can be changed and removed, and are in the manifest at once."""
    any_run.tag("plain")
    any_run.tag("stage", "first")
    any_run.tag("stage", "second")
    any_run.set_tags({"n": 1, "f": 0.5, "b": True, "np": np.int64(3), "none": None, "ü\ud800": "\ud800"})
    any_run.set_tags("alone")
    expected = {"plain": None, "stage": "second", "n": "1", "f": "0.5", "b": "True", "np": "3", "none": None}
    expected |= {"ü\\ud800": "\\ud800", "alone": None}
    assert any_run.get_tags() == any_run.tags == manifest_of(any_run.path)["tags"] == expected
    any_run.remove_tags("plain")
    any_run.remove_tags(["n", "f", "missing", "ü\\ud800"])
    any_run.remove_tags(())
    assert list(any_run.tags) == ["stage", "b", "np", "none", "alone"]


def test_properties_are_written_once(any_run: Run) -> None:
    """A property may be added and repeated, and never changed; a refusal adds none of its properties."""
    any_run.add_properties({"git": "abc", "n": 1})
    any_run.add_properties({"git": "abc", "more": "x"})
    with pytest.raises(InvalidValueError, match=r"'git' is 'abc' and cannot become 'def'.*tag") as caught:
        any_run.add_properties({"new": "x", "git": "def"})
    assert isinstance(caught.value, ValueError)
    assert any_run.get_properties() == any_run.properties == {"git": "abc", "n": "1", "more": "x"}


def test_changes_from_many_threads_and_processes_all_hold(run: Run, run_script: RunScript) -> None:
    """Nobody's change of the manifest undoes another's."""
    with ThreadPoolExecutor(8) as threads:
        futures = [threads.submit(run.tag, f"thread{number}", number) for number in range(40)]
        run_script(
            """
            import sys
            from runlogging import Experiment, Run
            run = Run(Experiment(sys.argv[1], "organised"), sys.argv[2])
            for number in range(40):
                run.tag(f"process{number}", number)
            """,
            str(run.path.parent.parent),
            run.id,
        )
        for future in futures:
            future.result()
    assert len(run.tags) == 80


REFUSED: dict[str, Callable[[Run], object]] = {
    "a number as key": lambda run: run.tag(1, "x"),  # type: ignore[arg-type]
    "no key": lambda run: run.tag("", "x"),
    "a list as value": lambda run: run.tag("x", [1]),
    "an object as value": lambda run: run.set_tags({"good": "x", "bad": object()}),
    "a list of tags": lambda run: run.set_tags(["x"]),  # type: ignore[arg-type]
    "no tags": lambda run: run.set_tags(None),  # type: ignore[arg-type]
    "no tags to remove": lambda run: run.remove_tags(None),  # type: ignore[arg-type]
    "a number to remove": lambda run: run.remove_tags([1]),  # type: ignore[list-item]
    "a list to remove": lambda run: run.remove_tags(["known", ["x"]]),  # type: ignore[list-item]
    "a list of properties": lambda run: run.add_properties(["x"]),  # type: ignore[arg-type]
    "a property without value": lambda run: run.add_properties({"good": "x", "bad": None}),
    "a property of a list": lambda run: run.add_properties({"good": "x", "bad": []}),
    "a list of parameters": lambda run: run.set_parameters([1]),  # type: ignore[arg-type]
    "a parameter without name": lambda run: run.set_parameters({"good": 1, "": 1}),
    "a parameter with a number as name": lambda run: run.set_parameters({"good": 1, 1: 1}),  # type: ignore[dict-item]
    "a name of no character": lambda run: setattr(run, "display_name", ""),
    "no name": lambda run: setattr(run, "display_name", None),
    "a number as description": lambda run: setattr(run, "description", 1),
    "neither count nor tags": lambda run: run.create_children(),
    "both count and tags": lambda run: run.create_children(1, "k", ["v"]),
    "count and a key": lambda run: run.create_children(1, "k"),
    "a key without values": lambda run: run.create_children(tag_key="k"),
    "values without a key": lambda run: run.create_children(tag_values=["v"]),
    "a text as values": lambda run: run.create_children(tag_key="k", tag_values="abc"),
    "a bad value among good ones": lambda run: run.create_children(tag_key="k", tag_values=["v", []]),  # type: ignore[list-item]
    "a number as key of children": lambda run: run.create_children(tag_key=1, tag_values=["v"]),  # type: ignore[arg-type]
    "less than no child": lambda run: run.create_children(-1),
    "half a child": lambda run: run.create_children(1.5),  # type: ignore[arg-type]
    "True children": lambda run: run.create_children(True),
    "an unknown option": lambda run: run.child_run(colour="red"),
    "a query of a number": lambda run: list(run.get_children(tags=3)),
    "a query of properties of a number": lambda run: list(run.get_children(properties=3)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_values_are_refused_and_change_nothing(any_run: Run, case: str) -> None:
    """A wrong value is our ValueError; the manifest stays as it was, and no child is made."""
    any_run.tag("known")
    before = (any_run.path / "run.json").read_bytes()
    with pytest.raises(InvalidValueError):
        REFUSED[case](any_run)
    assert (any_run.path / "run.json").read_bytes() == before
    assert len(list(any_run.path.parent.glob("*/run.json"))) == 1


# ---------------------------------------------------------------------- parameters


def test_parameters_are_any_json(any_run: Run) -> None:
    """Parameters keep their types; what JSON has no number for is its text where it stood."""
    any_run.set_parameters({"alpha": np.float64(0.5), "layers": [64, 64], "deep": {"a": [{"b": None}]}, "flag": True})
    any_run.set_parameters({"alpha": 1, "odd": {"nan": math.nan, "list": [math.inf, 2**70]}, "top": -math.inf})
    any_run.set_parameters({"path": Path("a/b"), "array": np.arange(3), "big": np.uint64(2**64 - 1)})
    assert any_run.parameters == manifest_of(any_run.path)["parameters"]
    assert any_run.parameters == {
        "alpha": 1,
        "layers": [64, 64],
        "deep": {"a": [{"b": None}]},
        "flag": True,
        "odd": {"nan": "NaN", "list": ["Infinity", str(2**70)]},
        "top": "-Infinity",
        "path": "a/b",
        "array": [0, 1, 2],
        "big": str(2**64 - 1),
    }


@pytest.mark.parametrize("extra", [{}, {"nan": math.nan}, {"big": 2**70}])
def test_secrets_never_enter(tmp_path: Path, extra: dict[str, Any]) -> None:
    """Texts under keys that name a secret are replaced, at the start and later, beside whatever numbers."""
    secret = {"password": "hunter2", "api_key": "hunter2", "nested": {"token": "hunter2", **extra}, "max_tokens": 5}
    run = start_run("secret", tmp_path / "runs", environment=False, parameters={"first": secret, "password": "hunter2"})
    run.set_parameters({"second": secret, "auth_token": "hunter2", "url": "https://u:hunter2@host/x"})
    run.child_run(parameters={"third": secret}).complete()
    run.complete()
    for manifest in run.path.parent.glob("*/run.json"):
        assert "hunter2" not in manifest.read_text()
        assert "max_tokens" in manifest.read_text()


def test_long_numbers_are_parameters_and_tags(run: Run) -> None:
    """Numbers of thousands of digits raise nothing."""
    run.set_parameters({"n": LONG})
    run.tag("n", LONG)
    assert run.parameters == {"n": hex(LONG)}
    assert run.tags == {"n": hex(LONG)}


# ---------------------------------------------------------------------- names


def test_names_and_descriptions_change(any_run: Run) -> None:
    """The display name is the id until somebody gives one; description and name can be set at any time."""
    assert (any_run.name, any_run.display_name, any_run.description, any_run.type) == (None, any_run.id, None, None)
    any_run.display_name = "the ünique\ud800"
    any_run.description = "said\nof it"
    assert (any_run.name, any_run.display_name) == ("the ünique\\ud800", "the ünique\\ud800")
    assert open_run(any_run.path).description == "said\nof it"
    any_run.description = None
    assert any_run.description is None


def test_what_is_said_at_the_start_is_kept(tmp_path: Path) -> None:
    """Name, description, type, tags, properties and parameters of the start are in the manifest."""
    run = start_run(
        "said",
        tmp_path / "runs",
        "a name",
        {"k": 1},
        description="d",
        type="training",
        properties={"p": 2},
        parameters={"q": 3},
        environment=False,
    )
    assert (run.name, run.description, run.type) == ("a name", "d", "training")
    assert (run.tags, run.properties, run.parameters) == ({"k": "1"}, {"p": "2"}, {"q": 3})
    assert run.experiment == Experiment(tmp_path / "runs", "said")
    run.complete()


def test_numbers_count_the_runs_of_an_experiment(tmp_path: Path) -> None:
    """Numbers go from 1 in each experiment, children included, in the order of the runs."""
    numbers = []
    for experiment in ("a", "a", "b"):
        run = start_run(experiment, tmp_path / "runs", environment=False)
        children = [run.child_run(), *run.create_children(2)]
        numbers.append([run.number, *(child.number for child in children)])
        children[0].complete()
        run.complete()
    assert numbers == [[1, 2, 3, 4], [5, 6, 7, 8], [1, 2, 3, 4]]


# ---------------------------------------------------------------------- parents and children


def test_a_child_knows_its_parent(any_run: Run) -> None:
    """A child is a run beside its parent, of its own name, options and end; also of a parent that has ended."""
    with any_run.child_run("small", tags={"k": "v"}, description="d", run_id="chosen") as child:
        child.log("x", 1)
        assert child.get_status() == "Running"
    assert child.parent == any_run
    assert child.id == "chosen"
    assert child.path.parent == any_run.path.parent
    assert (child.name, child.tags, child.description) == ("small", {"k": "v"}, "d")
    assert any_run.parent is None
    assert [found.id for found in any_run.get_children()] == ["chosen"]
    assert child.get_status() == "Completed"


def test_a_child_logs_into_its_parent(run: Run) -> None:
    """`run.parent.log` writes into the parent's own files while the process is the same."""
    child = run.child_run()
    assert child.parent is not None
    child.parent.log("from below", 1)
    child.complete()
    run.log("from itself", 2)
    assert run.get_metrics() == {"from below": 1, "from itself": 2}
    assert [writer.name for writer in run.reader.writers] == ["main"]
    assert run.get_status() == "Running"


def test_a_child_in_another_process_logs_into_its_parent(run: Run, run_script: RunScript) -> None:
    """There the parent gets a further writer, which does not end it."""
    child = run.child_run()
    child.complete()
    run_script(
        """
        import sys
        from runlogging import Run, Workspace
        child = Run.get(Workspace(sys.argv[1]), sys.argv[2])
        child.parent.log("from below", 1)
        """,
        str(run.path.parent.parent),
        child.id,
    )
    assert run.get_metrics() == {"from below": 1}
    assert len(run.reader.writers) == 2
    assert run.get_status() == "Running"
    assert run.reader.problems == []


def test_a_parent_that_is_gone_is_said(run: Run) -> None:
    """A parent whose folder was deleted is an error of ours when it is asked for."""
    child = run.child_run()
    child.complete()
    run.complete()
    run.path.rename(run.path.parent / ".gone")
    with pytest.raises(RunNotFoundError):
        _ = child.parent


def test_children_are_made_and_start_with_their_first_verb(run: Run) -> None:
    """Children that are only made are NotStarted; the first verb starts one."""
    first, second = run.create_children(2)
    tagged = run.create_children(tag_key="fold", tag_values=(str(fold) for fold in range(3)))
    assert run.create_children(0) == run.create_children(tag_key="k", tag_values=[]) == []
    assert run.create_children(np.int64(1)) != []  # type: ignore[arg-type]
    assert [child.tags for child in tagged] == [{"fold": "0"}, {"fold": "1"}, {"fold": "2"}]
    assert {child.get_status() for child in (first, second, *tagged)} == {"NotStarted"}
    first.log("x", 1)
    assert (first.get_status(), second.get_status()) == ("Running", "NotStarted")
    first.complete()
    assert first.get_status() == "Completed"


def test_children_are_chosen(run: Run) -> None:
    """Children come newest first; their children only with recursive; filters hold at every depth."""
    old = run.child_run("old", tags={"k": "1", "both": None}, type="a")
    new = run.child_run("new", tags={"k": "2", "both": None}, properties={"p": "x"})
    below = old.child_run("below", tags={"k": "1"}, type="a")
    deepest = below.child_run("deepest", properties={"p": "y"})
    stranger = start_run("organised", run.path.parent.parent, environment=False)
    for one in (deepest, below, new, stranger):
        one.complete()
    old.fail("on purpose")

    def names(**query: Any) -> list[str | None]:
        return [child.name for child in run.get_children(**query)]

    assert names() == ["new", "old"]
    assert sorted(map(str, names(recursive=True))) == ["below", "deepest", "new", "old"]
    assert names(tags="both") == ["new", "old"]
    assert names(tags=["k", "both"]) == ["new", "old"]
    assert names(tags={"k": 2}) == ["new"]
    assert names(tags={"both": None}, properties="p") == ["new"]
    assert sorted(map(str, names(recursive=True, properties=["p"]))) == ["deepest", "new"]
    assert names(recursive=True, properties={"p": "y"}) == ["deepest"]
    assert sorted(map(str, names(recursive=True, type="a"))) == ["below", "old"]
    assert names(status="Failed") == ["old"]
    assert names(tags="missing") == []
    assert list(deepest.get_children(recursive=True)) == []


def test_everything_is_organised_from_a_reference(run: Run) -> None:
    """A run that was only looked up by its id can be tagged and described without a line or a writer more."""
    run.complete()
    found = Run(Experiment(run.path.parent.parent, "organised"), run.id)
    found.tag("late", "yes")
    found.add_properties({"p": "x"})
    found.set_parameters({"q": 1})
    found.display_name = "late name"
    assert (run.tags, run.properties, run.parameters, run.name) == ({"late": "yes"}, {"p": "x"}, {"q": 1}, "late name")
    assert [writer.name for writer in run.reader.writers] == ["main"]
    assert run.get_status() == "Completed"
