"""Which run is the current one: of this task, or of the process."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runlogging.run._run import Run

_current: contextvars.ContextVar[Run | None] = contextvars.ContextVar("runlogging_run", default=None)
# The runs that this process started and has not ended, outermost first.
_open: dict[Run, None] = {}


def add_open(run: Run) -> None:
    """Note a run that was started."""
    _open[run] = None


def remove_open(run: Run) -> None:
    """Forget a run that has ended."""
    _open.pop(run, None)


def enter(run: Run) -> contextvars.Token[Run | None]:
    """Make a run the current one of this context."""
    return _current.set(run)


def leave(token: contextvars.Token[Run | None]) -> None:
    """Go back to the run that was current before, where this is the context that it was set in."""
    try:
        _current.reset(token)
    except ValueError:  # a generator or callback that ends in another context: there is nothing to put back
        return


def current_run() -> Run | None:
    """Return the open run of this context, else the outermost one of the process, else None."""
    run = _current.get()
    if run is not None and run in _open:
        return run
    return next(iter(tuple(_open)), None)
