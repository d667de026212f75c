"""Artifacts get their names when they are whole, and never lose their content to another."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path

import pytest

from runlogging._errors import InvalidNameError, RunEndedError
from runlogging.folder import Writer, artifact_path, store_artifact

from ..conftest import RunScript, read_lines
from . import log_line, spec_of


def _files(run: Path) -> list[str]:
    base = run / "artifacts"
    return sorted(str(path.relative_to(base)) for path in base.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "name",
    ["model.pkl", "a/b/c.bin", ".hidden", "x" * 255, "漢" * 85, "é" * 127, "a/" + "😀" * 63, "a b/c d"],
    ids=["plain", "folders", "hidden", "longest", "han", "accents", "emoji", "spaces"],
)
def test_artifact_lies_under_its_name(tmp_path: Path, name: str) -> None:
    """Every name that is allowed can be stored; only the whole file is left, with its checksum."""
    data = bytes(range(256)) * 5
    assert store_artifact(tmp_path, name, data) == (hashlib.sha256(data).hexdigest(), len(data))
    assert artifact_path(tmp_path, name).read_bytes() == data
    assert _files(tmp_path) == [name]


def test_artifact_path_makes_nothing(tmp_path: Path) -> None:
    """Asking where an artifact lies creates no folder."""
    assert artifact_path(tmp_path, "a/b") == tmp_path / "artifacts" / "a" / "b"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../run.json", "/etc/passwd", "a/../../x", "", "a\\..\\b", "c:x"])
def test_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    """No name reaches outside the artifacts, and nothing is made for one that tries."""
    for use in (artifact_path, lambda run, bad: store_artifact(run, bad, b"x")):
        with pytest.raises(InvalidNameError):
            use(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["link", "link/x", "link/a/x"])
def test_link_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    """A symbolic link inside the artifacts is no way out."""
    run, outside = tmp_path / "run", tmp_path / "outside"
    (run / "artifacts").mkdir(parents=True)
    outside.mkdir()
    (run / "artifacts" / "link").symlink_to(outside)
    with pytest.raises(InvalidNameError, match="symbolic link"):
        artifact_path(run, name)
    with pytest.raises(InvalidNameError, match="symbolic link"):
        store_artifact(run, name, b"x")
    assert list(outside.iterdir()) == []


def test_artifact_is_never_replaced(tmp_path: Path) -> None:
    """A second artifact of the same name is refused, and the first stays as it is."""
    store_artifact(tmp_path, "a.txt", b"first")
    with pytest.raises(FileExistsError):
        store_artifact(tmp_path, "a.txt", b"second")
    assert artifact_path(tmp_path, "a.txt").read_bytes() == b"first"
    assert _files(tmp_path) == ["a.txt"]


def test_leftover_of_a_killed_process_harms_nothing(tmp_path: Path) -> None:
    """A process killed right after naming leaves a second name; a later one with its process id changes no content."""
    store_artifact(tmp_path, "a.txt", b"first")
    base = tmp_path / "artifacts"
    (base / f".a.txt.{os.getpid()}.tmp").hardlink_to(base / "a.txt")
    with pytest.raises(FileExistsError):
        store_artifact(tmp_path, "a.txt", b"second")
    assert (base / "a.txt").read_bytes() == b"first"


def test_failed_write_leaves_no_file(tmp_path: Path, run_script: RunScript) -> None:
    """An artifact that the disk does not take has no name, and leaves no part."""
    program = """
        import resource, sys
        from pathlib import Path
        from runlogging.folder import store_artifact
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            store_artifact(Path(sys.argv[1]), "a/b.bin", b"x" * 5000)
        except OSError as error:
            print(type(error).__name__)
    """
    assert run_script(program, str(tmp_path)).stdout == "OSError\n"
    assert _files(tmp_path) == []


@pytest.mark.parametrize("same_name", [True, False])
def test_threads_never_mix_their_content(tmp_path: Path, same_name: bool) -> None:
    """Eight threads store at once: under one name exactly one wins; under names with a long common start all do."""
    outcomes: list[tuple[str, int, str]] = []
    errors: list[BaseException] = []
    for attempt in range(30):
        start = threading.Barrier(8)

        def store(number: int, attempt: int = attempt, start: threading.Barrier = start) -> None:
            name = f"{attempt}-{'x' * 120}" if same_name else f"{attempt}-{'x' * 120}{number}"
            data = b"%d" % number * 50_000
            start.wait()
            try:
                outcomes.append((name, number, store_artifact(tmp_path, name, data)[0]))
            except OSError as error:
                errors.append(error)

        threads = [threading.Thread(target=store, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [error for error in errors if not isinstance(error, FileExistsError)] == []
    assert len(outcomes) == (30 if same_name else 240)
    for name, number, digest in outcomes:
        data = artifact_path(tmp_path, name).read_bytes()
        assert data == b"%d" % number * 50_000
        assert hashlib.sha256(data).hexdigest() == digest
    assert len(_files(tmp_path)) == len(outcomes)


# ---------------------------------------------------------------------- through a writer


def test_writer_adds_a_line_for_an_artifact(tmp_path: Path) -> None:
    """The line has name, size and checksum, and a number of the writer's own."""
    writer = Writer(spec_of(tmp_path))
    writer.write(log_line())
    line = writer.store("outputs/model.bin", b"content", "model")
    (written,) = read_lines(writer.spec.path, "artifacts")
    assert written == {
        "seq": 2,
        "time": line.time,
        "name": "outputs/model.bin",
        "size": 7,
        "sha256": hashlib.sha256(b"content").hexdigest(),
        "type": "model",
    }
    writer.end("Completed")
    assert writer.counts() == {"logs": 1, "metrics": 0, "values": 0, "artifacts": 1}


