"""Records that were kept back in memory and written later stand in views where their time puts them."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging import RunHandler, open_run
from runlogging.folder import Line, Writer
from runlogging.reading import follow_logs
from runlogging.reading._model import Record
from runlogging.reading._streams import merged

from .tools import spec_of, written

_runs = itertools.count()


def at(second: int, message: str = "", *, recorded: bool = False, **fields: object) -> Line:
    """Return a log line of some second."""
    time = f"2026-11-23T23:{second // 60:02d}:{second % 60:02d}.000000Z"
    line = Line(time=time, level="INFO", message=message or f"at {second}", recorded=recorded or None)
    for name, value in fields.items():
        setattr(line, name, value)
    return line


def messages(path: Path) -> list[str]:
    return [entry.message for entry in open_run(path).logs()]


def test_recorded_lines_stand_at_their_times(tmp_path: Path) -> None:
    """What was written before the trigger, with numbers drawn then, stands where it was logged, and says so."""
    lines = [at(1), at(3), at(5), at(2, recorded=True), at(4, recorded=True), at(6, level="ERROR"), at(7)]
    run = open_run(written(tmp_path, *lines))
    entries = run.logs()
    assert [entry.seq for entry in entries] == [1, 4, 2, 5, 3, 6, 7]
    assert [entry.seq for entry in entries if entry.recorded] == [4, 5]
    assert [entry.recorded for entry in entries if entry.seq == 1] == [False]
    assert [record.line.seq for record in run.records(("logs",))] == [1, 4, 2, 5, 3, 6, 7]
    assert [entry.seq for entry in follow_logs(run).poll()] == [1, 4, 2, 5, 3, 6, 7]


def test_of_equal_times_the_number_decides(tmp_path: Path) -> None:
    """A recorded line of the very time of its trigger stands before it, and behind what was written earlier."""
    assert messages(
        written(tmp_path, at(1, "a"), at(1, "b", recorded=True), at(1, "c", recorded=True), at(1, "d"))
    ) == ["a", "b", "c", "d"]


def test_a_clock_that_went_back_puts_none_behind_its_trigger(tmp_path: Path) -> None:
    """A recorded line was made before it was written, so it never stands behind a line of a higher number."""
    path = written(tmp_path, at(100), at(190, recorded=True), at(120, "trigger"), at(130), at(195))
    assert messages(path) == ["at 100", "at 190", "trigger", "at 130", "at 195"]


def test_recorded_metrics_are_in_the_series_at_their_times(tmp_path: Path) -> None:
    """A series is a view, too."""
    lines = [at(1, metrics={"loss": 1}), at(3, metrics={"loss": 3}), at(2, recorded=True, metrics={"loss": 2}), at(4)]
    assert open_run(written(tmp_path, *lines)).series("loss").values == [1, 2, 3]


def test_recorded_lines_stand_among_those_of_other_writers(tmp_path: Path) -> None:
    """Between writers time decides, also for what was kept back."""
    first = Writer(spec_of(tmp_path))
    first.open()
    second = Writer(spec_of(tmp_path), wanted="rank1")
    second.open()
    first.write(at(1, "a1"))
    for line in (at(2, "b2"), at(9, "b9"), at(5, "b5 recorded", recorded=True), at(10, "b10")):
        second.write(line)
    for line in (at(4, "a4"), at(6, "a6"), at(3, "a3 recorded", recorded=True), at(8, "a8")):
        first.write(line)
    second.end("Completed")
    first.end("Completed")
    expected = ["a1", "b2", "a3 recorded", "a4", "b5 recorded", "a6", "a8", "b9", "b10"]
    assert messages(first.spec.path) == expected


def test_a_follower_gives_recorded_lines_when_they_come(tmp_path: Path) -> None:
    """What was shown stays; lines that are written later come in order with the next look, each once."""
    writer = Writer(spec_of(tmp_path))
    writer.open()
    writer.write(at(1))
    writer.write(at(5))
    follower = follow_logs(open_run(writer.spec.path))
    assert [entry.message for entry in follower.poll()] == ["at 1", "at 5"]
    for line in (at(7), at(3, recorded=True), at(6, recorded=True), at(8)):
        writer.write(line)
    assert [entry.message for entry in follower.poll()] == ["at 3", "at 6", "at 7", "at 8"]
    assert follower.poll() == []
    writer.end("Completed")


_seconds = st.integers(0, 20)
_drawn = st.lists(st.tuples(st.sampled_from(["main", "rank1", "rank2"]), st.booleans(), _seconds), max_size=40)


@given(_drawn, st.randoms(use_true_random=False))
def test_order_keeps_what_it_must(drawn: list[tuple[str, bool, int]], shuffling: object) -> None:
    """Whatever clocks do, nothing is lost or doubled; plain lines keep their order, recorded ones come by time."""
    counts: dict[str, itertools.count[int]] = {}
    records = [
        Record(at(second, recorded=recorded, seq=next(counts.setdefault(writer, itertools.count(1)))), writer, "logs")
        for writer, recorded, second in drawn
    ]
    given_order = list(records)
    shuffling.shuffle(given_order)  # type: ignore[attr-defined]
    result = merged(given_order)
    assert sorted(map(id, result)) == sorted(map(id, records))
    for writer in counts:
        own = [record for record in result if record.writer == writer]
        plain = [record.line.seq or 0 for record in own if not record.line.recorded]
        assert plain == sorted(plain)
        times = [record.line.time for record in own if record.line.recorded]
        assert times == sorted(times)
        for place, record in enumerate(own):
            if record.line.recorded:
                later = [other.line.seq or 0 for other in own[:place] if not other.line.recorded]
                assert all(number < (record.line.seq or 0) for number in later)


@given(_drawn)
def test_without_recorded_lines_the_order_is_that_of_the_numbers(drawn: list[tuple[str, bool, int]]) -> None:
    """Where nothing was kept back, a writer's lines come in the order of their numbers, whatever their times."""
    records = [
        Record(at(second, seq=number), writer, "logs") for number, (writer, _, second) in enumerate(drawn, start=1)
    ]
    result = merged(reversed(records))
    for writer in {record.writer for record in records}:
        own = [record.line.seq or 0 for record in result if record.writer == writer]
        assert own == sorted(own)


def _logged(handler: RunHandler, levels: Iterable[int]) -> None:
    """Send a record of each level to a handler, a second apart; each says the number of its call."""
    for number, level in enumerate(levels):
        record = logging.LogRecord("app", level, __file__, 1, "%d", (number,), None)
        record.created = 1_700_000_000.0 + number
        handler.handle(record)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a root for many runs."""
    return tmp_path_factory.mktemp("runs")


@given(st.lists(st.sampled_from([logging.DEBUG, logging.DEBUG, logging.INFO, logging.ERROR]), max_size=25))
def test_the_flight_recorder_is_read_in_the_order_of_the_calls(root: Path, levels: list[int]) -> None:
    """What the real recorder kept and wrote at each error stands where the program logged it."""
    handler = RunHandler(root, run_id=f"r{next(_runs)}", flight_recorder=4, delay=False)
    handler.setLevel(logging.INFO)
    _logged(handler, levels)
    handler.close()
    expected: list[int] = []
    waiting: list[int] = []
    for number, level in enumerate(levels):
        if level == logging.DEBUG:
            waiting = [*waiting, number][-4:]
            continue
        expected.append(number)
        if level == logging.ERROR:
            expected += waiting
            waiting = []
    entries = open_run(handler.run_path).logs()
    assert [int(entry.message) for entry in entries] == sorted(expected)
    assert [entry.recorded for entry in entries] == [entry.level == "DEBUG" for entry in entries]
