"""The log of a run in pages: an index of where its entries stand, and the entries of any place, read when asked for."""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import accumulate
from pathlib import Path

from runlogging.reading._levels import is_entry, lowest_level
from runlogging.reading._model import LogEntry
from runlogging.reading._order import RunOrder, Slice


class LogPages:
    """The log entries of a run by their places, from 0, without holding them.

    The index takes some bytes for a hundred entries, whatever their length, so a log of gigabytes can be paged. Entries
    are in the order of `RunReader.logs`, with one difference: what the flight recorder wrote late stands where it was
    written. Entries that are logged while somebody looks are found by `refresh`, always behind the others.

    Args:
        run: the run folder.
    """

    def __init__(self, run: Path) -> None:
        self._order = RunOrder(run)
        self._slices: list[Slice] = []
        self._totals: dict[int, list[int]] = {}
        self.refresh()

    def refresh(self) -> int:
        """Take in what was logged since; return how many log entries came."""
        came = 0
        for new, _ in self._order.new_slices():
            came += new.entries(0)
            joined = self._slices[-1].joined(new) if self._slices else None
            self._slices[-1:] = [joined] if joined is not None else [*self._slices[-1:], new]
            self._totals.clear()
        return came

    def count(self, level: str | int | None = None) -> int:
        """Return how many entries there are at or above a level."""
        totals = self._totals_of(lowest_level(level))
        return totals[-1] if totals else 0

    @property
    def levels(self) -> dict[int, int]:
        """How many entries each level has, by its number."""
        total: Counter[int] = Counter()
        for one in self._slices:
            total.update(one.levels)
        return dict(sorted(total.items()))

    def page(self, begin: int, count: int, level: str | int | None = None) -> list[LogEntry]:
        """Return some entries.

        Args:
            begin: the place of the first one among those of the level; a negative one counts from the end.
            count: how many at most.
            level: a level's name or number; entries below it are left out, and have no place.

        Raises:
            InvalidValueError: no level has this name (also a ValueError).
        """
        lowest = lowest_level(level)
        totals = self._totals_of(lowest)
        if begin < 0:
            begin = max(0, begin + (totals[-1] if totals else 0))
        at = bisect_right(totals, begin)
        skip = begin - (totals[at - 1] if at else 0)
        entries: list[LogEntry] = []
        while at < len(self._slices) and len(entries) < count:
            found = [record for record in self._slices[at].records() if is_entry(record, lowest)]
            entries += [LogEntry(record) for record in found[skip : skip + count - len(entries)]]
            at, skip = at + 1, 0
        return entries

    def place_at(self, time: str, level: str | int | None = None) -> int:
        """Return the place of the first entry at or after a time, or the count of all where none is.

        Args:
            time: as the folder writes it, ``2026-11-23T23:05:02.123456Z``.
            level: as for `page`.
        """
        lowest = lowest_level(level)
        totals = self._totals_of(lowest)
        # The slice before the first that begins then or later: the entry may stand at its end.
        at = max(0, bisect_left(self._slices, time, key=operator.attrgetter("time")) - 1)
        for number in range(at, len(self._slices)):
            entries = (record for record in self._slices[number].records() if is_entry(record, lowest))
            for place, record in enumerate(entries):
                if record.line.time >= time:
                    return (totals[number - 1] if number else 0) + place
        return totals[-1] if totals else 0

    def _totals_of(self, lowest: int) -> list[int]:
        totals = self._totals.get(lowest)
        if totals is None:
            totals = self._totals[lowest] = list(accumulate(one.entries(lowest) for one in self._slices))
        return totals
