"""Numbers that no line has: which of them are explained, and which are losses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from runlogging.folder import Dropped, Life, Manifest, WriterInfo, stream_path
from runlogging.reading._model import Problem

# Calls that had not returned when the process died leave gaps among its last numbers, at most one a thread.
_CALLS_UNDER_WAY = 64

_PAGE = 1 << 14
_SHOWN = 5


class Numbers:
    """The numbers of a writer's lines, in any order, in little memory.

    A byte a number in pages, and nothing but a mark for a page that is full: streams share the numbers of their
    writer, so of one stream alone they are no ranges.

    Attributes:
        count: how many different numbers there are.
        last: the greatest, 0 where there is none.
        repeated: how often a number came that was there already.
        first_repeated: the first few of those.
    """

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self.repeated = 0
        self.first_repeated: list[int] = []
        self._pages: dict[int, bytearray | None] = {}
        self._counts: dict[int, int] = {}
        self.extend(numbers)

    @property
    def count(self) -> int:
        return sum(self._counts.values())

    @property
    def last(self) -> int:
        place = max((place for place, count in self._counts.items() if count), default=None)
        if place is None:
            return 0
        page = self._pages[place]
        return place * _PAGE + (_PAGE if page is None else page.rfind(1) + 1)

    def extend(self, numbers: Iterable[int]) -> None:
        """Take numbers; those below 1 are no line's of ours and are passed over."""
        before, page = -1, None
        try:
            for number in numbers:
                place, offset = divmod(number - 1, _PAGE)
                if place != before:
                    self._leave(before)
                    page = self._pages.setdefault(place, bytearray(_PAGE)) if place >= 0 else None
                    before = place
                if page is None or page[offset]:
                    self._take_odd(number)
                else:
                    page[offset] = 1
        finally:
            self._leave(before)

    def _leave(self, place: int) -> None:
        page = self._pages.get(place)
        if page is not None:
            count = self._counts[place] = page.count(1)
            if count == _PAGE:
                self._pages[place] = None

    def _take_odd(self, number: int) -> None:
        if number > 0:
            self.repeated += 1
            if len(self.first_repeated) < _SHOWN and number not in self.first_repeated:
                self.first_repeated.append(number)

    def missing(self, before: int) -> Iterator[range]:
        """Yield the runs of numbers from 1 on that are not there, in order, up to a number that does not count."""
        begin = 1  # where the run begins that is not over yet
        for place in sorted(place for place in self._pages if place * _PAGE + 1 < before):
            page, base = self._pages[place], place * _PAGE + 1
            for first, end in [(0, _PAGE)] if page is None else _filled(page):
                if begin < base + first:
                    yield range(begin, min(base + first, before))
                begin = base + end
                if begin >= before:
                    return
        if begin < before:
            yield range(begin, before)


def _filled(page: bytearray) -> Iterator[tuple[int, int]]:
    end = 0
    while (first := page.find(1, end)) >= 0:
        end = page.find(0, first)
        end = len(page) if end < 0 else end
        yield first, end


def find_gaps(
    run: Path,
    numbers: Mapping[str, Numbers | Iterable[int]],
    writers: Iterable[WriterInfo],
    lives: Mapping[str, Life],
    manifest: Manifest,
) -> Iterator[Problem]:
    """Yield the gaps that nothing explains: no dropped record, no call under way, no writer that still lives.

    Args:
        run: the run folder.
        numbers: writer to all numbers of its lines.
        writers: what the folder says of the writers.
        lives: writer to whether it lives.
        manifest: the run's.
    """
    for writer in writers:
        if writer.name not in numbers or lives.get(writer.name) is Life.ALIVE:
            continue
        own = numbers[writer.name]
        found = own if isinstance(own, Numbers) else Numbers(own)
        sentence = _gap_of(writer, found, writer.dropped or manifest.dropped)
        if sentence:
            yield Problem(stream_path(run, "logs", writer.name).name, None, "gap", sentence)


def _gap_of(writer: WriterInfo, numbers: Numbers, dropped: Dropped | None) -> str | None:
    """Return what is missing of a writer, or None where something explains it."""
    if numbers.last == numbers.count:
        return None
    end = numbers.last - _CALLS_UNDER_WAY if writer.ended is None else numbers.last
    count = sum(map(len, numbers.missing(end)))
    if count <= (dropped.records if dropped else 0):
        return None
    shown = ", ".join(str(number) for number in islice(_each(numbers.missing(end)), _SHOWN))
    more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
    return f"of the writer {writer.name} the records {shown}{more} are missing"


def _each(runs: Iterable[range]) -> Iterator[int]:
    for run in runs:
        yield from run
