"""Models: whole, versioned copies in the root, from artifacts of a run or from local files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest

from runlogging import (
    ArtifactNotFoundError,
    ExistsError,
    InvalidNameError,
    InvalidValueError,
    Model,
    Run,
    RunNotFoundError,
    Workspace,
    start_run,
)

from ..conftest import SOURCE, RunScript


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Give an open run with artifacts, and work in a folder of its own."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    Path("local").mkdir()
    for name in ("a", "b"):
        Path("local", name).write_text(name)
    with start_run("models", tmp_path / "runs", environment=False) as started:
        started.upload_files(
            ["outputs/model.pkl", "outputs/model/x", "outputs/model/deep/y", "outputs/models/z"], ["local/a"] * 4
        )
        yield started


def root_of(run: Run) -> Path:
    """Return the root that holds a run."""
    return run.path.parent.parent


def test_an_artifact_becomes_a_version(run: Run) -> None:
    """One artifact is a model of one file, with what was said of it, in the root's .models."""
    model = run.register_model(
        "ridge", "outputs/model.pkl", tags={"k": 1}, properties={"p": "x"}, description="a model"
    )
    assert (model.name, model.version, model.id) == ("ridge", 1, "ridge:1")
    assert model.get_file_names() == ["model.pkl"]
    assert (model.path / "model.pkl").read_text() == "a"
    assert model.path == root_of(run) / ".models" / "ridge" / "1" / "files"
    assert Path(unquote(urlparse(model.url).path)) == model.path
    assert (model.tags, model.properties, model.description) == ({"k": "1"}, {"p": "x"}, "a model")
    assert (model.run_id, model.experiment) == (run.id, "models")
    facts = json.loads((model.path.parent / "model.json").read_bytes())
    assert facts["files"] == {"model.pkl": hashlib.sha256(b"a").hexdigest()}
    assert facts["source"] == "outputs/model.pkl"


@pytest.mark.parametrize("prefix", ["outputs/model", "outputs/model/"])
def test_a_folder_of_the_run_becomes_a_model(run: Run, prefix: str) -> None:
    """The artifacts below a folder keep their places below its last part; others that begin alike stay out."""
    model = run.register_model("folder", prefix)
    assert model.get_file_names() == ["model/deep/y", "model/x"]
    assert (model.path / "model" / "deep" / "y").read_text() == "a"


def test_local_files_and_folders_become_models(run: Run) -> None:
    """What the run does not have is taken from the working directory; without a path the name says it."""
    assert run.register_model("file", "local/a").get_file_names() == ["a"]
    assert run.register_model("folder", Path("local")).get_file_names() == ["local/a", "local/b"]
    assert run.register_model("absolute", Path("local/b").absolute()).get_file_names() == ["b"]
    assert run.register_model("local").get_file_names() == ["local/a", "local/b"]


def test_versions_count_and_stay(run: Run) -> None:
    """Each registration is a version of its own; the first stays as it was, the newest is the default."""
    first = run.register_model("m", "local/a")
    Path("local/a").write_text("changed")
    second = run.register_model("m", "local/a", tags={"new": None})
    assert (first.version, second.version) == (1, 2)
    assert (first.path / "a").read_text() == "a"
    newest, oldest = Model(root_of(run), "m"), Model(Workspace(root_of(run)), "m", 1)
    assert (newest.version, newest.tags) == (2, {"new": None})
    assert (oldest.version, oldest.tags, oldest.created_time) == (1, {}, first.created_time)


def test_models_are_registered_after_the_end(run: Run) -> None:
    """The end of the run costs no registration, and the run stays as it is."""
    run.complete()
    before = (run.path / "run.json").read_bytes()
    assert run.register_model("late", "outputs/model.pkl").version == 1
    assert (run.path / "run.json").read_bytes() == before


def test_models_are_listed(run: Run) -> None:
    """Model.list has every version, by name and number; a workspace has the newest of each."""
    assert Model.list(root_of(run)) == []
    for name in ("b", "a", *["b"] * 10):
        run.register_model(name, "local/a")
    workspace = Workspace(root_of(run))
    assert [model.id for model in Model.list(workspace)] == ["a:1", *(f"b:{number}" for number in range(1, 12))]
    assert [model.version for model in Model.list(root_of(run), "a")] == [1]
    assert Model.list(workspace, "missing") == []
    assert {name: model.version for name, model in workspace.models.items()} == {"a": 1, "b": 11}
    assert list(workspace.experiments) == ["models"]


