"""Standard output and error of this process, at the level of file descriptors, while a run is open.

A pipe, or a pty where output goes to a terminal, takes the place of the descriptor. A process of its own, the tee
(`_tee`), hands every byte on to where it went before and keeps the lines in the run. So this process has no thread of
ours, C libraries and child processes are captured too, and what reached the pipe before a SIGKILL is kept and shown.

What may be lost: text in a buffer of the program that never reached the descriptor, as without us; and, where the tee
itself is killed, what was in the pipe: the program then meets a broken pipe.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from runlogging.capture._descriptors import copied, has_room, high, identity, opened_pty
from runlogging.capture._tee import CONTROL, FIRST_CHANNEL, IGNORED_SIGNALS
from runlogging.folder import say

DEFAULT_MAX_BYTES = 1 << 30
_SHELL = "/bin/sh"
_SCRIPT = Path(__file__).absolute().with_name("_tee.py")


class _Channel:
    """A pipe or pty in the place of descriptors of this process.

    Args:
        fds: the descriptors: 1, 2 or both.
        logger: what its records name as logger.
    """

    def __init__(self, fds: Sequence[int], logger: str) -> None:
        self.fds, self.logger = fds, logger
        self.is_terminal = os.isatty(fds[0])
        self.saved: dict[int, int] = {}
        source, end = opened_pty(fds[0]) if self.is_terminal else os.pipe()
        self.source, self.end = high(source), high(end)
        self.identity = identity(self.end)

    def swap(self) -> None:
        """Put the channel in the place of the descriptors."""
        for fd in self.fds:
            os.dup2(self.end, fd)
        self.close_ends()

    def close_ends(self) -> None:
        """Close this process's own ends: the descriptors 1 and 2 are what holds the channel open."""
        for fd in (self.source, self.end):
            if fd >= 0:
                os.close(fd)
        self.source = self.end = -1

    def ours(self) -> list[int]:
        """Return the descriptors that still are the channel; somebody may have put another file there."""
        return [fd for fd in self.fds if identity(fd) == self.identity]

    def restore(self) -> None:
        """Put back what was there, where nobody else put anything."""
        for fd in self.ours():
            if fd in self.saved:
                os.dup2(self.saved[fd], fd)
        for fd in self.saved.values():
            with suppress(OSError):
                os.close(fd)
        self.saved = {}


class OutputCapture:
    """Keep what this process and its children print in a run, and show it as before.

    Args:
        run_path: the run folder, absolute; the run is open.
        redact: whether secrets are taken out of the records; what is shown stays as it is.
        stdout: whether descriptor 1 is captured.
        stderr: whether descriptor 2 is captured.
        max_bytes: how much text is kept; lines after that are shown and counted.
    """

    def __init__(
        self, run_path: Path, redact: bool, stdout: bool, stderr: bool, max_bytes: int = DEFAULT_MAX_BYTES
    ) -> None:
        self._run = run_path
        self._redact, self._max_bytes = redact, max_bytes
        self._wanted = [fd for fd, is_wanted in ((1, stdout), (2, stderr)) if is_wanted]
        self._channels: list[_Channel] = []
        self._control: socket.socket | None = None
        self._mark = b""
        self._process = 0

    def start(self) -> bool:
        """Begin; return whether anything is captured. What cannot be is said in a sentence, and left as it was."""
        if self._channels or not self._wanted:
            return bool(self._channels)
        try:
            fds = [fd for fd in self._wanted if self._is_usable(fd)]
            if fds:
                self._check_system()
                self._begin(fds)
        except Exception as error:
            say(f"output is not captured: {type(error).__name__}: {error}")
            self._give_up()
        return bool(self._channels)

    def stop(self, wait_s: float = 5.0) -> None:
        """Put the descriptors back, once all that was printed until now is kept.

        Output after that is no longer kept. In a forked child nothing happens.

        Args:
            wait_s: how long to wait at most, where a terminal is stopped or the disk hangs.
        """
        if not self._channels or self._process != os.getpid():
            return
        deadline = time.monotonic() + wait_s
        channels, self._channels = self._channels, []
        letters = b"".join(_end(channel, self._mark, deadline) for channel in channels)
        is_kept = self._is_answered(letters, deadline)
        for channel in channels:
            channel.restore()
        self._close_control()
        if not is_kept:
            say(f"the output of the last seconds may be missing in {self._run}: it was not taken within {wait_s:g} s")

    def _is_usable(self, fd: int) -> bool:
        name = "stdout" if fd == 1 else "stderr"
        reason = _obstacle(fd, getattr(sys, name))
        if reason:
            say(f"{name} is not captured: {reason}")
        return not reason

    def _check_system(self) -> None:
        """Check that a tee can be started.

        Raises:
            OSError: it cannot.
        """
        if os.name != "posix" or not hasattr(os, "posix_spawn"):
            raise OSError("this system has no way to do it")
        name = Path(sys.executable or "").name
        if not name.lower().startswith(("python", "pypy")) or not os.access(sys.executable, os.X_OK):
            raise OSError(f"{sys.executable!r} is no Python that a helper could be started with")
        if not _SCRIPT.is_file():
            raise OSError("the package is not in files, so its helper cannot be started")

    def _begin(self, fds: list[int]) -> None:
        self._process = os.getpid()
        self._mark = b"\0runlogging " + os.urandom(16).hex().encode() + b"\0"
        mine, theirs = socket.socketpair()
        self._control = socket.socket(fileno=high(mine.detach()))
        with theirs:
            for group, logger in _groups(fds):
                self._channels.append(_Channel(group, logger))
            for channel in self._channels:
                channel.saved = {fd: copied(fd) for fd in channel.fds}
            self._control.settimeout(1.0)
            self._control.sendall(json.dumps(self._config()).encode() + b"\n")
            _flush_python()
            self._spawn(theirs.fileno())
        for channel in self._channels:
            channel.swap()

    def _config(self) -> dict[str, Any]:
        return {
            "run": str(self._run),
            "path": [str(_SCRIPT.parents[2]), *(str(Path(entry).absolute()) for entry in sys.path)],
            "redact": self._redact,
            "max_bytes": self._max_bytes,
            "mark": self._mark.hex(),
            "channels": [
                {"logger": one.logger, "target": one.fds[0], "terminal": one.is_terminal} for one in self._channels
            ],
        }

    def _spawn(self, control: int) -> None:
        """Start the tee, as nobody's child where there is a shell, so that the program's ``os.wait`` meets none."""
        placed = {CONTROL: copied(control)}
        placed.update((FIRST_CHANNEL + number, copied(one.source)) for number, one in enumerate(self._channels))
        saved = {fd: copy for one in self._channels for fd, copy in one.saved.items()}
        command = [sys.executable, "-I", "-S", str(_SCRIPT), str(self._run)]
        program = sys.executable
        if os.access(_SHELL, os.X_OK):
            program, command = _SHELL, ["sh", "-c", '"$@" &', "sh", *command]
        actions: list[Any] = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in placed.items()]
        actions += [(os.POSIX_SPAWN_DUP2, copy, fd) for fd, copy in saved.items()]
        actions += [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
        actions += [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2) if identity(fd) is None]
        try:
            pid = _spawned(program, command, actions)
        finally:
            for fd in placed.values():
                os.close(fd)
        if program == _SHELL:
            with suppress(ChildProcessError):  # the program lets nobody wait for its children
                os.waitpid(pid, 0)
        else:
            _unreaped.append(pid)

    def _is_answered(self, letters: bytes, deadline: float) -> bool:
        if self._control is None:
            return False
        try:
            self._control.settimeout(max(0.01, deadline - time.monotonic()))
            self._control.sendall(letters)
            return self._control.recv(1) == b"D"
        except OSError:
            return False

    def _give_up(self) -> None:
        for channel in self._channels:
            with suppress(OSError):
                channel.restore()
            channel.close_ends()
        self._channels = []
        self._close_control()

    def _close_control(self) -> None:
        if self._control is not None:
            with suppress(OSError):
                self._control.close()
            self._control = None
        _reap()


