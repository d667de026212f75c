"""What changed below a root since the last look: by the facts of files; no stream is opened.

os.stat on texts, because Path is slower and this is done thousands of times a second.
"""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from runlogging._errors import RunLoggingError
from runlogging.folder import RUN_MANIFEST, TERMINAL, clean_text, stream_name
from runlogging.reading import RunReader
from runlogging.reading.search._scan import Key, experiments_of, key_of, names_in

DELETED = "Deleted"

_STATUS_S = 1.0  # how often a lock is asked: whether an owner died stands in no file
_UNSETTLED_NS = 50_000_000  # a folder that changed so shortly ago may change again without another time
_OPEN_A_LOOK = 50
_ENDED_A_LOOK = 200
_READ_A_LOOK = 400
_PENDING_S = 60.0


class RunState(NamedTuple):
    """A run as its files are.

    Attributes:
        status: as readers say it; "Deleted" where the folder is gone.
        bytes: the sizes of its stream files together.
        manifest: what tells this manifest from an earlier one; None where there is none.
    """

    status: str
    bytes: int
    manifest: Key | None


class RunLook:
    """Looks at one run again and again.

    Args:
        path: the run folder.

    Attributes:
        state: as it was at the last look; None before the first.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self.state: RunState | None = None
        self._folder_ns = -1
        self._files: list[str] = []
        self._status_at = float("-inf")

    def look(self) -> bool:
        """Look, and tell whether anything changed since the last look."""
        before, self.state = self.state, self._looked(self.state)
        return self.state != before

    def _looked(self, before: RunState | None) -> RunState:
        manifest = manifest_key(self._path)
        if manifest is None:
            return RunState(DELETED, 0, None)
        # The status first: what was written before an end is counted then.
        status = self._status(before, manifest)
        return RunState(status, self._bytes(), manifest)

    def _status(self, before: RunState | None, manifest: Key) -> str:
        is_same = before is not None and before.manifest == manifest
        now = time.monotonic()
        if before is not None and is_same and (before.status in TERMINAL or now - self._status_at < _STATUS_S):
            return before.status
        self._status_at = now
        return status_of(self._path)

    def _bytes(self) -> int:
        with suppress(OSError):
            changed = os.stat(self._path).st_mtime_ns  # noqa: PTH116
            if changed != self._folder_ns:
                self._files = [name for name in os.listdir(self._path) if stream_name(name)]  # noqa: PTH208
                is_settled = time.time_ns() - changed > _UNSETTLED_NS
                self._folder_ns = changed if is_settled else -1
        return sum(_size(f"{self._path}/{name}") for name in self._files)


class RootLook:
    """Looks at all runs of a root again and again; ten thousand of them cost some milliseconds a look.

    The folders of experiments say when runs come and go. Of the runs, those that have not ended are looked at every
    time, and the others by turns, so that a tag which was set by hand is seen within some seconds.

    Args:
        root: the root.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: dict[str, int] = {}
        self._runs: dict[str, dict[str, Key]] = {}
        self._pending: dict[tuple[str, str], float] = {}
        self._unread: deque[tuple[str, str]] = deque()
        self._ended: deque[tuple[str, str]] = deque()
        self._open: dict[tuple[str, str], RunLook] = {}
        self._turn: deque[tuple[str, str]] = deque()
        self._touched: set[str] = set()
        self._is_begun = False

    def look(self) -> set[str]:
        """Look; return ``experiment/id`` of the runs that came, went or changed. The first look returns nothing."""
        changed = set(self._folders_changed()) | set(self._manifests_came())
        if not self._is_begun:
            self._is_begun = True
            changed.clear()
        changed |= {key_text(*run) for run in self._read_some()}
        changed |= {key_text(*run) for run in self._open_changed()}
        changed |= {key_text(*run) for run in self._ended_changed()}
        touched, self._touched = self._touched, set()
        return changed | touched

    def touch(self, key: str) -> None:
        """Have a run counted as changed at the next look."""
        self._touched.add(key)

    def _folders_changed(self) -> Iterator[str]:
        there = dict(experiments_of(self._root))
        for name in self._folders.keys() - there.keys():
            del self._folders[name]
            yield from self._compared(name, [])
        for name, path in there.items():
            with suppress(OSError):
                changed = os.stat(path).st_mtime_ns  # noqa: PTH116
                if changed == self._folders.get(name):
                    continue
                is_settled = time.time_ns() - changed > _UNSETTLED_NS
                self._folders[name] = changed if is_settled else -1
                yield from self._compared(name, names_in(path))

    def _compared(self, experiment: str, names: list[str]) -> Iterator[str]:
        known = self._runs.setdefault(experiment, {})
        for gone in known.keys() - set(names):
            del known[gone]
            self._open.pop((experiment, gone), None)
            yield key_text(experiment, gone)
        # Ids begin with their time: the newest, which may be running, are read first.
        for name in sorted(set(names) - known.keys(), reverse=True):
            self._pending.setdefault((experiment, name), time.monotonic())

    def _manifests_came(self) -> Iterator[str]:
        """Yield the runs whose manifest is there now: it comes after the folder."""
        for run, since in list(self._pending.items()):
            key = manifest_key(self._path(run))
            if key is not None:
                del self._pending[run]
                self._runs[run[0]][run[1]] = key
                self._unread.append(run)
                yield key_text(*run)
            elif time.monotonic() - since > _PENDING_S:
                del self._pending[run]

    def _read_some(self) -> Iterator[tuple[str, str]]:
        """Find out which runs have ended, some at a time, so that a great root holds nothing up; yield what changed."""
        for run in _by_turns(self._unread, _READ_A_LOOK):
            key = manifest_key(self._path(run))
            if key != self._runs.get(run[0], {}).get(run[1]):
                self._note(run, key)
                yield run
            self._sort_in(run)

    def _sort_in(self, run: tuple[str, str]) -> None:
        if status_of(self._path(run)) in TERMINAL:
            self._ended.append(run)
        else:
            look = self._open[run] = RunLook(self._path(run))
            look.look()
            self._turn.append(run)

    def _open_changed(self) -> Iterator[tuple[str, str]]:
        for run in _by_turns(self._turn, _OPEN_A_LOOK):
            look = self._open.get(run)
            if look is None:
                continue
            if look.look():
                yield run
            if look.state is not None and look.state.status in TERMINAL:
                del self._open[run]
                self._note(run, look.state.manifest)
                self._ended.append(run)
            elif look.state is not None and look.state.manifest is not None:
                self._turn.append(run)
            else:
                del self._open[run]

    def _ended_changed(self) -> Iterator[tuple[str, str]]:
        for run in _by_turns(self._ended, _ENDED_A_LOOK):
            before = self._runs.get(run[0], {}).get(run[1])
            key = manifest_key(self._path(run))
            if before is None or key is None:
                continue  # it went; its experiment's folder says so
            if key == before:
                self._ended.append(run)
                continue
            self._note(run, key)
            self._sort_in(run)
            yield run

    def _note(self, run: tuple[str, str], key: Key | None) -> None:
        if key is not None and run[1] in self._runs.get(run[0], {}):
            self._runs[run[0]][run[1]] = key

    def _path(self, run: tuple[str, str]) -> str:
        return f"{self._root}/{run[0]}/{run[1]}"


def _by_turns(waiting: deque[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    """Take some off the front; who goes on waiting is appended again."""
    taken = list(islice(waiting, most))
    for _ in taken:
        waiting.popleft()
    return taken


def key_text(experiment: str, name: str) -> str:
    """Return ``experiment/id`` as the pages name a run."""
    return clean_text(f"{experiment}/{name}")


def manifest_key(run: Path | str) -> Key | None:
    """Return what tells this manifest of a run from an earlier one; None where there is none."""
    try:
        facts = os.stat(f"{run}/{RUN_MANIFEST}")  # noqa: PTH116
    except OSError:
        return None
    return key_of(facts) if stat.S_ISREG(facts.st_mode) else None


def status_of(run: Path | str) -> str:
    """Return the status of a run; "Unknown" where its manifest cannot be read, "Deleted" where it is gone."""
    try:
        return RunReader(run).status
    except FileNotFoundError:
        return DELETED
    except (RunLoggingError, OSError):
        return "Unknown"


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:
        return 0
