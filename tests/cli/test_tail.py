"""``runlogging tail``: the logs of several runs as they come."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging.cli._late import LateFile, late_files
from runlogging.drawing._palette import colours_of
from tests.cli.screens import PATIENCE_S, Screen
from tests.cli.tools import log, made_run, open_run, runlogging, started, strict_json, unsafe_in
from tests.conftest import only_run


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Make two runs that logged in turn."""
    with (
        open_run(tmp_path, run_name="ridge") as (one, first),
        open_run(tmp_path, "other", run_name="lasso") as (other, second),
    ):
        for number in range(5):
            one.info("one %d", number)
            other.warning("other %d", number)
        log(one, "with a metric", step=3, loss=0.5)
    return first, second


def test_entries_of_several_runs_are_merged_by_time(two: tuple[Path, Path]) -> None:
    """Each line begins with its run's name, and how the runs ended is said on stderr."""
    done = runlogging("tail", *two)
    texts = [re.sub(r"\| .* app\.\S+ +", "", line) for line in done.stdout.splitlines()]
    merged = [text for number in range(5) for text in (f"ridge one {number}", f"lasso other {number}")]
    assert texts == [*merged, "ridge with a metric  loss=0.5  step=3"]
    assert done.stderr == "ridge has ended: Completed\nlasso has ended: Completed\n"


def test_last_entries_of_each_run_come_first(two: tuple[Path, Path]) -> None:
    """-n says how many of each run; none is possible."""
    assert [line.split()[-1] for line in runlogging("tail", *two, "-n", "1").stdout.splitlines()] == ["4", "step=3"]
    assert runlogging("tail", *two, "-n", "0").stdout == ""


def test_one_run_needs_no_label(two: tuple[Path, Path]) -> None:
    """A run named alone, once or twice, has lines as those of `logs`."""
    logs = runlogging("logs", two[1]).stdout
    assert runlogging("tail", two[1]).stdout == logs
    assert runlogging("tail", two[1], two[1]).stdout == logs


def test_level_narrows_what_is_printed(two: tuple[Path, Path]) -> None:
    """The last entries are the last of that level; an unknown level is refused."""
    lines = runlogging("tail", *two, "--level", "warning", "-n", "2").stdout.splitlines()
    assert [line.split()[-1] for line in lines] == ["3", "4"]
    assert "is no level" in runlogging("tail", *two, "--level", "loud", code=2).stderr


def test_json_names_run_and_experiment(two: tuple[Path, Path]) -> None:
    """An object a line, with the fields of `logs` behind run and experiment."""
    objects = [strict_json(line) for line in runlogging("tail", *two, "--json").stdout.splitlines()]
    assert len(objects) == 11
    assert {(one["run"], one["experiment"]) for one in objects} == {(path.name, path.parent.name) for path in two}
    assert objects[-1]["metrics"] == {"loss": 0.5}


def test_named_runs_exclude_a_choice(two: tuple[Path, Path]) -> None:
    """--where and --experiment choose among running runs, so beside names they are a wrong use."""
    assert "name no RUN" in runlogging("tail", two[0], "--where", "status = 'Running'", code=2).stderr
    assert "name no RUN" in runlogging("tail", two[0], "--experiment", "test", code=2).stderr
    assert runlogging("tail", "no-such-run", "--root", two[0].parent.parent, code=2).stderr.startswith("Error: no run")


def test_lines_of_a_traceback_are_labelled_and_escaped(tmp_path: Path, two: tuple[Path, Path]) -> None:
    """Every line says whose it is, and nothing in it steers the terminal."""
    with open_run(tmp_path, run_name="\x1b[5mbad\n") as (logger, path):
        try:
            raise ValueError("boom \x1b[2J")
        except ValueError:
            logger.exception("first\nsecond \x07")
    done = runlogging("tail", path, two[0])
    assert not unsafe_in(done.output)
    lines = [line for line in done.stdout.splitlines() if line.startswith("\\x1b[5mbad\\n")]
    assert len(lines) > 4
    assert any("ValueError: boom" in line for line in lines)


def test_torn_line_and_packed_or_other_files_do_no_harm(two: tuple[Path, Path]) -> None:
    """What stands after the last newline is not printed, nor is a bad line."""
    with (two[0] / "logs.jsonl").open("ab") as file:
        file.write(b'no json\n{"seq":')
    assert runlogging("tail", two[0], "-n", "2").stdout.splitlines()[-1].endswith("step=3")


# ---------------------------------------------------------------------- following


@pytest.fixture
def until() -> Callable[[subprocess.Popen[bytes], bytes], bytes]:
    """Give a function that reads a process's stdout until a text was there."""

    def read(process: subprocess.Popen[bytes], text: bytes) -> bytes:
        assert process.stdout
        found = b""
        end = time.monotonic() + PATIENCE_S
        while text not in found:
            assert time.monotonic() < end, found
            part = os.read(process.stdout.fileno(), 65536)
            assert part, found
            found += part
        return found

    return read


def test_goes_on_until_the_runs_have_ended(
    tmp_path: Path, run_writer: subprocess.Popen[str], until: Callable[[subprocess.Popen[bytes], bytes], bytes]
) -> None:
    """New entries are printed as they come, each once, and the end of the last run ends it with status 0."""
    assert run_writer.stdin
    path = only_run(tmp_path / "runs")
    with started("tail", path, made_run(tmp_path / "others")) as process:
        found = until(process, b"here")
        for number in range(3):
            run_writer.stdin.write(f"line {number}\n")
            run_writer.stdin.flush()
            found += until(process, f"line {number}".encode())
        run_writer.stdin.close()
        rest, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert (found + rest).count(b"line 1") == 1
    assert b"has ended: Completed" in errors


