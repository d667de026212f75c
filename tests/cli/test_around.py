"""``runlogging around`` and ``runlogging when``, and how lines that were kept back are shown."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from runlogging.folder import Line, Writer, now_text
from tests.cli.tools import log, made_run, open_run, runlogging, strict_json, unsafe_in
from tests.reading.tools import spec_of, written

if sys.platform != "win32":
    from tests.cli.test_terminal import COLOURS, in_terminal


def entry(level: str, message: str) -> Line:
    return Line(time=now_text(), level=level, logger="app.around", message=message)


def point(step: int, **metrics: float) -> Line:
    return Line(time=now_text(), step=step, metrics=dict(metrics))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a run of five steps, points as verbs write them between two log lines, a warning after step 3."""
    lines: list[Line] = []
    for step in range(5):
        lines += [entry("INFO", f"batch {step}"), point(step, loss=1 / (step + 1)), point(step, accuracy=step / 4)]
        lines += [entry("DEBUG", f"done with {step}")]
        lines += [entry("WARNING", "slow\nvery slow")] if step == 3 else []
    return written(tmp_path, *lines)


def test_the_metric_s_line_is_marked_in_the_middle(path: Path) -> None:
    """The lines are those of `logs`, two columns to the right; the metric's own begins with a mark."""
    lines = runlogging("around", path, "loss", "--step", "2", "-n", "2").output.splitlines()
    assert [line[:2] for line in lines] == ["  ", "  ", "> ", "  ", "  "]
    assert [line[25:] for line in lines] == [
        " DEBUG    app.around  done with 1",
        " INFO     app.around  batch 2",
        "           loss=0.333333  step=2",
        " DEBUG    app.around  done with 2",
        " INFO     app.around  batch 3",
    ]
    logs = runlogging("logs", path).output.splitlines()
    assert {line[2:] for line in lines if not line.startswith(">")} <= set(logs)


def test_the_metric_comes_first_on_its_line(tmp_path: Path) -> None:
    """Of a record with many numbers the one that was asked for leads, and the message stays."""
    with open_run(tmp_path) as (logger, path):
        log(logger, "both", a=1, b=2)
    assert runlogging("around", path, "b").output.endswith("app.test  both  b=2  a=1\n")


def test_options_choose_point_and_entries(path: Path) -> None:
    """--which, --level and --writer are those of the reader."""
    lines = runlogging("around", path, "loss", "--which", "max", "--level", "WARNING").output.splitlines()
    assert [line[26:].strip() for line in lines] == ["loss=1  step=0", "WARNING  app.around  slow", ""]
    assert lines[2] == "      very slow"
    refused = runlogging("around", path, "loss", "--which", "nonfinite", code=2)
    assert "all 5 values of 'loss' are finite" in refused.stderr
    assert "has no 'loss'" in runlogging("around", path, "loss", "--writer", "rank1", code=2).stderr


def test_other_writers_come_where_they_are_asked_for(tmp_path: Path) -> None:
    """--all-writers shows every writer's entries, each with its name."""
    writers = [Writer(spec_of(tmp_path), wanted=wanted) for wanted in (None, "rank1")]
    for writer in writers:
        writer.open()
        writer.write(entry("INFO", "hello"))
    writers[0].write(point(0, loss=1))
    for writer in reversed(writers):
        writer.end("Completed")
    path = writers[0].spec.path
    own, every = (runlogging("around", path, "loss", *more).output for more in ([], ["--all-writers"]))
    assert (own.count("[main] app.around  hello"), own.count("[rank1]")) == (1, 0)
    assert (every.count("[main] app.around  hello"), every.count("[rank1] app.around  hello")) == (1, 1)


def test_what_is_not_there_is_one_sentence(path: Path) -> None:
    """No such metric, step or level: exit status 2, and what comes near."""
    assert "Did you mean loss?" in runlogging("around", path, "los", code=2).stderr
    assert (
        "no point at step -3; the nearest: 0, 1, 2" in runlogging("around", path, "loss", "--step", "-3", code=2).stderr
    )
    assert "'loud' is no level" in runlogging("around", path, "loss", "--level", "loud", code=2).stderr
    assert "at least 0" in runlogging("around", path, "loss", "-n", "-1", code=2).stderr
    assert "no metric 'x'" in runlogging("when", path, "--metric", "x", code=2).stderr


def test_around_is_one_object_in_json(path: Path) -> None:
    """Point, record and entries are strict JSON."""
    found = strict_json(runlogging("around", path, "loss", "--step", "3", "-n", "1", "--json").output)
    assert (found["name"], found["point"]["step"], found["point"]["value"]) == ("loss", 3, 0.25)
    assert (found["entry"]["seq"], found["entry"]["metrics"]) == (found["point"]["seq"], {"loss": 0.25})
    assert [entry["message"] for entry in found["before"] + found["after"]] == ["batch 3", "done with 3"]


