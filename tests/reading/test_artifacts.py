"""Files kept with a run: which there are, what is said of them, and where they lie."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runlogging import InvalidNameError, InvalidValueError, RunHandler, open_run
from runlogging._errors import ArtifactNotFoundError
from runlogging.folder import Writer
from runlogging.reading import ArtifactEntry

from .tools import manifest_only, spec_of, value_line, written

SHA = "0" * 64


def entry(seq: int, second: int, name: str = "a.txt", **more: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "time": f"2026-11-23T23:05:{second:02d}.000000Z",
        "name": name,
        "size": 1,
        "sha256": SHA,
        **more,
    }


def write_entries(run: Path, writer: str, *lines: dict[str, Any] | bytes) -> None:
    data = [line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines]
    (run / f"artifacts{writer}.jsonl").write_bytes(b"".join(data))


def test_what_the_writer_kept_is_found(tmp_path: Path) -> None:
    """Name, size, digest, type, time and writer are those of the file, and the file lies where it is said to."""
    before = datetime.now(UTC)
    writer = Writer(spec_of(tmp_path))
    writer.store("outputs/model.bin", b"12345", "model")
    writer.store("note.txt", b"")
    run = open_run(writer.spec.path)
    model, note = run.artifacts().values()
    assert model[:4] == ("outputs/model.bin", 5, hashlib.sha256(b"12345").hexdigest(), "model")
    assert (model.seq, model.writer, note.type, note.size) == (1, "main", None, 0)
    assert before <= model.time <= note.time <= datetime.now(UTC)
    assert list(run.artifacts()) == ["outputs/model.bin", "note.txt"]
    assert run.artifact("outputs/model.bin").read_bytes() == b"12345"
    writer.end("Completed")
    assert run.problems == []


def test_a_run_without_files_has_no_artifacts(tmp_path: Path) -> None:
    """The mapping is empty, and asking for one is an error of ours and a FileNotFoundError."""
    run = open_run(manifest_only(tmp_path))
    assert run.artifacts() == {}
    with pytest.raises(FileNotFoundError, match=r"no artifact 'a\.txt'") as caught:
        run.artifact("a.txt")
    assert isinstance(caught.value, ArtifactNotFoundError)


def test_the_last_line_of_a_name_wins(tmp_path: Path) -> None:
    """Of all writers, by time and then by number, whatever the order in the files; names keep their first place."""
    path = manifest_only(tmp_path, status="Completed", owner="main")
    write_entries(path, "", entry(9, 5, size=5), entry(2, 1, size=1), entry(3, 1, "b.txt"))
    write_entries(path, ".rank1", entry(1, 7, size=7), entry(5, 0, "b.txt", size=50), entry(4, 7, size=8))
    found = open_run(path).artifacts()
    assert [(name, one.size, one.writer, one.seq) for name, one in found.items()] == [
        ("b.txt", 1, "main", 3),
        ("a.txt", 8, "rank1", 4),
    ]
    assert found["b.txt"] == ArtifactEntry(
        "b.txt", 1, SHA, None, datetime(2026, 11, 23, 23, 5, 1, tzinfo=UTC), 3, "main"
    )


def test_bad_lines_are_passed_over(tmp_path: Path) -> None:
    """Broken JSON, a missing field, a wrong time, a torn end, and a name that leads elsewhere cost only themselves."""
    path = manifest_only(tmp_path, status="Completed", owner="main")
    nameless = {key: value for key, value in entry(3, 1).items() if key != "name"}
    bad: list[dict[str, Any] | bytes] = [
        b"{\n",
        b"\xff\n",
        nameless,
        {**entry(4, 1), "time": "soon"},
        entry(5, 1, "../../etc/passwd"),
        b"\n",
    ]
    write_entries(path, "", entry(1, 1, "one"), *bad, entry(2, 1, "two", unknown=True), b'{"seq":6')
    run = open_run(path)
    assert list(run.artifacts()) == ["one", "two"]
    assert [problem.kind for problem in run.problems] == ["bad", "bad", "bad", "torn"]


def test_problems_know_the_numbers_of_artifact_lines(tmp_path: Path) -> None:
    """A number that an artifact's line has is no gap."""
    writer = Writer(spec_of(tmp_path))
    writer.write(value_line({"name": "a", "type": "text", "value": "x"}))
    writer.store("a.txt", b"x")
    writer.write(value_line({"name": "a", "type": "text", "value": "y"}))
    writer.end("Completed")
    run = open_run(writer.spec.path)
    assert run.problems == []
    (run.path / "artifacts.jsonl").unlink()
    assert [problem.kind for problem in run.problems] == ["gap"]


