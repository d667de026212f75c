"""Following the log of a run while it is being written."""

from __future__ import annotations

from runlogging.reading._followed import FollowedStreams
from runlogging.reading._levels import is_entry, lowest_level
from runlogging.reading._model import LogEntry, Problem
from runlogging.reading._run import RunReader
from runlogging.reading._streams import merged


class LogFollower:
    """Give the log entries that came since the last look; only new bytes are read.

    Args:
        run: the run.
        level: a level's name or number; records below it are left out.
    """

    def __init__(self, run: RunReader, level: str | int | None = None) -> None:
        self._lowest = lowest_level(level)
        self._streams = FollowedStreams(run.path, ("logs", "metrics", "values"))

    def poll(self) -> list[LogEntry]:
        """Return the entries since the last call, all of them at the first one.

        They are in order among themselves. An entry that reaches its file after a later one was returned comes with
        the next call; so do those that were kept back in memory (``recorded``), with their own times.
        """
        new = merged(self._streams.new_records())
        return [LogEntry(record) for record in new if is_entry(record, self._lowest)]

    @property
    def problems(self) -> list[Problem]:
        """The bad lines that were met so far."""
        return self._streams.problems


def follow_logs(run: RunReader, level: str | int | None = None) -> LogFollower:
    """Return a follower of a run's log.

    Raises:
        InvalidValueError: no level has this name (also a ValueError).
    """
    return LogFollower(run, level)
