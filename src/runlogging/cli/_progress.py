"""A progress bar on stderr, only where a terminal watches and the work is long."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from runlogging.cli._escape import escape_cell

if TYPE_CHECKING:
    from rich.progress import Progress

Report = Callable[[str, int, int], None]
"""What is told what is worked on now, how much is done and how much there is in all; a total of 0 is unknown."""

_SECONDS_BEFORE_A_BAR = 0.5
_SECONDS_A_LOOK = 0.1
_WIDE = 100  # columns in which there is room for what is worked on
_LONGEST = 40


@contextmanager
def progress_bar(title: str) -> Iterator[Report]:
    """Show how far long work is: a bar on stderr, gone when the work is over, an error or Ctrl-C too.

    No thread draws it: what the work tells is drawn when it is told, at most ten times a second. Nothing is shown
    where stderr is no terminal, where the terminal is dumb, and for the first half second.

    Args:
        title: what is done: ``packing``.

    Yields:
        What the work is to tell (what, done, total): the thing in work, such as a run's id, and two counts.
    """
    if not _is_watched():
        yield lambda what, done, total: None
        return
    with ExitStack() as stack:
        yield _Bar(title, stack).report


class _Bar:
    """A bar that appears with the first report after half a second."""

    def __init__(self, title: str, stack: ExitStack) -> None:
        self._title, self._stack = title, stack
        self._progress: Progress | None = None
        self._next_look = time.monotonic() + _SECONDS_BEFORE_A_BAR

    def report(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _SECONDS_A_LOOK
        if self._progress is None:
            self._progress = _made_bar(self._title, what, done, total)
            self._stack.callback(self._progress.stop)  # first: Ctrl-C may come while it starts
            self._progress.start()
        else:
            (task,) = self._progress.task_ids
            self._progress.update(task, completed=done, total=total or None, what=_short(what))
            self._progress.refresh()


def _made_bar(title: str, what: str, done: int, total: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = [TextColumn("{task.description}", markup=False), BarColumn(bar_width=20), MofNCompleteColumn()]
    if console.width >= _WIDE:
        what_column = TextColumn("{task.fields[what]}", markup=False)
        columns += [TimeRemainingColumn(compact=True), what_column]
    progress = Progress(
        *columns,
        console=console,
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    progress.add_task(escape_cell(title), total=total or None, completed=done, what=_short(what))
    return progress


def _short(what: str) -> str:
    text = escape_cell(what)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _is_watched() -> bool:
    try:
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):  # none, one of another kind, or closed
        return False