def _obstacle(fd: int, stream: Any) -> str | None:
    """Return why a descriptor is not captured, or None."""
    name = "stdout" if fd == 1 else "stderr"
    if identity(fd) is None:
        return f"its descriptor {fd} is closed"
    if stream is None:
        return f"there is no sys.{name}"
    try:
        if stream.fileno() == fd:
            return None
    except Exception:
        return f"sys.{name} was replaced by an object that does not write to descriptor {fd}"
    return f"sys.{name} was replaced by one that writes to descriptor {stream.fileno()}"


def _groups(fds: list[int]) -> list[tuple[list[int], str]]:
    """Return the descriptors of each channel and its logger: what goes to one place goes through one channel."""
    if len(fds) == 2 and identity(1) == identity(2):
        return [(fds, "console")]
    return [([fd], "stdout" if fd == 1 else "stderr") for fd in fds]


def _spawned(program: str, command: list[str], actions: list[Any]) -> int:
    # Blocked until the tee ignores them. In a session of its own, no terminal and no group reaches it.
    options: dict[str, Any] = {
        "file_actions": actions,
        "setsigmask": [getattr(signal, name) for name in IGNORED_SIGNALS],
        "setsigdef": [signal.SIGPIPE, signal.SIGCHLD],
    }
    try:
        return os.posix_spawn(program, command, os.environ, setsid=True, **options)
    except NotImplementedError:
        return os.posix_spawn(program, command, os.environ, setpgroup=0, **options)


# Tees that are children of this process and had not ended when they were last looked at.
_unreaped: list[int] = []


def _reap() -> None:
    for pid in tuple(_unreaped):
        try:
            is_over = os.waitpid(pid, os.WNOHANG)[0] != 0
        except ChildProcessError:
            is_over = True
        if is_over:
            _unreaped.remove(pid)


def _end(channel: _Channel, mark: bytes, deadline: float) -> bytes:
    """Put the end mark into a channel; return the letter that tells the tee whether to look for it."""
    fds = channel.ours()
    if not fds or not has_room(fds[0], deadline):
        return b"Q"
    _flush_python()
    _flush_c()
    if not has_room(fds[0], deadline):
        return b"Q"
    try:
        os.write(fds[0], mark)
    except OSError:
        return b"Q"
    return b"M"


def _flush_python() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()


def _flush_c() -> None:
    """Hand on what C code printed into its buffer; only where somebody loaded what calling C needs."""
    ctypes = sys.modules.get("ctypes")
    if ctypes is not None:
        with suppress(Exception):
            library = ctypes.CDLL(None)
            library.fflush(ctypes.c_void_p.in_dll(library, "stdout"))
