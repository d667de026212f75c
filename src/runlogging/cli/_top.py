"""``runlogging top``: a live table of the runs that are running."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from runlogging._texts import duration_text, short_number
from runlogging.cli._escape import escape_cell
from runlogging.cli._json import json_text
from runlogging.cli._labels import labels_of
from runlogging.cli._output import STATUS_COLOURS, Output
from runlogging.cli._running import RunningRuns
from runlogging.cli._sparks import spark, stdout_has_blocks
from runlogging.cli._tables import Cell, Column, cut, fits, table_lines
from runlogging.cli._text import clock_text, exact_number
from runlogging.cli._watching import WatchedRun
from runlogging.reading import RunReader
from runlogging.reading._sampling import columns_of

REFRESH_S = 1.0
KEPT_S = 60.0
"""How long a run that has ended stays in the table."""
RECENT_S = 3600.0
"""How long with ``--all``, and how far back it looks."""
SPARK_WIDTH = 12

_QUIT = frozenset("qQ")
_INDENT = "  "
_COLUMNS = (
    Column("RUN", least=12),
    Column("EXPERIMENT", least=8),
    Column("STATUS"),
    Column("TOOK", is_number=True),
    Column("STEP", is_number=True),
    Column("WARN", is_number=True),
    Column("ERR", is_number=True),
    Column("LAST", is_number=True),
)
_LEFT_OUT = ((), ("EXPERIMENT",), ("EXPERIMENT", "TOOK", "LAST"))  # where a terminal is too narrow


class Top:
    """The runs of the table: those that are running, and for some time those that have ended.

    Args:
        watch: finds the running ones.
        metrics: the metrics that are shown; none: the first that come.
        all: whether runs that ended within the last hour are there from the beginning.
    """

    def __init__(self, watch: RunningRuns, metrics: Collection[str] = (), *, all: bool = False) -> None:  # noqa: A002
        self._watch, self._metrics = watch, metrics
        self._kept_s = RECENT_S if all else KEPT_S
        self._runs: dict[Path, WatchedRun] = {}
        self._ended: dict[Path, float] = {}  # by the monotonic clock
        if all:
            self._add(watch.changed_since(time.time() - RECENT_S))

    def look(self) -> list[WatchedRun]:
        """Return the runs as they are now: the running ones by their start, then the ended ones, the last first."""
        self._add(self._watch.look())
        now = time.monotonic()
        for path, run in list(self._runs.items()):
            if run.is_running or path not in self._ended:
                run.look()
            if run.is_running:
                self._ended.pop(path, None)
            elif now - self._ended.setdefault(path, now) > self._kept_s:
                del self._runs[path], self._ended[path]
        return sorted(self._runs.values(), key=self._place)

    def _add(self, runs: Sequence[RunReader]) -> None:
        for run in runs:
            known = self._runs.get(run.path)
            if known is None:
                self._runs[run.path] = WatchedRun(run, self._metrics)
            else:
                self._ended.pop(run.path, None)  # it was ended and goes on

    def _place(self, run: WatchedRun) -> tuple[bool, float, str]:
        return not run.is_running, -self._ended.get(run.run.path, 0.0), run.id


def show_top(top: Top, root: Path, output: Output, *, once: bool, as_json: bool) -> None:
    """Show the table until q or Ctrl-C, once where output is no terminal or that is asked for."""
    if as_json:
        output.write(json_text([run.facts() for run in top.look()]))
    elif once or output.width is None or not sys.stdin.isatty():
        output.write_all(table_of(top.look(), root, output))
    else:
        _show_live(top, root)


def _show_live(top: Top, root: Path) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    options = {"auto_refresh": False, "redirect_stdout": False, "redirect_stderr": False}
    with _keys() as pressed, Live(console=console, screen=True, **options) as live:  # type: ignore[arg-type]
        while True:
            height = shutil.get_terminal_size().lines
            lines = table_of(top.look(), root, Output(), height - 1)
            live.update(Text.from_ansi("\n".join(lines), no_wrap=True, overflow="crop"), refresh=True)
            if not _QUIT.isdisjoint(pressed(REFRESH_S)):
                break
    output = Output()
    output.write_all(table_of(top.look(), root, output))  # what was seen last stays on the screen


def table_of(runs: Sequence[WatchedRun], root: Path, output: Output, height: int | None = None) -> Iterator[str]:
    """Yield the lines of the table: a title, and of each run a row, its metrics and the last entry of its log.

    Args:
        runs: the runs in their order.
        root: where they lie.
        output: where the lines go.
        height: how many lines there is room for; entries go first, then metrics, then runs. None: any number.
    """
    yield _title(runs, root, output)
    if not runs:
        yield "No run is running; this changes as soon as one starts."
        return
    room = None if height is None else max(height - 3, 1)  # title, titles of the columns, and what is left out
    details = [_details(run, output) for run in runs]
    most = next((n for n in (2, 1) if room is None or sum(1 + len(one[:n]) for one in details) <= room), 0)
    shown = len(runs) if room is None else min(len(runs), room)
    labels = labels_of({run.id: run.name for run in runs})
    titles, *rows = _rows([_row(run, labels[run.id]) for run in runs[:shown]], output)
    yield titles
    for row, lines in zip(rows, details, strict=False):
        yield row
        yield from lines[:most]
    if shown < len(runs):
        yield output.paint(f"and {len(runs) - shown} more", dim=True)


def _title(runs: Sequence[WatchedRun], root: Path, output: Output) -> str:
    running = sum(run.is_running for run in runs)
    text = f"{running} running, {len(runs) - running} ended  {clock_text(datetime.now(UTC))[:8]}  "
    room = None if output.width is None else max(output.width - len(text), 8)
    where = escape_cell(str(root))
    return output.paint(text + (where if room is None else cut(Cell(where), room, output.ellipsis)), bold=True)


def _rows(rows: Sequence[Sequence[Cell]], output: Output) -> Iterator[str]:
    """Return the lines of the rows with as many columns as there is room for."""
    for left_out in _LEFT_OUT:
        kept = [at for at, column in enumerate(_COLUMNS) if column.title not in left_out]
        columns, cells = [_COLUMNS[at] for at in kept], [[row[at] for at in kept] for row in rows]
        if fits(columns, cells, output):
            break
    return table_lines(columns, cells, output)


def _row(run: WatchedRun, label: str) -> list[Cell]:
    last = run.last_record
    since = (datetime.now(UTC) - last).total_seconds() if last else None
    return [
        Cell(label),
        Cell(escape_cell(run.experiment)),
        Cell(escape_cell(run.status), STATUS_COLOURS.get(run.status)),
        Cell(duration_text(run.seconds)),
        Cell(exact_number(run.step)),
        Cell(str(run.warnings or ""), "yellow"),
        Cell(str(run.errors or ""), "red"),
        Cell(duration_text(since)),
    ]


def _details(run: WatchedRun, output: Output) -> list[str]:
    """Return the line of the metrics, then that of the last entry, where there are such."""
    lines = []
    if run.metrics:
        lines.append(_cut(Cell("  ".join(_parts(run)), parts=tuple(_parts(run))), output))
    if run.last_entry is not None:
        message = escape_cell(run.last_entry.message.split("\n", 1)[0])
        text = _cut(Cell(f"{escape_cell(run.last_entry.level)}  {message}"), output)
        lines.append(output.paint(text, dim=True))
    return lines


def _parts(run: WatchedRun) -> list[str]:
    parts = []
    for name, metric in run.metrics.items():
        buckets = metric.curve.buckets()
        curve = spark(columns_of(buckets, min(SPARK_WIDTH, len(buckets))), blocks=stdout_has_blocks())
        parts.append(f"{escape_cell(name)}={short_number(metric.last, 4)} {curve if len(buckets) > 1 else ''}".rstrip())
    return parts


def _cut(cell: Cell, output: Output) -> str:
    if output.width is None:
        return _INDENT + cell.text
    return _INDENT + cut(cell, output.width - len(_INDENT), output.ellipsis)


@contextmanager
def _keys() -> Iterator[Callable[[float], str]]:
    """Give a function that waits so many seconds for a key and returns it, or nothing; the keyboard is as it was after.

    Ctrl-C stays an interrupt. Where the system has no termios, no key is seen.
    """
    try:
        import select
        import termios
        import tty
    except ImportError:
        yield _no_key
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def pressed(seconds: float) -> str:
        ready, _, _ = select.select([descriptor], [], [], seconds)
        # At the end of the input no key will ever come, and nobody watches.
        return (os.read(descriptor, 64).decode(errors="replace") or "q") if ready else ""

    try:
        tty.setcbreak(descriptor)
        yield pressed
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _no_key(seconds: float) -> str:
    time.sleep(seconds)
    return ""
