"""One pipe or pty that a child process prints to, and where it is shown."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from runlogging.capture._lines import LineSplitter
from runlogging.capture._tee import copied_size

_CHUNK = 64 * 1024


class ChildSource:
    """A pipe or pty that a child prints to.

    Args:
        fd: the reading end.
        logger: what its records name as logger.
        shown: the stream that shows it, or None.
        terminal: the descriptor of our terminal whose size a pty follows, or None for a pipe.
    """

    def __init__(self, fd: int, logger: str, shown: Any, terminal: int | None) -> None:
        self.fd, self.logger, self.terminal = fd, logger, terminal
        self.splitter = LineSplitter()
        self._shown = shown
        self._size = b""

    def read(self) -> bytes:
        """Return what is there, or ``b""`` at the end."""
        try:
            return os.read(self.fd, _CHUNK)
        except OSError:  # EIO: nobody holds the pty any more
            return b""

    def show(self, data: bytes) -> bool:
        """Show bytes as they are; return False where nobody sees them any more."""
        stream = self._shown
        if stream is None:
            return True
        try:
            _write(stream, data)
        except BrokenPipeError:
            self._shown = None
            return False
        except (OSError, ValueError):
            self._shown = None
        return True

    def follow_size(self) -> None:
        """Give a pty the size of our terminal."""
        if self.terminal is not None:
            with suppress(OSError):
                self._size = copied_size(self.terminal, self.fd, self._size)


def has_terminal() -> bool:
    """Tell whether this process is in the foreground of a terminal."""
    try:
        fd = os.open("/dev/tty", os.O_RDWR | getattr(os, "O_NOCTTY", 0))
    except OSError:
        return False
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(fd)


def terminal_of(stream: Any) -> int | None:
    """Return the descriptor of a stream that is a terminal, or None."""
    try:
        return int(stream.fileno()) if stream.isatty() else None
    except Exception:
        return None


def _write(stream: Any, data: bytes) -> None:
    """Write bytes to a stream of text, unchanged where it has a binary layer."""
    stream.flush()
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(data.decode("utf-8", "replace"))
        stream.flush()
        return
    buffer.write(data)
    buffer.flush()
