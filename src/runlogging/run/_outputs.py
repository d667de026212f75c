"""Folders of the working directory that a run collects: ``outputs`` at its end, ``logs`` while it goes.

Only what changed since the run began is taken, so that what an earlier run left behind does not come into this one.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from runlogging._errors import RunLoggingError
from runlogging.folder import Line, Writer, check_artifact, now_text
from runlogging.run._progress import copying

MAX_COLLECTED_BYTES = 2 * 1024**3
"""How much of a folder is collected unless told otherwise: 2 GiB."""

_LIVE_SECONDS = 10.0
# Live collection takes at most this share of the program's time.
_LIVE_SHARE = 20
_MAX_LISTED = 100


class _State(NamedTuple):
    """What tells one content of a file from another without reading it."""

    inode: int
    size: int
    changed_ns: int


class CollectedFolder:
    """A folder whose changed files become artifacts.

    Args:
        folder: the folder, absolute; it need not exist yet.
        name: what the artifacts' names begin with.
        skip: a folder below that is not looked into: the root of the runs.
        max_bytes: how many bytes are collected in all; files that do not fit are listed.
    """

    def __init__(self, folder: Path, name: str, skip: Path, max_bytes: int = MAX_COLLECTED_BYTES) -> None:
        self._folder, self._name, self._skip = folder, name, skip
        self._left = max_bytes
        self._kept_bytes: dict[str, int] = {}
        self._skipped: dict[str, str] = {}
        self._known = dict(self._look())
        self._lock = threading.RLock()
        self._next = time.monotonic() + _LIVE_SECONDS

    def collect(self, writer: Writer) -> None:
        """Keep every file that changed since the last call, or since the run began."""
        with self._lock:  # another thread may be at it; what changed since then is still to be kept
            for relative, state in sorted(self._look()):
                if self._known.get(relative) != state:
                    self._known[relative] = state
                    self._keep(writer, relative, state)

    def collect_if_due(self, writer: Writer) -> None:
        """Collect, at most every ten seconds and for a twentieth of the time."""
        begun = time.monotonic()
        if begun < self._next or not self._lock.acquire(blocking=False):
            return
        try:
            self._next = begun + _LIVE_SECONDS
            self.collect(writer)
            now = time.monotonic()
            self._next = now + max(_LIVE_SECONDS, _LIVE_SHARE * (now - begun))
        finally:
            self._lock.release()

    def list_skipped(self, writer: Writer) -> None:
        """Say in the run's log which files were not collected, and why."""
        skipped, self._skipped = self._skipped, {}
        if not skipped:
            return
        shown = [{"name": name, "reason": reason} for name, reason in list(skipped.items())[:_MAX_LISTED]]
        message = f"{len(skipped)} files of {self._name} were not collected"
        line = Line(None, now_text(), level="WARNING", logger="runlogging", message=message, template=message)
        line.attributes = {"skipped": shown, "folder": str(self._folder)}
        with suppress(OSError, RunLoggingError):
            writer.write(line)
        # Marked: the run has its line already.
        extra = {"runlogging_run": writer.spec.mark}
        logging.getLogger("runlogging").warning("%s; the run's log lists them", message, extra=extra)

    def _look(self) -> Iterator[tuple[str, _State]]:
        """Yield relative name and state of each file; links to folders are not followed."""
        for base, folders, files in os.walk(self._folder, onerror=self._note_unread):
            if self._is_skipped(base):
                folders.clear()
                continue
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in files:
                path = Path(base, name)
                with suppress(OSError):
                    found = path.stat()
                    if not stat.S_ISREG(found.st_mode):  # opening a named pipe would wait for ever
                        continue
                    yield (
                        path.relative_to(self._folder).as_posix(),
                        _State(found.st_ino, found.st_size, max(found.st_mtime_ns, found.st_ctime_ns)),
                    )

    def _note_unread(self, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            place = Path(error.filename).relative_to(self._folder).as_posix()
            self._skipped[f"{self._name}/{place}"] = f"{type(error).__name__}: the folder may not be read"

    def _is_skipped(self, folder: str) -> bool:
        with suppress(OSError):  # the root may be named in another way: by a link, or through ".."
            return self._skip.samefile(folder)
        return False

    def _keep(self, writer: Writer, relative: str, state: _State) -> None:
        artifact = f"{self._name}/{relative}"
        room = self._left + self._kept_bytes.get(relative, 0)
        if state.size > room:
            self._skipped[artifact] = f"its {state.size} bytes are over the limit; {room} are left"
            return
        try:
            check_artifact(artifact)
            with (self._folder / relative).open("rb") as file, copying(artifact, state.size) as on_bytes:
                writer.store(artifact, file, overwrite=True, on_bytes=on_bytes)
        except (OSError, RunLoggingError) as error:
            self._skipped[artifact] = f"{type(error).__name__}: {error}"
            return
        self._skipped.pop(artifact, None)
        self._left, self._kept_bytes[relative] = room - state.size, state.size
