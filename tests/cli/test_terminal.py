"""In a terminal: colours where they are wanted, and tables that fit."""

from __future__ import annotations

import os
import pty
import re
import struct
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len

from runlogging._texts import duration_text, local, short_number
from runlogging.cli._text import exact_number, short_text
from tests.cli.tools import log, made_run, open_run, started

if sys.platform != "win32":
    import fcntl
    import termios

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def in_terminal(*arguments: str | Path, columns: int = 80, variable: str = "") -> str:
    """Run the command in a terminal of some width; return what it showed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "LINES")}
    env = {**kept, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}
    env |= dict([variable.split("=")] if variable else [])
    process = started(*arguments, env=env, terminal=theirs)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    assert process.wait(timeout=30) == 0, shown
    return shown.decode().replace("\r\n", "\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root of runs with names of all lengths."""
    made_run(tmp_path)
    with open_run(tmp_path, "an experiment with a long name", run_name="漢字" * 20) as (logger, _):
        log(logger, "message", {f"metric_number_{number}": number / 7 for number in range(12)}, step=3)
    with open_run(tmp_path, "another", run_name="a name that is long " * 3) as (logger, _):
        log(logger, "message", {"very_long_metric_name_" * 5: -1.23456789e-123}, step=10**9)
    return tmp_path


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_tables_fit_the_terminal(root: Path, columns: int) -> None:
    """No line of a table is longer than the terminal is wide, and an id can be used as it is shown."""
    ids = [path.parent.name for path in root.glob("*/*/run.json")]
    text = COLOURS.sub("", in_terminal("ls", root, columns=columns))
    assert max(cell_len(line) for line in text.splitlines()) <= columns
    shown = [line.split()[0] for line in text.splitlines()[1:] if not line.startswith(" ")]
    assert [sum(run_id.startswith(beginning) for run_id in ids) for beginning in shown] == [1, 1, 1]
    for run_id in ids:
        table = COLOURS.sub("", in_terminal("show", run_id, "--root", root, columns=columns)).partition("METRIC ")[2]
        assert max(cell_len(line) for line in table.splitlines()[1:]) <= columns


def test_metrics_that_do_not_fit_are_named(root: Path) -> None:
    """A terminal gets the columns that fit, and a note of the others; a wider one gets more."""
    run = next(path.parent for path in root.glob("*/*/run.json") if "long name" in str(path))
    narrow, wide = (COLOURS.sub("", in_terminal("metrics", run, columns=columns)) for columns in (80, 120))
    assert cell_len(narrow.splitlines()[1]) <= 80
    assert "Too wide for this terminal: metric_number_3, " in narrow
    assert "metric_number_3" in wide.splitlines()[0]


def test_status_and_levels_are_coloured(root: Path) -> None:
    """Completed is green; the message itself has no colour."""
    assert "\x1b[32mCompleted\x1b[0m" in in_terminal("ls", root)
    assert "\x1b[32mINFO    \x1b[0m" in in_terminal("logs", "latest", "--root", root)


@pytest.mark.parametrize("variable", ["NO_COLOR=1", "TERM=dumb"])
@pytest.mark.parametrize("command", ["ls", "show", "logs", "metrics"])
def test_colours_can_be_declined(root: Path, command: str, variable: str) -> None:
    """NO_COLOR and a dumb terminal get no escape at all."""
    arguments = ["ls", root] if command == "ls" else [command, "latest", "--root", root]
    assert "\x1b" not in in_terminal(*map(str, arguments), variable=variable)


def test_only_our_own_colours_reach_a_terminal(tmp_path: Path) -> None:
    """What the data holds of escapes is shown as text also where colours are on."""
    with open_run(tmp_path, run_name="\x1b[5mname") as (logger, path):
        log(logger, "\x1b[2Jmessage \x9b1m", {"\x1b]8;;x\x07": 1})
    for command in ("show", "logs", "metrics"):
        text = COLOURS.sub("", in_terminal(command, path))
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
        assert "\x1b[5m" not in in_terminal(command, path)


def test_day_stands_once_in_a_terminal(tmp_path: Path) -> None:
    """A terminal's width goes to the message: the day has a line of its own, above the first entry."""
    first, *rest = COLOURS.sub("", in_terminal("logs", made_run(tmp_path))).splitlines()
    assert re.fullmatch(r"-- \d{4}-\d\d-\d\d --", first)
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{3} ", line) for line in rest)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((None, ""), (-3, "0.0s"), (0.04, "0.0s"), (4.24, "4.2s"), (59.94, "59.9s"), (59.96, "1m00s")),
        *((192, "3m12s"), (3599.6, "1h00m"), (7380, "2h03m"), (86400 * 3 + 4 * 3600 + 60, "3d04h")),
    ],
)
def test_lengths_of_time(seconds: float | None, text: str) -> None:
    """A length of time is said in its two largest units."""
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("value", "short", "exact"),
    [
        *(
            (None, "", ""),
            (0.1 + 0.2, "0.3", "0.30000000000000004"),
            (3, "3", "3"),
            (10**14, "1" + "0" * 14, "1" + "0" * 14),
        ),
        *((float("nan"), "NaN", "NaN"), (float("-inf"), "-Infinity", "-Infinity"), (True, "1", "1")),
        *((2**70, "1.18059e+21", str(2**70)), (-0.0, "-0", "-0.0")),
    ],
)
def test_numbers(value: float | None, short: str, exact: str) -> None:
    """A number for people has six digits, one for programs all."""
    assert (short_number(value), exact_number(value)) == (short, exact)


def test_short_times_say_as_much_as_is_needed() -> None:
    """The clock today, the day this year, the year else; and the edge of the calendar is no error."""
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert re.fullmatch(r"\d\d:\d\d:\d\d", short_text(now, now))
    assert re.fullmatch(r"\d\d-\d\d \d\d:\d\d", short_text(now - timedelta(days=9), now))
    assert short_text(now - timedelta(days=900), now).startswith("2024-")
    assert short_text(None, now) == ""
    assert local(datetime.max.replace(tzinfo=UTC)).year >= 9999
