"""Waiting for the end of runs of real processes: the status, every log entry, and no wait without an end."""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from runlogging import InvalidValueError, RunHandler, RunNotFoundError, open_run
from runlogging.folder import Writer, changed_manifest
from runlogging.reading import LogEntry, wait_for_end

from .tools import HOLD, go_on, living, manifest_only, spec_of, written

PATIENCE_S = 60


class Heard:
    """Messages of the entries that were given, and how often something was given."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.calls = 0

    def __call__(self, entries: list[LogEntry]) -> None:
        assert entries
        self.calls += 1
        self.messages += [entry.message for entry in entries]


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("", "Completed"),
        ("raise ValueError('no')", "Failed"),
        ("raise KeyboardInterrupt", "Canceled"),
        ("import signal; os.kill(os.getpid(), signal.SIGKILL)", "NotResponding"),
    ],
)
def test_a_process_is_waited_for(tmp_path: Path, end: str, status: str) -> None:
    """Its status is the answer, and every entry is given once and in order, the last one too."""
    program = HOLD + f"for n in range(500): logging.info('%d', n)\nlogging.warning('last')\n{end}\n"
    heard = Heard()
    with living(program, str(tmp_path)) as process:
        run = open_run(tmp_path / "test" / "r1")
        go_on(process)
        assert wait_for_end(run, timeout_s=PATIENCE_S, on_entries=heard) == status
        process.wait(timeout=PATIENCE_S)
    assert heard.messages == ["begun", *map(str, range(500)), "last"]
    assert run.status == status


def test_entries_come_while_the_run_lives(tmp_path: Path) -> None:
    """What is there is given before the end; without a listener nothing is read."""
    heard = Heard()
    with living(HOLD, str(tmp_path)) as process:
        run = open_run(tmp_path / "test" / "r1")

        def listen(entries: list[LogEntry]) -> None:
            heard(entries)
            assert run.status == "Running"
            go_on(process)

        assert wait_for_end(run, timeout_s=PATIENCE_S, on_entries=listen) == "Completed"
    assert heard.messages == ["begun"]
    assert wait_for_end(run) == "Completed"


def test_a_run_that_has_ended_is_not_waited_for(tmp_path: Path) -> None:
    """The answer comes at once, with all entries in one call; a time that is over does not matter."""
    logger = logging.Logger("ended")
    logger.addHandler(handler := RunHandler(tmp_path, "test"))
    logger.info("one")
    logger.info("two", extra={"metrics": {"x": 1}})
    handler.close()
    heard = Heard()
    assert wait_for_end(open_run(handler.run_path), timeout_s=0, on_entries=heard) == "Completed"
    assert (heard.messages, heard.calls) == (["one", "two"], 1)


def test_a_wait_ends_with_its_time(tmp_path: Path) -> None:
    """TimeoutError says which run, its status and the time; entries so far were given."""
    heard = Heard()
    with living(HOLD, str(tmp_path)):
        run = open_run(tmp_path / "test" / "r1")
        before = time.monotonic()
        with pytest.raises(TimeoutError, match=r"r1 is Running and has not ended within 0\.2 s"):
            wait_for_end(run, timeout_s=0.2, on_entries=heard, poll_s=30)
        assert 0.2 <= time.monotonic() - before < 15
        with pytest.raises(TimeoutError):
            wait_for_end(run, timeout_s=0)
    assert heard.messages == ["begun"]


def test_the_first_looks_are_quick_and_later_ones_are_not(tmp_path: Path) -> None:
    """The pauses grow from 5 ms to poll_s: some looks at once, few in a longer time, and never a busy loop."""
    run = _Counted(manifest_only(tmp_path, status="Queued"))
    with pytest.raises(TimeoutError):
        wait_for_end(run, timeout_s=1.0, poll_s=0.3)  # type: ignore[arg-type]
    pauses = [second - first for first, second in zip(run.looks, run.looks[1:], strict=False)]
    assert 5 <= len(run.looks) <= 16
    assert all(later >= 0.9 * min(0.3, 0.005 * 1.5**number) for number, later in enumerate(pauses[:-1]))
    assert run.looks[3] - run.looks[0] < 0.5


class _Counted:
    """A reader that notes when its status was asked for."""

    def __init__(self, path: Path) -> None:
        self._run = open_run(path)
        self.path, self.id = self._run.path, self._run.id
        self.looks: list[float] = []

    @property
    def status(self) -> str:
        self.looks.append(time.monotonic())
        return self._run.status


def test_a_run_that_was_not_started_is_waited_for(tmp_path: Path) -> None:
    """Through its start to its end, whoever takes it up."""
    run = open_run(manifest_only(tmp_path, status="Preparing"))

    def work() -> None:
        time.sleep(0.1)
        writer = Writer(spec_of(tmp_path))
        writer.open()
        time.sleep(0.1)
        writer.end("Completed")

    thread = threading.Thread(target=work)
    thread.start()
    assert wait_for_end(run, timeout_s=PATIENCE_S, poll_s=0.01) == "Completed"
    thread.join()


def test_other_writers_are_not_waited_for(tmp_path: Path) -> None:
    """The run ends with its owner; a further writer that lives on holds nobody up."""
    path = written(tmp_path)
    other = Writer(spec_of(tmp_path), "rank1")
    other.open()
    assert wait_for_end(open_run(path), timeout_s=PATIENCE_S) == "Completed"
    other.end("Completed")


def test_an_owner_that_lives_on_after_a_cancel_is_not_waited_for(tmp_path: Path) -> None:
    """A status written from outside is the end, though the owner may not know of it yet; what it then logs comes."""
    program = HOLD + "import time; time.sleep(0.1); logging.info('late'); sys.stdin.readline()\n"
    with living(program, str(tmp_path)) as process:
        path = tmp_path / "test" / "r1"
        with changed_manifest(path) as manifest:
            manifest.status, manifest.final = "Canceled", True
        heard = Heard()
        go_on(process)
        assert wait_for_end(open_run(path), timeout_s=PATIENCE_S, on_entries=heard) == "Canceled"
        assert process.poll() is None
    # An owner whose clock has just entered another second has looked, and logs no more.
    assert heard.messages in (["begun", "late"], ["begun"])


@pytest.fixture
def unknown(tmp_path: Path) -> Path:
    """Give a run whose writer says that its file system has no locks."""
    path = manifest_only(tmp_path, owner="main")
    (path / ".writers").mkdir()
    start = '{"writer":"main","pid":1,"started":"2026-11-23T23:05:02.000000Z","lock":false}\n'
    (path / ".writers" / "main.lock").write_text(start)
    return path


def test_a_run_of_which_nothing_can_be_told_is_waited_for_while_it_changes(unknown: Path) -> None:
    """Lines that come hold the answer Unknown up; when nothing has come for a while it is given."""
    stop, lines = 1.2, 0

    def work() -> None:
        nonlocal lines
        until = time.monotonic() + stop
        while time.monotonic() < until:
            with (unknown / "logs.jsonl").open("a") as file:
                lines += 1
                line = {"seq": lines, "time": "2026-11-23T23:05:02.000000Z", "message": "x"}
                file.write(f"{json.dumps(line)}\n")
            time.sleep(0.02)

    heard: list[LogEntry] = []
    thread = threading.Thread(target=work)
    before = time.monotonic()
    thread.start()
    status = wait_for_end(open_run(unknown), poll_s=0.02, quiet_s=1.0, timeout_s=PATIENCE_S, on_entries=heard.extend)
    took = time.monotonic() - before
    thread.join()
    assert status == "Unknown"
    assert took >= stop + 0.9
    assert len(heard) == lines


def test_a_run_of_which_nothing_can_be_told_may_end(unknown: Path) -> None:
    """A terminal status in its manifest is an end like any other."""

    def work() -> None:
        time.sleep(0.2)
        with changed_manifest(unknown) as manifest:
            manifest.status = "Failed"

    thread = threading.Thread(target=work)
    thread.start()
    assert wait_for_end(open_run(unknown), timeout_s=PATIENCE_S, poll_s=0.05) == "Failed"
    thread.join()


def test_a_run_that_is_deleted_ends_the_wait(tmp_path: Path) -> None:
    """The error is ours."""
    path = manifest_only(tmp_path, status="Queued")
    remover = threading.Timer(0.1, shutil.rmtree, [path])
    remover.start()
    with pytest.raises(RunNotFoundError):
        wait_for_end(open_run(path), timeout_s=PATIENCE_S, on_entries=Heard())
    remover.join()


def test_what_the_listener_raises_ends_the_wait(tmp_path: Path) -> None:
    """A listener that cannot go on is not called for ever."""

    def refuse(entries: list[LogEntry]) -> None:
        raise ZeroDivisionError

    with living(HOLD, str(tmp_path)), pytest.raises(ZeroDivisionError):
        wait_for_end(open_run(tmp_path / "test" / "r1"), timeout_s=PATIENCE_S, on_entries=refuse)


@pytest.mark.parametrize("poll_s", [0, -1, float("nan")])
def test_a_pause_of_nothing_is_refused(tmp_path: Path, poll_s: Any) -> None:
    """It would be a busy loop."""
    with pytest.raises(InvalidValueError, match="poll_s"):
        wait_for_end(open_run(manifest_only(tmp_path)), poll_s=poll_s)
