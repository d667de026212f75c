"""The values of a run that are no numbers, read on as it grows; a few names of it are kept in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runlogging._errors import InvalidValueError
from runlogging.reading import RunReader, Value
from runlogging.reading._streams import StreamFile, merged, stream_files
from runlogging.viewer._curves import RunCurves

if TYPE_CHECKING:
    from runlogging.viewer._state import State

_KEPT_NAMES = 4
_KEPT_RUNS = 4
_MOST_FILE_BYTES = 64_000_000


class NamedValues:
    """The values of one name, in the order in which they came; a place, once given, stays.

    Args:
        run: the run.
        name: the name.
    """

    def __init__(self, run: RunReader, name: str) -> None:
        self._run, self._name = run, name
        self._start()

    def _start(self) -> None:
        self._files: dict[Path, StreamFile] = {}
        self._sizes: dict[Path, int] = {}
        self.values: list[Value] = []

    def refresh(self) -> None:
        """Read what came since the last time; all anew where files were replaced."""
        files = {file.path: file for file in stream_files(self._run.path, ("values",))}
        sizes = {path: _size(path) for path in files}
        if any(sizes.get(path, -1) < size for path, size in self._sizes.items()):
            self._start()
        self._sizes = sizes
        for path, file in files.items():
            self._files.setdefault(path, file)
        records = merged(
            record for file in self._files.values() for record in file.new_records() if self._is_in(record.line.values)
        )
        for record in records:
            mine = (item for item in record.line.values or () if item.get("name") == self._name)
            self.values += (Value(item, record, self._run.artifact) for item in mine)

    def _is_in(self, items: list[dict[str, Any]] | None) -> bool:
        return any(item.get("name") == self._name for item in items or ())


class ValueStore:
    """The values of one run.

    Args:
        path: the run folder.
    """

    def __init__(self, path: Path) -> None:
        self._run = RunReader(path)
        self._counts = RunCurves(path, ("values",))
        self._named: OrderedDict[str, NamedValues] = OrderedDict()
        self._lock = threading.Lock()

    def names(self) -> list[dict[str, Any]]:
        """Return name, type, count and last step of everything, in the order of first appearance."""
        self._counts.refresh()
        with self._counts.lock:
            found = list(self._counts.values.items())
        return [{"name": name, "type": kind, "count": count.times, "step": count.step} for (name, kind), count in found]

    def of(self, name: str) -> list[Value]:
        """Return what was logged under a name up to now."""
        with self._lock:
            named = self._named.get(name)
            if named is None:
                named = self._named[name] = NamedValues(self._run, name)
            self._named.move_to_end(name)
            while len(self._named) > _KEPT_NAMES:
                self._named.popitem(last=False)
            named.refresh()
            return list(named.values)


def store_of(state: State, run: RunReader) -> ValueStore:
    """Return the values of a run."""
    return state.kept("values", run.path, partial(ValueStore, run.path), most=_KEPT_RUNS)


def content_of(value: Value, run: RunReader) -> Any:
    """Return what a value is.

    Raises:
        ArtifactNotFoundError: it lay in a file that is gone.
        InvalidValueError: its file is too large to be shown, or no value of ours.
    """
    if value.artifact is not None:
        size = run.artifact(value.artifact).stat().st_size
        if size > _MOST_FILE_BYTES:
            raise InvalidValueError(
                f"{value.name!r} lies in a file of {size:,} bytes; the page shows up to {_MOST_FILE_BYTES:,}. "
                f"Download {value.artifact!r}."
            )
    return value.value


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
