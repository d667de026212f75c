"""The runs of a root, kept between requests: read once, and again where they changed."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runlogging._errors import RunLoggingError, RunNotFoundError
from runlogging.folder import TERMINAL, clean_text, read_manifest
from runlogging.reading.search import RunRow
from runlogging.reading.search._filter import parse_filter
from runlogging.reading.search._listing import opened_listing
from runlogging.reading.search._scan import Key as FileKey
from runlogging.reading.search._scan import scan
from runlogging.viewer._run_items import Item, Place, RunItems
from runlogging.viewer._run_order import parents_of, sorted_by

if TYPE_CHECKING:
    from runlogging.viewer._run_store import Store
    from runlogging.viewer._state import State

_LOOK_S = 1.0  # how old a look at the root may be, unless something fresh is asked for
_LOST_S = 30.0  # a run whose process is gone is looked at again after so long, or when its manifest changes
_AT_ONCE = 300  # so few runs are read before the first answer
_KEPT_ORDERS = 8


def table_of(state: State) -> RunTable:
    """Return the table of a viewer's runs."""
    root = state.settings.root
    return state.kept("runs", root, lambda: RunTable(root), 1)


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
        self._read = RunItems()
        self._looked_at = -math.inf
        self._due: dict[Place, float] = {}
        self._loading: threading.Thread | None = None
        self._orders: OrderedDict[tuple[Any, ...], list[Item]] = OrderedDict()
        self._sorted: list[Item] | None = None
        self._parents: dict[Item, Item] | None = None
        self.version = 0
        self.is_loaded = False

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
        if self._sorted is None:
            items = self._read.by_place.values()
            self._sorted = sorted(items, key=lambda item: (item.created or "", item.id), reverse=True)
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
            self._orders[asked] = sorted_by(items if fits is None else [one for one in items if fits(one)], sort)
            while len(self._orders) > _KEPT_ORDERS:
                self._orders.popitem(last=False)
        return self._orders[asked]

    def newest(self, offset: int, limit: int, experiment: str) -> tuple[int, list[Item]]:
        """Return how many runs there are, and some of them by name, the newest first; those alone are read.

        Ids begin with the time.
        """
        names = [place for place in self._keys if not experiment or Path(place[0]).name == experiment]
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

    def wait(self) -> None:
        """Wait until all runs have been read."""
        if self._loading is not None:
            self._loading.join()

    def _begin(self) -> None:
        # The facts of the files first: what changes while they are read is read again at the next look.
        self._keys = _scanned(self._root)
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
            self._keys = {place: key for place, key in self._keys.items() if place in self._read.by_place}
            self._changed()

    def _look(self) -> None:
        keys, now = _scanned(self._root), time.monotonic()
        changed, gone = self._stale(keys, now), self._read.by_place.keys() - keys.keys()
        self._keys, self._looked_at = keys, now
        for place in changed:
            self._reread(place, keys[place])
        for place in gone:
            self._read.drop(place)
        if changed or gone:
            self._changed()

    def _stale(self, keys: dict[Place, FileKey | str], now: float) -> set[Place]:
        """Return the runs that are new or changed, and those whose end may have come."""
        items = self._read.by_place
        changed = {place for place, key in keys.items() if place not in items or key != self._keys.get(place)}
        is_due = {place for place, item in items.items() if _is_open(item) and now > self._due.get(place, 0.0)}
        return changed | (is_due & keys.keys())

    def _reread(self, place: Place, key: FileKey | str) -> None:
        begun = time.monotonic()
        row = RunRow(*place, problem=key) if isinstance(key, str) else _row_of(place)
        if row is None:
            self._read.drop(place)
            return
        self._add(row)
        # A long run that has not ended takes its time to read: it is not read at each look.
        ended, item = time.monotonic(), self._read.by_place.get(place)
        is_lost = item is not None and item.status == "NotResponding"
        self._due[place] = ended + max(10 * (ended - begun), _LOST_S if is_lost else 0.0)

    def _add(self, row: RunRow) -> None:
        metrics = {} if row.problem else row.metrics
        with self.lock:
            self._read.put(row, metrics)

    def _changed(self) -> None:
        self._sorted = self._parents = None
        self._orders.clear()
        self.version += 1
        self._looked_at = time.monotonic()


def _scanned(root: Path) -> dict[Place, FileKey | str]:
    """Return what tells whether a run changed, for each run; of a damaged one what is wrong with it."""
    keys: dict[Place, FileKey | str] = {}
    for folder in scan(root):
        keys.update({(folder.path, name): key for name, key in folder.runs.items()})
        keys.update({(folder.path, name): problem for name, problem in folder.damaged.items()})
    return keys


def _row_of(place: Place) -> RunRow | None:
    """Return a run as a row; None where it is gone."""
    try:
        return RunRow(*place, manifest=read_manifest(Path(*place)))
    except (RunNotFoundError, FileNotFoundError, NotADirectoryError):
        return None
    except (RunLoggingError, OSError) as error:
        return RunRow(*place, problem=clean_text(str(error)))


def _is_open(item: Item) -> bool:
    return not item.problem and item.status not in TERMINAL
