"""The lines of a writer in order, a window of each of its streams at a time.

A file is read in blocks. Lines stand out of order by a little only, so a window is a block, or some where the numbers
of one reach into the next. What is behind the last line of some window cannot be ordered yet: a batch ends there. A
batch is found again by the spans of bytes that it was made of.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from runlogging.folder import Line
from runlogging.reading._model import Record
from runlogging.reading._streams import StreamFile

# Numbers that reach into further blocks than these are in no order worth waiting for.
_MOST_BLOCKS = 16


class Span(NamedTuple):
    """Lines of one file: so many of those of the blocks from ``begin`` to ``end``, sorted, behind the first ``skip``.

    Attributes:
        file: where they stand.
        begin, end: the first byte and the one behind the last.
        skip, take: how many of its lines are not meant, and how many behind these are.
        total: how many good lines stand in the blocks.
        last: where the blocks begin that were read last, of those that were joined.
        before: how many lines stand before these.
    """

    file: StreamFile
    begin: int
    end: int
    skip: int
    take: int
    total: int
    last: int
    before: int = 0

    def records(self) -> list[Record]:
        """Read the lines."""
        lines: list[Line] = []
        place: int | None = self.begin
        while place is not None and place < self.end:
            more, place = self.file.block(place)
            lines += more
        lines.sort(key=number_of)
        chosen = lines[self.skip : self.skip + self.take]
        return [Record(line, self.file.writer, self.file.stream) for line in chosen]

    def joined(self, later: Span, most: int) -> Span | None:
        """Return one span for this and the one behind it, or None where they do not touch or would be too long."""
        if later.file is not self.file:
            return None
        taken = self.skip + self.take
        if (later.begin, later.end, later.skip) == (self.last, self.end, taken - self.before):
            return self._replace(take=self.take + later.take)
        if later.begin == self.end and not later.skip and later.end - self.begin <= most:
            take, total = self.take + later.take, self.total + later.total
            return self._replace(end=later.end, take=take, total=total, last=later.last, before=taken)
        return None


def number_of(line: Line) -> int:
    """Return the number that a line is sorted by."""
    return line.seq or 0


class _Window:
    """The lines of one stream that were read and not taken yet."""

    def __init__(self) -> None:
        self.files: list[StreamFile] = []
        self.lines: list[Line] = []
        self.numbers: list[int] = []
        self.taken = 0
        self.has_more = True
        self._file = 0
        self._begin = self._end = 0
        self._next: tuple[list[Line], int] | None = None

    def fill(self) -> None:
        """Read on where all lines were taken."""
        if self.taken < len(self.lines):
            return
        self.lines, self.numbers, self.taken = [], [], 0
        while not self.lines and (block := self._take_block()):
            self._begin, self._end = self._end, block[1]
            self.lines = block[0]
        self._extend()
        self.lines.sort(key=number_of)
        self.numbers = [number_of(line) for line in self.lines]
        self.has_more = self._peek() is not None

    def _extend(self) -> None:
        """Take in the blocks whose numbers reach back into this window."""
        highest = max(map(number_of, self.lines), default=0)
        for _ in range(_MOST_BLOCKS):
            block = self._peek(within=True)
            if block is None or min(map(number_of, block[0]), default=highest + 1) > highest:
                return
            self._next = None
            self.lines += block[0]
            self._end = block[1]
            highest = max(highest, *map(number_of, block[0]))

    def _peek(self, *, within: bool = False) -> tuple[list[Line], int] | None:
        """Return the block behind the window, of the same file or the next one."""
        if self._next is None and self._file < len(self.files):
            lines, place = self.files[self._file].block(self._end)
            if place is not None:
                self._next = lines, place
        if self._next is None and not within and self._file + 1 < len(self.files):
            lines, place = self.files[self._file + 1].block(0)
            return None if place is None else (lines, place)
        return self._next

    def _take_block(self) -> tuple[list[Line], int] | None:
        block = self._peek(within=True)
        if block is None and self._file + 1 < len(self.files):
            self._file, self._begin, self._end = self._file + 1, 0, 0
            block = self._peek(within=True)
        self._next = None
        return block

    def take(self, number: float) -> Span | None:
        """Take the lines up to a number; None where there are none."""
        upto = len(self.lines) if number == float("inf") else bisect_right(self.numbers, number)
        if upto <= self.taken:
            return None
        file, take = self.files[self._file], upto - self.taken
        span = Span(file, self._begin, self._end, self.taken, take, len(self.lines), self._begin)
        self.taken = upto
        return span


class Batch(NamedTuple):
    """Lines of one writer that follow each other.

    Attributes:
        writer: its name.
        clock: the latest time of any line before them.
        spans: where they stand.
    """

    writer: str
    clock: str
    spans: tuple[Span, ...]

    def timed(self, read: Iterable[list[Record]] | None = None) -> list[tuple[str, Record]]:
        """Return the lines in order, each with the latest time of any up to it.

        Args:
            read: the lines of the spans where they are at hand; else they are read.
        """
        found = [record for records in (read or [span.records() for span in self.spans]) for record in records]
        found.sort(key=_record_number)
        clock, timed = self.clock, []
        for record in found:
            clock = max(clock, record.line.time)
            timed.append((clock, record))
        return timed


def _record_number(record: Record) -> int:
    return record.line.seq or 0


class WriterLines:
    """The lines of one writer, batch by batch; goes on where it stopped when its files have grown.

    Args:
        writer: its name.

    Attributes:
        paths: its files.
    """

    def __init__(self, writer: str) -> None:
        self.writer = writer
        self._windows: dict[str, _Window] = {}
        self.paths: set[Path] = set()
        self._clock = ""

    def add_file(self, file: StreamFile) -> None:
        """Add one of its files, if it is a new one; parts in their order."""
        if file.path not in self.paths:
            self.paths.add(file.path)
            window = self._windows.setdefault(file.stream, _Window())
            window.files.append(file)
            # Those that were read have the lower numbers, so they stay where they are.
            window.files.sort(key=operator.attrgetter("part"))

    def batches(self) -> Iterator[tuple[Batch, list[tuple[str, Record]]]]:
        """Yield what can be read now: a batch, and its lines with their clocks as `Batch.timed` gives them."""
        while True:
            for window in self._windows.values():
                window.fill()
            ends = [window.numbers[-1] for window in self._windows.values() if window.has_more and window.numbers]
            upto = min(ends, default=float("inf"))
            spans, read = [], []
            for window in self._windows.values():
                begin = window.taken
                span = window.take(upto)
                if span is not None:
                    spans.append(span)
                    lines = window.lines[begin : window.taken]
                    read.append([Record(line, self.writer, span.file.stream) for line in lines])
            if not spans:
                return
            batch = Batch(self.writer, self._clock, tuple(spans))
            timed = batch.timed(read)
            self._clock = timed[-1][0]
            yield batch, timed
