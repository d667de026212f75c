"""What the manifest and the lock files say of a run: facts, status, the lives of its owner, its environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runlogging import open_run
from runlogging.folder import Writer, changed_manifest

from .tools import HOLD, living, manifest_only, spec_of, written

START = '{"writer":"%s","pid":1,"host":"h","started":"2026-11-23T23:05:02.000000Z"%s}\n'


def test_description_number_and_type(tmp_path: Path) -> None:
    """They are the manifest's; a run without them says None."""
    run = open_run(manifest_only(tmp_path, description="what for", number=7, type="sweep"))
    assert (run.description, run.number, run.type) == ("what for", 7, "sweep")
    plain = open_run(manifest_only(tmp_path, "r2"))
    assert (plain.description, plain.number, plain.type) == (None, None, None)


@pytest.mark.parametrize(
    ("written_status", "read"),
    [
        ("NotStarted", "NotStarted"),
        ("Preparing", "Preparing"),
        ("Queued", "Queued"),
        ("CancelRequested", "CancelRequested"),
        ("Running", "NotStarted"),
        ("Canceled", "Canceled"),
        ("Failed", "Failed"),
    ],
)
def test_a_run_without_an_owner_is_what_its_manifest_says(tmp_path: Path, written_status: str, read: str) -> None:
    """Nobody has written to it, so it is not started; that it runs is not believed."""
    run = open_run(manifest_only(tmp_path, status=written_status))
    assert run.status == read
    assert run.ended is None
    assert run.attempts == []


def test_a_prepared_run_runs_with_its_first_writer(tmp_path: Path) -> None:
    """NotStarted gives way to Running when a process has taken it up, and to its end."""
    run = open_run(manifest_only(tmp_path, status="NotStarted"))
    writer = Writer(spec_of(tmp_path))
    writer.open()
    assert run.status == "Running"
    assert [life.name for life in run.attempts] == ["main"]
    writer.end("Completed")
    assert run.status == "Completed"


@pytest.mark.parametrize("status", ["CancelRequested", "Finalizing", "Preparing"])
def test_a_status_on_the_way_to_the_end_is_shown_while_the_owner_lives(tmp_path: Path, status: str) -> None:
    """What stands in the manifest is the answer of a living process; of a killed one it is NotResponding."""
    with living(HOLD, str(tmp_path)) as process:
        path = tmp_path / "test" / "r1"
        run = open_run(path)
        assert run.status == "Running"
        with changed_manifest(path) as manifest:
            manifest.status = status
        assert run.status == status
        process.kill()
        process.wait(timeout=60)
        assert run.status == "NotResponding"


def test_the_end_mark_of_the_owner_counts_behind_a_status_on_the_way(tmp_path: Path) -> None:
    """An owner that ended is not shown as finalizing for ever."""
    path = written(tmp_path)
    with changed_manifest(path) as manifest:
        manifest.status, manifest.ended = "Finalizing", None
    run = open_run(path)
    assert run.status == "Completed"
    assert run.ended is not None


def test_without_locks_the_status_is_unknown(tmp_path: Path) -> None:
    """A writer on a file system without locks says so in its lock file; whether it lives cannot be told."""
    path = manifest_only(tmp_path, owner="main")
    (path / ".writers").mkdir()
    (path / ".writers" / "main.lock").write_text(START % ("main", ',"lock":false'))
    assert open_run(path).status == "Unknown"


def test_a_resumed_run_has_several_attempts(tmp_path: Path) -> None:
    """Each life of the owner is one, in order; the status is that of the last one."""
    path = written(tmp_path)
    second = Writer(spec_of(tmp_path), way="resume")
    second.open()
    run = open_run(path)
    assert [(life.name, life.attempt, life.status) for life in run.attempts] == [
        ("main", 1, "Completed"),
        ("main-2", 2, None),
    ]
    assert run.status == "Running"
    second.end("Failed")
    assert [life.status for life in run.attempts] == ["Completed", "Failed"]


def test_attempts_are_counted_not_spelled(tmp_path: Path) -> None:
    """The tenth life comes after the second; further writers, whatever they are called, are none."""
    path = manifest_only(tmp_path, owner="main-10")
    (path / ".writers").mkdir()
    for name in ("main-10", "main-2", "main", "rank1", "rank1-2", "main-x", "main-02", "main-1", "domain-2"):
        (path / ".writers" / f"{name}.lock").write_text(START % (name, ""))
    run = open_run(path)
    assert [life.name for life in run.attempts] == ["main", "main-2", "main-10"]
    assert len(run.writers) == 9


def test_attempts_of_a_copy_without_lock_files(tmp_path: Path) -> None:
    """The names of the stream files tell as well."""
    path = manifest_only(tmp_path, status="Completed", owner="main-2")
    for name in ("logs.jsonl", "metrics.main-2.jsonl", "logs.rank1.jsonl"):
        (path / name).touch()
    assert [life.name for life in open_run(path).attempts] == ["main", "main-2"]


def test_environment(tmp_path: Path) -> None:
    """It is what environment.json holds."""
    path = manifest_only(tmp_path)
    (path / "environment.json").write_text(json.dumps({"python": {"version": "3.11"}, "argv": ["a"]}))
    assert open_run(path).environment == {"python": {"version": "3.11"}, "argv": ["a"]}


@pytest.mark.parametrize("content", [None, b"", b"[1]", b'{"a":', b'{"a":"\xff"}', b"[" * 100_000])
def test_an_environment_that_cannot_be_read_is_empty(tmp_path: Path, content: bytes | None) -> None:
    """A missing or broken file costs only itself."""
    path = manifest_only(tmp_path)
    if content is not None:
        (path / "environment.json").write_bytes(content)
    assert open_run(path).environment == {}
