"""The runs below a root that are running now, looked for again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from runlogging._errors import RunLoggingError
from runlogging.folder import RUN_MANIFEST
from runlogging.reading import RunReader
from runlogging.reading.search._scan import Key, scan

RUNNING = frozenset({"Running", "Finalizing", "CancelRequested"})

_LONG_S = 0.02
_SHARE = 10  # a root that takes long to look through may take a tenth of the time


class RunningRuns:
    """Find running runs; one whose manifest has not changed since it was seen to be no running one costs no look.

    Args:
        root: the folder of experiments, absolute.
        experiment: only this experiment's runs.
        where: a filter; only runs that fit it.
    """

    def __init__(self, root: Path, experiment: str | None = None, where: str | None = None) -> None:
        self.root = root
        self._experiment, self._where = experiment, where
        self._at_rest: dict[Path, Key] = {}
        self._found: list[RunReader] = []
        self._next_look = 0.0

    def look(self) -> list[RunReader]:
        """Return the runs that are running now, in the order of their ids.

        Where it takes long, because there are thousands of runs, new ones are not looked for each time.

        Raises:
            FilterError: the filter cannot be read (also a ValueError).
        """
        begin = time.monotonic()
        if begin >= self._next_look:
            self._found = self._look()
            took = time.monotonic() - begin
            self._next_look = begin + took * _SHARE if took > _LONG_S else 0.0
        return self._found

    def _look(self) -> list[RunReader]:
        found = [run for path, key in self._folders() if (run := self._running(path, key)) is not None]
        if self._where is not None:
            fitting = self._fitting()
            found = [run for run in found if run.path in fitting]
        return sorted(found, key=lambda run: run.path.name)

    def changed_since(self, moment: float) -> list[RunReader]:
        """Return the runs whose manifest was written after a time, in seconds since 1970."""
        return [
            run
            for path, (_, _, changed) in self._folders()
            if changed >= moment * 1e9 and (run := _opened(path)) is not None
        ]

    def _folders(self) -> Iterator[tuple[Path, Key]]:
        for folder in scan(self.root, self._experiment):
            for name, key in folder.runs.items():
                yield Path(folder.path, name), key

    def _running(self, path: Path, key: Key) -> RunReader | None:
        if self._at_rest.get(path) == key:
            return None
        with suppress(RunLoggingError, OSError):
            run = _opened(path)
            if run is not None and run.status in RUNNING:
                return run
        self._at_rest[path] = key
        return None

    def _fitting(self) -> set[Path]:
        from runlogging.reading.search import list_rows

        return {Path(row.path) for row in list_rows(self.root, self._experiment, self._where)}


def _opened(path: Path) -> RunReader | None:
    try:
        return RunReader(path) if (path / RUN_MANIFEST).is_file() else None
    except (RunLoggingError, OSError):  # damaged, or gone since it was listed
        return None
