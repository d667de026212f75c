"""A run of the table, as filters, orders and answers read it: its values are looked up in the columns."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runlogging.folder import MetricSummary, clean_text, parse_time
from runlogging.reading.search import RunRow
from runlogging.viewer._run_cells import NOTHING, Cells
from runlogging.viewer._run_figures import Figures
from runlogging.viewer._run_store import Store

Place = tuple[str, str]
"""An experiment's folder, and the name of a run's folder in it."""


class Values(Mapping[str, Any]):
    """What one run has in one room, looked up when it is asked for."""

    __slots__ = ("_columns", "_inner", "_place")

    def __init__(self, columns: Mapping[str, Cells], place: int, inner: Mapping[str, set[str]] | None = None) -> None:
        self._columns, self._place, self._inner = columns, place, inner

    def __getitem__(self, name: str) -> Any:
        column = self._columns.get(name)
        value = NOTHING if column is None else column[self._place]
        if value is not NOTHING:
            return value
        # A mapping was split into its parts; a filter may ask whether it is there.
        if self._inner and any(self._columns[part][self._place] is not NOTHING for part in self._inner.get(name, ())):
            return {}
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        column = self._columns.get(name)
        value = NOTHING if column is None else column[self._place]
        if value is NOTHING and self._inner and name in self._inner:
            return {} if self.__contains__(name) else default
        return default if value is NOTHING else value

    def __iter__(self) -> Iterator[str]:
        place = self._place
        return (name for name, column in self._columns.items() if column[place] is not NOTHING)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Summary:
    """The summary of a metric of one run: each figure is looked up when it is asked for."""

    __slots__ = ("_figures", "_name", "_place")

    def __init__(self, figures: Figures, name: str, place: int) -> None:
        self._figures, self._name, self._place = figures, name, place

    def __getattr__(self, figure: str) -> Any:
        cells = self._figures.column(self._name, figure)
        value = NOTHING if cells is None else cells[self._place]
        return None if value is NOTHING else value


class Summaries(Mapping[str, MetricSummary]):
    """The summaries of one run's metrics."""

    __slots__ = ("_figures", "_place")

    def __init__(self, figures: Figures, place: int) -> None:
        self._figures, self._place = figures, place

    def figure(self, name: str, figure: str) -> Any:
        """Return one figure of a metric; None where there is none."""
        column = self._figures.column(name, figure)
        value = NOTHING if column is None else column[self._place]
        return None if value is NOTHING else value

    def __getitem__(self, name: str) -> MetricSummary:
        if self.figure(name, "count") is None:
            raise KeyError(name)
        found: Any = Summary(self._figures, name, self._place)  # it says what a MetricSummary says
        return found  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[str]:
        return self._figures.names(self._place)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Item:
    """A run of the table: a row as filters and orders read it, at a place of the store.

    Args:
        row: the run as it was listed.
        place: its place in the store.
        store: what has its tags, parameters and metrics.

    Attributes:
        at: its place in the store.
        store: what has its tags, parameters and metrics.
    """

    __slots__ = (
        *("_duration", "at", "attempt", "created", "ended", "experiment", "host", "id", "key", "name"),
        *("number", "parent", "path", "problem", "started", "status", "store", "type"),
    )

    def __init__(self, row: RunRow, place: int, store: Store) -> None:
        folder, name = row.place
        self.key = clean_text(f"{Path(folder).name}/{name}")
        self.at, self.store = place, store
        self.id, self.name, self.number, self.parent, self.type = row.id, row.name, row.number, row.parent, row.type
        self.experiment, self.status, self.attempt, self.host = row.experiment, row.status, row.attempt, row.host
        self.created, self.started, self.ended, self.problem = row.created, row.started, row.ended, row.problem
        self.path = f"{folder}/{name}"
        self._duration = None if self.status == "Running" else row.duration

    @property
    def place(self) -> Place:
        """Where it lies."""
        folder, _, name = self.path.rpartition("/")
        return folder, name

    @property
    def duration(self) -> float | None:
        """Seconds; that of a running one goes on."""
        if self.status != "Running" or not self.started:
            return self._duration
        try:
            return time.time() - parse_time(self.started).timestamp()
        except ValueError:
            return None

    @property
    def tags(self) -> Values:
        """The tags."""
        return Values(self.store.rooms["tags"], self.at)

    @property
    def properties(self) -> Values:
        """The properties."""
        return Values(self.store.rooms["properties"], self.at)

    @property
    def parameters(self) -> Values:
        """The parameters; of nested ones the names are joined by dots."""
        return Values(self.store.rooms["parameters"], self.at, self.store.inner)

    @property
    def metrics(self) -> Summaries:
        """The summaries of the metrics."""
        return Summaries(self.store.figures, self.at)


class RunItems:
    """The runs that were read, each with its place in the columns.

    Attributes:
        store: the columns.
        by_place: where a run lies to the run.
    """

    def __init__(self) -> None:
        self.store = Store()
        self.by_place: dict[Place, Item] = {}
        self._numbers: dict[Place, int] = {}
        self._free: list[int] = []

    def put(self, row: RunRow, metrics: Mapping[str, MetricSummary] | None = None) -> None:
        """Take a run, in place of what was known of it.

        Args:
            row: the run.
            metrics: the summaries of its metrics; None where they are not known yet.
        """
        place = row.place
        number = self._numbers.get(place)
        if number is not None:
            self.store.forget(number)
        else:
            number = self._numbers[place] = self._free.pop() if self._free else len(self._numbers)
        self.store.put(number, row)
        self.by_place[place] = Item(row, number, self.store)
        if metrics is None:
            self.store.figures.clear(number)
        else:
            self.store.figures.put(number, metrics)

    def number(self, place: Place) -> int | None:
        """Return the place of a run in the columns; None for one that is not here."""
        return self._numbers.get(place)

    def drop(self, place: Place) -> None:
        """Forget a run; another may have its place in the columns."""
        if self.by_place.pop(place, None) is not None:
            number = self._numbers.pop(place)
            self.store.forget(number)
            self.store.figures.clear(number)
            self._free.append(number)
