"""What runs in a worker: one point, in its own child run. What travels to it is small and can be pickled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runlogging._errors import RunEndedError, RunLoggingError
from runlogging.folder import TERMINAL, read_manifest
from runlogging.run import Run
from runlogging.run._start import RunOptions, join_named
from runlogging.sweep._stopping import StoppedEarly, stop_child


@dataclass(frozen=True)
class Task:
    """One point, as it travels.

    Attributes:
        path: the folder of its child run, which was prepared.
        parameters: what the function is called with, by name.
        function: the function.
        gives_run: whether it gets the run, as ``run``.
    """

    path: str
    parameters: Mapping[str, Any]
    function: Callable[..., Any]
    gives_run: bool


def work(task: Task) -> None:
    """Call the function in its child run. How that ended is in the run; only Ctrl-C is raised.

    Raises:
        RunLoggingError, OSError: the run could not be opened.
    """
    path = Path(task.path)
    try:
        run = join_named(Run, path, RunOptions.checked({"environment": False}))
    except RunEndedError:  # stopped or canceled before it began
        return
    # The run has the error, with its traceback; an error of the user's may not survive the way back.
    with suppress(Exception, SystemExit), run:
        _call(task, path, run)


def _call(task: Task, path: Path, run: Run) -> None:
    given = {"run": run} if task.gives_run else {}
    try:
        task.function(**task.parameters, **given)
    except StoppedEarly as stop:
        stop_child(path, str(stop))
    except RunEndedError:
        if not _has_ended(path):  # another run's
            raise


def _has_ended(path: Path) -> bool:
    try:
        return read_manifest(path).status in TERMINAL
    except (RunLoggingError, OSError):
        return False
