"""Waiting for the end of a run, with its log on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from runlogging._errors import InvalidValueError
from runlogging.folder import TERMINAL, WRITERS_FOLDER, Life, read_manifest, writer_life
from runlogging.reading._follow import LogFollower
from runlogging.reading._model import LogEntry
from runlogging.reading._run import RunReader

_FIRST_PAUSE_S = 0.005
_PAUSE_GROWTH = 1.5
_FINISH_S = 0.5


def wait_for_end(
    run: RunReader,
    *,
    poll_s: float = 0.5,
    timeout_s: float | None = None,
    on_entries: Callable[[list[LogEntry]], None] | None = None,
    quiet_s: float = 60.0,
) -> str:
    """Wait until a run has ended, and return its status: Completed, Failed, Canceled, NotResponding or Unknown.

    NotResponding comes at once when the owner has died without an end. Where its life cannot be told (no locks on
    the file system, or no permission) the run is waited for as long as anything in its folder changes. A run that was
    not started is waited for, too.

    Args:
        run: the run.
        poll_s: the longest pause between two looks, in seconds; the first ones are 5 ms.
        timeout_s: how long to wait, in seconds; None waits for ever, 0 looks once.
        on_entries: called with the log entries that came, from the first one on, in the order in which
            `LogFollower` gives them. The last of the owner are included; other writers may write on.
        quiet_s: after how many seconds without a change in its folder a run of which nothing can be told is Unknown.

    Raises:
        TimeoutError: the run has not ended in time; the entries so far were given.
        InvalidValueError: poll_s is no time (also a ValueError).
        RunNotFoundError: the folder is gone (also a FileNotFoundError).
    """
    if not poll_s > 0:
        raise InvalidValueError(f"poll_s is the pause between two looks in seconds, more than 0, not {poll_s!r}")
    feed = _Feed(run, on_entries)
    quiet = _Quiet(run.path)
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    pause = min(_FIRST_PAUSE_S, poll_s)
    while True:
        status = run.status
        has_ended = status in TERMINAL or status == "NotResponding"
        if has_ended or (status == "Unknown" and quiet.seconds() >= quiet_s):
            feed.finish()
            return status
        feed.poll()
        left = pause if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"run {run.id} is {status} and has not ended within {timeout_s} s")
        time.sleep(min(pause, left))
        pause = min(pause * _PAUSE_GROWTH, poll_s)


class _Feed:
    """Give the new log entries to whoever wants them."""

    def __init__(self, run: RunReader, on_entries: Callable[[list[LogEntry]], None] | None) -> None:
        self._path = run.path
        self._follower = LogFollower(run)
        self._on_entries = on_entries

    def poll(self) -> None:
        if self._on_entries is not None and (entries := self._follower.poll()):
            self._on_entries(entries)

    def finish(self) -> None:
        """Give the last entries.

        The owner's other threads may log until it lets go of its lock, just after it wrote the status. One that was
        canceled from outside may live on, so this is no wait for its end.
        """
        if self._on_entries is None:
            return
        owner = read_manifest(self._path).owner
        until = time.monotonic() + _FINISH_S
        while owner and writer_life(self._path, owner) is Life.ALIVE and time.monotonic() < until:
            time.sleep(_FIRST_PAUSE_S)
        self.poll()


class _Quiet:
    """How long a run folder has been as it is: streams grow, the manifest is replaced, lock files get lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[str, tuple[int, int]] | None = None
        self._since = 0.0

    def seconds(self) -> float:
        """Return for how long every look has found the folder the same."""
        seen, now = self._look(), time.monotonic()
        if seen != self._seen:
            self._seen, self._since = seen, now
        return now - self._since

    def _look(self) -> dict[str, tuple[int, int]]:
        seen: dict[str, tuple[int, int]] = {}
        for folder in (self._path, self._path / WRITERS_FOLDER):
            with suppress(OSError):
                for file in folder.iterdir():
                    with suppress(OSError):
                        facts = file.stat()
                        seen[str(file)] = facts.st_size, facts.st_mtime_ns
        return seen
