"""Which run is the current one: of this task, or of the process; and what takes its records."""

from __future__ import annotations

import contextvars
import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from runlogging._recorder import Recorder, Silent
from runlogging.capture import hold, release

if TYPE_CHECKING:
    from runlogging.run._run import Run

# The runs that this task is in, innermost last. A tuple, so that tasks do not change each other's.
_entered: contextvars.ContextVar[tuple[Run, ...]] = contextvars.ContextVar("runlogging_runs", default=())
# The runs that this process started and has not ended, outermost first.
_open: dict[Run, None] = {}
# What takes the records of tasks that are in no run.
_outermost: Recorder | None = None
_lock = threading.RLock()


def add_open(run: Run) -> None:
    """Note a run that was started; records without a run of their own go to the first of them."""
    with _lock:
        if run not in _open:
            hold(current_recorder, forget)
        _open[run] = None
        _choose_outermost()


def remove_open(run: Run) -> None:
    """Forget a run that has ended."""
    with _lock:
        if run in _open:
            del _open[run]
            release()
        recorder = run._session.recorder
        if recorder is not None:
            recorder.is_over = True
        _choose_outermost()
    if run._is_over:
        _finish(run)


def _finish(run: Run) -> None:
    """Put back what a run that was ended from outside still holds: it was not asked before its end."""
    finish, run._session.before_end = run._session.before_end, None
    if finish is not None:
        with suppress(Exception):
            finish()


def enter(run: Run) -> None:
    """Make a run the current one of this context."""
    recorder = run._recorded()
    if isinstance(recorder, Recorder) and not run._session.writer.captures and _is_worker():
        recorder.marks = True
    hold(current_recorder, forget)
    _entered.set((*_entered.get(), run))


def leave(run: Run) -> None:
    """Go back to the run that was current before; in a context that did not enter this one nothing is put back."""
    release()
    runs = _entered.get()
    if run in runs:
        place = len(runs) - 1 - runs[::-1].index(run)
        _entered.set(runs[:place] + runs[place + 1 :])


def current_run() -> Run | None:
    """Return the innermost open run of this context, else the outermost one of the process, else None."""
    # What another process ended is no longer open, though nobody took it off.
    for run in [run for run in tuple(_open) if run._is_over]:
        remove_open(run)
    entered = next((run for run in reversed(_entered.get()) if not run._is_over), None)
    return entered or next(iter(tuple(_open)), None)


def current_recorder() -> Recorder | Silent | None:
    """Return what takes the records of the current run, or None."""
    runs = _entered.get()
    if runs:
        for run in reversed(runs):
            recorder = run._session.recorder
            if recorder is not None and not recorder.is_over:
                return recorder
    return _outermost


def source_recorder() -> Recorder | Silent | None:
    """Return what takes what other sources than log calls bring to the current run, or None."""
    entered = (run._session.recorder for run in reversed(_entered.get()))
    own = next((one for one in entered if one is not None and not one.is_over), None)
    if own is not None:
        return own
    recorders = (run._session.recorder for run in tuple(_open))
    return next((one for one in recorders if one is not None and not one.is_over and not one.is_deaf), None)


def _is_worker() -> bool:
    """Tell whether this is a process of multiprocessing: its records may come to its parent through a queue."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


def forget(recorder: Recorder | Silent) -> None:
    """Give a recorder no more records: its run has ended."""
    with _lock:
        recorder.is_over = True
        _choose_outermost()


def _choose_outermost() -> None:
    global _outermost
    recorders = (run._session.recorder for run in tuple(_open))
    _outermost = next((one for one in recorders if isinstance(one, Recorder) and not one.is_over), None)


def _renew_lock() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
