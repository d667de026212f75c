"""The manifest: what is written comes back, what is strange is refused or ignored as specified."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runlogging._errors import FormatVersionError, InvalidValueError, RunNotFoundError
from runlogging.folder import (
    FORMAT,
    Dropped,
    ErrorInfo,
    Manifest,
    WriterEntry,
    changed_manifest,
    read_manifest,
    write_manifest,
)

from ..conftest import RunScript
from . import read_run

FULL = Manifest(
    id="r1",
    experiment="test",
    name="näme",
    created="2026-11-23T23:05:02.123456Z",
    started="2026-11-23T23:05:02.123456Z",
    ended="2026-11-23T23:06:02.000000Z",
    status="Failed",
    final=True,
    owner="main",
    attempt=2,
    writers=[WriterEntry("main", 12, "host", "2026-11-23T23:05:02.123456Z"), WriterEntry("rank1")],
    writers_omitted=3,
    parent="r0",
    tags={"a": "b", "none": None},
    properties={"code": "abc"},
    parameters={"lr": 0.1, "layers": [1, {"deep": None}], "big": 2**70},
    counts={"logs": 1, "metrics": 2**40},
    dropped=Dropped(3, "2026-11-23T23:05:03.000000Z", "2026-11-23T23:05:04.000000Z", "ENOSPC"),
    error=ErrorInfo("ValueError", "what", "Traceback ..."),
    durability="lazy",
    program="runlogging 0",
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Give a run folder with a manifest and nothing else."""
    (tmp_path / ".writers").mkdir()
    write_manifest(tmp_path, Manifest(id="r1"))
    return tmp_path


@pytest.mark.parametrize("manifest", [FULL, Manifest()])
def test_manifest_comes_back_as_it_was_written(run: Path, manifest: Manifest) -> None:
    """Every field survives, and the standard parser reads the same."""
    write_manifest(run, manifest)
    assert read_manifest(run) == manifest
    assert read_run(run) == msgspec.to_builtins(manifest)


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(
    tags=st.dictionaries(TEXT, st.none() | TEXT),
    properties=st.dictionaries(TEXT, TEXT),
    parameters=st.dictionaries(TEXT, TEXT | st.none() | st.booleans() | st.integers() | st.lists(TEXT)),
)
def test_any_texts_survive(run: Path, tags: Any, properties: Any, parameters: Any) -> None:
    """Tags, properties and parameters come back whatever characters they have."""
    manifest = Manifest(tags=tags, properties=properties, parameters=parameters)
    write_manifest(run, manifest)
    assert read_manifest(run) == manifest


def test_manifest_is_indented_for_people(run: Path) -> None:
    """A field stands on a line of its own, and the file ends with a newline."""
    write_manifest(run, FULL)
    text = (run / "run.json").read_text(encoding="utf-8")
    assert '\n  "experiment": "test",\n' in text
    assert text.endswith("}\n")
    assert "näme" in text


def test_unknown_fields_are_ignored(run: Path) -> None:
    """A manifest with fields that a later version added is read."""
    (run / "run.json").write_text('{"format": 1, "id": "r2", "later": [1, {"a": "b"}], "tags": {}}')
    assert read_manifest(run) == Manifest(id="r2")


def test_missing_fields_take_their_defaults(run: Path) -> None:
    """An empty object is a manifest of defaults, and two of them share nothing."""
    (run / "run.json").write_text("{}")
    first, second = read_manifest(run), read_manifest(run)
    first.tags["a"] = "b"
    first.add_writer(WriterEntry("main"))
    assert second == Manifest() == read_manifest(run)


