"""A run is read straight from a zip, as from its folder."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from runlogging import start_run
from runlogging._errors import ArtifactNotFoundError, FormatVersionError, InvalidValueError, RootError, RunNotFoundError
from runlogging.folder import Line, now_text
from runlogging.reading import open_run

from .tools import HOLD, go_on, living, manifest_only, value_line, written


def zip_of(folder: Path, path: Path, *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Return a zip of a root."""
    with zipfile.ZipFile(path, "a", method) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, str(file.relative_to(folder)))
    return path


def full_run(root: Path) -> Path:
    """Return a run with something of everything."""
    with start_run("test", root, parameters={"alpha": 0.4}, tags={"kind": "full"}) as run:
        for step in range(50):
            run.log("loss", 1 / (step + 1), step=step)
        run.log("odd", float("nan"))
        run.log("long", 10**40)
        run.log_list("many", list(range(100_001)))
        run.log_table("table", {"a": [1, 2], "b": [0.5, float("inf")]})
        run.upload_file("outputs/here.py", __file__)
    return Path(run.path)


def answers(path: Path) -> dict[str, Any]:
    """Return all that a reader says of a run."""
    run = open_run(path)
    facts = ("id", "experiment", "status", "tags", "parameters", "created", "ended", "writers", "attempts", "counts")
    more = ("last_record", "environment", "faults", "problems")
    return {
        **{name: getattr(run, name) for name in (*facts, *more)},
        "metrics": {name: (one.steps, list(map(str, one.values))) for name, one in run.metrics().items()},
        "records": [repr(record) for record in run.records()],
        "summary": sorted(run.summary()),
        "logs": [repr(entry) for entry in run.logs()],
        "values": [(value.name, value.type, str(value.value)) for value in run.values()],
        "artifacts": run.artifacts(),
        "files": {name: run.artifact(name).read_bytes() for name in run.artifacts()},
        "around": repr(run.around("loss", 3)),
    }


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_all_is_read_as_from_the_folder(tmp_path: Path, method: int) -> None:
    """A reader of a zip says all that a reader of the folder says."""
    run = full_run(tmp_path / "runs")
    archive = zip_of(tmp_path / "runs", tmp_path / "out.zip", method=method)
    assert answers(archive) == answers(run)
    assert answers(archive / "test" / run.name) == answers(run)


def test_reader_says_where_it_reads(tmp_path: Path) -> None:
    """The path of a reader is that of the run in the zip, and opens it again."""
    written(tmp_path / "runs")
    archive = zip_of(tmp_path / "runs", tmp_path / "out.zip")
    run = open_run(str(archive))
    assert repr(run) == f"<RunReader {archive / 'test' / 'r1'} (Completed)>"
    assert run.path.name == "r1"
    assert open_run(run.path).id == "r1"


def test_artifact_is_a_file_to_read(tmp_path: Path) -> None:
    """An artifact is opened in the zip; one that is not there is named with those that come near."""
    full_run(tmp_path / "runs")
    run = open_run(zip_of(tmp_path / "runs", tmp_path / "out.zip"))
    path = run.artifact("outputs/here.py")
    with path.open("rb") as file:
        assert file.read() == Path(__file__).read_bytes()
    assert path.name == "here.py"
    with pytest.raises(ArtifactNotFoundError, match=r"here\.py"):
        run.artifact("outputs/her.py")


def test_running_when_it_was_zipped(tmp_path: Path) -> None:
    """Nobody holds a lock in a zip: a run that was running is NotResponding there, and Running in its folder."""
    with living(HOLD, str(tmp_path / "runs")) as process:
        archive = zip_of(tmp_path / "runs", tmp_path / "out.zip")
        assert open_run(tmp_path / "runs" / "test" / "r1").status == "Running"
        zipped = open_run(archive)
        assert zipped.status == "NotResponding"
        assert [entry.message for entry in zipped.logs()] == ["begun"]
        assert zipped.problems == []
        go_on(process)


def test_run_that_nobody_started(tmp_path: Path) -> None:
    """A run without an owner has the status of its manifest."""
    manifest_only(tmp_path / "runs", status="Queued")
    assert open_run(zip_of(tmp_path / "runs", tmp_path / "out.zip")).status == "Queued"


