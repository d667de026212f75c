"""``runlogging top``: the runs that are running, live and once."""

from __future__ import annotations

import math
import os
import subprocess
import time
from pathlib import Path

import pytest

from runlogging.cli import _top
from runlogging.cli._output import Output
from runlogging.cli._running import RunningRuns
from runlogging.cli._top import Top, table_of
from runlogging.cli._watching import WatchedRun
from runlogging.reading import open_run as open_reader
from tests.cli.screens import Screen, plain_lines, shown
from tests.cli.tools import log, made_run, open_run, runlogging, strict_json, unsafe_in


def test_table_of_running_runs(tmp_path: Path) -> None:
    """In a pipe the table is printed once: running runs with step, metrics with their curves, and the last entry."""
    made_run(tmp_path, run_name="ended")
    with open_run(tmp_path, run_name="ridge") as (logger, _):
        for step in range(9):
            log(logger, step=step, loss=9 - step)
        logger.warning("slow")
        logger.error("last\nof it")
        title, titles, row, metrics, entry = runlogging("top", tmp_path).output.splitlines()
    assert title.startswith("1 running, 0 ended")
    assert titles.split() == ["RUN", "EXPERIMENT", "STATUS", "TOOK", "STEP", "WARN", "ERR", "LAST"]
    assert row.split()[:3] == ["ridge", "test", "Running"]
    assert row.split()[4:7] == ["8", "1", "1"]
    assert metrics == "  loss=1 ██▇▆▅▄▃▂▁"
    assert entry == "  ERROR  last"


def test_nothing_running_is_said(tmp_path: Path) -> None:
    """No runs, or none that run, are no error."""
    made_run(tmp_path)
    assert "No run is running" in runlogging("top", tmp_path).output
    assert "No run is running" in runlogging("top", tmp_path / "missing").output
    assert strict_json(runlogging("top", tmp_path, "--json").output) == []


def test_json_is_one_snapshot(tmp_path: Path) -> None:
    """Everything that the table has, with exact numbers."""
    with open_run(tmp_path, run_name="ridge") as (logger, path):
        log(logger, step=7, loss=1 / 3, bad=math.nan)
        logger.info("done")
        (facts,) = strict_json(runlogging("top", tmp_path, "--json").output)
    assert (facts["id"], facts["experiment"], facts["name"], facts["status"]) == (path.name, "test", "ridge", "Running")
    assert (facts["step"], facts["warnings"], facts["errors"]) == (7, 0, 0)
    assert facts["metrics"] == {"loss": 1 / 3, "bad": "NaN"}
    assert facts["last_entry"]["message"] == "done"
    assert facts["seconds"] >= 0


def test_options_choose_runs_and_metrics(tmp_path: Path) -> None:
    """--experiment and --where choose runs, --metric metrics; a filter that cannot be read is refused."""
    with open_run(tmp_path, "a", run_name="one") as (one, _), open_run(tmp_path, "b", run_name="two") as (two, _):
        log(one, named=dict.fromkeys("abcdefghijkl", 1.0))
        log(two, x=1.0)
        names = [run["name"] for run in strict_json(runlogging("top", tmp_path, "--json", "--experiment", "b").output)]
        assert names == ["two"]
        chosen = runlogging("top", tmp_path, "--json", "--where", "name = 'one'", "--metric", "k").output
        (facts,) = strict_json(chosen)
        assert (facts["name"], facts["metrics"]) == ("one", {"k": 1})
        first = strict_json(runlogging("top", tmp_path, "--json", "--experiment", "a").output)[0]["metrics"]
        assert list(first) == list("abcdefgh")
    assert "expected" in runlogging("top", tmp_path, "--where", "name =", code=2).stderr


def test_all_shows_runs_that_ended_lately(tmp_path: Path) -> None:
    """With --all the runs of the last hour are there with their ends; older ones are not."""
    old, new = made_run(tmp_path, run_name="old"), made_run(tmp_path, run_name="new")
    long_ago = time.time() - 2 * 3600
    os.utime(old / "run.json", (long_ago, long_ago))
    (facts,) = strict_json(runlogging("top", tmp_path, "--all", "--json").output)
    assert (facts["id"], facts["status"]) == (new.name, "Completed")


