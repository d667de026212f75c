"""Whether a working tree is dirty: asked of ``git status`` in a child process, and never waited for without bound.

The child is started by `os.posix_spawn`: `subprocess` costs an import of 5 ms, and its Popen cannot tell a child that
ended well from one that another part of the program reaped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from runlogging.folder._locks import high_descriptor

_PAUSE_S, _MAX_PAUSE_S = 0.0005, 0.02
# A killed process is gone in a millisecond, unless it hangs in a network file system.
_KILL_WAIT_S = 0.5
# What the user says of git itself may stay; GIT_DIR and the like, set inside a hook, would name another repository.
_KEPT_VARIABLES = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH")


class GitStatus:
    """A ``git status`` under way in a child process.

    Not for two threads at once. In a forked child of the program every method does nothing.

    Args:
        root: the working tree.
        filters: names of filters whose programs must not run; files that need them and were touched count as changed.
        ignored: a path inside the tree that does not make it dirty, relative to the root; None for none.

    Attributes:
        is_over: whether `dirty` and `note` are final.
        dirty: whether there are changes or untracked files; None where that is not known.
        note: why it is not known; None where it is.
    """

    def __init__(self, root: Path, filters: Iterable[str] = (), ignored: str | None = None) -> None:
        self.is_over = False
        self.dirty: bool | None = None
        self.note: str | None = None
        self._process = os.getpid()
        self._pid = 0
        self._fd = -1
        self._pipe: tuple[int, int] | None = None
        program = _find_git()
        if program is None:
            self._finish(note="git is not on PATH, so changes are not known")
        elif not hasattr(os, "posix_spawn"):
            self._finish(note="git status is not asked on this system, so changes are not known")
        else:
            try:
                self._start(program, _command(root, filters, ignored), _environment(root))
            except Exception as error:
                self._finish(note=f"git status could not be started: {type(error).__name__}: {error}")

    def _start(self, program: str, command: list[str], environment: dict[str, str]) -> None:
        import signal

        # Away from 0 to 2: where a program has closed them, the pipe must not take their place, nor the child's.
        read, write = map(high_descriptor, os.pipe())
        try:
            self._fd, self._pipe = read, _identity(read)
            # Only the first byte counts. What is more than fits fails to be written, and blocks nobody.
            os.set_blocking(write, False)
            os.set_blocking(read, False)
            self._pid = os.posix_spawn(
                program,
                command,
                environment,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, write, 1),
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ],
                # A group of its own: a Ctrl-C is for the program, and git's own children end with it.
                setpgroup=0,
                setsigdef=[signal.SIGPIPE, signal.SIGCHLD],
            )
        finally:
            os.close(write)

    def wait(self, wait_s: float) -> None:
        """Look whether it is over, again and again for at most `wait_s` seconds; 0 or less looks once."""
        deadline, pause = time.monotonic() + wait_s, _PAUSE_S
        while not self.is_over and os.getpid() == self._process:
            self._look()
            left = deadline - time.monotonic()
            if self.is_over or left <= 0:
                return
            time.sleep(min(pause, left))
            pause = min(2 * pause, _MAX_PAUSE_S)

    def give_up(self) -> None:
        """Take what is there; where it is not over, stop it and say so."""
        self.wait(0)
        if not self.is_over and os.getpid() == self._process:
            self._kill()
            self._finish(note="git status took too long and was stopped, so changes are not known")

    def _look(self) -> None:
        # In this order: what git writes before its end is in the pipe by then.
        code = self._reap()
        has_output = self._has_output()
        if code is None and has_output is not False:
            self._kill()
        if has_output:
            self._finish(dirty=True)
        elif has_output is None:
            self._finish(note="the program closed the pipe of git status, so changes are not known")
        elif code == 0:
            self._finish(dirty=False)
        elif code is not None:
            self._finish(note=f"git status ended {code}, so changes are not known")

    def _reap(self) -> int | str | None:
        """Return None while git runs, 0 when it ended well, else how it ended."""
        try:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
        except ChildProcessError:
            return "unseen, for another part of the program took its exit status"
        if not pid:
            return None
        code = os.waitstatus_to_exitcode(status)
        return code and f"with exit code {code}; run it in the root to see why"

    def _has_output(self) -> bool | None:
        """Tell whether git said anything; None where the descriptor is no longer the pipe's."""
        if _identity(self._fd) != self._pipe:
            return None
        try:
            return bool(os.read(self._fd, 1))
        except BlockingIOError:
            return False

    def _kill(self) -> None:
        """Kill git and reap it."""
        import signal

        # While it is not reaped, its number is nobody else's.
        deadline = time.monotonic() + _KILL_WAIT_S
        while self._reap() is None and time.monotonic() < deadline:
            with suppress(OSError):
                os.killpg(self._pid, signal.SIGKILL)
            time.sleep(_PAUSE_S)

    def _finish(self, dirty: bool | None = None, note: str | None = None) -> None:
        self.is_over, self.dirty, self.note = True, dirty, note
        fd, self._fd = self._fd, -1
        if fd >= 0 and _identity(fd) == self._pipe:
            os.close(fd)

    def __del__(self) -> None:
        with suppress(Exception):
            self.give_up()


def _identity(fd: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(fd)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _find_git() -> str | None:
    """Return the path of git. A relative folder on PATH is passed over: it may be that of a foreign repository."""
    name = "git.exe" if os.name == "nt" else "git"
    paths = [Path(folder, name) for folder in os.get_exec_path()]
    usable = (path for path in paths if path.is_absolute() and path.is_file() and os.access(path, os.X_OK))
    return next(map(str, usable), None)


def _command(root: Path, filters: Iterable[str], ignored: str | None) -> list[str]:
    # No program that the configuration of a repository names may run: monitor, hooks, filters.
    settings = ["core.fsmonitor=false", "core.hooksPath=/dev/null"]
    for name in filters:
        if "=" in name:
            raise ValueError(f"the filter {name!r} of the repository cannot be switched off")
        settings += f"filter.{name}.clean=", f"filter.{name}.process=", f"filter.{name}.required=false"
    options = [part for setting in settings for part in ("-c", setting)]
    paths = ["--", ":(top)", f":(top,exclude,literal){ignored}"] if ignored else []
    status = ["status", "--porcelain", "--untracked-files=normal", "--no-renames"]
    return ["git", *options, "-C", str(root), *status, *paths]


def _environment(root: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name[:4] != "GIT_" or name in _KEPT_VARIABLES}
    return kept | {
        "LC_ALL": "C",
        # The index lock is the user's.
        "GIT_OPTIONAL_LOCKS": "0",
        # A partial clone would fetch, over the network.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        # Of this repository or of none: git does not look further up.
        "GIT_CEILING_DIRECTORIES": str(root.parent),
    }
