"""The points of a run as plain lists."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC
from itertools import chain, islice, repeat
from types import NoneType
from typing import Any

import msgspec

from runlogging.folder import Line
from runlogging.reading._model import numbers_of
from runlogging.reading.frames._lines import Lines
from runlogging.reading.frames._names import Names, Numbers

_TIME_LENGTHS = {27}
_ZONES = {UTC}
_NUMBERS_OR_NONE = frozenset({float, int, bool, NoneType})
_NO_POINT = {None: None}
_encode_lines = msgspec.json.Encoder().encode_lines


class OutOfOrderError(Exception):
    """Say that the quick ways cannot tell the place of a line: it was kept back in memory, or its time is none of ours.

    Whoever meets it reads the run by `merged`, which can.
    """


class Points:
    """Points as columns of one length. A line without points has one row, whose name is None: it counts in the order.

    Args:
        names: whose points are wanted.
        as_text: keep the times as they stand in the file, else as datetimes.
        with_lines: fill the column of lines, else it stays empty.
        is_strict: raise OutOfOrderError for a line whose place the quick ways cannot tell.
        has_writers: whether the run has several writers, so that the times count in the order.

    Attributes:
        lines: which line a point is of: a number that the points of one line share.
        seqs, times, steps, names, values, attributes: what the line says.
        is_rising: whether no line has a lower number than the one before it.
    """

    def __init__(
        self,
        names: Names,
        *,
        as_text: bool = False,
        with_lines: bool = True,
        is_strict: bool = True,
        has_writers: bool = True,
    ) -> None:
        self.lines: list[int] = []
        self.seqs: list[int | None] = []
        self.times: list[Any] = []
        self.steps: list[int | None] = []
        self.names: list[Any] = []
        self.values: list[Any] = []
        self.attributes: list[str | None] = []
        self.is_rising = True
        self._wanted, self._as_text, self._with_lines = names, as_text, with_lines
        self._is_strict, self._has_writers = is_strict, has_writers

    def __len__(self) -> int:
        return len(self.names)

    def columns(self) -> list[list[Any]]:
        """Return all columns, in the order of the attributes."""
        return [self.lines, self.seqs, self.times, self.steps, self.names, self.values, self.attributes]

    def add(self, found: Lines, numbers: Sequence[int]) -> None:
        """Append the points of some lines.

        Args:
            found: the lines.
            numbers: the number of each line.
        """
        lines = found.lines
        if not lines:
            return
        if self._is_strict:
            self._check_places(found)
        metrics = self._wanted.chosen(_numbers(found))
        rows: list[dict[Any, Any]] = metrics if all(metrics) else [items or _NO_POINT for items in metrics]
        names = list(chain.from_iterable(rows))
        self.names += names
        self.values += _values(rows, names)
        spread = _spreading(rows, len(names))
        seqs = [line.seq for line in lines]
        self.is_rising = self.is_rising and _is_rising([*self.seqs[-1:], *seqs])
        self.seqs += spread(seqs)
        self.times += spread([line.time for line in lines] if self._as_text else found.times)
        self.steps += spread([line.step for line in lines])
        if self._with_lines:
            self.lines += spread(numbers)
        self.attributes += [None] * len(names) if found.is_bare else spread(carried(lines))

    def _check_places(self, found: Lines) -> None:
        if not found.is_bare and any(line.recorded for line in found.lines):
            raise OutOfOrderError
        if self._has_writers and (
            {len(line.time) for line in found.lines} != _TIME_LENGTHS or {time.tzinfo for time in found.times} != _ZONES
        ):
            raise OutOfOrderError


def _is_rising(seqs: list[int | None]) -> bool:
    numbers: Any = [seq or 0 for seq in seqs] if None in seqs else seqs
    return all(map(operator.le, numbers, islice(numbers, 1, None)))


def _values(rows: list[dict[Any, Any]], names: list[Any]) -> Iterable[Any]:
    # One look-up a line is quicker than one more object a line.
    if len(names) == len(rows) == names.count(names[0]):
        return map(operator.itemgetter(names[0]), rows)
    return chain.from_iterable(map(dict.values, rows))


def _spreading(rows: list[dict[Any, Any]], total: int) -> Callable[[Sequence[Any]], Iterable[Any]]:
    """Return what repeats an item of each line as often as the line has rows, ``total`` in all."""
    if total == len(rows):
        return iter
    size = len(rows[0])
    if all(len(items) == size for items in rows):
        return lambda items: chain.from_iterable(zip(*repeat(items, size), strict=True))
    return lambda items: chain.from_iterable(map(repeat, items, map(len, rows)))


def _numbers(found: Lines) -> list[Numbers]:
    """Return the numbers of each line, name to value; one whose numbers are not as the format says has none."""
    lines = found.lines
    metrics: list[Numbers] = [line.metrics or {} for line in lines]
    if found.is_bare:
        return metrics
    types = set(map(type, chain.from_iterable(map(dict.values, metrics))))
    if types <= _NUMBERS_OR_NONE:
        return [
            items
            if line.nonfinite is None and line.exact is None and None not in items.values()
            else dict(numbers_of(line))
            for line, items in zip(lines, metrics, strict=True)
        ]
    return [dict(numbers_of(line)) for line in lines]


class _Carried(msgspec.Struct, omit_defaults=True, gc=False):
    """What a line says beside its numbers."""

    level: str | None = None
    logger: str | None = None
    message: str | None = None
    attributes: dict[str, Any] | None = None
    description: str | None = None


def carried(lines: Iterable[Line]) -> list[str | None]:
    """Return what each line says beside its numbers, as JSON text; None where that is nothing."""
    found = [_Carried(line.level, line.logger, line.message, line.attributes, line.description) for line in lines]
    # JSON has no newline in it, so that all are encoded and decoded at once.
    return [None if text == "{}" else text for text in _encode_lines(found).decode().split("\n")[:-1]]