def test_metrics_stand_below_each_warning(path: Path) -> None:
    """Those of one step together, at two columns, where no line of a message can stand."""
    first, *below = runlogging("when", path).output.splitlines()
    assert first.endswith(" WARNING  app.around  slow")
    assert below == ["    very slow", "  at  loss=0.25  accuracy=0.75  step=3"]
    lines = runlogging("when", path, "--level", "debug", "--metric", "loss").output.splitlines()
    assert (len(lines), lines[1], lines[3]) == (23, "  at  no metric yet", "  at  loss=1  step=0")
    assert sum(line.startswith("  at  ") for line in lines) == 11


def test_when_is_an_object_a_line_in_json(tmp_path: Path) -> None:
    """An entry and its metrics; what is not finite is text."""
    with open_run(tmp_path) as (logger, path):
        log(logger, step=1, loss=math.nan)
        logger.error("lost")
    (line,) = runlogging("when", path, "--json").output.splitlines()
    found = strict_json(line)
    assert (found["entry"]["message"], found["metrics"]["loss"]["value"]) == ("lost", "NaN")
    assert found["metrics"]["loss"]["step"] == 1


def test_nothing_to_show_is_said_on_stderr(tmp_path: Path) -> None:
    """A run without warnings is no error; JSON stays empty."""
    done = runlogging("when", made_run(tmp_path))
    assert (done.stdout, "no entry of that level" in done.stderr) == ("", True)
    assert runlogging("when", "latest", "--root", tmp_path, "--json").output == ""


def test_lines_that_were_kept_back_have_a_tilde(tmp_path: Path) -> None:
    """They stand at their time with a quiet mark, in JSON with `recorded`; other lines have neither."""
    with open_run(tmp_path, flight_recorder=10) as (logger, path):
        logger.handlers[0].setLevel("INFO")
        logger.debug("first")
        logger.info("second")
        logger.error("third")
    lines = [line[23:] for line in runlogging("logs", path).output.splitlines()]
    assert lines == [" DEBUG    ~ app.test  first", " INFO     app.test  second", " ERROR    app.test  third"]
    entries = [strict_json(line) for line in runlogging("logs", path, "--json").output.splitlines()]
    assert [entry.get("recorded") for entry in entries] == [True, None, None]


def test_names_and_messages_are_escaped(tmp_path: Path) -> None:
    """Neither a metric's name nor a message can steer the terminal."""
    name = "\x1b[2J\u202e"
    with open_run(tmp_path) as (logger, path):
        logger.warning("\x1b[5m\rx")
        log(logger, "\x9b1m", {name: 1})
        logger.warning("y")
    commands: list[list[str | Path]] = [
        ["around", path, name],
        ["when", path],
        ["when", path, "--json"],
        ["around", path, name, "--json"],
    ]
    for arguments in commands:
        assert unsafe_in(runlogging(*arguments).output) == set()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
@pytest.mark.parametrize("columns", [80, 120])
def test_in_a_terminal(tmp_path: Path, columns: int) -> None:
    """The day stands once, the mark at the edge, and many metrics are folded to the width."""
    with open_run(tmp_path) as (logger, path):
        log(logger, "many", {f"a metric with the number {number}": number / 7 for number in range(12)}, step=3)
        logger.warning("now")
    first, marked, after = COLOURS.sub(
        "", in_terminal("around", path, "a metric with the number 3", columns=columns)
    ).splitlines()
    assert re.fullmatch(r"  -- \d{4}-\d\d-\d\d --", first)
    assert re.match(r"> \d\d:\d\d:\d\d\.\d{3} INFO     app.test  many  a metric with the number 3=0.428571  ", marked)
    assert re.fullmatch(r"  \d\d:\d\d:\d\d\.\d{3} WARNING  app.test  now", after)
    _, entry, *metrics = COLOURS.sub("", in_terminal("when", path, columns=columns)).splitlines()
    assert entry.endswith("now")
    assert max(map(cell_len, metrics)) <= columns
    assert len(metrics) == {80: 7, 120: 5}[columns]
    assert (metrics[0][:6], {line[:6] for line in metrics[1:]}) == ("  at  ", {"      "})
    assert metrics[-1].endswith("step=3")


@pytest.mark.parametrize("command", ["around", "when"])
def test_help_and_page_know_the_same_options(command: str) -> None:
    """Each command explains itself, and the page names each of its options."""
    text = runlogging(command, "-h").output
    assert text == runlogging(command, "--help").output
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    section = page.partition(f"## `runlogging {command} ")[2].partition("\n## ")[0]
    options = set(re.findall(r"^  (?:-\w, )?(--?\w[\w-]*)", text, re.MULTILINE)) - {"--help"}
    assert {option for option in options if f"`{option}" not in section} == set()
