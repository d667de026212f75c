"""The log in pages: the same entries in the same order as a reading of everything, a part at a time."""

from __future__ import annotations

import logging
import random
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import runlogging
from runlogging.folder import Line, encode_line, stream_path
from runlogging.reading import _streams as streams_module
from runlogging.reading import open_run
from runlogging.reading._order import ordered_records
from runlogging.reading._pages import LogPages
from runlogging.reading._streams import merged, stream_files

from .tools import manifest_only

STREAMS = ("logs", "metrics", "values")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def _time(number: int) -> str:
    return f"2026-11-23T23:05:{number // 1000 % 60:02d}.{number % 1000:06d}Z"


def _line(number: int, clock: int, stream: str, chance: random.Random) -> Line:
    fields = {
        "logs": {"level": chance.choice(LEVELS), "message": f"m{number}", "logger": "a"},
        "metrics": {"metrics": {"loss": number}, **({"level": "INFO", "message": "p"} if number % 3 else {})},
        "values": {"values": [{"name": "x", "type": "text", "value": "y" * chance.randrange(300)}]},
    }[stream]
    return Line(seq=number, time=_time(clock), **fields)  # type: ignore[arg-type]


def _write(run: Path, writers: int, count: int, seed: int, *, parts: int = 1, bad: float = 0.0) -> None:
    """Append lines of some writers to a run, a little out of order."""
    chance = random.Random(seed)
    for writer in range(writers):
        name = "main" if not writer else f"rank{writer}"
        files: dict[tuple[str, int], list[bytes]] = {}
        clock = chance.randrange(50)
        for number in range(1, count + 1):
            clock += chance.choice((-3, 0, 1, 1, 2, 40))
            stream = chance.choice(STREAMS)
            part = 1 + (number * parts - 1) // count if stream == "logs" else 1
            files.setdefault((stream, part), []).append(encode_line(_line(number, max(clock, 0), stream, chance)))
        for (stream, part), lines in files.items():
            for place in range(0, len(lines) - 4, 4):
                if chance.random() < 0.2:
                    lines[place], lines[place + 3] = lines[place + 3], lines[place]
            if chance.random() < bad:
                lines.insert(chance.randrange(len(lines)), chance.choice([b"\n", b"{torn\n", b'{"seq":1} {}\n']))
            stream_path(run, stream, name, part).write_bytes(b"".join(lines))


def _names(records: object) -> list[tuple[str, int | None]]:
    return [(record.writer, record.line.seq) for record in records]  # type: ignore[attr-defined]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    writers=st.integers(1, 4),
    count=st.integers(1, 200),
    block=st.sampled_from([400, 1000, 1 << 16]),
    parts=st.integers(1, 3),
    bad=st.sampled_from([0.0, 1.0]),
)
def test_the_order_is_that_of_a_reading_of_everything(
    seed: int, writers: int, count: int, block: int, parts: int, bad: float
) -> None:
    """Whatever the blocks, the writers, the disorder and the bad lines: the same records in the same order."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams_module, "BLOCK_BYTES", block)
        run = manifest_only(Path(folder))
        _write(run, writers, count, seed, parts=parts, bad=bad)
        whole = merged(record for file in stream_files(run, STREAMS) for record in file.new_records())
        assert _names(ordered_records(run)) == _names(whole)
        reader, pages = open_run(run), LogPages(run)
        for level in (None, "INFO", "ERROR"):
            entries = reader.logs(level)
            assert pages.count(level) == len(entries)
            at, size = seed % (len(entries) + 1), 7
            page = pages.page(at, size, level)
            assert [(one.writer, one.seq) for one in page] == [(one.writer, one.seq) for one in entries[at : at + size]]
        everything = pages.page(0, 10**6)
        assert [(one.writer, one.seq) for one in everything] == [(one.writer, one.seq) for one in reader.logs()]


def test_pages_of_a_run_that_grows(tmp_path: Path) -> None:
    """New entries come behind the others, and a run that is watched long has few slices."""
    handler = runlogging.RunHandler(root=tmp_path, delay=False, rotate_bytes=20_000)
    logger = logging.Logger("pages", logging.DEBUG)
    logger.addHandler(handler)
    pages = LogPages(handler.run_path)
    assert (pages.count(), pages.page(0, 10), pages.refresh()) == (0, [], 0)
    for number in range(300):
        logger.info("entry %d", number)
        if number % 2:
            logger.info("point", extra={"metrics": {"loss": number}})
        assert pages.refresh() == 1 + number % 2
    handler.close()
    assert pages.count() == 450
    assert [one.message for one in pages.page(-2, 3)] == ["entry 299", "point"]
    assert [one.seq for one in pages.page(0, 500)] == [one.seq for one in open_run(handler.run_path).logs()]
    assert len(pages._slices) < 20


def test_a_place_for_a_time(tmp_path: Path) -> None:
    """The first entry at or after a time is found, also where many share one."""
    run = manifest_only(tmp_path)
    lines = [Line(seq=n, time=_time(n // 50), level=LEVELS[n % 4], message=str(n)) for n in range(1, 2000)]
    stream_path(run, "logs", "main").write_bytes(b"".join(map(encode_line, lines)))
    pages = LogPages(run)
    for clock in (0, 1, 7, 39):
        for level in (None, "ERROR"):
            entries = open_run(run).logs(level)
            expected = next((i for i, one in enumerate(entries) if one.time.microsecond >= clock), len(entries))
            assert pages.place_at(_time(clock), level) == expected
    assert pages.place_at("2027-01-01T00:00:00.000000Z") == pages.count()


def test_levels_are_counted(tmp_path: Path) -> None:
    """The histogram of levels covers the whole run."""
    run = manifest_only(tmp_path)
    _write(run, 2, 500, 1)
    counted: dict[int, int] = {}
    for entry in open_run(run).logs():
        counted[entry.level_number] = counted.get(entry.level_number, 0) + 1
    assert LogPages(run).levels == dict(sorted(counted.items()))


def test_a_long_log_is_not_loaded(tmp_path: Path) -> None:
    """Paging through a log takes a small part of its size in memory."""
    run = manifest_only(tmp_path)
    block = b"".join(
        encode_line(Line(seq=0, time=_time(n), level="INFO", message="x" * 400)) for n in range(1000)
    ).replace(b'{"seq":0', b'{"seq":%d')
    with stream_path(run, "logs", "main").open("wb") as file:
        for number in range(60):
            file.write(block % tuple(range(number * 1000 + 1, number * 1000 + 1001)))
        size = file.tell()
    tracemalloc.start()
    pages = LogPages(run)
    page = pages.page(59_990, 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one.seq for one in page] == list(range(59_991, 60_001))
    assert size > 25_000_000
    assert peak < size / 8


def test_entries_one_by_one(tmp_path: Path) -> None:
    """The reader gives the same entries as a list, and as an iterator that holds none."""
    run = manifest_only(tmp_path)
    _write(run, 3, 300, 5)
    reader = open_run(run)
    for level in (None, "WARNING"):
        found = [(one.writer, one.seq, one.message) for one in reader.iter_logs(level)]
        assert found == [(one.writer, one.seq, one.message) for one in reader.logs(level)]
    assert reader.log_pages().count() == len(reader.logs())
    with pytest.raises(runlogging.InvalidValueError):
        reader.iter_logs("LOUD")
