"""The metrics of a run in memory, read on as it grows, and how much of them is kept."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict, deque
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from runlogging._errors import RunLoggingError
from runlogging.reading._streams import stream_files
from runlogging.viewer._lines import LineReader
from runlogging.viewer._table import Table

if TYPE_CHECKING:
    from runlogging.folder import Line
    from runlogging.viewer._state import State

_KEPT_BYTES = 160_000_000
_KEPT_RUNS = 200
_KEPT_CHANGES = 500
_FRESH_S = 0.02


class ValueCount(NamedTuple):
    """How often a value that is no number was logged, and at which step last."""

    times: int
    step: int | None


class RunCurves:
    """The metrics of one run.

    Args:
        path: the run folder.
        streams: what is read of it.

    Attributes:
        lock: held while it is read on or looked at.
        tables: writer and metrics to their table.
        named: name of a metric to the tables that hold it, in the order in which the names first came.
        values: name and type of what is no number to how often it was logged.
    """

    def __init__(self, path: Path, streams: tuple[str, ...] = ("metrics", "values")) -> None:
        self.path, self._streams = path, streams
        self.lock = threading.RLock()
        self._looked = 0.0
        self._start()

    def _start(self) -> None:
        self.tables: dict[tuple[str, tuple[str, ...]], Table] = {}
        self.named: dict[str, list[Table]] = {}
        self.values: dict[tuple[str, str], ValueCount] = {}
        # What was worked out of them, by its makers; it goes when the run is read anew.
        self.made: OrderedDict[object, object] = OrderedDict()
        self._epoch, self._changes = secrets.token_hex(3), 0
        self._history: deque[tuple[int, dict[Table, int]]] = deque(maxlen=_KEPT_CHANGES)
        self._before: dict[Table, int] = {}
        self._readers: dict[Path, LineReader] = {}

    @property
    def cursor(self) -> str:
        """Where the reading stands; see `since`."""
        return f"{self._epoch}-{self._changes}"

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return sum(table.size for table in self.tables.values())

    def refresh(self) -> None:
        """Read what came since the last time.

        Raises:
            RunNotFoundError: the run is gone.
        """
        with self.lock:
            if time.monotonic() - self._looked < _FRESH_S:
                return
            files = {file.path: file for file in stream_files(self.path, self._streams)}
            if not self._readers.keys() <= files.keys() or any(map(_is_cut, self._readers.values())):
                self._start()  # packed, or copied anew: nothing that was read holds
            for path, file in files.items():
                if path not in self._readers:
                    self._readers[path] = LineReader(file, self._table, self._note_values)
            for reader in self._readers.values():
                reader.read()
            if self._before:
                self._changes += 1
                self._history.append((self._changes, self._before))
                self._before = {}
            self._looked = time.monotonic()

    def since(self, cursor: str) -> dict[Table, int] | None:
        """Return the tables that grew since a cursor, with how many rows they had; None for one that is too old."""
        epoch, _, number = cursor.partition("-")
        if epoch != self._epoch or not number.isdecimal() or len(number) > 15:
            return None
        if int(number) < self._changes and (not self._history or self._history[0][0] > int(number) + 1):
            return None
        grown: dict[Table, int] = {}
        for change, tables in self._history:
            if change > int(number):
                for table, rows in tables.items():
                    grown.setdefault(table, rows)
        return grown

    def _table(self, writer: str, names: tuple[str, ...]) -> Table:
        table = self.tables.get((writer, names))
        if table is None:
            table = self.tables[writer, names] = Table(writer, names)
            for name in names:
                self.named.setdefault(name, []).append(table)
        self._before.setdefault(table, len(table))
        return table

    def _note_values(self, line: Line) -> None:
        for item in line.values or ():
            key = str(item.get("name", "")), str(item.get("type", "json"))
            known = self.values.get(key, ValueCount(0, None))
            self.values[key] = ValueCount(known.times + 1, line.step)


def _is_cut(reader: LineReader) -> bool:
    try:
        return not reader.is_packed and reader.file.path.stat().st_size < reader.place
    except OSError:
        return True


class Shelf:
    """The metrics of several runs; what was looked at longest ago goes when they take too much."""

    def __init__(self) -> None:
        self._runs: OrderedDict[Path, RunCurves] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, run: Path) -> RunCurves:
        """Return the metrics of a run, read up to now.

        Raises:
            RunNotFoundError: the run is gone.
        """
        with self._lock:
            found = self._runs.get(run)
            if found is None:
                found = self._runs[run] = RunCurves(run)
            self._runs.move_to_end(run)
        found.refresh()
        with self._lock:
            sizes = [curves.size for curves in self._runs.values()]
            while len(sizes) > 1 and (sum(sizes) > _KEPT_BYTES or len(sizes) > _KEPT_RUNS):
                self._runs.popitem(last=False)
                del sizes[0]
        return found

    def load(self, run: Path) -> None:
        """Begin to read a run, whose curves will be asked for at once."""

        def read() -> None:
            try:
                self.of(run)
            except (RunLoggingError, OSError):
                return  # whoever asks will be told

        threading.Thread(target=read, name="runlogging curves", daemon=True).start()


def shelf_of(state: State) -> Shelf:
    """Return the shelf of a viewer."""
    return state.kept("curves", state.settings.root, Shelf, most=1)
