"""Following the log of a run while it is being written."""

from __future__ import annotations

from pathlib import Path

from runlogging.reading._levels import is_entry, lowest_level
from runlogging.reading._model import LogEntry, Problem
from runlogging.reading._run import RunReader
from runlogging.reading._streams import StreamFile, merged, stream_files


class LogFollower:
    """Give the log entries that came since the last look; only new bytes are read.

    Args:
        run: the run.
        level: a level's name or number; records below it are left out.
    """

    def __init__(self, run: RunReader, level: str | int | None = None) -> None:
        self._path = run.path
        self._lowest = lowest_level(level)
        self._files: dict[Path, StreamFile] = {}

    def poll(self) -> list[LogEntry]:
        """Return the entries since the last call, all of them at the first one.

        They are in order among themselves. An entry that reaches its file after a later one was returned comes with
        the next call; so do those that were kept back in memory (``recorded``), with their own times.
        """
        for file in stream_files(self._path, ("logs", "metrics", "values")):
            self._files.setdefault(file.path, file)
        new = merged(record for file in self._files.values() for record in file.new_records())
        return [LogEntry(record) for record in new if is_entry(record, self._lowest)]

    @property
    def problems(self) -> list[Problem]:
        """The bad lines that were met so far."""
        return [problem for file in self._files.values() for problem in file.problems]


def follow_logs(run: RunReader, level: str | int | None = None) -> LogFollower:
    """Return a follower of a run's log.

    Raises:
        InvalidValueError: no level has this name (also a ValueError).
    """
    return LogFollower(run, level)
