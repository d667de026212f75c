"""Descriptors: what they are, copies of them out of the way, ptys in the place of terminals, and room in a pipe."""

from __future__ import annotations

import os
import select
import sys
import time
from contextlib import suppress

from runlogging.capture._tee import copied_size

_PAUSE_S = 0.005
# A pipe that holds more may not take at once what the program has in its buffers.
_MAX_WAITING = 32 * 1024
# Behind what programs open themselves; where the limit is lower, at least behind 0 to 2 and the tee's own.
_HIGH_DESCRIPTORS = (512, 64, 16)

Identity = tuple[int, int, int]


def identity(fd: int) -> Identity | None:
    """Return which file a descriptor is; None where it is closed."""
    try:
        status = os.fstat(fd)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_rdev


def opened_pty(terminal: int | None) -> tuple[int, int]:
    """Return the ends of a pty like a terminal, which hands on bytes as they are: the terminal itself does the rest.

    Args:
        terminal: the terminal whose settings and size it has; None for the usual ones.
    """
    import termios

    master, slave = os.openpty()
    with suppress(termios.error):
        mode = termios.tcgetattr(slave if terminal is None else terminal)
        mode[1] &= ~termios.OPOST
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, mode)
    if terminal is not None:
        with suppress(OSError):
            copied_size(terminal, slave)
    return master, slave


def high(fd: int) -> int:
    """Move a descriptor out of the way; see `copied`."""
    copy = copied(fd)
    os.close(fd)
    return copy


def copied(fd: int) -> int:
    """Return a copy of a descriptor that children do not inherit, where a stray ``os.close`` does not reach it.

    Raises:
        OSError: there is no room.
    """
    import fcntl

    for least in _HIGH_DESCRIPTORS[:-1]:
        with suppress(OSError):
            return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, least)
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH_DESCRIPTORS[-1])


def has_room(fd: int, deadline: float) -> bool:
    """Wait until a channel takes bytes; a stopped terminal behind it may be why it does not."""
    poller = select.poll()
    poller.register(fd, select.POLLOUT)
    while True:
        left = deadline - time.monotonic()
        events = poller.poll(max(0.0, left) * 1000)
        if any(event & select.POLLOUT for _, event in events) and _waiting_bytes(fd) <= _MAX_WAITING:
            return True
        if left <= 0 or any(event & (select.POLLERR | select.POLLNVAL) for _, event in events):
            return False
        time.sleep(_PAUSE_S)


def _waiting_bytes(fd: int) -> int:
    """Return how much of a pipe is not read yet; of a pty nobody tells."""
    import fcntl
    import termios

    try:
        return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), sys.byteorder)
    except OSError:
        return 0
