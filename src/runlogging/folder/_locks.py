"""Locks: a writer's life, and the short ones around creation and the manifest. None is taken per record.

All are non-blocking ``flock`` on descriptors of ours. A `filelock.FileLock` prints DEBUG records into the console
and would recurse inside a handler; a child that is forked while another thread imports filelock waits for that import
for ever. So filelock, which takes the same locks, serves only where there is no ``flock``.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_PAUSE_S = 0.002
_HIGH_DESCRIPTOR = 512
# Descriptors that a forked child must close: a lock lives as long as any copy of its descriptor.
_held: set[int] = set()


class Life(StrEnum):
    """What a reader can tell of a writer."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"
    MISSING = "missing"


def high_descriptor(fd: int) -> int:
    """Move a descriptor to a number of 512 or more, where a stray ``os.close`` does not reach it.

    Returns the new descriptor (the old one is closed), or the old one where the system or its limit has no room.
    """
    if fcntl is None:
        return fd
    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH_DESCRIPTOR)
    except OSError:
        return fd
    os.close(fd)
    return high


def lock_descriptor(fd: int, timeout_s: float) -> None:
    """Take the exclusive lock of an open file, waiting for readers that probe it and for other writers.

    Raises:
        TimeoutError: another descriptor held it all the while.
        OSError: the file system has no locks (ENOSYS, ENOLCK, EOPNOTSUPP ...).
    """
    deadline = time.monotonic() + timeout_s
    while not _take(fd):
        if time.monotonic() >= deadline:
            raise TimeoutError(errno.ETIMEDOUT, "another process holds the lock")
        time.sleep(_PAUSE_S)
    _held.add(fd)


def _take(fd: int) -> bool:
    if fcntl is None:
        from filelock import lock_descriptor as take

        return take(fd, blocking=False)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _give_back(fd: int) -> None:
    if fcntl is not None:
        fcntl.flock(fd, fcntl.LOCK_UN)
        return
    from filelock import unlock_descriptor

    unlock_descriptor(fd)


def release_descriptor(fd: int) -> None:
    """Give the lock back and close the descriptor; a copy in a forked child does not keep it."""
    _held.discard(fd)
    with suppress(OSError):
        _give_back(fd)
    with suppress(OSError):
        os.close(fd)


def forget_descriptor(fd: int) -> None:
    """Know no more of a descriptor that somebody else closed."""
    _held.discard(fd)


@contextmanager
def held_lock(path: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock of a file that is made where it is missing.

    Raises:
        TimeoutError: another process held it all the while.
        OSError: the file cannot be opened. A file system without locks is no error: then nothing is held.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        lock_descriptor(fd, timeout_s)
    except TimeoutError:
        os.close(fd)
        raise
    except OSError:
        _held.discard(fd)
    try:
        yield
    finally:
        release_descriptor(fd)


def probe(path: Path) -> Life:
    """Tell whether any process holds the lock of a file, without creating it or waiting.

    A SHARED lock is asked for: two readers that probed exclusively would refuse each other, and each would take a
    dead writer for alive. A place inside a zip is missing to the system, and so it should be: nobody can hold a lock
    there.
    """
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except (FileNotFoundError, NotADirectoryError):
        return Life.MISSING
    except OSError:
        return Life.UNKNOWN
    try:
        return _probe_descriptor(fd)
    finally:
        os.close(fd)


def _probe_descriptor(fd: int) -> Life:
    if fcntl is None:
        return Life.UNKNOWN
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return Life.ALIVE
    except OSError:
        return Life.UNKNOWN
    fcntl.flock(fd, fcntl.LOCK_UN)
    return Life.DEAD


def _close_in_child() -> None:
    for fd in tuple(_held):
        with suppress(OSError):
            os.close(fd)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
