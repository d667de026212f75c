"""Commands whose output is kept live as records of a run, in any language and in containers."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

import msgspec

from runlogging._errors import InvalidValueError
from runlogging.capture._keeper import DEFAULT_MAX_BYTES
from runlogging.processes._child import ChildOutput, ended_text

if TYPE_CHECKING:
    from runlogging.run import Run

_Path = str | os.PathLike[str]


class CompletedCapture(msgspec.Struct, frozen=True):
    """How a command ended whose output was kept.

    Attributes:
        returncode: its exit code; a negative number is the signal that killed it.
        pid: its process id.
        lines: how many lines became records.
        dropped: how many lines were shown and counted only: past ``max_bytes``, or because the run had ended.
        duration_s: how long it took, in seconds.
        timed_out: whether it was ended because of ``timeout_s``.
    """

    returncode: int
    pid: int
    lines: int
    dropped: int
    duration_s: float
    timed_out: bool = False


def capture_process(
    args: str | _Path | Sequence[_Path],
    run: Run | None = None,
    *,
    cwd: _Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int | IO[Any] | None = None,
    shell: bool = False,
    tty: bool | None = None,
    timeout_s: float | None = None,
    show: bool = True,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> CompletedCapture:
    r"""Run a command, keep each line of its output as a record while it runs, and return how it ended.

    Records have the loggers ``stdout`` and ``stderr``, or ``console`` where both are one terminal, the level INFO and
    the attribute ``pid``. A line that is a JSON object with a level or with ``metrics``, such as
    ``{"metrics": {"loss": 0.1}, "step": 3}``, becomes that record. The command finds the run in RUNLOGGING_RUN.

    A command that has ended may leave others behind that hold its output open; they are listened to for a second more.
    Ctrl-C is the command's: it is waited for, and KeyboardInterrupt goes on. This call starts no thread.

    Args:
        args: the program and its arguments; with ``shell`` a text for the shell.
        run: the run; None is the current one, or a new one that ends with the command.
        cwd: the working directory of the command.
        env: its environment, to which RUNLOGGING_RUN is added; None is that of this process.
        stdin: as for `subprocess.Popen`; None is that of this process.
        shell: whether the shell runs the command.
        tty: whether the command's output is a terminal; None where ours is one.
        timeout_s: after how many seconds the command and its children get SIGTERM, five seconds later SIGKILL; None
            waits for ever. A command that shares our terminal is ended without its children.
        show: whether the output also goes, byte for byte, to ``sys.stdout`` and ``sys.stderr``.
        max_bytes: how much text is kept; lines after that are shown and counted.

    Raises:
        OSError: the program cannot be started (FileNotFoundError, PermissionError ...).
        InvalidValueError: an option is none (also a ValueError).
        KeyboardInterrupt: Ctrl-C came; the command has ended.
    """
    _check_options(timeout_s, max_bytes)
    is_new = False
    if run is None:
        run, is_new = _current_or_new()
    child = ChildOutput(run, show=show, max_bytes=max_bytes)
    try:
        begun = time.monotonic()
        child.start(args, cwd=cwd, env=env, stdin=stdin, shell=shell, tty=tty)
        code = child.wait(timeout_s)
        duration_s = time.monotonic() - begun
        done = CompletedCapture(code, child.pid, child.lines, child.dropped, duration_s, child.timed_out)
    except BaseException as error:
        if is_new:
            _end(run, error)
        raise
    if is_new:
        _end(run, ended_text(args, done.returncode) if done.returncode else None)
    return done


def _check_options(timeout_s: object, max_bytes: object) -> None:
    if timeout_s is not None and (isinstance(timeout_s, bool) or not isinstance(timeout_s, int | float)):
        raise InvalidValueError(f"timeout_s is a number of seconds or None, not {timeout_s!r:.80}")
    if isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < 0:
        raise InvalidValueError(f"max_bytes is a whole number of bytes, 0 or more, not {max_bytes!r:.80}")


def _current_or_new() -> tuple[Run, bool]:
    from runlogging.run._context import current_run
    from runlogging.run._start import start_run

    run = current_run()
    return (run, False) if run is not None else (start_run(), True)


def _end(run: Run, problem: BaseException | str | None) -> None:
    if isinstance(problem, KeyboardInterrupt):
        end_run(run, "Canceled", None)
    elif problem is None:
        end_run(run, "Completed", None)
    else:
        end_run(run, "Failed", problem)


def end_run(run: Run, status: str, problem: BaseException | str | None, last_lines: str = "") -> None:
    """End a run that a command had for itself, or this process's part of a run that is another's."""
    from runlogging._sessions import ending
    from runlogging.folder import ErrorInfo, clean_text

    info = None
    if isinstance(problem, BaseException):
        info = ending(problem)[1]
    elif problem is not None:
        info = ErrorInfo("CommandFailed", clean_text(problem), clean_text(last_lines))
    info = info and run._cleared(info)
    if run._is_guest and status != "Completed":
        run._end_part(status, info)
    else:
        run._end(status, info)
