"""A stream file: whole lines, one ``os.write`` each, to a descriptor opened with O_APPEND."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from runlogging.folder._locks import high_descriptor

if TYPE_CHECKING:
    from pathlib import Path

NO_DESCRIPTOR = -1
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Stream:
    """One writer's file of one stream, opened at its first line.

    Args:
        path: the file. The first opening creates it with O_EXCL: a file belongs to one process life.

    Attributes:
        fd: the descriptor, or -1 while the file is not open.
        dirty: whether the file may end in a part of a line, after a short or failed write.
        left: what the last `append` that failed did not get into the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = NO_DESCRIPTOR
        self.dirty = False
        self.left = b""
        self._created = False

    def append(self, data: bytes) -> None:
        """Append whole lines; after a torn one, behind a newline in the same write.

        A short write leaves a torn line behind, and the line is written once more whole. A descriptor that somebody
        closed is opened again.

        Raises:
            OSError: the lines are not in the file, or only in part.
        """
        # Local until the end: a signal handler may append in the middle.
        left, problem = data, OSError(errno.ENOSPC, "only a part of the line could be written", str(self.path))
        for _ in range(2):
            try:
                self.open()
                payload = b"\n" + left if self.dirty else left
                written = os.write(self.fd, payload)
                if written == len(payload):
                    self.dirty = False
                    return
                # What is in the file as whole lines is not written again.
                self.dirty, left = True, payload[payload.rfind(b"\n", 0, written) + 1 :]
            except OSError as error:
                self.dirty, problem = True, error
                if error.errno != errno.EBADF:
                    break
                self.fd = NO_DESCRIPTOR
        self.left = left
        raise problem

    def open(self) -> None:
        """Open the file where it is not open.

        Raises:
            OSError: it cannot be opened, or its first opening found it there already.
        """
        if self.fd != NO_DESCRIPTOR:
            return
        was_created, self._created = self._created, True
        try:
            fd = high_descriptor(os.open(self.path, _FLAGS if was_created else _FLAGS | os.O_EXCL, 0o666))
        except OSError:
            self._created = was_created
            raise
        self.fd = fd

    def sync(self) -> None:
        """Put what was appended on the disk."""
        if self.fd != NO_DESCRIPTOR:
            getattr(os, "fdatasync", os.fsync)(self.fd)

    def is_lost(self) -> bool:
        """Tell whether the open file has no name any more: somebody deleted it."""
        if self.fd == NO_DESCRIPTOR:
            return False
        try:
            return os.fstat(self.fd).st_nlink == 0
        except OSError:
            return True

    def close(self) -> None:
        """Close the descriptor; the next line opens the file again."""
        fd, self.fd = self.fd, NO_DESCRIPTOR
        if fd != NO_DESCRIPTOR:
            with suppress(OSError):
                os.close(fd)
