"""The log of a run in pages: an index of where its entries stand, and the entries of any place, read when asked for."""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import NamedTuple

from runlogging.reading._levels import is_entry, lowest_level
from runlogging.reading._model import LogEntry, Record
from runlogging.reading._order import RunOrder, Slice


class Placed(NamedTuple):
    """A log entry's record, and its place among all entries of the run, from 0."""

    place: int
    record: Record


class LogPages:
    """The log entries of a run by their places, from 0, without holding them.

    The index takes some bytes for a hundred entries, whatever their length, so a log of gigabytes can be paged. Entries
    are in the order of `RunReader.logs`, with one difference: what the flight recorder wrote late stands where it was
    written. Entries that are logged while somebody looks are found by `refresh`, always behind the others.

    Args:
        run: the run folder.
        is_read: whether it is read at once; else `advance` reads it, some at a time.

    Attributes:
        is_complete: whether all was read that was there at the last look.
    """

    def __init__(self, run: Path, *, is_read: bool = True) -> None:
        self._run = run
        self._order = RunOrder(run)
        self._slices: list[Slice] = []
        self._totals: dict[tuple[int, str], list[int]] = {}
        self._coming: Iterator[tuple[Slice, object]] | None = None
        self.is_complete = False
        if is_read:
            self.refresh()

    def refresh(self) -> int:
        """Take in what was logged since; return how many log entries came."""
        came = self.advance()
        return came if self.is_complete else came + self.refresh()

    def advance(self, most: int | None = None) -> int:
        """Take in some of what is not read yet; return how many log entries came.

        Args:
            most: how many slices of about 100 KB are read at most; None is all.
        """
        if self._order.has_lost_files():
            # Packed or unpacked meanwhile: the same lines stand elsewhere, and what is indexed is found no more.
            self._order, self._slices, self._coming = RunOrder(self._run), [], None
            self._totals.clear()
        self._coming = self._coming or self._order.new_slices()
        came, taken = 0, 0
        for new, _ in islice(self._coming, most):
            taken += 1
            came += new.entries(0)
            joined = self._slices[-1].joined(new) if self._slices else None
            self._slices[-1:] = [joined] if joined is not None else [*self._slices[-1:], new]
        if taken:
            self._totals.clear()
        self.is_complete = most is None or taken < most
        if self.is_complete:
            self._coming = None
        return came

    @property
    def slices(self) -> Sequence[Slice]:
        """What the log is made of, in order; those that come later stand behind, or are joined with the last."""
        return self._slices

    def count(self, level: str | int | None = None, logger: str = "") -> int:
        """Return how many entries there are at or above a level, of a logger and those below it."""
        totals = self.totals(level, logger)
        return totals[-1] if totals else 0

    @property
    def levels(self) -> dict[int, int]:
        """How many entries each level has, by its number."""
        total: Counter[int] = Counter()
        for one in self._slices:
            for kind, count in one.kinds.items():
                total[kind.level] += count
        return dict(sorted(total.items()))

    @property
    def loggers(self) -> dict[str, int]:
        """How many entries each logger has itself, by its name."""
        total: Counter[str] = Counter()
        for one in self._slices:
            for kind, count in one.kinds.items():
                total[kind.logger] += count
        return dict(sorted(total.items()))

    def page(self, begin: int, count: int, level: str | int | None = None, logger: str = "") -> list[LogEntry]:
        """Return some entries.

        Args:
            begin: the place of the first one among those of the level; a negative one counts from the end.
            count: how many at most.
            level: a level's name or number; entries below it are left out, and have no place.
            logger: a logger's name; entries of others are left out, but for those below it. "" is of all.

        Raises:
            InvalidValueError: no level has this name (also a ValueError).
        """
        return [LogEntry(record) for _, record in self.records(begin, count, level, logger)]

    def records(self, begin: int, count: int, level: str | int | None = None, logger: str = "") -> list[Placed]:
        """Return the records of some entries with their places among all; arguments and errors as of `page`."""
        totals = self.totals(level, logger)
        if begin < 0:
            begin = max(0, begin + (totals[-1] if totals else 0))
        at = bisect_right(totals, begin)
        skip = begin - (totals[at - 1] if at else 0)
        found: list[Placed] = []
        while at < len(self._slices) and len(found) < count:
            if totals[at] > (totals[at - 1] if at else 0):
                entries = self.entries_of(at, level, logger)
                found += islice(entries, skip, skip + count - len(found))
            at, skip = at + 1, 0
        return found

    def entries_of(self, number: int, level: str | int | None = None, logger: str = "") -> Iterator[Placed]:
        """Yield the entries of one slice with their places among all."""
        lowest, place = lowest_level(level), self.begin_of(number)
        for record in self._slices[number].records():
            if is_entry(record, 0):
                if is_entry(record, lowest) and is_of_logger(record, logger):
                    yield Placed(place, record)
                place += 1

    def begin_of(self, number: int, level: str | int | None = None, logger: str = "") -> int:
        """Return how many entries stand before a slice."""
        return self.totals(level, logger)[number - 1] if number else 0

    def place_at(self, time: str, level: str | int | None = None, logger: str = "") -> int:
        """Return the place of the first entry at or after a time, or the count of all where none is.

        Args:
            time: as the folder writes it, ``2026-11-23T23:05:02.123456Z``.
            level: as for `page`.
            logger: as for `page`.
        """
        totals = self.totals(level, logger)
        for number in range(self.slice_at(time), len(self._slices)):
            begin = self.begin_of(number, level, logger)
            if totals[number] > begin:
                for row, (_, record) in enumerate(self.entries_of(number, level, logger), begin):
                    if record.line.time >= time:
                        return row
        return totals[-1] if totals else 0

    def slice_at(self, time: str) -> int:
        """Return the slice in which a time may stand: the one before the first that begins then or later."""
        return max(0, bisect_left(self._slices, time, key=operator.attrgetter("time")) - 1)

    def row_of(self, place: int, level: str | int | None = None, logger: str = "") -> int:
        """Return the place, among those of a level and a logger, of the first entry at or behind a place among all."""
        if not lowest_level(level) and not logger:
            return min(max(place, 0), self.count())
        number = bisect_right(self.totals(), place)
        if number >= len(self._slices):
            return self.count(level, logger)
        before = sum(entry.place < place for entry in self.entries_of(number, level, logger))
        return self.begin_of(number, level, logger) + before

    def totals(self, level: str | int | None = None, logger: str = "") -> list[int]:
        """Return how many entries there are up to the end of each slice."""
        key = lowest_level(level), logger
        totals = self._totals.get(key)
        if totals is None:
            totals = self._totals[key] = list(accumulate(one.entries(*key) for one in self._slices))
        return totals


def is_of_logger(record: Record, logger: str) -> bool:
    """Tell whether a record came from a logger or one below it; "" is any."""
    name = record.line.logger or ""
    return not logger or name == logger or name.startswith(f"{logger}.")
