"""One column of all runs: numbers and their kinds in arrays, whatever else beside them."""

from __future__ import annotations

import operator
from array import array
from collections.abc import Sequence
from typing import Any

NOTHING: Any = object()
"""What a run has where it has nothing: None is a value as well."""

FLOAT, INT, OTHER = 1, 2, 3
"""What kind a cell is of; 0 is nothing."""

_FLOATS = bytes([FLOAT])

EXACT = 2**53
"""Whole numbers up to this are exact as floats."""

_FEW = 64
"""A column of so few runs is no array: ten thousand runs with names of their own would have as many long ones."""


class Cells:
    """One column of all runs, in about nine bytes a run: ten thousand runs by five hundred columns are kept."""

    __slots__ = ("_few", "_free", "_kinds", "_known", "_numbers", "_texts", "_uses")

    def __init__(self) -> None:
        # What some runs have by their places, until they are more than a few.
        self._few: dict[int, Any] | None = {}
        self._kinds, self._numbers = bytearray(), array("d")
        # What is no number, by its place among the texts, with how many runs have it; the places that are free again.
        self._texts: list[Any] = []
        self._uses: list[int] = []
        self._free: list[int] = []
        self._known: dict[Any, int] = {}

    def __getitem__(self, place: int) -> Any:
        if self._few is not None:
            return self._few.get(place, NOTHING)
        kind = self._kinds[place] if place < len(self._kinds) else 0
        if kind == FLOAT:
            return self._numbers[place]
        if kind == INT:
            return int(self._numbers[place])
        return self._texts[int(self._numbers[place])] if kind else NOTHING

    def floats(self, places: Sequence[int]) -> Sequence[float] | None:
        """Return what is at some places where the whole column holds floats, which is quick; None where it does not."""
        if self._few is not None or self._kinds.strip(_FLOATS):
            return None
        try:
            found = operator.itemgetter(*places)(self._numbers)
        except IndexError:  # a run beyond the last one that has something here
            return None
        return found if len(places) > 1 else (found,)

    def __setitem__(self, place: int, value: Any) -> None:
        if self._few is not None:
            self._few[place] = value
            if len(self._few) > _FEW:
                self._spread()
            return
        self.clear(place)
        self._grow(place + 1)
        kind = type(value)
        if kind is float:
            self._kinds[place], self._numbers[place] = FLOAT, value
        elif kind is int and -EXACT <= value <= EXACT:
            self._kinds[place], self._numbers[place] = INT, value
        else:
            self._kinds[place], self._numbers[place] = OTHER, self._kept(value)

    def fill(self, places: Sequence[int], kind: int, numbers: array[float]) -> None:
        """Set numbers of one kind, all of which are exact as floats, where there is nothing; -1 is no place."""
        self._spread()
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

    def _spread(self) -> None:
        few, self._few = self._few, None
        for place, value in (few or {}).items():
            self[place] = value

    def _grow(self, size: int) -> None:
        more = size - len(self._kinds)
        if more > 0:
            self._kinds.extend(bytes(more))
            self._numbers.frombytes(bytes(8 * more))

    def _kept(self, value: Any) -> int:
        """Return the place of what is no number; equal ones share it."""
        is_shared = not isinstance(value, list | dict)
        place = self._known.get((type(value), value)) if is_shared else None
        if place is not None:
            self._uses[place] += 1
            return place
        if self._free:
            place = self._free.pop()
            self._texts[place], self._uses[place] = value, 1
        else:
            place = len(self._texts)
            self._texts.append(value)
            self._uses.append(1)
        if is_shared:
            self._known[type(value), value] = place
        return place

    def clear(self, place: int) -> None:
        """Let a run have nothing here."""
        if self._few is not None:
            self._few.pop(place, None)
        elif place < len(self._kinds):
            if self._kinds[place] == OTHER:
                self._release(int(self._numbers[place]))
            self._kinds[place] = 0

    def _release(self, place: int) -> None:
        """Forget what is no number once no run has it: what changes each second would pile up."""
        self._uses[place] -= 1
        if not self._uses[place]:
            value, self._texts[place] = self._texts[place], None
            if not isinstance(value, list | dict):
                del self._known[type(value), value]
            self._free.append(place)

    @property
    def count(self) -> int:
        """How many runs have something here."""
        return len(self._kinds) - self._kinds.count(0) if self._few is None else len(self._few)