def test_models_are_downloaded(run: Run) -> None:
    """A model of one file gives that file's path, of several their folder; what is there needs exist_ok."""
    one, many = run.register_model("one", "local/a"), run.register_model("many", "outputs/model")
    assert one.download("got") == str(Path("got/a"))
    assert many.download(Path("got")) == "got"
    assert Path("got/model/deep/y").read_text() == "a"
    Path("got/a").write_text("mine")
    with pytest.raises(ExistsError, match="exist_ok=True") as caught:
        one.download("got")
    assert isinstance(caught.value, FileExistsError)
    assert Path("got/a").read_text() == "mine"
    one.download("got", exist_ok=True)
    assert Path("got/a").read_text() == "a"


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "nul", 3])
def test_names_of_models_are_checked(run: Run, name: Any) -> None:
    """A name that could leave the folder is our ValueError, in every call."""
    for call in (
        lambda: run.register_model(name, "local/a"),
        lambda: Model(root_of(run), name),
        lambda: Model.list(root_of(run), name),
    ):
        with pytest.raises(InvalidNameError):
            call()
    assert not (root_of(run) / ".models").exists()


@pytest.mark.parametrize(
    "given",
    [
        {"model_path": ""},
        {"model_path": 3},
        {"tags": ["x"]},
        {"tags": {"k": []}},
        {"properties": {"p": None}},
        {"description": 5},
        {"description": ""},
    ],
    ids=str,
)
def test_wrong_facts_are_refused(run: Run, given: dict[str, Any]) -> None:
    """A wrong path, tag, property or description is our ValueError, and no version appears."""
    with pytest.raises(InvalidValueError):
        run.register_model("m", **{"model_path": "local/a", **given})
    assert Model.list(root_of(run)) == []


def test_what_is_missing_is_named(run: Run) -> None:
    """A missing file names artifacts that come near; a missing model or version names what there is."""
    with pytest.raises(ArtifactNotFoundError, match=r"'model\.pkl'.*Did you mean outputs/model\.pkl"):
        run.register_model("m", "model.pkl")
    Path("empty").mkdir()
    with pytest.raises(ArtifactNotFoundError):
        run.register_model("m", "empty")
    run.register_model("known", "local/a")
    with pytest.raises(RunNotFoundError, match=r"no model 'unknown'.*known") as caught:
        Model(root_of(run), "unknown")
    assert isinstance(caught.value, FileNotFoundError)
    with pytest.raises(RunNotFoundError, match="no version 2 of the model 'known'"):
        Model(root_of(run), "known", 2)
    assert [model.id for model in Model.list(root_of(run))] == ["known:1"]


def test_a_file_that_cannot_be_read_leaves_no_version(run: Run) -> None:
    """A version is whole or not there: a copy that fails leaves nothing behind."""
    Path("bad").mkdir()
    Path("bad/a").write_text("x")
    Path("bad/memory").symlink_to("/proc/self/mem")
    with pytest.raises(OSError, match="Input/output error"):
        run.register_model("m", "bad")
    assert list((root_of(run) / ".models" / "m").iterdir()) == []


def test_versions_of_eight_processes_are_all_kept(run: Run, run_script: RunScript) -> None:
    """Eight processes that register at the same time get a version each, without a gap, each its own content."""
    run_script(
        """
        import subprocess, sys
        CHILD = '''
        import sys
        from pathlib import Path
        from runlogging import Run, Workspace
        run = Run.get(Workspace(sys.argv[1]), sys.argv[2])
        Path(sys.argv[3]).write_text(sys.argv[3])
        print("ready", flush=True)
        sys.stdin.read()
        for _ in range(5):
            run.register_model("raced", sys.argv[3], tags={"by": sys.argv[3]})
        '''
        import textwrap
        children = [
            subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(CHILD), *sys.argv[1:], f"file{number}"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
            for number in range(8)
        ]
        for child in children:
            child.stdout.readline()
        for child in children:
            child.stdin.close()
        assert [child.wait() for child in children] == [0] * 8
        """,
        str(root_of(run)),
        run.id,
        PYTHONPATH=str(SOURCE),
    )
    models = Model.list(root_of(run), "raced")
    assert [model.version for model in models] == list(range(1, 41))
    for model in models:
        assert model.get_file_names() == [model.tags["by"]]
        assert (model.path / str(model.tags["by"])).read_text() == model.tags["by"]
    assert sorted(path.name for path in (root_of(run) / ".models" / "raced").iterdir()) == sorted(
        map(str, range(1, 41))
    )
