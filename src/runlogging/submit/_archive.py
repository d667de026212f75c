"""The zip of a snapshot, made of files that may change meanwhile."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from runlogging.submit._members import Member

_CHUNK_BYTES = 1 << 20
_READ_TRIES = 3
# Measured, a whole snapshot of 2,000 Python files (19 MB): level 2 0.32 s and 5.6 MB, level 6 0.47 s and 5.0 MB.
_LEVEL = 2
_SAMPLE_BYTES = 1 << 16
_INCOMPRESSIBLE = 0.95
_TIME = (1980, 1, 1, 0, 0, 0)  # the first that zip knows


class ChangedError(Exception):
    """Say that a file changed while it was read, or cannot be read; the message is the reason in a list."""


def read_member(path: str, max_bytes: int, take: Callable[[bytes], object] | None = None) -> Member:
    """Read a file and return what it was while it was read.

    Args:
        path: the file; a link is not followed.
        max_bytes: larger ones are refused.
        take: gets each piece of the content.

    Raises:
        ChangedError: it changed meanwhile, vanished, is none any more, is too large, or may not be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with _noticing():
        fd = os.open(path, flags)
    try:
        return _read(fd, max_bytes, take)
    finally:
        os.close(fd)


@contextmanager
def _noticing() -> Iterator[None]:
    """Make one error of all that reading a file may raise; what `take` raises is another matter."""
    try:
        yield
    except FileNotFoundError:
        raise ChangedError("it vanished") from None
    except OSError as error:
        raise ChangedError(f"it cannot be read: {error.strerror}") from error


def _read(fd: int, max_bytes: int, take: Callable[[bytes], object] | None) -> Member:
    with _noticing():
        before = os.fstat(fd)
    if not stat.S_ISREG(before.st_mode):
        raise ChangedError("it is no regular file")
    if before.st_size > max_bytes:
        raise ChangedError(f"it has {before.st_size:,} bytes, over max_file_bytes={max_bytes:,}")
    digest, size = hashlib.sha256(), 0
    while size <= before.st_size:
        with _noticing():
            piece = os.read(fd, _CHUNK_BYTES)
        if not piece:
            break
        digest.update(piece)
        size += len(piece)
        if take is not None:
            take(piece)
    with _noticing():
        after = os.fstat(fd)
    if size != before.st_size or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise ChangedError("it changed while it was read")
    return Member(digest.hexdigest(), size, bool(before.st_mode & stat.S_IXUSR))


def read_steady(path: str, max_bytes: int) -> Member:
    """Read a file, again where it changes meanwhile.

    Raises:
        ChangedError: it changed three times, or as `read_member`.
    """
    for _ in range(_READ_TRIES - 1):
        try:
            return read_member(path, max_bytes)
        except ChangedError:
            continue
    return read_member(path, max_bytes)


def write_zip(
    file: BinaryIO,
    members: Mapping[str, Member],
    paths: Mapping[str, str],
    on_bytes: Callable[[int], None] | None = None,
) -> list[str]:
    """Write files as a zip: sorted names, one time, and of the modes only whether a file is executable.

    Returns:
        The names of files that are not any more what they were; with one of them the zip is worth nothing.
    """
    changed = []
    with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
        for name in sorted(members, key=str.encode):
            member = members[name]
            with archive.open(_info(name, member, paths[name]), "w") as target:
                try:
                    found = read_member(paths[name], member.size, target.write)
                except ChangedError:
                    found = None
            if found != member:
                changed.append(name)
            if on_bytes is not None:
                on_bytes(member.size)
    return changed


def _info(name: str, member: Member, path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _TIME)
    info.create_system = 3  # Unix, so that the mode counts
    info.external_attr = (stat.S_IFREG | (0o755 if member.is_executable else 0o644)) << 16
    info.file_size = member.size
    info.compress_type = zipfile.ZIP_DEFLATED if _is_worth(path, member.size) else zipfile.ZIP_STORED
    info._compresslevel = _LEVEL  # type: ignore[attr-defined]  # ZipFile.open takes it from here alone
    return info


def _is_worth(path: str, size: int) -> bool:
    """Tell whether a file gets smaller; only of large ones a sample is tried."""
    if size <= _SAMPLE_BYTES:
        return size > 0
    try:
        with open(path, "rb") as file:
            sample = file.read(_SAMPLE_BYTES)
    except OSError:
        return True
    return len(zlib.compress(sample, 1)) < _INCOMPRESSIBLE * len(sample)
