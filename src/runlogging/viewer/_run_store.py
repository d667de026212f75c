"""What all runs say, kept by columns: a column is an array of numbers, however many runs there are."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any

from runlogging.folder import MetricSummary
from runlogging.reading.comparing._parameters import flattened
from runlogging.reading.search import RunRow

FIGURES = ("count", "last", "min", "max", "mean", "step", "nonfinite")
"""The figures of a metric's summary."""

ROOMS = {"metrics": "metrics", "params": "parameters", "tags": "tags", "properties": "properties"}
"""What a filter calls a room, and what it is called here."""

NOTHING: Any = object()
"""What a run has where it has nothing: None is a value as well."""

_FLOAT, _INT, _OTHER = 1, 2, 3
_EXACT = 2**53


class Cells:
    """One column of all runs, in about nine bytes a run: ten thousand runs by five hundred columns are kept."""

    __slots__ = ("_kinds", "_known", "_numbers", "_texts")

    def __init__(self) -> None:
        self._kinds, self._numbers = bytearray(), array("d")
        self._texts: list[Any] = []
        self._known: dict[Any, int] = {}

    def __getitem__(self, place: int) -> Any:
        kind = self._kinds[place] if place < len(self._kinds) else 0
        if kind == _FLOAT:
            return self._numbers[place]
        if kind == _INT:
            return int(self._numbers[place])
        return self._texts[int(self._numbers[place])] if kind else NOTHING

    def __setitem__(self, place: int, value: Any) -> None:
        if place >= len(self._kinds):
            more = place + 1 - len(self._kinds)
            self._kinds.extend(bytes(more))
            self._numbers.frombytes(bytes(8 * more))
        kind = type(value)
        if kind is float:
            self._kinds[place], self._numbers[place] = _FLOAT, value
        elif kind is int and -_EXACT <= value <= _EXACT:
            self._kinds[place], self._numbers[place] = _INT, value
        else:
            self._kinds[place], self._numbers[place] = _OTHER, self._kept(value)

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


class Store:
    """The tags, properties, parameters and metrics of all runs, by columns.

    Attributes:
        rooms: room to name to the column; of a metric the name is ``(name, figure)``.
        inner: parameter that is a mapping to the parameters in it.
    """

    def __init__(self) -> None:
        self.rooms: dict[str, dict[Any, Cells]] = {room: {} for room in ROOMS.values()}
        self.inner: dict[str, set[str]] = {}

    def put(self, place: int, row: RunRow, metrics: Mapping[str, MetricSummary]) -> None:
        """Take what a run says, at a place where there is nothing."""
        parameters = row.parameters
        if any(type(value) is dict for value in parameters.values()):
            parameters = flattened(parameters)
        self._put("parameters", place, parameters)
        self._put("tags", place, row.tags)
        self._put("properties", place, row.properties)
        figures = self.rooms["metrics"]
        for name, summary in metrics.items():
            for figure in FIGURES:
                value = getattr(summary, figure)
                if value is not None:
                    (figures.get((name, figure)) or figures.setdefault((name, figure), Cells()))[place] = value

    def _put(self, room: str, place: int, values: Mapping[str, Any]) -> None:
        columns = self.rooms[room]
        for name, value in values.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = Cells()
                if room == "parameters":
                    self._note_outer(name)
            column[place] = value

    def _note_outer(self, name: str) -> None:
        for dot in (at for at, letter in enumerate(name) if letter == "."):
            self.inner.setdefault(name[:dot], set()).add(name)

    def forget(self, place: int) -> None:
        """Forget a run."""
        for columns in self.rooms.values():
            for column in columns.values():
                column.clear(place)
