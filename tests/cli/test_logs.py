"""``runlogging logs``: the log once, and as it grows."""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from runlogging import reading
from runlogging.cli import _logs as logs_module
from runlogging.cli._output import Output
from tests.cli.tools import log, made_run, open_run, runlogging, started, strict_json
from tests.conftest import only_run


def write_line(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin
    process.stdin.write(text + "\n")
    process.stdin.flush()


def read_until(process: subprocess.Popen[bytes], text: bytes) -> bytes:
    """Read what a process prints until a text stands in it."""
    assert process.stdout
    read, deadline = b"", time.monotonic() + 20
    while text not in read:
        assert time.monotonic() < deadline, read
        if select.select([process.stdout], [], [], 0.5)[0]:
            read += os.read(process.stdout.fileno(), 65536)
    return read


def test_each_entry_is_one_line(tmp_path: Path) -> None:
    """Time with milliseconds, level, logger, message, metrics and step, in the order of the log."""
    with open_run(tmp_path) as (logger, path):
        logger.debug("first")
        log(logger, "second", step=7, loss=0.25, big=10**5000)
        logger.warning("")
    lines = [line[23:] for line in runlogging("logs", path).output.splitlines()]
    assert lines[0] == " DEBUG    app.test  first"
    assert lines[1].startswith(" INFO     app.test  second  loss=0.25  big=0x")
    assert lines[1].endswith("step=7")
    assert lines[2] == " WARNING  app.test"


def test_message_of_several_lines_is_indented(tmp_path: Path) -> None:
    """Only the first line of an entry begins at the edge, so a message cannot feign another entry; tabs stay."""
    with open_run(tmp_path) as (logger, path):
        logger.info("one\n2026-01-01 00:00:00.000 ERROR    fake  two\r\nthree\tfour")
    first, *rest = runlogging("logs", path).output.splitlines()
    assert first.endswith("one")
    assert rest == ["    2026-01-01 00:00:00.000 ERROR    fake  two", "    three\tfour"]


def test_exception_and_stack_stand_below_their_entry(tmp_path: Path) -> None:
    """A traceback and a stack are indented below the message."""
    with open_run(tmp_path) as (logger, path):
        try:
            raise ValueError("boom")
        except ValueError:
            logger.exception("failed")
        logger.info("where", stack_info=True)
    lines = runlogging("logs", path).output.splitlines()
    assert lines[0].endswith("failed")
    assert lines[1] == "    Traceback (most recent call last):"
    assert "    ValueError: boom" in lines
    assert "    Stack (most recent call last):" in lines


@pytest.mark.parametrize(("level", "expected"), [("warning", 2), ("ERROR", 1), ("10", 3), ("35", 1), ("CRITICAL", 0)])
def test_level_leaves_out_what_is_below(tmp_path: Path, level: str, expected: int) -> None:
    """A level is a name in any case, or a number."""
    with open_run(tmp_path) as (logger, path):
        logger.info("a")
        logger.warning("b")
        logger.error("c")
    assert len(runlogging("logs", path, "--level", level).output.splitlines()) == expected


def test_unknown_level_is_refused(tmp_path: Path) -> None:
    """A level that does not exist is one sentence and exit status 2, also with --follow."""
    path = made_run(tmp_path)
    for options in ([], ["-f"]):
        assert "'loud' is no level" in runlogging("logs", path, "--level", "loud", *options, code=2).stderr


def test_json_is_an_object_a_line(tmp_path: Path) -> None:
    """Each entry is strict JSON on one line, with what the record held."""
    with open_run(tmp_path) as (logger, path):
        logger.info("x\ny %s", 3, extra={"metrics": {"loss": float("nan")}, "step": 1, "user": "me"})
    (line,) = runlogging("logs", path, "--json").output.splitlines()
    entry = strict_json(line)
    assert (entry["message"], entry["template"], entry["step"]) == ("x\ny 3", "x\ny %s", 1)
    assert entry["metrics"] == {"loss": "NaN"}
    assert entry["attributes"] == {"user": "me"}


def test_follow_prints_what_comes_until_the_run_ends(tmp_path: Path, run_writer: subprocess.Popen[str]) -> None:
    """Entries appear while the other process writes; its end ends the command with status 0."""
    path = only_run(tmp_path / "runs")
    with started("logs", path, "-f") as following:
        assert b"here" in read_until(following, b"here")
        for number in range(3):
            write_line(run_writer, f"line {number}")
            read_until(following, b"line %d" % number)
        assert following.poll() is None
        write_line(run_writer, "the last")
        run_writer.communicate(timeout=30)
        rest, errors = following.communicate(timeout=30)
        assert b"the last" in rest
        assert errors == b"The run has ended: Completed\n"
        assert following.returncode == 0


def test_follow_ends_with_a_killed_writer(tmp_path: Path, run_writer: subprocess.Popen[str]) -> None:
    """A run whose writer died has no more to say."""
    with started("logs", only_run(tmp_path / "runs"), "-f", "--json") as following:
        assert strict_json(read_until(following, b"\n").decode())["message"] == "here"
        run_writer.kill()
        assert following.communicate(timeout=30)[1] == b"The run has ended: NotResponding\n"


def test_interrupt_ends_follow_quietly(tmp_path: Path, run_writer: subprocess.Popen[str]) -> None:
    """Ctrl-C is how people leave: exit status 130 and no traceback."""
    assert run_writer.poll() is None
    with started("logs", only_run(tmp_path / "runs"), "-f") as following:
        read_until(following, b"here")
        following.send_signal(signal.SIGINT)
        assert following.communicate(timeout=30) == (b"", b"")
        assert following.returncode == 130


def test_follow_of_an_ended_run_is_its_log(tmp_path: Path) -> None:
    """Nothing is waited for where nothing can come."""
    path = made_run(tmp_path)
    assert runlogging("logs", path, "-f").stdout == runlogging("logs", path).stdout


def test_a_log_too_large_to_be_held_is_printed_as_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks the same."""
    with open_run(tmp_path) as (logger, path):
        for step in range(500):
            log(logger, "line\nand more", step=step, loss=step / 7)
    reader = reading.open_run(path)
    for as_json in (True, False):
        printed = []
        for held in (10**9, 0):
            monkeypatch.setattr(logs_module, "_HELD_BYTES", held)
            text = io.StringIO()
            with contextlib.redirect_stdout(text):
                logs_module.print_logs(reader, None, Output(), as_json=as_json)
            printed.append(text.getvalue())
        assert printed[0] == printed[1]
        assert len(printed[0].splitlines()) >= 500
