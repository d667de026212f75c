"""The progress bar: on stderr, in a terminal, for long work, and gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.screens import Screen
from tests.conftest import SOURCE

_WORK = """
import sys, time
from runlogging.cli._progress import progress_bar
seconds = float(sys.argv[1])
begin = time.monotonic()
with progress_bar("packing") as progress:
    done = 0
    while time.monotonic() - begin < seconds:
        done += 1
        progress("run-\\x1b[31m[bold]", done, int(sys.argv[2]))
        time.sleep(0.02)
print("result")
"""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Give a program that works for some seconds."""
    path = tmp_path / "work.py"
    path.write_text(_WORK, encoding="utf-8")
    return path


def test_bar_shows_what_is_done_and_disappears(work: Path) -> None:
    """Long work in a terminal has a bar with its counts; at the end the line is cleared and the cursor is back."""
    with Screen(sys.executable, work, "1.5", "9999", program=True, columns=120) as screen:
        assert screen.wait() == 0
    assert "packing" in screen.text
    assert "/9999" in screen.text
    assert screen.shown.rstrip().endswith(b"result")
    assert b"\x1b[?25h" in screen.shown
    after = screen.shown[screen.shown.rindex(b"/9999") :]
    assert b"\x1b[2K" in after


def test_names_in_the_bar_are_escaped(work: Path) -> None:
    """What is worked on is shown as text, markup and escapes included."""
    with Screen(sys.executable, work, "1.5", "9999", program=True, columns=120) as screen:
        screen.wait()
    assert "run-\\x1b[31m[bold]" in screen.text


def test_narrow_terminal_gets_bar_and_counts(work: Path) -> None:
    """In 40 columns the counts still fit."""
    with Screen(sys.executable, work, "1.5", "9999", program=True, columns=40) as screen:
        screen.wait()
    assert "/9999" in screen.text


def test_total_may_be_unknown(work: Path) -> None:
    """A total of 0 is shown as unknown."""
    with Screen(sys.executable, work, "1.5", "0", program=True) as screen:
        assert screen.wait() == 0
    assert "/?" in screen.text


def test_quick_work_has_no_bar(work: Path) -> None:
    """Work of a moment shows nothing."""
    with Screen(sys.executable, work, "0.05", "9", program=True) as screen:
        assert screen.wait() == 0
    assert screen.text == "result\n"


def test_dumb_terminal_has_no_bar(work: Path) -> None:
    """Where the cursor cannot be moved there is no bar."""
    with Screen(sys.executable, work, "1", "9", program=True, env={"TERM": "dumb"}) as screen:
        assert screen.wait() == 0
    assert screen.text == "result\n"


def test_pipe_gets_nothing(work: Path) -> None:
    """Where stderr is a pipe or a file nothing but the result is written."""
    done = subprocess.run(
        [sys.executable, str(work), "0.8", "99"],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("result\n", "")


def test_interrupt_leaves_the_terminal_clean(work: Path) -> None:
    """After Ctrl-C in the middle the cursor is shown again and the bar is gone."""
    with Screen(sys.executable, work, "60", "9999", program=True, columns=120) as screen:
        screen.wait_for("/9999")
        screen.interrupt()
        assert screen.wait() != 0
    assert screen.shown.rindex(b"\x1b[?25h") > screen.shown.rindex(b"\x1b[?25l")
    assert b"\x1b[2K" in screen.shown[screen.shown.rindex(b"\x1b[?25h") :]
