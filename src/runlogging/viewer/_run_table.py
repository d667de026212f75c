"""The runs of a root, kept between requests: read once, and again where they changed."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runlogging.folder import TERMINAL, clean_text
from runlogging.reading.search import RunRow
from runlogging.reading.search._filter import parse_filter
from runlogging.reading.search._scan import Key as FileKey
from runlogging.viewer._run_items import Item, Place, RunItems
from runlogging.viewer._run_order import parents_of, sorted_by
from runlogging.viewer._run_reading import RunReading, row_of, scanned

if TYPE_CHECKING:
    from runlogging.viewer._run_store import Store
    from runlogging.viewer._state import State

_LOOK_S = 1.0  # how old a look at the root may be, unless something fresh is asked for
_LOST_S = 30.0  # what lost its process, or cannot be read, is looked at again after so long; a new manifest at once
_AT_ONCE = 300  # so few runs are read before the first answer
_KEPT_ORDERS = 8


def table_of(state: State) -> RunTable:
    """Return the table of a viewer's runs."""
    root = state.settings.root
    return state.kept("runs", root, lambda: RunTable(root), 1)


class RunTable:
    """The runs of a root, kept between requests.

    At first only names are known, which say how old a run is; a thread reads the rest, manifests first, and what is
    asked for meanwhile is read at once. Later only manifests that changed are read again, and the runs that have not
    ended.

    Args:
        root: the root.

    Attributes:
        version: changes whenever the runs do.
        lock: held while several questions need the same runs.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.lock = threading.RLock()
        self._keys: dict[Place, FileKey | str] = {}
        self._read = RunItems()
        self._reading: RunReading | None = None
        self._looked_at = -math.inf
        self._due: dict[Place, float] = {}
        self._orders: OrderedDict[tuple[Any, ...], list[Item]] = OrderedDict()
        self._sorted: list[Item] | None = None
        self._parents: dict[Item, Item] | None = None
        self.version = 0

    @property
    def is_loaded(self) -> bool:
        """Whether all runs have been read."""
        return self._reading is not None and self._reading.is_done.is_set()

    @property
    def is_listed(self) -> bool:
        """Whether all manifests have been read."""
        return self._reading is not None and self._reading.is_listed.is_set()

    @property
    def done(self) -> int:
        """Of how many runs all is known."""
        return len(self._keys) if self.is_loaded or self._reading is None else self._reading.done

    @property
    def size(self) -> int:
        """How many runs there are, damaged ones too."""
        return len(self._keys)

    @property
    def store(self) -> Store:
        """The columns of the runs read so far."""
        return self._read.store

    @property
    def items(self) -> list[Item]:
        """The runs that were read, the newest first."""
        found = self._sorted
        if found is None:
            items = self._read.by_place.values()
            found = sorted(items, key=lambda item: (item.created or "", item.id), reverse=True)
            self._sorted = found if self.is_listed else None
        return found

    @property
    def parents(self) -> dict[Item, Item]:
        """The parent of each run that has one below the same root."""
        found = self._parents
        if found is None:
            found = parents_of(self.items)
            self._parents = found if self.is_listed else None
        return found

    def experiments(self) -> list[dict[str, Any]]:
        """Return the experiments, and how many runs each has."""
        counts = Counter(clean_text(Path(folder).name) for folder, _ in self._keys)
        return [{"name": name, "count": count} for name, count in sorted(counts.items())]

    def chosen(self, where: str, sort: Sequence[str], experiment: str) -> list[Item]:
        """Return the runs that fit, sorted; what was asked lately is kept.

        Raises:
            FilterError: the filter cannot be read (also a ValueError).
            InvalidValueError: there is no such column (also a ValueError).
        """
        # What a filter calls "2 days ago" is another moment the next second.
        asked = (where, tuple(sort), experiment, int(time.time()) if where else 0)
        found = self._orders.get(asked)
        if found is None:
            fits = parse_filter(where).fits if where.strip() else None
            items = [item for item in self.items if not experiment or item.key.partition("/")[0] == experiment]
            found = sorted_by(items if fits is None else [one for one in items if fits(one)], sort)
            if self.is_loaded:
                self._orders[asked] = found
            while len(self._orders) > _KEPT_ORDERS:
                self._orders.popitem(last=False)
        return found

    def newest(self, offset: int, limit: int, experiment: str) -> tuple[int, list[Item]]:
        """Return how many runs there are, and some of them by name, the newest first; those alone are read.

        Ids begin with the time.
        """
        names = [place for place in self._keys if not experiment or clean_text(Path(place[0]).name) == experiment]
        names.sort(key=lambda place: place[::-1], reverse=True)
        found, part = self._read.by_place, names[offset : offset + limit]
        for place in part:
            if place not in found:
                self._reread(place, self._keys[place])
        return len(names), [found[place] for place in part if place in found]

    def refresh(self, *, fresh: bool = False) -> None:
        """Look at the root, unless that was done within the last second and nothing fresh is asked for."""
        with self.lock:
            if not self.version:
                self._begin()
            elif self.is_loaded and (fresh or time.monotonic() - self._looked_at > _LOOK_S):
                self._look()

    def wait(self, *, metrics: bool = True, seconds: float | None = None) -> None:
        """Wait until all runs have been read.

        Args:
            metrics: whether their metrics are wanted, too.
            seconds: how long at most; None waits to the end.
        """
        if self._reading is not None:
            (self._reading.is_done if metrics else self._reading.is_listed).wait(seconds)

    def read_now(self, items: Iterable[Item]) -> None:
        """Read the metrics of some runs before those of others."""
        if self._reading is not None and not self.is_loaded:
            for item in items:
                self._reading.read_one(item.place)

    def _begin(self) -> None:
        # The facts of the files first: what changes while they are read is read again at the next look.
        begun = time.time_ns()
        self._keys = scanned(self._root)
        self._reading = RunReading(self._root, self._keys, begun, self._read, self.lock)
        self._changed()
        if len(self._keys) <= _AT_ONCE:
            self._load(self._reading)
        else:
            threading.Thread(target=self._load, args=[self._reading], name="runlogging table", daemon=True).start()

    def _load(self, reading: RunReading) -> None:
        reading.run(self._changed)
        with self.lock:
            self._keys = {place: key for place, key in self._keys.items() if place in self._read.by_place}
            self._changed()
        reading.keep()

    def _look(self) -> None:
        keys, now = scanned(self._root), time.monotonic()
        changed, gone = self._stale(keys, now), self._read.by_place.keys() - keys.keys()
        self._looked_at = now
        for place in changed:
            self._reread(place, keys[place])
        for place in gone:
            self._read.drop(place)
        self._keys = keys  # at the end: what an error kept from being read is still new to the next look
        if changed or gone:
            self._changed()

    def _stale(self, keys: dict[Place, FileKey | str], now: float) -> set[Place]:
        """Return the runs that are new or changed, and those whose end, or whose mending, may have come."""
        items = self._read.by_place
        changed = {place for place, key in keys.items() if place not in items or key != self._keys.get(place)}
        is_due = {place for place, item in items.items() if _is_open(item) and now > self._due.get(place, 0.0)}
        return changed | (is_due & keys.keys())

    def _reread(self, place: Place, key: FileKey | str) -> None:
        begun = time.monotonic()
        row = RunRow(*place, problem=key) if isinstance(key, str) else row_of(place)
        if row is None:
            self._read.drop(place)
            return
        self._add(row)
        # A long run that has not ended takes its time to read: it is not read at each look.
        ended, item = time.monotonic(), self._read.by_place.get(place)
        is_lost = item is not None and (bool(item.problem) or item.status == "NotResponding")
        self._due[place] = ended + max(10 * (ended - begun), _LOST_S if is_lost else 0.0)

    def _add(self, row: RunRow) -> None:
        metrics = {} if row.problem else row.metrics
        with self.lock:
            self._read.put(row, metrics)
            if self._reading is not None:
                self._reading.forget(row.place)

    def _changed(self) -> None:
        self._sorted = self._parents = None
        self._orders.clear()
        self.version += 1
        self._looked_at = time.monotonic()


def _is_open(item: Item) -> bool:
    return item.status not in TERMINAL  # one that cannot be read is Unknown
