"""What a report reads once is what the slower readings of a run give: problems, points, the log in short."""

from __future__ import annotations

import logging
import math
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from runlogging import start_run
from runlogging.drawing._points import RunPoints, read_points
from runlogging.keeping.packing._pack import pack
from runlogging.reading import RunReader, open_run
from runlogging.reading._checking import Checked
from runlogging.reading._digest import LogDigest, entries_of, may_have_entries
from runlogging.reading._streams import stream_files
from runlogging.reading.comparing import compare
from runlogging.report._comparing import compared


def _run(root: Path, name: str = "mixed") -> RunReader:
    dice = random.Random(5)
    log = logging.getLogger("report.test")
    with start_run(name, root=root) as run:
        for step in range(300):
            run.log("a", dice.random(), step=step)
            if step % 3 == 0:
                run.log_metrics({"a": dice.random(), "b": 10**400 if step == 9 else dice.choice([1, math.nan, 2.5])})
            if step % 50 == 0:
                run.log_text("note", f"text {step}", step=step)
                log.warning("batch %d is slow", step)
        try:
            raise ValueError("no <number>")
        except ValueError:
            log.exception("it failed")
    return open_run(run.path)


def _cut_in_the_middle(run: Path) -> None:
    file = run / "metrics.jsonl"
    file.write_bytes(file.read_bytes()[:-10])


def _two_on_a_line(run: Path) -> None:
    file = run / "metrics.jsonl"
    file.write_bytes(file.read_bytes().replace(b"}\n{", b"}{", 1))


def _bad_and_empty_lines(run: Path) -> None:
    file = run / "metrics.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    lines[20:20] = [b"\n", b"\n", b"no line\n", b'{"seq":5,"time":"never","metrics":{}}\n', b'{"metrics":7}\n']
    file.write_bytes(b"".join(lines))


def _lines_lost(run: Path) -> None:
    file = run / "metrics.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:40], *lines[43:]]))


def _bad_log(run: Path) -> None:
    with (run / "logs.jsonl").open("ab") as file:
        file.write(b"{torn")


def _as_it_is(run: Path) -> None:
    """Damage nothing."""


_DAMAGES = [_as_it_is, _cut_in_the_middle, _two_on_a_line, _bad_and_empty_lines, _lines_lost, _bad_log]


@pytest.mark.parametrize("damage", _DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
def test_problems_are_the_same(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """Whatever was read on the way, the problems are those of a reading of their own."""
    run = _run(tmp_path)
    damage(run.path)
    checked = Checked(run)
    read_points(run, {"a"}, checked=checked)
    found = checked.problems()
    assert found == run.problems
    assert bool(found) == (damage is not _as_it_is)


def test_what_was_read_counts_as_it_was(tmp_path: Path) -> None:
    """A file that goes after it was read leaves no gap in the numbers: a report tells of what it shows."""
    run = _run(tmp_path)
    checked = Checked(run)
    read_points(run, {"a"}, checked=checked)
    (run.path / "metrics.jsonl").unlink()
    assert checked.problems() == []
    assert [problem.kind for problem in run.problems] == ["gap"]


@pytest.mark.parametrize("is_packed", [False, True], ids=["lines", "packed"])
def test_points_are_those_of_the_series(tmp_path: Path, is_packed: bool) -> None:
    """Whatever stands on the same line, and in whatever form a number is, each point is there in its order."""
    run = _run(tmp_path)
    if is_packed:
        pytest.importorskip("pyarrow")
        pack(run.path)
    series = run.metrics()
    found = read_points(run, {"a", "b", "gone"}, "time")
    assert found.keys() == {"a", "b"}
    for name in ("a", "b"):
        points = found[name]["main"]
        assert list(points.xs) == [moment.timestamp() for moment in series[name].times]
        values = [math.inf if value == 10**400 else float(value) for value in series[name].values]
        assert list(map(str, points.ys)) == list(map(str, values))
    assert not read_points(run, {"a"})["a"]["main"].has_steps


@pytest.mark.parametrize("writers", [1, 3])
def test_the_digest_is_what_the_log_says(tmp_path: Path, writers: int) -> None:
    """Counts, both ends, errors and what was said often are those of all entries in their order."""
    run = _run(tmp_path)
    for number in range(1, writers):
        for stream in ("logs", "metrics"):
            text = (run.path / f"{stream}.jsonl").read_bytes()
            (run.path / f"{stream}.rank{number}.jsonl").write_bytes(text)
    entries = list(run.iter_logs())
    digest = LogDigest(run.path)
    assert digest.count == len(entries)
    assert digest.levels == Counter(entry.level_number for entry in entries)
    keys = [(entry.writer, entry.seq) for entry in entries]
    assert [(entry.writer, entry.seq) for entry in digest.first] == keys[:10]
    assert [(entry.writer, entry.seq) for entry in digest.last] == keys[-30:]
    assert [entry.message for entry in digest.errors] == ["it failed"] * writers
    assert {one.text: count for one, count in digest.said.items()} == {
        "batch %d is slow": 6 * writers,
        "it failed": writers,
    }


def test_entries_among_numbers_are_found(tmp_path: Path) -> None:
    """A log record that carries numbers is an entry, though it stands in the file of the numbers."""
    log = logging.getLogger("report.test")
    with start_run("both", root=tmp_path) as run:
        log.info("epoch done", extra={"metrics": {"loss": 1.0}})
        run.log("loss", 2.0)
    reader = open_run(run.path)
    (numbers,) = stream_files(reader.path, ("metrics",))
    assert may_have_entries(numbers)
    assert [record.line.message for record in entries_of(reader.path)] == ["epoch done"]


def test_files_of_numbers_alone_are_not_decoded(tmp_path: Path) -> None:
    """A file without an entry is known by its bytes, also where a piece ends in the middle of the sign."""
    with start_run("numbers", root=tmp_path) as run:
        run.log("loss", 2.0)
    (numbers,) = stream_files(open_run(run.path).path, ("metrics",))
    assert not may_have_entries(numbers)
    sign = b'"level"'
    for shift in range(len(sign) + 1):
        numbers.path.write_bytes(b"x" * ((1 << 20) - shift) + sign + b":")
        assert may_have_entries(numbers)


def _lines_turned_round(run: Path) -> None:
    file = run / "metrics.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[::-1]))


def _two_writers(run: Path) -> None:
    (run / "metrics.rank1.jsonl").write_bytes((run / "metrics.jsonl").read_bytes())


def _recorded(run: Path) -> None:
    file = run / "metrics.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"seq":', b'"recorded":true,"seq":', 1))


@pytest.mark.parametrize(
    "damage", [*_DAMAGES, _lines_turned_round, _two_writers, _recorded], ids=lambda damage: damage.__name__.strip("_")
)
def test_runs_compared_in_one_pass_say_the_same(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """Comparison, points and problems of several runs are those of readings of their own."""
    runs = [_run(tmp_path, "first"), _run(tmp_path, "second")]
    damage(runs[1].path)
    found = compared(runs, [], ["a", "b", "gone"], None)
    assert repr(found.comparison) == repr(compare(*runs))  # NaN is equal to nothing
    for run in runs:
        points = read_points(run, {"a", "b", "gone"})
        assert repr(_plain(found.points[run.id])) == repr(_plain(points))
        assert found.problems[run.id] == run.problems


def _plain(points: RunPoints) -> list[tuple[str, str, list[float], list[float], bool]]:
    return sorted(
        (name, writer, list(line.xs), list(line.ys), line.has_steps)
        for name, lines in points.items()
        for writer, line in lines.items()
    )
