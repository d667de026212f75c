"""What files take on the disk, hard links counted once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_BLOCK_BYTES = 512  # the unit of st_blocks, whatever the file system's own blocks are (stat(2))


def disk_bytes(status: os.stat_result) -> int:
    """Return what a file takes on the disk, as ``du`` counts it; its length where the system does not say."""
    blocks = getattr(status, "st_blocks", None)
    return status.st_size if blocks is None else blocks * _BLOCK_BYTES


def entries_below(path: Path) -> Iterator[os.stat_result]:
    """Yield what the system says of a file, or of a folder and all that is in it; no link is followed."""
    with suppress(OSError):
        status = path.lstat()
        yield status
        if not stat.S_ISDIR(status.st_mode):
            return
    todo = [str(path)]
    while todo:
        with suppress(OSError), os.scandir(todo.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    yield entry.stat(follow_symlinks=False)


def usage(path: Path) -> int:
    """Return the bytes on the disk of a folder and all that is in it."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for status in entries_below(path):
        if (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            total += disk_bytes(status)
    return total


class Freed:
    """How much room comes free when one thing after another is removed.

    A file that has several names takes its room until the last of them is gone, also a name outside of the root.
    """

    def __init__(self) -> None:
        self._names_gone: dict[tuple[int, int], int] = {}

    def by(self, *paths: Path) -> int:
        """Return the bytes that come free when these go too, after all those of earlier calls."""
        return sum(self._freed(status) for path in paths for status in entries_below(path))

    def _freed(self, status: os.stat_result) -> int:
        if stat.S_ISDIR(status.st_mode):
            return disk_bytes(status)
        key = status.st_dev, status.st_ino
        gone = self._names_gone[key] = self._names_gone.get(key, 0) + 1
        return disk_bytes(status) if gone == max(status.st_nlink, 1) else 0

    def would_be_last(self, path: Path) -> bool:
        """Tell whether a file has no other name than this one and those that are gone."""
        status = path.lstat()
        return self._names_gone.get((status.st_dev, status.st_ino), 0) + 1 >= status.st_nlink