def test_interrupt_leaves_at_once(
    tmp_path: Path, run_writer: subprocess.Popen[str], until: Callable[[subprocess.Popen[bytes], bytes], bytes]
) -> None:
    """Ctrl-C ends it with status 130 and without a traceback."""
    with started("tail", "latest", "--root", tmp_path / "runs") as process:
        until(process, b"here")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert b"Traceback" not in errors


def test_without_a_run_all_running_ones_of_the_root(
    tmp_path: Path, run_writer: subprocess.Popen[str], until: Callable[[subprocess.Popen[bytes], bytes], bytes]
) -> None:
    """Ended runs are left out, runs that start later join, and a filter chooses."""
    root = tmp_path / "runs"
    made_run(root, run_name="ended")
    with started("tail", "--root", root, "--where", "experiment = 'default' or name = 'late'") as process:
        found = until(process, b"here")
        with open_run(root, "a", run_name="late") as (late, _), open_run(root, "b", run_name="other") as (other, _):
            other.info("not this")
            late.info("the first of the late one")
            found += until(process, b"the first of the late one")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE_S)
    assert b"late" in found
    assert b"begin" not in found
    assert b"not this" not in found + rest


def test_waits_where_nothing_runs(tmp_path: Path) -> None:
    """A root without running runs is waited for, and that is said; a filter that does not parse is an error."""
    made_run(tmp_path)
    with Screen("tail", "--root", tmp_path) as screen:
        screen.wait_for("No run is running")
        with open_run(tmp_path, run_name="late") as (logger, _):
            logger.info("at last")
            screen.wait_for("at last")
        screen.interrupt()
        assert screen.wait() == 130
    assert "expected" in runlogging("tail", "--root", tmp_path, "--where", "status =", code=2).stderr


def test_labels_have_the_colours_of_their_runs(two: tuple[Path, Path]) -> None:
    """In a terminal the name stands in the run's colour, and the day on a line of its own, once."""
    with Screen("tail", *two) as screen:
        assert screen.wait() == 0
    colours = colours_of(path.name for path in two)
    for path, name in zip(two, ("ridge", "lasso"), strict=True):
        assert f"\x1b[38;5;{colours[path.name].number}m{name}\x1b[0m | ".encode() in screen.shown
    assert len(re.findall(r"^-- \d{4}-\d\d-\d\d --$", screen.text, re.MULTILINE)) == 1


# ---------------------------------------------------------------------- from the end of a file


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 9), st.booleans(), st.integers(1, 400))
def test_last_records_are_those_of_a_whole_reading(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[int], most: int, is_torn: bool, block: int
) -> None:
    """However the blocks lie: good, bad, empty and long lines, and a torn end."""
    path = tmp_path_factory.mktemp("late") / "logs.jsonl"
    texts = [
        f'{{"seq":{number},"time":"2026-11-23T23:05:02.123456Z","level":"INFO","message":"{"x" * kind * 100}"}}'
        if kind
        else ""
        if number % 2
        else "bad"
        for number, kind in enumerate(kinds)
    ]
    path.write_text("".join(f"{text}\n" for text in texts) + ('{"seq":' if is_torn else ""), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("runlogging.cli._late._BLOCK", block)
        file = LateFile(path)
        found = [record.line.seq for record in file.last_records(most, lambda record: record.line.seq != 0)]
    assert found == [number for number, kind in enumerate(kinds) if kind and number][-most or len(kinds) :]
    assert list(file.new_records()) == []


def test_new_records_follow_the_last_ones(two: tuple[Path, Path]) -> None:
    """Nothing is lost or read twice between the look from the end and the next one."""
    (file,) = [file for file in late_files(two[0]) if file.stream == "logs"]
    assert isinstance(file, LateFile)
    assert [record.line.message for record in file.last_records(2, lambda record: True)] == ["one 3", "one 4"]
    with file.path.open("ab") as opened:
        opened.write(b'{"seq":99,"time":"2026-11-23T23:05:02.123456Z","message":"new","level":"INFO"}\n')
    assert [record.line.message for record in file.new_records()] == ["new"]


def test_first_look_may_begin_near_the_end(two: tuple[Path, Path]) -> None:
    """A line that the place lies in is left out; a place before the beginning is the beginning."""
    size = (two[0] / "logs.jsonl").stat().st_size
    counts = []
    for last in (size * 2, size, size // 2, 1, 0):
        file = LateFile(two[0] / "logs.jsonl")
        file.skip_to_last(last)
        counts.append(len(list(file.new_records())))
    assert counts == [5, 5, 2, 0, 0]


def test_big_file_is_read_from_its_end(tmp_path: Path, two: tuple[Path, Path]) -> None:
    """Of a file of gigabytes (a sparse one) the last entries are there without reading it."""
    path = two[0] / "logs.jsonl"
    lines = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(8 << 30)
        file.seek(0, 2)
        file.write(b"\n" + lines)
    assert runlogging("tail", two[0], "-n", "2").stdout.count("one 4") == 1
