"""A run's log in short, in one pass: how many entries of each level, both ends, what was said often and wrong last."""

from __future__ import annotations

import heapq
import operator
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from runlogging.folder import STANDARD_LEVELS
from runlogging.reading._levels import is_entry
from runlogging.reading._model import LogEntry, Record, level_number
from runlogging.reading._spans import WriterLines
from runlogging.reading._streams import StreamFile, stream_files

_FIRST, _LAST, _ERRORS = 10, 30, 5
_TOLD = 1_000
_CHUNK_BYTES = 1 << 20
# A line that is an entry has one of these names; a file that has one elsewhere is only read in vain.
_SIGNS = (b'"level"', b'"message"')

Progress = Callable[[str, int, int], object]
"""What is told what is worked on now, how much is done and how much there is in all; a total of 0 is unknown."""


class Said(NamedTuple):
    """What log entries have in common that say the same: level, logger, and the message before its arguments."""

    level: str
    logger: str
    text: str


class LogDigest:
    """The log of a run in short.

    Args:
        run: the run folder.
        progress: is told how many entries were read.

    Attributes:
        count: how many entries there are.
        levels: how many each level has, by its number.
        first, last: the first 10 entries and the last 30, in the order of `RunReader.iter_logs`.
        errors: the last 5 entries from ERROR on.
        said: how often each thing was said from WARNING on.
    """

    def __init__(self, run: Path, progress: Progress | None = None) -> None:
        self.count = 0
        self.levels: Counter[int] = Counter()
        self.said: Counter[Said] = Counter()
        first: list[Record] = []
        last: deque[Record] = deque(maxlen=_LAST)
        errors: deque[Record] = deque(maxlen=_ERRORS)
        for record in entries_of(run):
            if self.count < _FIRST:
                first.append(record)
            if progress is not None and self.count % _TOLD == 0:
                progress("log", self.count, 0)
            last.append(record)
            self._add(record, errors)
        self.first, self.last, self.errors = ([LogEntry(record) for record in kept] for kept in (first, last, errors))

    def _add(self, record: Record, errors: deque[Record]) -> None:
        line, level = record.line, level_number(record.line)
        self.count += 1
        self.levels[level] += 1
        if level >= STANDARD_LEVELS["WARNING"]:
            self.said[Said(line.level or "", line.logger or "", line.template or line.message or "")] += 1
        if level >= STANDARD_LEVELS["ERROR"]:
            errors.append(record)


def entries_of(run: Path) -> Iterator[Record]:
    """Yield the records of log entries in the order of `ordered_records`; files without an entry are not decoded."""
    writers: dict[str, WriterLines] = {}
    for file in stream_files(run, ("logs", "metrics", "values")):
        if file.stream == "logs" or may_have_entries(file):
            writers.setdefault(file.writer, WriterLines(file.writer)).add_file(file)
    records = heapq.merge(*map(_timed_of, writers.values()), key=operator.itemgetter(0))
    return (record for _, record in records if is_entry(record, 0))


def _timed_of(lines: WriterLines) -> Iterator[tuple[str, Record]]:
    for _, timed in lines.batches():
        yield from timed


def may_have_entries(file: StreamFile) -> bool:
    """Tell whether a file of numbers or values may hold log entries; where its bytes say nothing of it, it may."""
    if type(file) is not StreamFile:
        return True
    try:
        with file.path.open("rb") as opened:
            before = b""
            while data := opened.read(_CHUNK_BYTES):
                if any(sign in before + data[:16] or sign in data for sign in _SIGNS):
                    return True
                before = data[-16:]
    except OSError:
        return False
    return False
