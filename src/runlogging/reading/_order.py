"""The lines of a run in order, slice by slice, and each slice found again without holding it."""

from __future__ import annotations

import heapq
import logging
import operator
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from runlogging.folder import STANDARD_LEVELS
from runlogging.reading._model import Record
from runlogging.reading._spans import Batch, WriterLines
from runlogging.reading._streams import stream_files

_RECORD_STREAMS = ("logs", "metrics", "values")
# Slices of less are joined, so that a run that is watched for days has no more of them than one read at once.
_SLICE_BYTES = 1 << 17

Timed = tuple[str, Record]


class Piece(NamedTuple):
    """Some lines of a batch: ``size`` of them from ``begin`` on."""

    batch: Batch
    begin: int
    size: int

    def timed(self) -> list[Timed]:
        """Read the lines, each with its clock."""
        return self.batch.timed()[self.begin : self.begin + self.size]

    @property
    def is_whole(self) -> bool:
        """Whether it is all of its batch."""
        return not self.begin and self.size == sum(span.take for span in self.batch.spans)


class Kind(NamedTuple):
    """What log entries have in common.

    Attributes:
        level: the level's number.
        logger: the logger's name.
        is_point: whether it is of a stream of numbers or values and below WARNING: a point of its own.
    """

    level: int
    logger: str
    is_point: bool


class Slice(NamedTuple):
    """Lines that follow each other, of all writers.

    Attributes:
        pieces: what they are made of, a piece a writer.
        kinds: how many log entries there are of each kind.
        time: the clock of the first line.
        steps: the least and the greatest step of any line, or None where no line has one.
        streams: those of which lines are log entries.
    """

    pieces: tuple[Piece, ...]
    kinds: dict[Kind, int]
    time: str
    steps: tuple[int, int] | None
    streams: frozenset[str]

    def records(self) -> Iterator[Record]:
        """Read the lines, in order."""
        return merged_pieces([piece.timed() for piece in self.pieces])

    def entries(self, lowest: int, logger: str = "") -> int:
        """Return how many log entries are at or above a level, of a logger and those below it; "" is of all."""
        below = f"{logger}."
        return sum(
            count
            for kind, count in self.kinds.items()
            if kind.level >= lowest and (not logger or kind.logger == logger or kind.logger.startswith(below))
        )

    def joined(self, later: Slice) -> Slice | None:
        """Return one slice for this and the one behind it, where both are whole batches of one writer and short."""
        if len(self.pieces) != 1 or len(later.pieces) != 1:
            return None
        (one,), (two,) = self.pieces, later.pieces
        if one.batch.writer != two.batch.writer or not (one.is_whole and two.is_whole):
            return None
        spans = {span.file.path: span for span in one.batch.spans}
        for span in two.batch.spans:
            known = spans.get(span.file.path)
            both = span if known is None else known.joined(span, _SLICE_BYTES)
            if both is None or both.end - both.begin > _SLICE_BYTES:
                return None
            spans[span.file.path] = both
        batch = one.batch._replace(spans=tuple(spans.values()))
        kinds = dict(Counter(self.kinds) + Counter(later.kinds))
        steps = _range([*(self.steps or ()), *(later.steps or ())])
        return Slice((Piece(batch, 0, one.size + two.size),), kinds, self.time, steps, self.streams | later.streams)


def _range(numbers: list[int]) -> tuple[int, int] | None:
    return (min(numbers), max(numbers)) if numbers else None


def _kinds_of(records: Iterable[Record]) -> tuple[dict[Kind, int], frozenset[str]]:
    """Count the log entries among records by their kinds, and tell of which streams they are."""
    counts: Counter[tuple[str | None, int | None, str | None, str]] = Counter()
    for line, _, stream in records:
        if line.level is not None or line.message is not None:
            counts[line.level, line.level_number, line.logger, stream] += 1
    kinds: dict[Kind, int] = {}
    for (level, number, logger, stream), count in counts.items():
        if number is None:
            number = STANDARD_LEVELS.get(level or "", 0)
        kind = Kind(number, logger or "", stream != "logs" and number < logging.WARNING)
        kinds[kind] = kinds.get(kind, 0) + count
    return kinds, frozenset(stream for _, _, _, stream in counts)


def merged_pieces(sources: list[list[Timed]]) -> Iterator[Record]:
    """Yield the lines of several writers by their clocks."""
    return (record for _, record in heapq.merge(*sources, key=operator.itemgetter(0)))


class RunOrder:
    """The order of a run's lines; it goes on where it stopped when the run has grown.

    Args:
        run: the run folder.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        self._writers: dict[str, WriterLines] = {}
        # What each writer has given and no slice has: lines behind the last one of another writer that goes on.
        self._left: dict[str, tuple[Batch, list[Timed], int]] = {}

    def has_lost_files(self) -> bool:
        """Tell whether a file that was read is gone."""
        return not all(path.exists() for writer in self._writers.values() for path in writer.paths)

    def new_slices(self) -> Iterator[tuple[Slice, list[list[Timed]]]]:
        """Yield each new slice with its lines, a list a writer."""
        for file in stream_files(self._run, _RECORD_STREAMS):
            self._writers.setdefault(file.writer, WriterLines(file.writer)).add_file(file)
        sources = {name: lines.batches() for name, lines in self._writers.items()}
        while True:
            for name in [name for name in sources if name not in self._left]:
                found = next(sources[name], None)
                if found is None:
                    del sources[name]
                else:
                    self._left[name] = *found, 0
            if not self._left:
                return
            yield self._cut()

    def _cut(self) -> tuple[Slice, list[list[Timed]]]:
        """Take the lines up to the end of the batch that ends first; what is behind may have to wait for its next one.

        At equal clocks the writers stand in their order, so those behind that one keep theirs for the next slice.
        """
        pieces, read = [], []
        until, is_behind = min(timed[-1][0] for _, timed, _ in self._left.values()), False
        for name in [name for name in self._writers if name in self._left]:
            batch, timed, begin = self._left[name]
            end = (bisect_left if is_behind else bisect_right)(timed, until, lo=begin, key=operator.itemgetter(0))
            is_behind = is_behind or end == len(timed)
            if end > begin:
                pieces.append(Piece(batch, begin, end - begin))
                read.append(timed[begin:end])
            if end < len(timed):
                self._left[name] = batch, timed, end
            else:
                del self._left[name]
        records = [record for timed in read for _, record in timed]
        steps = _range([record.line.step for record in records if record.line.step is not None])
        kinds, streams = _kinds_of(records)
        return Slice(tuple(pieces), kinds, min(timed[0][0] for timed in read), steps, streams), read


def ordered_records(run: Path) -> Iterator[Record]:
    """Yield the records of a run in order, without holding them.

    The order is that of `RunReader.records`, but what the flight recorder wrote late stands where it was written.
    """
    for _, lines in RunOrder(run).new_slices():
        yield from merged_pieces(lines)
