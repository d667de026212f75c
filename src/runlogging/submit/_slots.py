"""Turns: how many submitted runs of a root run at the same time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from runlogging.folder import lock_descriptor, release_descriptor

_SLOTS_FOLDER = ".slots"
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.02, 0.5


class Slot:
    """A turn, held while the block lasts; the death of its holder frees it.

    Args:
        root: the root; its ``.slots`` holds a lock file for each turn.
        count: how many turns there are.
        on_wait: called once when all are taken.
        check: called while waiting; it may raise to give up.
    """

    def __init__(self, root: Path, count: int, on_wait: Callable[[], None], check: Callable[[], None]) -> None:
        self._folder, self._count = root / _SLOTS_FOLDER, count
        self._on_wait, self._check = on_wait, check
        self._fd = -1

    def __enter__(self) -> Slot:
        self._folder.mkdir(exist_ok=True)
        pause = _FIRST_PAUSE_S
        if not self._take():
            self._on_wait()
            while not self._take():
                self._check()
                time.sleep(pause)
                pause = min(pause * 1.5, _LAST_PAUSE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            release_descriptor(fd)

    def _take(self) -> bool:
        for number in range(self._count):
            fd = os.open(self._folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                lock_descriptor(fd, 0.0)
            except TimeoutError:
                os.close(fd)
                continue
            except OSError:  # a file system without locks: nobody waits
                with suppress(OSError):
                    os.close(fd)
                return True
            self._fd = fd
            return True
        return False
