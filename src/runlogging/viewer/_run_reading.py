"""The first reading of all runs of a root: manifests, then metrics, of which most were kept by the last viewer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from runlogging._errors import RunLoggingError, RunNotFoundError
from runlogging.folder import TERMINAL, Manifest, clean_text, read_manifest
from runlogging.reading._summaries import YOUNG_NS, SummaryLook, hold, look_at_summary, witnesses_of
from runlogging.reading.search import RunRow
from runlogging.reading.search._listing import PAYS_FROM, opened_listing
from runlogging.reading.search._scan import Key, scan
from runlogging.viewer._run_blocks import Block
from runlogging.viewer._run_cache import Kept, Known, keep_figures, kept_blocks, open_figures
from runlogging.viewer._run_items import Place, RunItems

_WORTH = 10  # the file of figures is written anew once every tenth run is missing in it


class RunReading:
    """The first reading of all runs.

    Args:
        root: the root.
        keys: what was seen of each run before anything was read.
        begun_ns: when that was.
        items: where the runs go.
        lock: held while they are put there.

    Attributes:
        is_listed: set when all manifests have been read.
        is_done: set when all metrics have been read, too.
        done: of how many runs all is known.
    """

    def __init__(
        self, root: Path, keys: Mapping[Place, Key | str], begun_ns: int, items: RunItems, lock: threading.RLock
    ) -> None:
        self._root, self._keys, self._begun_ns = root, keys, begun_ns
        self._items, self._lock = items, lock
        # The newest last: that end is the one to take from.
        self._waiting: dict[Place, Manifest] = {}
        self._known: dict[int, Known] = {}
        self._new = 0
        self.is_listed, self.is_done = threading.Event(), threading.Event()
        self.done = 0

    def run(self, on_listed: Callable[[], None]) -> None:
        """Read all runs; ``on_listed`` is called when all manifests have been read."""
        try:
            # What cannot be listed the next look finds out about.
            with suppress(RunLoggingError, OSError), opened_listing(self._root) as listing:
                open_rows = self._list(list(listing.rows()))
                self._take_kept()
                with self._lock:
                    self.is_listed.set()
                    on_listed()
                # Long streams may have to be read: the index may know them.
                for row in open_rows:
                    self._read_open(row)
            while self._waiting:
                with suppress(KeyError):  # somebody asked for the last one just now
                    self._read(*self._waiting.popitem())
        finally:
            self._waiting.clear()
            self.is_listed.set()
            self.is_done.set()

    # ------------------------------------------------------------------ manifests

    def _list(self, rows: list[RunRow]) -> list[RunRow]:
        """Take what the manifests say; return the runs that have no end."""
        open_rows = []
        for row in rows:
            with self._lock:
                if row.place not in self._items.by_place:  # somebody asked for it
                    self._items.put(row, {} if row.problem else None)
            if row.problem:
                self.done += 1
            elif row.manifest.status in TERMINAL:
                manifest = row.manifest  # what a look at the summary needs of it
                self._waiting[row.place] = Manifest(
                    status=manifest.status,
                    final=manifest.final,
                    writers=manifest.writers,
                    writers_omitted=manifest.writers_omitted,
                )
            else:
                open_rows.append(row)
        self._waiting = dict(reversed(self._waiting.items()))
        return open_rows

    # ------------------------------------------------------------------ metrics

    def _take_kept(self) -> None:
        file = open_figures(self._root) if len(self._keys) >= PAYS_FROM else None
        if file is None:
            return
        self._items.store.figures.own(file)
        folders = {Path(folder).name: folder for folder, _ in self._keys}
        for kept in kept_blocks(file):
            self._take(kept, folders, file)

    def _take(self, kept: Kept, folders: Mapping[str, str], file: IO[bytes]) -> None:
        figures = self._items.store.figures
        with self._lock:
            numbers = [None if run is None else self._still(run, folders) for run in kept.runs]
            here = {number: run for number, run in zip(numbers, kept.runs, strict=True) if number is not None and run}
            if 2 * len(here) < len(numbers):
                return  # else a file would grow with every run that is gone
            for number, run in here.items():
                self._known[number] = run
                self._waiting.pop((folders[run.experiment], run.name), None)
            self.done += len(here)
            places = [-1 if number is None else number for number in numbers]
            figures.take(Block(figures.shape(kept.names), places, file, kept.offset, kept.packed))

    def _still(self, run: Known, folders: Mapping[str, str]) -> int | None:
        """Return the number of a run that is as it was when it was kept, and of which nothing newer is known."""
        place = folders.get(run.experiment, ""), run.name
        if self._keys.get(place) != run.key or not hold("/".join(place), run.witnesses):
            return None
        number = self._items.number(place)
        return None if number is None or number in self._items.store.figures else number

    def _read_open(self, row: RunRow) -> None:
        number = self._items.number(row.place)
        if number is None or number in self._items.store.figures:
            return
        before = witnesses_of(row.path)  # what comes meanwhile makes them differ the next time
        self._put(row.place, SummaryLook(dict(row.metrics), before))

    def read_one(self, place: Place) -> None:
        """Read the metrics of a run now, unless they have been read."""
        manifest = self._waiting.pop(place, None)
        if manifest is not None:
            self._read(place, manifest)

    def _read(self, place: Place, manifest: Manifest) -> None:
        self._put(place, look_at_summary(Path(*place), manifest))

    def _put(self, place: Place, look: SummaryLook) -> None:
        with self._lock:
            self.done += 1
            number, key = self._items.number(place), self._keys.get(place)
            if number is None or number in self._items.store.figures:
                return
            self._items.store.figures.put(number, look.metrics)
            if not isinstance(key, tuple) or look.witnesses is None or not look.metrics:
                return
            if self._begun_ns - key[2] >= YOUNG_NS:
                self._known[number] = Known(Path(place[0]).name, place[1], key, look.witnesses)
                self._new += 1

    def forget(self, place: Place) -> None:
        """Take what was read of a run for old: it changed."""
        self.done += self._waiting.pop(place, None) is not None
        number = self._items.number(place)
        if number is not None:
            self._known.pop(number, None)

    # ------------------------------------------------------------------ the next time

    def keep(self) -> None:
        """Keep what was read for the next viewer, where that is worth it."""
        figures = self._items.store.figures
        with self._lock:
            figures.flush()
            blocks = list(figures.blocks)
        if len(self._known) >= PAYS_FROM and self._new * _WORTH >= len(self._known):
            keep_figures(self._root, blocks, self._known, self._lock)
        self._known.clear()


def scanned(root: Path) -> dict[Place, Key | str]:
    """Return what tells whether a run changed, for each run; of a damaged one what is wrong with it."""
    keys: dict[Place, Key | str] = {}
    for folder in scan(root):
        keys.update({(folder.path, name): key for name, key in folder.runs.items()})
        keys.update({(folder.path, name): problem for name, problem in folder.damaged.items()})
    return keys


def row_of(place: Place) -> RunRow | None:
    """Return a run as a row; None where it is gone."""
    try:
        return RunRow(*place, manifest=read_manifest(Path(*place)))
    except (RunNotFoundError, FileNotFoundError, NotADirectoryError):
        return None
    except (RunLoggingError, OSError) as error:
        return RunRow(*place, problem=clean_text(str(error)))