def test_crash_is_read(tmp_path: Path) -> None:
    """The stacks of a crash are read from the zip."""
    (written(tmp_path / "runs") / "faults.txt").write_text("Fatal Python error\n")
    assert open_run(zip_of(tmp_path / "runs", tmp_path / "out.zip")).faults == {"main": "Fatal Python error\n"}


def test_damaged_stream_is_a_problem(tmp_path: Path) -> None:
    """A stream whose bytes were changed in the zip is a problem that names it; the others are read."""
    line = Line(time=now_text(), message="content", level="INFO")
    written(tmp_path / "runs", line, value_line({"name": "x", "type": "text", "value": "kept"}))
    archive = zip_of(tmp_path / "runs", tmp_path / "out.zip", method=zipfile.ZIP_STORED)
    archive.write_bytes(archive.read_bytes().replace(b'"content"', b'"another"'))
    run = open_run(archive)
    assert [value.value for value in run.values()] == ["kept"]
    (problem,) = run.problems
    assert (problem.file, problem.kind) == ("logs.jsonl", "unreadable")
    assert "checksum" in problem.text


def test_bad_and_torn_lines_have_their_offsets(tmp_path: Path) -> None:
    """Bad lines in a zip are found as they are in a folder."""
    run = written(tmp_path / "runs", Line(time=now_text(), message="one", level="INFO"))
    with (run / "logs.jsonl").open("ab") as file:
        file.write(b"no json\n{")
    found = open_run(zip_of(tmp_path / "runs", tmp_path / "out.zip")).problems
    assert found == open_run(run).problems
    assert [problem.kind for problem in found] == ["bad", "torn"]


def test_several_runs(tmp_path: Path) -> None:
    """Of a zip with several runs one has to be named."""
    for run_id in ("r1", "r2"):
        written(tmp_path / "runs", run_id=run_id)
    archive = zip_of(tmp_path / "runs", tmp_path / "out.zip")
    with pytest.raises(RunNotFoundError, match="2 runs"):
        open_run(archive)
    assert open_run(archive / "test" / "r2").id == "r2"


def test_what_is_no_run(tmp_path: Path) -> None:
    """A folder, a file and a zip without a run are RunNotFoundErrors, a zip without its end is a RootError."""
    (tmp_path / "text").write_text("text")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    for name in ("", "text", "empty.zip", "none", "none/x"):
        with pytest.raises(RunNotFoundError):
            open_run(tmp_path / name)
    written(tmp_path / "runs")
    archive = zip_of(tmp_path / "runs", tmp_path / "out.zip")
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(RootError, match="cannot be read as a zip"):
        open_run(archive)


@pytest.mark.parametrize(
    ("content", "error"), [(b'{"format": 99}', FormatVersionError), (b"{", InvalidValueError)], ids=["newer", "broken"]
)
def test_manifest_that_cannot_be_read(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    """A manifest in a zip is refused for the same reasons as in a folder."""
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        archive.writestr("e/r/run.json", content)
    with pytest.raises(error):
        open_run(tmp_path / "out.zip")


def test_manifest_whose_bytes_were_changed(tmp_path: Path) -> None:
    """A manifest that the zip has damaged, and one that is a folder on disk, are RootErrors that say so."""
    written(tmp_path / "runs")
    archive = zip_of(tmp_path / "runs", tmp_path / "out.zip", method=zipfile.ZIP_STORED)
    archive.write_bytes(archive.read_bytes().replace(b'"Completed"', b'"Cancelled"'))
    with pytest.raises(RootError, match="the zip is damaged"):
        open_run(archive)
    (tmp_path / "folder" / "run.json").mkdir(parents=True)
    with pytest.raises(RootError, match="Is a directory"):
        open_run(tmp_path / "folder")


def test_folder_comes_before_a_zip(tmp_path: Path) -> None:
    """A run folder that is called like a zip is a folder."""
    run = written(tmp_path / "runs")
    assert open_run(run.rename(tmp_path / "run.zip")).id == "r1"