def test_artifact_without_a_kind_says_none(tmp_path: Path) -> None:
    """``type`` is missing where nobody gave one, and an artifact may open the run."""
    writer = Writer(spec_of(tmp_path))
    writer.store("a", b"")
    (written,) = read_lines(writer.spec.path, "artifacts")
    assert (written["seq"], written["size"], "type" in written) == (1, 0, False)
    writer.end("Completed")


def test_refused_artifact_takes_no_number(tmp_path: Path) -> None:
    """A name that is taken or not allowed costs no number and no line."""
    writer = Writer(spec_of(tmp_path))
    writer.store("a", b"")
    for name, error in (("a", FileExistsError), ("../a", InvalidNameError)):
        with pytest.raises(error):
            writer.store(name, b"")
    writer.write(log_line())
    assert read_lines(writer.spec.path, "logs")[0]["seq"] == 2
    assert len(read_lines(writer.spec.path, "artifacts")) == 1
    writer.end("Completed")


def test_large_values_have_names_of_their_own(tmp_path: Path) -> None:
    """Values of one label, and labels that no file could have, are kept under names that differ."""
    writer = Writer(spec_of(tmp_path))
    labels = ["big", "big", "a/b: ü", "", "con", "x" * 300]
    names = [writer.store_value(label, b'{"value": 1}').name for label in labels]
    assert len(set(names)) == len(names)
    assert names[0] == "values/big-main-1.json"
    for name in names:
        assert json.loads(artifact_path(writer.spec.path, name).read_bytes()) == {"value": 1}
    assert {line["type"] for line in read_lines(writer.spec.path, "artifacts")} == {"value"}
    writer.end("Completed")


def test_final_run_takes_no_artifact(tmp_path: Path) -> None:
    """A run with a final status takes no artifact either, and no file appears."""
    writer = Writer(spec_of(tmp_path))
    writer.write(log_line())
    writer.end("Completed", final=True)
    with pytest.raises(RunEndedError):
        writer.store("a", b"")
    assert not (writer.spec.path / "artifacts").exists()
