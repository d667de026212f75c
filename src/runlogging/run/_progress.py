"""A progress bar for long copies, only where a terminal watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_WORTH_A_BAR = 64 * 1024 * 1024


@contextmanager
def copying(title: str, size: int) -> Iterator[Callable[[int], None] | None]:
    """Show a bar on stderr while bytes are copied.

    Args:
        title: what is copied.
        size: how many bytes it has; below 64 MiB there is no bar.

    Yields:
        What is to be told the size of each piece that was copied, or None where nobody watches.
    """
    if size < _WORTH_A_BAR or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(escape(title), total=size)
        yield lambda done: progress.advance(task, done)