def test_run_that_ends_stays_for_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody watches, an ended run shows its end, below the running ones, and goes after a minute."""
    top = Top(RunningRuns(tmp_path))
    with (
        open_run(tmp_path, "long") as (other, long),
        open_run(tmp_path, "short") as (logger, short),
    ):
        log(other, step=1, loss=1.0)
        log(logger, step=1, loss=1.0)
        assert {run.run.path for run in top.look()} == {long, short}
        logger.handlers[0].close()
        (first, second) = top.look()
        assert (first.run.path, first.status) == (long, "Running")
        assert (second.run.path, second.status) == (short, "Completed")
        now = time.monotonic() + _top.KEPT_S + 1
        monkeypatch.setattr(time, "monotonic", lambda: now)
        assert [run.run.path for run in top.look()] == [long]


def test_killed_run_is_shown_as_not_responding(tmp_path: Path, run_writer: subprocess.Popen[str]) -> None:
    """A run whose process is gone says so while it stays."""
    top = Top(RunningRuns(tmp_path / "runs"))
    assert [run.status for run in top.look()] == ["Running"]
    run_writer.kill()
    run_writer.wait(timeout=30)
    assert [run.status for run in top.look()] == ["NotResponding"]


def test_deleted_run_does_no_harm(tmp_path: Path) -> None:
    """A run whose folder disappears is Deleted, and the others are shown."""
    top = Top(RunningRuns(tmp_path))
    with open_run(tmp_path, "gone") as (one, gone), open_run(tmp_path, "kept") as (other, _):
        one.info("begin")
        other.info("begin")
        assert len(top.look()) == 2
        gone.rename(tmp_path.parent / f"{tmp_path.name}-moved")
        assert sorted(run.status for run in top.look()) == ["Deleted", "Running"]


def test_only_new_lines_are_read(tmp_path: Path) -> None:
    """The second look takes in what came since, and nothing twice."""
    with open_run(tmp_path) as (logger, path):
        log(logger, step=1, loss=1.0)
        logger.warning("one")
        run = WatchedRun(open_reader(path))
        run.look()
        log(logger, step=2, loss=2.0)
        run.look()
        run.look()
        assert (run.warnings, run.step, run.metrics["loss"].last) == (1, 2, 2)
        assert len(run.metrics["loss"].curve.buckets()) == 2


def test_first_look_at_a_big_file_is_a_look_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what was written before only the last part of each file counts."""
    monkeypatch.setattr("runlogging.cli._watching.FIRST_BYTES", 2_000)
    with open_run(tmp_path) as (logger, path):
        for step in range(200):
            log(logger, step=step, loss=1.0)
        run = WatchedRun(open_reader(path))
        run.look()
        assert run.step == 199
        assert 1 <= len(run.metrics["loss"].curve.buckets()) < 20


@pytest.mark.parametrize(("height", "rows", "lines"), [(24, 3, 11), (9, 3, 8), (7, 3, 5), (5, 2, 5), (3, 1, 4)])
def test_table_fits_its_height(tmp_path: Path, height: int, rows: int, lines: int) -> None:
    """Entries are left out first, then metrics, then runs, whose number is said."""
    with (
        open_run(tmp_path, "a") as (one, _),
        open_run(tmp_path, "b") as (two, _),
        open_run(tmp_path, "c") as (three, _),
    ):
        for logger in (one, two, three):
            log(logger, "entry", step=1, loss=1.0)
        made = list(table_of(Top(RunningRuns(tmp_path)).look(), tmp_path, Output(), height))
    assert sum("Running" in line for line in made) == rows
    assert len(made) <= max(height, 4)
    assert len(made) <= lines
    assert ("more" in made[-1]) is (rows < 3)


def test_text_from_runs_is_escaped_and_cut(tmp_path: Path) -> None:
    """Names and messages cannot steer the terminal, and no line is wider than it."""
    with open_run(tmp_path, run_name="\x1b[5m" + "漢" * 30) as (logger, _):
        log(logger, "\x1b[2J" + "long " * 99, named={"\x1b]0;\x07" * 9: 1.0}, step=10**6)
        assert not unsafe_in(runlogging("top", tmp_path).output)
        text = shown("top", tmp_path, "--once", columns=60)
    assert "\x1b[2J" not in text
    assert max(map(len, plain_lines(text))) <= 60


# ---------------------------------------------------------------------- in a terminal


@pytest.mark.parametrize(("keys", "code"), [("q", 0), ("\x03", None)], ids=["q", "ctrl-c"])
def test_live_table_until_a_key(tmp_path: Path, keys: str, code: int | None) -> None:
    """It is redrawn as runs go on, in place; q or Ctrl-C ends it and the terminal is as it was."""
    with open_run(tmp_path, run_name="ridge") as (logger, _):
        log(logger, step=41, loss=1.0)
        with Screen("top", tmp_path) as screen:
            screen.wait_for("ridge")
            log(logger, "next", step=42, loss=0.5)
            screen.wait_for("loss=0.5")
            if code is None:
                screen.interrupt()
            else:
                screen.press(f"x{keys}")
            assert screen.wait() == (130 if code is None else code)
            assert screen.is_restored()
    assert b"\x1b[?1049h" in screen.shown
    assert screen.shown.rindex(b"\x1b[?1049l") > screen.shown.rindex(b"\x1b[?1049h")
    assert screen.shown.rindex(b"\x1b[?25h") > screen.shown.rindex(b"\x1b[?25l")
    assert "Traceback" not in screen.text


def test_redraws_are_small_and_clear_nothing(tmp_path: Path) -> None:
    """A redraw of 160 columns and 40 lines is under 20 KB, and overwrites rather than clears."""
    with open_run(tmp_path) as (logger, _), Screen("top", tmp_path, columns=160, lines=40) as screen:
        for step in range(3):
            log(logger, f"message {step}", step=step, loss=1.0)
            screen.wait_for(f"message {step}")
        screen.press("q")
        assert screen.wait() == 0
    live = screen.shown[screen.shown.index(b"\x1b[?1049h") : screen.shown.index(b"\x1b[?1049l")]
    redraws = live.split(b"\x1b[H")[2:]
    assert redraws
    assert max(map(len, redraws)) < 20_000
    assert not any(b"\x1b[2J" in one or b"\x1b[2K" in one for one in redraws)


def test_last_table_stays_on_the_screen(tmp_path: Path) -> None:
    """After the end the table is printed once more, on the normal screen."""
    with open_run(tmp_path, run_name="ridge") as (logger, _), Screen("top", tmp_path) as screen:
        logger.info("begin")
        screen.wait_for("ridge")
        screen.press("q")
        assert screen.wait() == 0
    assert b"ridge" in screen.shown[screen.shown.rindex(b"\x1b[?1049l") :]
