"""Run an installer: its lines are said as they come, and nothing of it outlives this process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from runlogging._errors import EnvironmentBuildError
from runlogging.submit._prepared import Say

_KEPT_LINES = 40
# How pip, conda and the engines begin such a line; the last two are uv's, of today and of before.
_COMPLAINTS = ("error", "fatal", "cause:", "\N{BOX DRAWINGS LIGHT ARC UP AND RIGHT}")
# The bootstrap is imported alone, not as a part of the package: that would cost ten times as much.
_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from _bootstrap import main_of_command as main; main()"
# What would have an interpreter look at the submitter's packages, or an installer install somewhere else.
_MISLEADING = {
    *("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__"),
    *("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV", "RUNLOGGING_RUN"),
}


class Done(NamedTuple):
    """How an installer ended.

    Attributes:
        code: its exit code; minus the signal's number where a signal ended it.
        lines: the last lines that it printed.
    """

    code: int
    lines: list[str]

    @property
    def text(self) -> str:
        """The last lines as one text."""
        return "\n".join(self.lines)

    @property
    def complaint(self) -> str:
        """The line that says what is wrong, as far as one can tell."""
        errors = [line for line in self.lines if line.lower().lstrip().startswith(_COMPLAINTS)]
        return (errors or self.lines or [f"it ended with {self.code}"])[-1].strip()


def clean_environment() -> dict[str, str]:
    """Return the environment of this process without what would mislead an installer."""
    kept = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    return {**kept, "PIP_USER": "0", "PYTHONUNBUFFERED": "1"}


def run_installer(command: Sequence[str], cwd: Path, say: Say, keep: int | None = None) -> Done:
    """Run a program to its end, and say each line that it prints.

    Args:
        command: program and arguments.
        cwd: where it runs.
        say: called with each line; when it raises, the program is ended, and the error goes on.
        keep: a descriptor that the program inherits: the lock of what it writes. Where this process is killed, the
            lock is held until the program, too, has ended.

    Raises:
        EnvironmentBuildError: the program cannot be started.
    """
    here = str(Path(__file__).parent)
    # It dies with this process (on Linux).
    whole = [sys.executable, "-I", "-c", _START, here, str(os.getpid()), *command]
    try:
        process = subprocess.Popen(  # noqa: S603  (an installer, without a shell)
            whole,
            cwd=cwd,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
            pass_fds=() if keep is None else (keep,),
        )
    except OSError as error:
        raise EnvironmentBuildError(f"{command[0]} could not be started: {error.strerror}") from error
    try:
        lines = _said(process, say)
        return Done(process.wait(), lines)
    finally:
        _end(process)


def _said(process: subprocess.Popen[str], say: Say) -> list[str]:
    kept: deque[str] = deque(maxlen=_KEPT_LINES)
    assert process.stdout is not None  # noqa: S101  (a pipe was asked for)
    for line in process.stdout:
        text = line.rstrip()
        if text:
            kept.append(text)
            say(text)
    return list(kept)


def _end(process: subprocess.Popen[str]) -> None:
    """End what is left of an installer, its children too."""
    if process.stdout is not None:
        process.stdout.close()
    if process.poll() is None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
