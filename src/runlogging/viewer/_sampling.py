"""Fewer points of a curve that draw the same line: first, least, greatest and last of each column (M4). No I/O.

All curves of a chart are sampled on one grid, so they share the x that the page draws them at. Each point that is kept
is a true one; where a column holds many, only its place within the column is the grid's, less than a pixel from the
true one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from runlogging.reading._sampling import four_of

Slot = tuple[float, int]
"""A place on the grid: x, and how many points of the same curve stood at this x before."""


class Grid(NamedTuple):
    """The columns of a chart.

    Attributes:
        low, high: from where to where on x.
        width: how many columns.
        is_whole: whether the points are so few that each is kept, at its own x.
    """

    low: float
    high: float
    width: int
    is_whole: bool


class Kept(NamedTuple):
    """A point that is kept: where it is drawn, and its place in the curve."""

    slot: Slot
    place: int


def kept_points(x: Sequence[float], y: array[float], bad: Sequence[int], grid: Grid) -> list[Kept]:
    """Return the points of a curve that a grid keeps, in their order, and a neighbour on each side for the line's ends.

    Args:
        x: where the points are, never falling.
        y: their values.
        bad: the places of those that are not finite, rising. One may be kept where there is room, for the gap.
        grid: the columns.
    """
    begin, end = bisect_left(x, grid.low), bisect_right(x, grid.high)
    if grid.is_whole:
        inside = list(_whole(x, range(begin, end)))
    else:
        inside = [kept for column, part in _columns(x, begin, end, grid) for kept in _slots(y, bad, part, column, grid)]
    before = [Kept((x[begin - 1], 0), begin - 1)] if begin else []
    behind = [Kept((x[end], 0), end)] if end < len(x) else []
    return [*before, *inside, *behind]


def _whole(x: Sequence[float], places: range) -> Iterator[Kept]:
    before, times = None, 0
    for place in places:
        times = times + 1 if x[place] == before else 0
        before = x[place]
        yield Kept((before, times), place)


def _columns(x: Sequence[float], begin: int, end: int, grid: Grid) -> Iterator[tuple[int, range]]:
    span = grid.high - grid.low
    start = begin
    for column in range(grid.width):
        is_last = column == grid.width - 1
        edge = grid.low + span * ((column + 1) / grid.width)
        stop = end if is_last else bisect_left(x, edge, start, end)
        if start < stop:
            yield column, range(start, stop)
        start = stop


def _slots(y: array[float], bad: Sequence[int], part: range, column: int, grid: Grid) -> Iterator[Kept]:
    width = (grid.high - grid.low) / grid.width
    begin = grid.low + column * width
    for number, place in enumerate(_four(y, bad, part)):
        yield Kept((begin + width * ((number + 0.5) / 4), 0), place)


def _four(y: array[float], bad: Sequence[int], part: range) -> list[int]:
    start, stop = bisect_left(bad, part.start), bisect_left(bad, part.stop)
    if start < stop:
        return _four_between(y, bad[start:stop], part)
    return four_of(y, part)


def _four_between(y: array[float], bad: Sequence[int], part: range) -> list[int]:
    apart = set(bad)
    places = [place for place in part if place not in apart]
    if not places:
        return [bad[0]]
    kept = {places[0], min(places, key=y.__getitem__), max(places, key=y.__getitem__), places[-1]}
    return sorted({*kept, bad[0]} if len(kept) < 4 else kept)
