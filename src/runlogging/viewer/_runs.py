"""The table of runs: filtered, sorted, grouped, and only the window of it that is seen.

``api/runs?where=&sort=&experiment=&offset=&limit=&columns=&hidden=&closed=&fold=&group=&agg=&band=&about=&fresh=``
answers::

    {"total": rows in the table, "fitting": runs that fit the filter, "offset", "version", "problems": damaged runs,
     "runs": all runs, "loading": whether runs are still being read,
     "rows": [{"key": "experiment/id", "id", "experiment", "name", "number", "status", "created", "started", "ended",
               "duration", "parent", "path", "problem", "depth", "children": how many rows hang on it, "closed",
               "fits": false for a parent that stands here for its children only, "cells": {column: value}}],
     "columns": [{"name", "kind": "fact|param|tag|metric", "count"}], "experiments": [{"name", "count"}],  with about=1
     "groups": [{"values": [...], "where": filter, "count", "statuses": {status: n},
                 "cells": {column: {"n", "centre", "low", "high", "nonfinite"}}}]}                       with group=

``sort``, ``columns``, ``group``, ``hidden`` and ``closed`` may stand several times, one name each. A column is named
``duration``, ``params.NAME``, ``tags.NAME`` or ``metrics.NAME`` with the name as it is; a metric is its last value, and
``min(metrics.NAME)``, ``max``, ``mean``, ``count`` and ``step`` are the other figures of its summary. ``-`` before a
``sort`` is from the greatest down. A child stands below its parent in any order; siblings are sorted among themselves.

``api/sparks?run=&name=``, each of which may stand several times, answers ``{run: {name: [value, ...]}}`` with at most
120 values each.
"""

from __future__ import annotations

import json
import math
import re
import statistics
import threading
import time
from array import array
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runlogging._errors import InvalidValueError, RunLoggingError, RunNotFoundError
from runlogging.folder import TERMINAL, MetricSummary, clean_text, parse_time, read_manifest
from runlogging.reading.comparing._parameters import flattened
from runlogging.reading.search import RunRow
from runlogging.reading.search._expressions import Field
from runlogging.reading.search._filter import parse_filter
from runlogging.reading.search._listing import opened_listing
from runlogging.reading.search._order import Key, Order
from runlogging.reading.search._scan import Key as FileKey
from runlogging.reading.search._scan import scan
from runlogging.viewer._answers import answering, number_of
from runlogging.viewer._curves import RunCurves

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from runlogging.viewer._state import State

_LOOK_S = 1.0  # how old a look at the root may be, unless something fresh is asked for
_LOST_S = 30.0  # a run whose process is gone is looked at again after so long, or when its manifest changes
_AT_ONCE = 300  # so few runs are read before the first answer
_MOST_ROWS = 1_000
_MOST_COLUMNS = 1_000
_MOST_SPARKS = 400
_SPARK_POINTS = 120
_KEPT_SPARKS = 2_000
_KEPT_ORDERS = 8
_FACTS = ("experiment", "status", "created", "started", "ended", "duration", "number", "parent", "type", "host")
_FIGURES = ("count", "last", "min", "max", "mean", "step", "nonfinite")
_SAID = (
    *("key", "id", "experiment", "name", "number", "status", "created", "started", "ended", "duration", "parent"),
    *("path", "problem"),
)
_COLUMN = re.compile(r"(?:(last|min|max|mean|count|step)\()?(metrics|params|tags|properties)\.(.+?)(\))?", re.DOTALL)
_ROOMS = {"metrics": "metrics", "params": "parameters", "tags": "tags", "properties": "properties"}
_NAN = math.nan

_NOTHING: Any = object()  # None is a value as well
_FLOAT, _INT, _OTHER = 1, 2, 3
_EXACT = 2**53

Place = tuple[str, str]
"""An experiment's folder, and the name of a run's folder in it."""


