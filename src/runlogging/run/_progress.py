"""A progress bar for long copies, only where a terminal watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_WORTH_A_BAR = 64 * 1024 * 1024
_SECONDS_A_LOOK = 0.1


@contextmanager
def copying(title: str, size: int) -> Iterator[Callable[[int], None] | None]:
    """Show a bar on stderr while bytes are copied. No thread draws it, and the program's streams stay its own.

    Args:
        title: what is copied.
        size: how many bytes it has; below 64 MiB there is no bar.

    Yields:
        What is to be told the size of each piece that was copied, or None where nobody watches.
    """
    if size < _WORTH_A_BAR or not _is_watched():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as progress:
        task = progress.add_task(escape(title), total=size)
        drawn = -_SECONDS_A_LOOK

        def advance(done: int) -> None:
            nonlocal drawn
            progress.advance(task, done)
            now = time.monotonic()
            if now - drawn >= _SECONDS_A_LOOK:
                drawn = now
                progress.refresh()

        yield advance


def _is_watched() -> bool:
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # none, one of another kind, or closed
        return False
