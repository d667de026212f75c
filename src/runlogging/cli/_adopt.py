"""``runlogging adopt``: an existing log becomes a run."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from runlogging.adopting._adopt import Adopted, adopt
from runlogging.cli._escape import escape
from runlogging.cli._json import json_text
from runlogging.cli._output import Output


def adopt_log(source: str, root: str, experiment: str, output: Output, *, as_json: bool, **options: Any) -> None:
    """Make the run, and print its folder; say on stderr how the log was read.

    Raises:
        RunLoggingError: the log or an option is not valid; see `adopt`.
    """
    with _bar() as progress:
        done = adopt(source, root, experiment, progress=progress, **options)
    click.echo(escape(_summary(done)), err=True)
    output.write(json_text(_fields(done)) if as_json else escape(str(done.path)))


def _summary(done: Adopted) -> str:
    records = f"{done.records} record{'' if done.records == 1 else 's'}"
    unparsed = f", {done.unparsed} of them lines that no rule fits" if done.unparsed else ""
    with_metrics = f", {done.metrics} with metrics" if done.metrics else ""
    return f"Read as {done.dialect}: {records}{with_metrics}{unparsed}"


def _fields(done: Adopted) -> dict[str, Any]:
    return {**done._asdict(), "path": str(done.path)}


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[int, int | None], None] | None]:
    """Give what shows the bytes that were read, where a terminal watches; else None."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