def routes(state: State) -> list[Route]:
    """Return what answers ``api/runs`` and ``api/sparks``."""
    from starlette.routing import Route

    return [
        Route("/api/runs", answering(lambda request: _runs(state, request))),
        Route("/api/sparks", answering(lambda request: _sparks(state, request))),
    ]


# ---------------------------------------------------------------------- runs in memory


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
        return self._texts[int(self._numbers[place])] if kind else _NOTHING

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
        self.rooms: dict[str, dict[Any, Cells]] = {room: {} for room in _ROOMS.values()}
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
            for figure in _FIGURES:
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


class Values(Mapping[str, Any]):
    """What one run has in one room, looked up when it is asked for."""

    __slots__ = ("_columns", "_inner", "_place")

    def __init__(self, columns: Mapping[str, Cells], place: int, inner: Mapping[str, set[str]] | None = None) -> None:
        self._columns, self._place, self._inner = columns, place, inner

    def __getitem__(self, name: str) -> Any:
        column = self._columns.get(name)
        value = _NOTHING if column is None else column[self._place]
        if value is not _NOTHING:
            return value
        # A mapping was split into its parts; a filter may ask whether it is there.
        if self._inner and any(self._columns[part][self._place] is not _NOTHING for part in self._inner.get(name, ())):
            return {}
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        column = self._columns.get(name)
        value = _NOTHING if column is None else column[self._place]
        if value is _NOTHING and self._inner and name in self._inner:
            return {} if self.__contains__(name) else default
        return default if value is _NOTHING else value

    def __iter__(self) -> Iterator[str]:
        place = self._place
        return (name for name, column in self._columns.items() if column[place] is not _NOTHING)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Summaries(Mapping[str, MetricSummary]):
    """The summaries of one run's metrics, made when they are asked for."""

    __slots__ = ("_columns", "_place")

    def __init__(self, columns: Mapping[tuple[str, str], Cells], place: int) -> None:
        self._columns, self._place = columns, place

    def figure(self, name: str, figure: str) -> Any:
        """Return one figure of a metric; None where there is none."""
        column = self._columns.get((name, figure))
        value = _NOTHING if column is None else column[self._place]
        return None if value is _NOTHING else value

    def __getitem__(self, name: str) -> MetricSummary:
        if self.figure(name, "count") is None:
            raise KeyError(name)
        return MetricSummary(**{figure: self.figure(name, figure) for figure in _FIGURES})

    def __iter__(self) -> Iterator[str]:
        return (name for name, figure in self._columns if figure == "count" and self.figure(name, figure) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Item:
    """A run of the table: a row as filters and orders read it, at a place of the store.

    Args:
        row: the run as it was listed.
        place: its place in the store.
        store: what has its tags, parameters and metrics.
    """

    __slots__ = (
        *("_duration", "_place", "_store", "attempt", "created", "ended", "experiment", "host", "id", "key", "name"),
        *("number", "parent", "path", "problem", "started", "status", "type"),
    )

    def __init__(self, row: RunRow, place: int, store: Store) -> None:
        folder, name = row.place
        self.key = clean_text(f"{Path(folder).name}/{name}")
        self._place, self._store = place, store
        self.id, self.name, self.number, self.parent, self.type = row.id, row.name, row.number, row.parent, row.type
        self.experiment, self.status, self.attempt, self.host = row.experiment, row.status, row.attempt, row.host
        self.created, self.started, self.ended, self.problem = row.created, row.started, row.ended, row.problem
        self.path = f"{folder}/{name}"
        self._duration = None if self.status == "Running" else row.duration

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
        return Values(self._store.rooms["tags"], self._place)

    @property
    def properties(self) -> Values:
        """The properties."""
        return Values(self._store.rooms["properties"], self._place)

    @property
    def parameters(self) -> Values:
        """The parameters; of nested ones the names are joined by dots."""
        return Values(self._store.rooms["parameters"], self._place, self._store.inner)

    @property
    def metrics(self) -> Summaries:
        """The summaries of the metrics."""
        return Summaries(self._store.rooms["metrics"], self._place)


class RunTable:
    """The runs of a root, kept between requests.

    At first only names are known, which say how old a run is; a thread reads the rest, and what is asked for meanwhile
    is read at once. Later only manifests that changed are read again, and the runs that have not ended.

    Args:
        root: the root.

    Attributes:
        version: changes whenever the runs do.
        is_loaded: whether all runs have been read.
        lock: held while several questions need the same runs.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.lock = threading.RLock()
        self._keys: dict[Place, FileKey | str] = {}
        self._items: dict[Place, Item] = {}
        self._places: dict[Place, int] = {}
        self._store = Store()
        self._free: list[int] = []
        self._looked_at = -math.inf
        self._due: dict[Place, float] = {}
        self._loading: threading.Thread | None = None
        self._orders: OrderedDict[tuple[Any, ...], list[Item]] = OrderedDict()
        self._sorted: list[Item] | None = None
        self._parents: dict[Item, Item] | None = None
        self._columns: tuple[int, list[dict[str, Any]]] | None = None
        self.version = 0
        self.is_loaded = False

    @property
    def size(self) -> int:
        """How many runs there are, damaged ones too."""
        return len(self._keys)

    @property
    def items(self) -> list[Item]:
        """The runs that were read, the newest first."""
        if self._sorted is None:
            self._sorted = sorted(self._items.values(), key=lambda item: (item.created or "", item.id), reverse=True)
        return self._sorted

    @property
    def parents(self) -> dict[Item, Item]:
        """The parent of each run that has one below the same root."""
        if self._parents is None:
            self._parents = parents_of(self.items)
        return self._parents

    def experiments(self) -> list[dict[str, Any]]:
        """Return the experiments, and how many runs each has."""
        counts = Counter(clean_text(Path(folder).name) for folder, _ in self._keys)
        return [{"name": name, "count": count} for name, count in sorted(counts.items())]

    def refresh(self, *, fresh: bool = False) -> None:
        """Look at the root, unless that was done within the last second and nothing fresh is asked for."""
        with self.lock:
            if not self.version:
                self._begin()
            elif self.is_loaded and (fresh or time.monotonic() - self._looked_at > _LOOK_S):
                self._look()

    def _begin(self) -> None:
        # The facts of the files first: what changes while they are read is read again at the next look.
        self._keys = self._scanned()
        self._changed()
        if len(self._keys) <= _AT_ONCE:
            self._load()
        else:
            self._loading = threading.Thread(target=self._load, name="runlogging table", daemon=True)
            self._loading.start()

    def _load(self) -> None:
        for folder in sorted({folder for folder, _ in self._keys}):
            try:
                with opened_listing(self._root, Path(folder).name) as listing:
                    for row in listing.rows():
                        self._add(row)
            except (RunLoggingError, OSError):
                continue  # the next look finds out
        with self.lock:
            self.is_loaded = True
            self._keys = {place: key for place, key in self._keys.items() if place in self._items}
            self._changed()

    def wait(self) -> None:
        """Wait until all runs have been read."""
        if self._loading is not None:
            self._loading.join()

    def newest(self, offset: int, limit: int, experiment: str) -> tuple[int, list[Item]]:
        """Return how many runs there are, and some of them by name, the newest first; those alone are read.

        Ids begin with the time.
        """
        names = [place for place in self._keys if not experiment or Path(place[0]).name == experiment]
        names.sort(key=lambda place: place[::-1], reverse=True)
        for place in names[offset : offset + limit]:
            if place not in self._items:
                self._reread(place, self._keys[place])
        return len(names), [self._items[place] for place in names[offset : offset + limit] if place in self._items]

    def _scanned(self) -> dict[Place, FileKey | str]:
        keys: dict[Place, FileKey | str] = {}
        for folder in scan(self._root):
            keys.update({(folder.path, name): key for name, key in folder.runs.items()})
            keys.update({(folder.path, name): problem for name, problem in folder.damaged.items()})
        return keys

    def _add(self, row: RunRow) -> None:
        place, metrics = row.place, {} if row.problem else row.metrics
        with self.lock:
            number = self._places.get(place)
            if number is not None:
                self._store.forget(number)
            else:
                number = self._places[place] = self._free.pop() if self._free else len(self._places)
            self._store.put(number, row, metrics)
            self._items[place] = Item(row, number, self._store)

    def _drop(self, place: Place) -> None:
        if self._items.pop(place, None) is not None:
            number = self._places.pop(place)
            self._store.forget(number)
            self._free.append(number)

    def _changed(self) -> None:
        self._sorted = self._parents = None
        self._orders.clear()
        self.version += 1
        self._looked_at = time.monotonic()

    def _look(self) -> None:
        keys, items = self._scanned(), self._items
        changed = {place for place, key in keys.items() if place not in items or key != self._keys.get(place)}
        now = time.monotonic()
        changed |= {
            place
            for place, item in items.items()
            if place in keys and _is_open(item) and now > self._due.get(place, 0.0)
        }
        gone = items.keys() - keys.keys()
        self._keys, self._looked_at = keys, now
        for place in changed:
            self._reread(place, keys[place])
        for place in gone:
            self._drop(place)
        if changed or gone:
            self._changed()

    def _reread(self, place: Place, key: FileKey | str) -> None:
        begun = time.monotonic()
        row = RunRow(*place, problem=key) if isinstance(key, str) else _read(place)
        if row is None:
            self._drop(place)
            return
        self._add(row)
        # A long run that has not ended takes its time to read: it is not read at each look.
        ended = time.monotonic()
        is_lost = place in self._items and self._items[place].status == "NotResponding"
        self._due[place] = ended + max(10 * (ended - begun), _LOST_S if is_lost else 0.0)

    # ------------------------------------------------------------------ choosing

    def chosen(self, where: str, sort: Sequence[str], experiment: str) -> list[Item]:
        """Return the runs that fit, sorted; what was asked lately is kept.

        Raises:
            FilterError: the filter cannot be read (also a ValueError).
            InvalidValueError: there is no such column (also a ValueError).
        """
        # What a filter calls "2 days ago" is another moment the next second.
        asked = (where, tuple(sort), experiment, int(time.time()) if where else 0)
        if asked not in self._orders:
            fits = parse_filter(where).fits if where.strip() else None
            items = [item for item in self.items if not experiment or item.key.partition("/")[0] == experiment]
            self._orders[asked] = self.sorted(items if fits is None else [one for one in items if fits(one)], sort)
            while len(self._orders) > _KEPT_ORDERS:
                self._orders.popitem(last=False)
        return self._orders[asked]

    def columns(self) -> list[dict[str, Any]]:
        """Return the columns that the runs read so far fill, and how many runs do."""
        found: list[dict[str, Any]] = [{"name": name, "kind": "fact", "count": None} for name in _FACTS]
        for kind, prefix in (("metric", "metrics"), ("param", "params"), ("tag", "tags")):
            columns = self._store.rooms[_ROOMS[prefix]]
            counts = {name: cells.count for name, cells in columns.items()}
            if kind == "metric":
                counts = {name[0]: count for name, count in counts.items() if name[1] == "count"}
            names = sorted(counts.items())
            found += [{"name": f"{prefix}.{name}", "kind": kind, "count": count} for name, count in names if count]
        return found

    def sorted(self, items: list[Item], sort: Sequence[str]) -> list[Item]:
        """Return runs in an order of columns; see `chosen`."""
        order = order_of(sort)
        return items if order is None else order.sorted(items)


def _read(place: Place) -> RunRow | None:
    """Return a run as a row; None where it is gone."""
    try:
        return RunRow(*place, manifest=read_manifest(Path(*place)))
    except (RunNotFoundError, FileNotFoundError, NotADirectoryError):
        return None
    except (RunLoggingError, OSError) as error:
        return RunRow(*place, problem=clean_text(str(error)))


def _is_open(item: Item) -> bool:
    return not item.problem and item.status not in TERMINAL


def table_of(state: State) -> RunTable:
    """Return the table of a viewer's runs."""
    root = state.settings.root
    return state.kept("runs", root, lambda: RunTable(root), 1)


# ---------------------------------------------------------------------- columns


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


def column_of(name: str) -> Column:
    """Return the column of a name.

    Raises:
        InvalidValueError: there is no such column (also a ValueError).
    """
    if name in (*_FACTS, "id", "name", "attempt"):
        return Column(name, "attributes", name)
    found = _COLUMN.fullmatch(name)
    if found is None or bool(found[1]) != bool(found[4]) or (found[1] and found[2] != "metrics"):
        raise InvalidValueError(
            f"{name!r:.80} is no column; there are {', '.join(_FACTS)}, params.NAME, metrics.NAME ..."
        )
    return Column(name, _ROOMS[found[2]], found[3], found[1] or "last")


def order_of(sort: Sequence[str]) -> Order | None:
    """Return the order of some columns, those from the greatest down with a dash before them; None for none."""
    keys = []
    for name in sort:
        column = column_of(name.removeprefix("-"))
        keys.append(Key(Field(column.room, column.key, column.figure), name.startswith("-")))
    return Order(keys) if keys else None


# ---------------------------------------------------------------------- children under their parents


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: a run, how deep it hangs, how many rows hang on it, and whether it fits the filter."""

    item: Item
    depth: int
    children: int
    fits: bool
    is_closed: bool


def nested(table: RunTable, chosen: list[Item], sort: Sequence[str], is_closed: Callable[[str], bool]) -> list[Line]:
    """Return runs with the children below their parents.

    A parent that does not fit stands there for its children, where the order puts it.
    """
    parents = table.parents
    if not parents:
        return [Line(item, 0, 0, True, False) for item in chosen]
    fitting = set(chosen)
    shown = set(chosen)
    for item in chosen:
        above = parents.get(item)
        while above is not None and above not in shown:
            shown.add(above)
            above = parents.get(above)
    is_whole = len(shown) == len(chosen)
    ordered = chosen if is_whole else table.sorted([item for item in table.items if item in shown], sort)
    below: dict[Item | None, list[Item]] = {}
    for item in ordered:
        below.setdefault(parents.get(item), []).append(item)
    return _walked(below, fitting, is_closed)


def parents_of(items: Iterable[Item]) -> dict[Item, Item]:
    """Return the parent of each run that has one; of those that are their own ancestors one stays without."""
    here: dict[tuple[str, str], Item] = {}
    anywhere: dict[str, Item] = {}
    children = []
    for item in items:
        here[item.experiment, item.id] = anywhere[item.id] = item
        if item.parent:
            children.append(item)
    parents: dict[Item, Item] = {}
    for item in children:
        above = here.get((item.experiment, item.parent or "")) or anywhere.get(item.parent or "")
        if above is not None and not _hangs_on(above, item, parents):
            parents[item] = above
    return parents


def _hangs_on(item: Item | None, other: Item, parents: Mapping[Item, Item]) -> bool:
    while item is not None:
        if item is other:
            return True
        item = parents.get(item)
    return False


def _walked(
    below: Mapping[Item | None, list[Item]], fitting: set[Item], is_closed: Callable[[str], bool]
) -> list[Line]:
    lines: list[Line] = []
    waiting = [(item, 0) for item in reversed(below.get(None, []))]
    while waiting:
        item, depth = waiting.pop()
        children = below.get(item, [])
        closed = bool(children) and is_closed(item.key)
        lines.append(Line(item, depth, len(children), item in fitting, closed))
        if not closed:
            waiting += [(child, depth + 1) for child in reversed(children)]
    return lines


# ---------------------------------------------------------------------- groups


def grouped(items: Iterable[Item], by: Sequence[Column], shown: Sequence[Column], agg: str, band: str) -> list[Any]:
    """Return the groups of runs, each with its figures, which depend on its own runs only.

    Args:
        items: the runs.
        by: the columns that make the groups; no column makes one group of all.
        shown: the columns whose figures are wanted; what is no number counts for nothing.
        agg: "mean" or "median".
        band: "std" (of a sample), "stderr", "minmax" or "quantile" (from the 25th to the 75th percentile).
    """
    groups: dict[str, tuple[list[Any], list[Item]]] = {}
    for item in items:
        values = [column.value(item) for column in by]
        groups.setdefault(json.dumps(values, default=str, sort_keys=True), (values, []))[1].append(item)
    return [
        {
            "values": values,
            "where": _joined([_condition(column, value) for column, value in zip(by, values, strict=True)]),
            "count": len(members),
            "statuses": dict(Counter(item.status for item in members)),
            "cells": {column.name: figures([column.value(one) for one in members], agg, band) for column in shown},
        }
        for values, members in groups.values()
    ]


def _joined(conditions: Sequence[str | None]) -> str | None:
    said = [condition for condition in conditions if condition is not None]
    return " and ".join(said) if len(said) == len(conditions) else None


def figures(values: Iterable[Any], agg: str, band: str) -> dict[str, Any]:
    """Return how many numbers there are, their middle and the ends of their band; None for what does not exist."""
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    finite = [number for number in numbers if math.isfinite(number)]
    found: dict[str, Any] = {"n": len(finite), "centre": None, "low": None, "high": None}
    if len(numbers) > len(finite):
        found["nonfinite"] = len(numbers) - len(finite)
    if finite:
        centre = statistics.median(finite) if agg == "median" else math.fsum(finite) / len(finite)
        low, high = _band(finite, centre, band)
        found.update(centre=centre, low=low, high=high)
    return found


def _band(finite: list[float], centre: float, band: str) -> tuple[float | None, float | None]:
    if band == "minmax":
        return min(finite), max(finite)
    if len(finite) < 2:  # one value has no spread
        return None, None
    if band == "quantile":
        low, _, high = statistics.quantiles(finite, n=4, method="inclusive")
        return low, high
    spread = statistics.stdev(finite) / (math.sqrt(len(finite)) if band == "stderr" else 1)
    return centre - spread, centre + spread


def _condition(column: Column, value: Any) -> str | None:
    """Return the filter that finds the runs that have a value; None where no filter says it."""
    name = column.name
    if column.room != "attributes":
        quoted = '"' + column.key.replace('"', '""') + '"'
        name = name.replace(column.key, quoted) if column.figure != "last" else f"{name.partition('.')[0]}.{quoted}"
    if value is None:
        return f"{name} IS NULL"
    if isinstance(value, list | dict):
        return None
    if isinstance(value, float) and math.isnan(value):
        return f"{name} IS NAN"
    if isinstance(value, bool):
        return f"{name} = {str(value).lower()}"
    if isinstance(value, int | float):
        return f"{name} = {value!r}"
    return "{} = '{}'".format(name, str(value).replace("'", "''"))


# ---------------------------------------------------------------------- answers


def _runs(state: State, request: Request) -> dict[str, Any]:
    query = request.query_params
    table = table_of(state)
    table.refresh(fresh=query.get("fresh") == "1")
    if query.get("where", "").strip() or query.get("sort") or query.get("group"):
        parse_filter(query.get("where", ""))  # what cannot be read needs no waiting
        table.wait()
    with table.lock:
        answer: dict[str, Any] = {"version": table.version, "loading": not table.is_loaded, "runs": table.size}
        answer.update(_grouped(table, request) if query.get("group") else _window(table, request))
        answer["problems"] = sum(bool(item.problem) for item in table.items)
        if query.get("about") == "1":
            answer["experiments"], answer["columns"] = table.experiments(), table.columns()
        return answer


def _columns(request: Request) -> list[Column]:
    return [column_of(name) for name in request.query_params.getlist("columns")[:_MOST_COLUMNS]]


def _grouped(table: RunTable, request: Request) -> dict[str, Any]:
    query = request.query_params
    by = [column_of(name) for name in query.getlist("group")]
    chosen = table.chosen(query.get("where", ""), query.getlist("sort"), query.get("experiment", ""))
    groups = grouped(chosen, by, _columns(request), query.get("agg", "mean"), query.get("band", "std"))
    return {"fitting": len(chosen), "groups": groups}


def _window(table: RunTable, request: Request) -> dict[str, Any]:
    query, columns = request.query_params, _columns(request)
    sort, experiment = query.getlist("sort"), query.get("experiment", "")
    offset, limit = number_of(request, "offset", 0), number_of(request, "limit", 100, most=_MOST_ROWS)
    if not table.is_loaded and not sort and not query.get("where", "").strip():
        total, items = table.newest(offset, limit, experiment)
        lines = [Line(item, 0, 0, True, False) for item in items]
        return {"fitting": total, "total": total, "offset": offset, "rows": [_line(line, columns) for line in lines]}
    chosen = table.chosen(query.get("where", ""), sort, experiment)
    hidden = set(query.getlist("hidden"))
    if hidden:
        chosen = [item for item in chosen if item.key not in hidden]
    turned, all_closed = set(query.getlist("closed")), query.get("fold") == "all"
    lines = nested(table, chosen, sort, lambda key: (key in turned) != all_closed)
    rows = [_line(line, columns) for line in lines[offset : offset + limit]]
    return {"fitting": len(chosen), "total": len(lines), "offset": offset, "rows": rows}


def _line(line: Line, columns: Sequence[Column]) -> dict[str, Any]:
    item = line.item
    return {
        **{name: getattr(item, name) for name in _SAID},
        "tags": dict(item.tags),
        "depth": line.depth,
        "children": line.children,
        "closed": line.is_closed,
        "fits": line.fits,
        "cells": {column.name: column.value(item) for column in columns},
    }


def _sparks(state: State, request: Request) -> dict[str, dict[str, list[Any]]]:
    names = request.query_params.getlist("name")[:20]
    keys = request.query_params.getlist("run")[: _MOST_SPARKS // max(len(names), 1)]
    found: dict[str, dict[str, list[Any]]] = {}
    for key in keys:
        try:
            found[key] = _spark(state, key, names)
        except (RunLoggingError, OSError):  # its row says what is wrong with it
            found[key] = {}
    return found


def _spark(state: State, key: str, names: Sequence[str]) -> dict[str, list[Any]]:
    from runlogging.viewer._axes import lines_of

    run = state.run_of(key)
    kept: OrderedDict[tuple[Any, ...], dict[str, list[Any]]] = state.kept("sparks", state.settings.root, OrderedDict, 1)
    asked = (key, run.stream_bytes, *names)
    if asked not in kept:
        # Not on the shelf of curves: a page of runs would push the charts that are open off it.
        curves = RunCurves(run.path)
        curves.refresh()
        lines = {name: lines_of(key, run, curves, name, "index") for name in names}
        kept[asked] = {name: thinned(found[0].curve.y) for name, found in lines.items() if found}
    if len(kept) > _KEPT_SPARKS:
        kept.popitem(last=False)
    return kept[asked]


def thinned(values: Sequence[float]) -> list[float]:
    """Return so many values that a small picture has them: of each part the least and the greatest, in their order."""
    count = len(values)
    if count <= _SPARK_POINTS:
        return list(values)
    kept: list[float] = []
    parts = _SPARK_POINTS // 2
    for part in range(parts):
        begin, end = part * count // parts, (part + 1) * count // parts
        places = [place for place in range(begin, end) if math.isfinite(values[place])] or [begin]
        low, high = min(places, key=values.__getitem__), max(places, key=values.__getitem__)
        kept += [values[place] for place in (min(low, high), max(low, high))]
    return kept
