"""Where in a log something stands: a time, a step, a record; and the entries around a point of a curve."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from runlogging.folder import parse_time
from runlogging.reading import LogPages
from runlogging.reading._levels import is_entry, lowest_level
from runlogging.reading._model import Record
from runlogging.reading._order import Slice
from runlogging.reading._pages import Placed

# A log that says nothing near a point is not read from end to end: so many slices with entries are, on each side.
_MOST_SLICES = 12
# A record stands in the slice of its time, or in a next one where its writer's clock went back.
_NEAR_SLICES = 4


class Spot(NamedTuple):
    """A place between entries.

    Attributes:
        place: how many entries of the run stand before it.
        is_entry: whether what was sought is itself the entry at this place.
    """

    place: int
    is_entry: bool


def spot_of(pages: LogPages, time: str, writer: str, seq: int | None) -> Spot:
    """Return where a record stands; where there is none with this number, where its time would be."""
    begin = pages.slice_at(time)
    if seq is not None:
        for number in range(max(0, begin - 1), min(begin + _NEAR_SLICES, len(pages.slices))):
            if any(piece.batch.writer == writer for piece in pages.slices[number].pieces):
                place = pages.begin_of(number)
                for record in pages.slices[number].records():
                    is_one = is_entry(record, 0)
                    if record.line.seq == seq and record.writer == writer:
                        return Spot(place, is_one)
                    place += is_one
    return Spot(pages.place_at(time), False)


def step_place(pages: LogPages, step: int) -> int | None:
    """Return the place of the first entry of a step, or of what was logged nearest; None where nothing has a step."""
    known = [(number, one.steps) for number, one in enumerate(pages.slices) if one.steps]
    if not known:
        return None
    number = min(known, key=lambda one: (_distance(one[1], step), one[0]))[0]
    best: tuple[int, Spot, Record] | None = None
    place = pages.begin_of(number)
    for record in pages.slices[number].records():
        own, is_one = record.line.step, is_entry(record, 0)
        if own is not None and (best is None or abs(own - step) < best[0]):
            best = abs(own - step), Spot(place, is_one), record
        place += is_one
    if best is None:
        return None
    _, spot, record = best
    found = nearest(pages, spot, record.line.time, record.writer)
    return found.place if found else spot.place


def _distance(steps: tuple[int, int], step: int) -> int:
    return max(steps[0] - step, step - steps[1], 0)


def nearest(pages: LogPages, spot: Spot, time: str, writer: str) -> Placed | None:
    """Return the entry at a spot, or the nearest in time: of the writer where it has some near; None for no entry."""
    if spot.is_entry:
        return next(iter(pages.records(spot.place, 1)), None)
    near = [*pages.records(max(0, spot.place - 1), 2)] if not writer else [*_sides(pages, spot, writer)]
    at = parse_time(time)
    return min(near, key=lambda one: abs(parse_time(one.record.line.time) - at), default=None)


def _sides(pages: LogPages, spot: Spot, writer: str) -> Iterator[Placed]:
    for step in (-1, 1):
        yield from _side(pages, spot, step, 1, writer, None, are_points=True)


def around(pages: LogPages, spot: Spot, n: int, writer: str, level: str | None) -> tuple[list[Placed], list[Placed]]:
    """Return the entries before and behind a spot, oldest first, without the one at it.

    They are diagnostics as of `RunReader.around`: what carries numbers below WARNING is a point of its own. Those of
    the writer come first; where it has fewer than n near, the nearest of others fill up.

    Args:
        pages: the log.
        spot: the place.
        n: how many on each side.
        writer: whose; "" is of any.
        level: those at or above it.
    """
    before = _side(pages, spot, -1, n, writer, level, are_points=False)
    return before, _side(pages, spot, 1, n, writer, level, are_points=False)


def _side(
    pages: LogPages, spot: Spot, step: int, n: int, writer: str, level: str | None, *, are_points: bool
) -> list[Placed]:
    own: list[Placed] = []
    others: list[Placed] = []
    lowest = lowest_level(level)
    for number in _slices_beside(pages, spot, step, lowest, are_points=are_points):
        entries = [one for one in pages.entries_of(number, level) if _is_beside(one, spot, step)]
        for one in entries[::step]:
            if are_points or not _is_point(one):
                (own if not writer or one.record.writer == writer else others).append(one)
        if len(own) >= n:
            break
    chosen = own[:n]
    chosen += others[: n - len(chosen)]
    return sorted(chosen)


def _slices_beside(pages: LogPages, spot: Spot, step: int, lowest: int, *, are_points: bool) -> Iterator[int]:
    """Yield the slices on one side that hold such entries, the nearest first."""
    at = min(bisect_right(pages.totals(), spot.place), len(pages.slices) - 1)
    numbers = range(at, -1 if step < 0 else len(pages.slices), step)
    return islice((number for number in numbers if _has(pages.slices[number], lowest, are_points)), _MOST_SLICES)


def _has(one: Slice, lowest: int, are_points: bool) -> bool:
    return any(kind.level >= lowest and (are_points or not kind.is_point) for kind in one.kinds)


def _is_beside(one: Placed, spot: Spot, step: int) -> bool:
    if step < 0:
        return one.place < spot.place
    return one.place >= spot.place + spot.is_entry


def _is_point(one: Placed) -> bool:
    record = one.record
    return record.stream != "logs" and not is_entry(record, 30)
