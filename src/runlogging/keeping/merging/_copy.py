"""Copying files so that each is whole, on the disk and verified before anything gets its name."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from runlogging._errors import SourceError
from runlogging.folder._atomic import sync_folder
from runlogging.keeping._run_files import Source
from runlogging.keeping.merging._state import begins_alike, digest

FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
"""The errors of a disk that has no more room."""

OnBytes = Callable[[int], object]

_PIECE_BYTES = 1 << 20


def copy_files(sources: Iterable[Source], target: Path, on_bytes: OnBytes, links: dict[str, Path]) -> None:
    """Copy files into a new folder, under their names; times and rights come along.

    Args:
        sources: the files.
        target: the folder, which is there and empty.
        on_bytes: told of the size of each piece.
        links: files of the target root that a name may become another name of, where the content is the same.

    Raises:
        SourceError: a file cannot be read, changed meanwhile, or its copy is not what was read.
        OSError: a copy cannot be written.
    """
    folders = {target}
    for source in sources:
        path = target / source.name
        path.parent.mkdir(parents=True, exist_ok=True)
        folders.update(path.parents[: len(Path(source.name).parts)])
        if _linked(source, path, links.get(source.name)):
            on_bytes(source.size)
        else:
            _copy(source, path, on_bytes)
    for folder in folders:
        sync_folder(folder)


def _linked(source: Source, path: Path, stored: Path | None) -> bool:
    """Give a file that is in the target root already another name; tell whether that was possible."""
    with suppress(OSError):
        if stored is None or stored.stat().st_size != source.size:
            return False
        if begins_alike(source.path, stored, source.size):
            path.hardlink_to(stored)
            return True
    return False


def _copy(source: Source, path: Path, on_bytes: OnBytes) -> None:
    read = hashlib.sha256()
    size = 0
    with _opened(source) as file, path.open("xb") as copy:
        before = os.fstat(file.fileno())
        while piece := _piece(source, file):
            copy.write(piece)
            read.update(piece)
            size += len(piece)
            on_bytes(len(piece))
        after = os.fstat(file.fileno())
        copy.flush()
        os.fsync(copy.fileno())
    if (size, after.st_size, after.st_mtime_ns) != (before.st_size, before.st_size, before.st_mtime_ns):
        raise SourceError(f"{source.path} changed while it was copied")
    if path.stat().st_size != size or digest(path) != read.hexdigest():
        raise SourceError(f"the copy of {source.path} is not what was read; see whether the disks are sound")
    path.chmod(before.st_mode & 0o777)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _opened(source: Source) -> BinaryIO:
    try:
        fd = os.open(source.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise SourceError(f"{source.path} cannot be read: {error.strerror}") from error
    return os.fdopen(fd, "rb")


def _piece(source: Source, file: BinaryIO) -> bytes:
    try:
        return file.read(_PIECE_BYTES)
    except OSError as error:
        raise SourceError(f"{source.path} cannot be read: {error.strerror}") from error
