"""What all runs say, kept by columns: a column is an array of numbers, however many runs there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runlogging.reading.comparing._parameters import flattened
from runlogging.reading.search import RunRow
from runlogging.viewer._run_cells import Cells
from runlogging.viewer._run_figures import Figures

ROOMS = {"metrics": "metrics", "params": "parameters", "tags": "tags", "properties": "properties"}
"""What a filter calls a room, and what it is called here."""


class Store:
    """The tags, properties, parameters and metrics of all runs, by columns.

    Attributes:
        rooms: room to name to the column; metrics are apart.
        figures: the figures of the metrics.
        inner: parameter that is a mapping to the parameters in it.
    """

    def __init__(self) -> None:
        self.rooms: dict[str, dict[Any, Cells]] = {room: {} for room in ROOMS.values() if room != "metrics"}
        self.figures = Figures()
        self.inner: dict[str, set[str]] = {}

    def put(self, place: int, row: RunRow) -> None:
        """Take what a run's manifest says, at a place where there is nothing."""
        parameters = row.parameters
        if any(type(value) is dict for value in parameters.values()):
            parameters = flattened(parameters)
        self._put("parameters", place, parameters)
        self._put("tags", place, row.tags)
        self._put("properties", place, row.properties)

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
        """Forget a run, but for its metrics."""
        for columns in self.rooms.values():
            for column in columns.values():
                column.clear(place)
