"""The columns of the table by name: ``duration``, ``params.NAME``, ``tags.NAME``, ``metrics.NAME``, ``min(...)``."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging.viewer._run_items import Item
from runlogging.viewer._run_store import ROOMS, Store

FACTS = ("experiment", "status", "created", "started", "ended", "duration", "number", "parent", "type", "host")
"""The columns that are facts of the run itself."""

_COLUMN = re.compile(r"(metrics|params|tags|properties)\.(.+)", re.DOTALL)
_FIGURE = re.compile(r"(last|min|max|mean|count|step)\(metrics\.(.+)\)", re.DOTALL)
_NAN = math.nan


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        name: as requests name it.
        room: metrics, parameters, tags, properties, or attributes of the run.
        key: the metric, parameter, tag or attribute.
        figure: which figure of a metric's summary.
    """

    name: str
    room: str
    key: str
    figure: str = "last"

    def value(self, item: Item) -> Any:
        """Return what a run has there; None for nothing."""
        if self.room == "metrics":
            value = item.metrics.figure(self.key, self.figure)
            is_nan = value is None and self.figure == "last" and item.metrics.figure(self.key, "count")
            return _NAN if is_nan else value
        if self.room == "attributes":
            return getattr(item, self.key)
        return getattr(item, self.room).get(self.key)

    def values(self, items: Sequence[Item]) -> Sequence[Any]:
        """Return what some runs have there, in their order; None for nothing."""
        if self.room == "metrics" and items:
            cells = items[0].store.figures.column(self.key, self.figure)
            found = None if cells is None else cells.floats([item.at for item in items])
            if found is not None:
                return found
        return [self.value(item) for item in items]


def column_of(name: str) -> Column:
    """Return the column of a name.

    Raises:
        InvalidValueError: there is no such column (also a ValueError).
    """
    if name in (*FACTS, "id", "name", "attempt"):
        return Column(name, "attributes", name)
    found = _COLUMN.fullmatch(name)
    if found is not None:
        return Column(name, ROOMS[found[1]], found[2])
    found = _FIGURE.fullmatch(name)
    if found is not None:
        return Column(name, "metrics", found[2], found[1])
    raise InvalidValueError(f"{name!r:.80} is no column; there are {', '.join(FACTS)}, params.NAME, metrics.NAME ...")


def filled_columns(store: Store) -> list[dict[str, Any]]:
    """Return the columns that runs fill, and how many runs do: facts first, then metrics, parameters and tags."""
    found: list[dict[str, Any]] = [{"name": name, "kind": "fact", "count": None} for name in FACTS]
    for kind, prefix in (("metric", "metrics"), ("param", "params"), ("tag", "tags")):
        if kind == "metric":
            counts = store.figures.counts()
        else:
            counts = {name: cells.count for name, cells in store.rooms[ROOMS[prefix]].items()}
        names = sorted(counts.items())
        found += [{"name": f"{prefix}.{name}", "kind": kind, "count": count} for name, count in names if count]
    return found