@pytest.mark.parametrize("version", [FORMAT + 1, 99, 2**80, "2", "1", 1.5, None, True, [1]])
def test_newer_format_is_refused_with_path_and_version(run: Path, version: object) -> None:
    """A number that this version does not know, or none at all, is refused before any other field is read."""
    (run / "run.json").write_text(json.dumps({"format": version, "tags": "of another type"}))
    with pytest.raises(FormatVersionError) as caught:
        read_manifest(run)
    assert (caught.value.path, caught.value.known) == (str(run / "run.json"), FORMAT)
    assert caught.value.version == version
    assert str(run / "run.json") in str(caught.value)
    assert repr(version) in str(caught.value)
    assert "newer runlogging" in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"[]", b"null", b"3", b"\xff", b'{"id": "\xff"}', b'{"format": 1', b"{} {}", b'{"a": NaN}'),
        *(b'{"tags": 3}', b'{"id": null}', b'{"counts": {"logs": "1"}}', b'{"writers": [{"pid": 1}]}'),
        b'{"parameters": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    ],
    ids=lambda data: data[:20].decode(errors="replace"),
)
def test_broken_manifest_is_an_invalid_value(run: Path, data: bytes) -> None:
    """What is no JSON, or of a wrong type, is refused; the error names the file."""
    (run / "run.json").write_bytes(data)
    with pytest.raises(InvalidValueError) as caught:
        read_manifest(run)
    assert str(run / "run.json") in str(caught.value)


@pytest.mark.parametrize("below", ["", "missing", "run.json", ".writers/x/y"])
def test_missing_manifest_is_run_not_found(run: Path, below: str) -> None:
    """A folder without a manifest, no folder, and a file are no runs; the error is a FileNotFoundError."""
    path = run / below
    if not below:
        (run / "run.json").unlink()
    with pytest.raises(RunNotFoundError) as caught:
        read_manifest(path)
    assert isinstance(caught.value, FileNotFoundError)
    assert str(path) in str(caught.value)


def test_at_most_256_writers_are_named(run: Path) -> None:
    """The manifest stays bounded: it names 256 writers and counts the rest."""
    manifest = Manifest()
    for number in range(300):
        manifest.add_writer(WriterEntry(f"rank{number}"))
    write_manifest(run, manifest)
    back = read_manifest(run)
    assert [entry.name for entry in back.writers] == [f"rank{number}" for number in range(256)]
    assert back.writers_omitted == 44


def test_changes_are_written_when_the_block_ends(run: Path) -> None:
    """The manifest is written once, at the end of the block."""
    with changed_manifest(run) as manifest:
        manifest.status = "Completed"
        assert read_manifest(run).status == "Running"
    assert read_manifest(run).status == "Completed"


def test_a_block_that_raises_changes_nothing(run: Path) -> None:
    """An error in the block is passed on and the old manifest stays; the lock is free again."""
    with suppress(ZeroDivisionError), changed_manifest(run) as manifest:
        manifest.status = "Completed"
        raise ZeroDivisionError
    assert read_manifest(run).status == "Running"
    with changed_manifest(run) as manifest:
        manifest.status = "Failed"
    assert read_manifest(run).status == "Failed"


def test_changing_a_run_that_is_none_makes_no_manifest(tmp_path: Path) -> None:
    """No manifest appears where there was none."""
    (tmp_path / ".writers").mkdir()
    with pytest.raises(RunNotFoundError), changed_manifest(tmp_path):
        pass
    assert not (tmp_path / "run.json").exists()


def test_concurrent_changes_lose_nothing(run: Path, run_script: RunScript) -> None:
    """Six processes that each make 40 changes of their own leave all 240 of them."""
    program = """
        import os, sys
        from pathlib import Path
        from runlogging.folder import changed_manifest

        def change_often(process):
            for number in range(40):
                with changed_manifest(Path(sys.argv[1])) as manifest:
                    manifest.properties[f"{process}/{number}"] = "x"
                    manifest.attempt += 1
            os._exit(0)

        children = []
        for process in range(6):
            pid = os.fork()
            if pid == 0:
                try:
                    change_often(process)
                finally:
                    os._exit(1)
            children.append(pid)
        print([os.waitpid(pid, 0)[1] for pid in children])
    """
    assert run_script(program, str(run)).stdout == f"{[0] * 6}\n"
    manifest = read_manifest(run)
    assert manifest.attempt == 241
    assert set(manifest.properties) == {f"{process}/{number}" for process in range(6) for number in range(40)}
