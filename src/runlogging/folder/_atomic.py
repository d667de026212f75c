"""Writing a small file whole or not at all."""

from __future__ import annotations

import itertools
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_numbers = itertools.count()
# On Windows a reader or a virus scanner that holds the target makes os.replace fail for a moment (zarr-python#4358).
_REPLACE_TRIES = 40
_REPLACE_PAUSE_S = 0.025


def write_atomic(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Replace a file by new content; a reader sees the old or the new, never a part.

    Args:
        path: the file; its folder must exist.
        data: the whole new content.
        sync: whether content and name are on the disk, safe from a power loss, when the call returns.

    Raises:
        OSError: the folder is gone, the disk is full, or the like; the old file is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{next(_numbers)}.tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        try:
            _write_all(fd, data)
            if sync:
                os.fsync(fd)
        finally:
            os.close(fd)
        _replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    if sync:
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Put the names in a folder on the disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _replace(source: Path, target: Path) -> None:
    for left in range(_REPLACE_TRIES, -1, -1):
        try:
            source.replace(target)
        except PermissionError:
            if os.name != "nt" or not left:
                raise
            time.sleep(_REPLACE_PAUSE_S)
        else:
            return
