"""One line of counts on stderr, where a terminal watches."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runlogging.run._progress import _is_watched

_SECONDS_A_LOOK = 0.1

Show = Callable[[Counter[str], int], None]
"""What is told the counts of the children that have ended, by status, and how many are on their way."""


@contextmanager
def counting(title: str, total: int, wanted: bool | None) -> Iterator[Show]:
    """Show how far a sweep is. No thread draws it, and the program's streams stay its own.

    Args:
        title: what it is.
        total: how many points it has.
        wanted: whether it is shown; None: where stderr is a terminal.
    """
    if not (wanted or (wanted is None and _is_watched() and os.environ.get("TERM") != "dumb")):
        yield lambda ended, flying: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
    ) as progress:
        task = progress.add_task(escape(title), total=total, counts="")
        drawn = -_SECONDS_A_LOOK

        def show(ended: Counter[str], flying: int) -> None:
            nonlocal drawn
            done, now = sum(ended.values()), time.monotonic()
            progress.update(task, completed=done, counts=escape(counts_text(ended, flying)))
            if now - drawn >= _SECONDS_A_LOOK or done == total:
                drawn = now
                progress.refresh()

        yield show


def counts_text(ended: Counter[str], flying: int) -> str:
    """Return the counts that are not 0: ``3 running, 20 completed, 1 failed``."""
    names = {"flying": "running", "NotResponding": "not responding"}
    counts = {"flying": flying, **{status: ended[status] for status in sorted(ended)}}
    return ", ".join(f"{count} {names.get(status, status.lower())}" for status, count in counts.items() if count)
