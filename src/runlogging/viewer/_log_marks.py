"""What a log says of the curves: the marks that a program set, and its warnings and errors; see `_marks`."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from runlogging.folder import STANDARD_LEVELS, parse_time
from runlogging.reading import LogPages
from runlogging.reading._model import LogEntry
from runlogging.reading._order import Slice
from runlogging.reading._pages import Placed
from runlogging.viewer._log_search import parts_of

ATTRIBUTE = "mark"
"""The attribute of a record that makes it a mark."""

MOST_MARKS = 500
MOST_TICKS = 600
_WARNING = STANDARD_LEVELS["WARNING"]
# So many warnings of a piece of the log are told one by one.
_FEW = 20
_SHORT = 200
_SOUGHT = f'"{ATTRIBUTE}"'.encode()


class Marks:
    """The marks and ticks of one log; they are gathered as it grows.

    Attributes:
        marks: the marks, in the order of the log; the first `MOST_MARKS`.
        ticks: the ticks, in the order of the log; where there are many, near ones are one.
        left_out: how many marks there are beyond those.
        scanned: how many entries were looked through.
    """

    def __init__(self) -> None:
        self.marks: list[dict[str, Any]] = []
        self.ticks: list[dict[str, Any]] = []
        self.left_out = self.scanned = 0

    def advance(self, pages: LogPages, has_time: Callable[[], bool]) -> bool:
        """Look through what is indexed and new, while ``has_time()``; tell whether all of it was looked through."""
        totals = pages.totals()
        total = totals[-1] if totals else 0
        while self.scanned < total:
            number = bisect_right(totals, self.scanned)
            self._look(pages, number)
            self.scanned = totals[number]
            if not has_time():
                break
        return self.scanned >= total

    def _look(self, pages: LogPages, number: int) -> None:
        one = pages.slices[number]
        is_new = pages.begin_of(number) >= self.scanned
        warnings = one.entries(_WARNING)
        parts = parts_of(one)
        may_be_marked = parts is None or any(_SOUGHT in data for _, data in parts)
        if may_be_marked or (warnings and not (is_new and warnings > _FEW)):
            entries = [one for one in pages.entries_of(number) if one.place >= self.scanned]
            self._take_marks(entries)
            if warnings:
                self._take_ticks(_told_singly(entries))
        elif warnings:
            self._take_ticks(_told_together(one, pages.begin_of(number)))

    def _take_marks(self, entries: list[Placed]) -> None:
        for placed in entries:
            entry = LogEntry(placed.record)
            label = label_of(entry)
            if label is None:
                continue
            if len(self.marks) < MOST_MARKS:
                self.marks.append(_facts(placed, entry) | {"label": label[:_SHORT]})
            else:
                self.left_out += 1

    def _take_ticks(self, ticks: Iterator[dict[str, Any]]) -> None:
        self.ticks += ticks
        if len(self.ticks) > 2 * MOST_TICKS:
            self.ticks = thinned(self.ticks, MOST_TICKS)


def label_of(entry: LogEntry) -> str | None:
    """Return what a mark is called; None for an entry that is no mark."""
    mark = (entry.attributes or {}).get(ATTRIBUTE)
    if isinstance(mark, str) and mark:
        return mark
    return entry.message if mark is True else None


def thinned(ticks: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Return so many ticks at most: those of a level that follow each other are put together, and none is lost."""
    if len(ticks) <= most:
        return ticks
    levels = Counter(tick["level"] for tick in ticks)
    together = {level: -(-count * len(levels) // most) for level, count in levels.items()}
    kept: list[dict[str, Any]] = []
    open_ones: dict[str, tuple[dict[str, Any], int]] = {}
    for tick in ticks:
        first, members = open_ones.get(tick["level"], (None, 0))
        if first is None or members >= together[tick["level"]]:
            kept.append(dict(tick))
            open_ones[tick["level"]] = kept[-1], 1
        else:
            first["count"] += tick["count"]
            open_ones[tick["level"]] = first, members + 1
    return kept


def _told_singly(entries: list[Placed]) -> Iterator[dict[str, Any]]:
    for placed in entries:
        entry = LogEntry(placed.record)
        if entry.level_number >= _WARNING:
            yield _facts(placed, entry) | {"label": entry.message[:_SHORT], "count": 1}


def _told_together(one: Slice, place: int) -> Iterator[dict[str, Any]]:
    counts: Counter[int] = Counter()
    for kind, count in one.kinds.items():
        if kind.level >= _WARNING:
            counts[kind.level] += count
    for level, count in sorted(counts.items()):
        step = one.steps[0] if one.steps else None
        facts = {"place": place, "us": _us(one.time), "step": step, "seq": None, "writer": one.pieces[0].batch.writer}
        yield facts | {"level": _level_name(level), "label": None, "count": count}


def _facts(placed: Placed, entry: LogEntry) -> dict[str, Any]:
    return {
        "place": placed.place,
        "us": _us(placed.record.line.time),
        "step": entry.step,
        "seq": entry.seq,
        "writer": entry.writer,
        "level": _level_name(entry.level_number),
    }


def _level_name(number: int) -> str:
    return "CRITICAL" if number >= 50 else "ERROR" if number >= 40 else "WARNING" if number >= _WARNING else "INFO"


def _us(time: str) -> int:
    return round(parse_time(time).timestamp() * 1e6)
