"""One column of all runs: numbers and their kinds in arrays, whatever else beside them."""

from __future__ import annotations

import operator
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

NOTHING: Any = object()
"""What a run has where it has nothing: None is a value as well."""

FLOAT, INT, OTHER = 1, 2, 3
"""What kind a cell is of; 0 is nothing."""

_FLOATS = bytes([FLOAT])

EXACT = 2**53
"""Whole numbers up to this are exact as floats."""


class Cells:
    """One column of all runs, in about nine bytes a run: ten thousand runs by five hundred columns are kept."""

    __slots__ = ("_kinds", "_known", "_numbers", "_texts")

    def __init__(self) -> None:
        self._kinds, self._numbers = bytearray(), array("d")
        self._texts: list[Any] = []
        self._known: dict[Any, int] = {}

    def __getitem__(self, place: int) -> Any:
        kind = self._kinds[place] if place < len(self._kinds) else 0
        if kind == FLOAT:
            return self._numbers[place]
        if kind == INT:
            return int(self._numbers[place])
        return self._texts[int(self._numbers[place])] if kind else NOTHING

    def floats(self, places: Iterable[int]) -> list[float] | None:
        """Return what is at some places where the whole column holds floats, which is quick; None where it does not."""
        if self._kinds.strip(_FLOATS):
            return None
        try:
            return list(map(self._numbers.__getitem__, places))
        except IndexError:  # a run beyond the last one that has something here
            return None

    def __setitem__(self, place: int, value: Any) -> None:
        self._grow(place + 1)
        kind = type(value)
        if kind is float:
            self._kinds[place], self._numbers[place] = FLOAT, value
        elif kind is int and -EXACT <= value <= EXACT:
            self._kinds[place], self._numbers[place] = INT, value
        else:
            self._kinds[place], self._numbers[place] = OTHER, self._kept(value)

    def fill(self, places: Sequence[int], kind: int, numbers: array[float]) -> None:
        """Set numbers of one kind, all of which are exact as floats; -1 is no place."""
        first, count = places[0], len(places)
        if first >= 0 and all(map(operator.eq, places, range(first, first + count))):
            self._grow(first + count)
            self._kinds[first : first + count] = bytes([kind]) * count
            self._numbers[first : first + count] = numbers
            return
        self._grow(max(places) + 1)
        for place, number in zip(places, numbers, strict=True):
            if place >= 0:
                self._kinds[place], self._numbers[place] = kind, number

    def _grow(self, size: int) -> None:
        more = size - len(self._kinds)
        if more > 0:
            self._kinds.extend(bytes(more))
            self._numbers.frombytes(bytes(8 * more))

    def _kept(self, value: Any) -> int:
        """Return the place of what is no number; equal ones share it."""
        if isinstance(value, list | dict):
            self._texts.append(value)
            return len(self._texts) - 1
        place = self._known.setdefault((type(value), value), len(self._texts))
        if place == len(self._texts):
            self._texts.append(value)
        return place

    def clear(self, place: int) -> None:
        """Let a run have nothing here."""
        if place < len(self._kinds):
            self._kinds[place] = 0

    @property
    def count(self) -> int:
        """How many runs have something here."""
        return len(self._kinds) - self._kinds.count(0)
