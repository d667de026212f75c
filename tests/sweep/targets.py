"""Functions for the sweeps of the tests: in a module, so that other processes find them."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from runlogging import Run, RunEndedError
from runlogging.sweep import StoppedEarly

log = logging.getLogger("targets")


def ridge(alpha: float, run: Run) -> None:
    """Log as the Ridge sample does: the best of 0.0, 0.05, ... 0.95 is 0.4."""
    log.warning("alpha is %s", alpha)
    run.log("alpha", alpha)
    run.log("mse", 3295.74 + (alpha - 0.4) ** 2)


def nothing(n: int) -> None:
    """Do nothing."""


def where(n: int) -> None:
    """Log the process and the thread, through the current run."""
    run = Run.get_context(allow_offline=False)
    run.log("pid", os.getpid())
    run.log("thread", threading.get_ident())


def picky(n: int, run: Run) -> None:
    """Fail at every third point, by an error or by an exit code."""
    run.log("n", n)
    if n % 3 == 1:
        raise ValueError(f"no {n}")
    if n % 3 == 2:
        sys.exit(3)


def deadly(n: int, run: Run) -> None:
    """Kill the process at point 1."""
    run.log("n", n)
    if n == 1:
        os.kill(os.getpid(), signal.SIGKILL)


def slow(level: float, run: Run) -> None:
    """Log a level every 20 ms, for 10 seconds."""
    for step in range(500):
        run.log("loss", level, step=step)
        time.sleep(0.02)


def gives_up(n: int, run: Run) -> None:
    """Stop itself at odd points."""
    run.log("n", n)
    if n % 2:
        raise StoppedEarly(f"{n} is odd")


def careless(level: float, run: Run) -> None:
    """Log like `slow`, but turn the error of a stopped run into another one."""
    try:
        slow(level, run)
    except RunEndedError as error:
        raise TypeError("what is this?") from error


class Inline(Executor):
    """An executor that is neither threads nor processes: it does the call at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do the call, and return what it gave."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future