def test_an_unknown_name_is_told_what_comes_near(tmp_path: Path) -> None:
    """The error carries the names, and says so where a line is there and the file is not."""
    writer = Writer(spec_of(tmp_path))
    writer.store("outputs/model.pkl", b"x")
    writer.end("Completed")
    run = open_run(writer.spec.path)
    with pytest.raises(ArtifactNotFoundError, match=r"Did you mean outputs/model\.pkl") as caught:
        run.artifact("outputs/model.pk")
    assert caught.value.candidates == ("outputs/model.pkl",)
    with pytest.raises(ArtifactNotFoundError, match="no artifact 'outputs'"):
        run.artifact("outputs")
    run.artifact("outputs/model.pkl").unlink()
    with pytest.raises(ArtifactNotFoundError, match="is missing"):
        run.artifact("outputs/model.pkl")


def test_a_file_whose_line_was_not_written_is_found(tmp_path: Path) -> None:
    """A writer that died between the file and its line left a whole file."""
    path = manifest_only(tmp_path)
    (path / "artifacts").mkdir()
    (path / "artifacts" / "whole.bin").write_bytes(b"x")
    run = open_run(path)
    assert run.artifact("whole.bin").read_bytes() == b"x"
    assert run.artifacts() == {}


@pytest.mark.parametrize("name", ["../run.json", "/etc/passwd", "", "a/../../run.json", "c:x", "a\\b"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    """A name is checked before any file is looked at."""
    with pytest.raises(InvalidNameError):
        open_run(written(tmp_path)).artifact(name)


@pytest.mark.skipif(os.name != "posix", reason="makes a symbolic link")
def test_a_link_out_of_the_run_is_refused(tmp_path: Path) -> None:
    """A symbolic link among the artifacts does not open the rest of the disk."""
    path = written(tmp_path)
    (path / "artifacts").mkdir()
    (path / "artifacts" / "out").symlink_to(tmp_path)
    with pytest.raises(InvalidNameError, match="link"):
        open_run(path).artifact("out/test/r1/run.json")


def test_a_missing_large_value_is_an_artifact_error(logger: logging.Logger, handler: RunHandler) -> None:
    """What a value's line refers to is an artifact, and its loss is told as such."""
    logger.info("x", extra={"metrics": {"large": list(range(200_000))}})
    run = open_run(handler.run_path)
    (value,) = run.values()
    assert value.artifact in run.artifacts()
    run.artifact(value.artifact).unlink()
    with pytest.raises(ArtifactNotFoundError, match="values/large"):
        _ = value.value


def test_a_file_is_no_value(tmp_path: Path) -> None:
    """The value of an item that refers to an image cannot be had as a Python value; the error says so."""
    writer = Writer(spec_of(tmp_path))
    line = writer.store("images/a.png", b"\x89PNG\r\n")
    writer.write(
        value_line(
            {"name": "a", "type": "image", "artifact": line.name, "sha256": line.sha256, "size": line.size},
        )
    )
    writer.end("Completed")
    (value,) = open_run(writer.spec.path).values()
    with pytest.raises(InvalidValueError, match=r"images/a\.png.*a file to open"):
        _ = value.value
