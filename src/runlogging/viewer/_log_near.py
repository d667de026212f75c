"""The log around a moment from its files alone, while a long log is not indexed: places are not known then."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from runlogging.reading._model import Record
from runlogging.reading._streams import StreamFile, stream_files

# Lines stand in the order of their times but for a little; so far back is looked.
_NEAR_BYTES = 1 << 16
_MOST_BLOCKS = 4
_TIME = re.compile(rb'"time":"([^"\\]+)"')


def records_near(run: Path, time: str, writer: str, seq: int | None, n: int) -> tuple[list[Record], list[Record]]:
    """Return about ``n`` lines of the log before and behind a moment, in the order of their times.

    Args:
        run: the run folder.
        time: the moment, as the run folder writes times.
        writer: whose lines are wanted; where it has fewer than n near, those of all are taken. "" is of any.
        seq: the number of what was logged then, for lines of the same time; None where there is none.
        n: how many on each side.
    """
    found = [record for file in stream_files(run, ("logs",)) for record in _near(file, time)]
    found.sort(key=_key)
    at = bisect_left(found, (time, seq or 0), key=_key)
    return _preferred(found[:at], writer, n)[-n:], _preferred(found[at:], writer, n)[:n]


def _preferred(records: list[Record], writer: str, n: int) -> list[Record]:
    own = [record for record in records if record.writer == writer]
    return own if len(own) >= n else records


def _key(record: Record) -> tuple[str, int]:
    return record.line.time, record.line.seq or 0


def _near(file: StreamFile, time: str) -> Iterator[Record]:
    if type(file) is not StreamFile:  # a packed one has no lines to look at
        return
    try:
        with file.path.open("rb") as opened:
            place: int | None = _offset_of(opened, time.encode())
    except OSError:
        return
    for _ in range(_MOST_BLOCKS):
        if place is None:
            return
        lines, place = file.block(place)
        yield from (Record(line, file.writer, file.stream) for line in lines)


def _offset_of(opened: BinaryIO, time: bytes) -> int:
    """Return where a line begins that stands some way before a time."""
    low, high = 0, opened.seek(0, 2)
    while high - low > _NEAR_BYTES:
        middle = (low + high) // 2
        if _time_behind(opened, middle) < time:
            low = middle
        else:
            high = middle
    return _line_behind(opened, max(0, low - _NEAR_BYTES))


def _line_behind(opened: BinaryIO, offset: int) -> int:
    opened.seek(max(0, offset - 1))
    if offset:
        opened.readline()
    return opened.tell()


def _time_behind(opened: BinaryIO, offset: int) -> bytes:
    opened.seek(_line_behind(opened, offset))
    found = _TIME.search(opened.readline())
    return found[1] if found else b""
