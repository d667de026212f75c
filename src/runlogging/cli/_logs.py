"""``runlogging logs``: a run's log, once or as it grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

from runlogging._texts import short_number
from runlogging.cli._escape import escape, escape_lines
from runlogging.cli._json import fields_of, json_text
from runlogging.cli._output import Output
from runlogging.cli._text import clock_text, day_text
from runlogging.folder import TERMINAL
from runlogging.reading import LogEntry, RunReader, follow_logs

POLL_S = 0.2
_ENDED = TERMINAL | {"NotResponding"}
_INDENT = "    "
# A reading of everything puts what the flight recorder wrote late at its time; it takes about ten times the bytes.
_HELD_BYTES = 64_000_000
_JSON_FIELDS = (
    *("seq", "time", "level", "level_number", "logger", "message", "template", "step", "metrics", "writer"),
    *("file", "line", "function", "thread", "task", "process", "attributes", "exception", "stack", "problems"),
    "recorded",
)
_LEVEL_COLOURS = ((50, "red"), (40, "red"), (30, "yellow"), (20, "green"))


def print_logs(run: RunReader, level: str | None, output: Output, *, as_json: bool) -> None:
    """Print the log as it is now; one that is too large to be held is read as it is printed."""
    entries = run.logs(level) if run.stream_bytes <= _HELD_BYTES else run.iter_logs(level)
    _print(entries, _entry_lines(run, output, as_json=as_json), output)


def follow_run(run: RunReader, level: str | None, output: Output, *, as_json: bool) -> None:
    """Print the log and what comes, until the run has ended; then say on stderr how."""
    follower = follow_logs(run, level)
    lines = _entry_lines(run, output, as_json=as_json)
    while True:
        status = run.status  # before the last look: what is written before the end is in the files by then
        _print(follower.poll(), lines, output)
        if status in _ENDED:
            break
        time.sleep(POLL_S)
    click.echo(f"The run has ended: {escape(status)}", err=True)


_Lines = Callable[[LogEntry], Iterable[str]]


def _print(entries: Iterable[LogEntry], lines: _Lines, output: Output) -> None:
    for entry in entries:
        output.write_all(lines(entry))
    output.flush()


def _entry_lines(run: RunReader, output: Output, *, as_json: bool) -> _Lines:
    return _json_lines if as_json else PlainLines(run, output)


def _json_lines(entry: LogEntry) -> Iterator[str]:
    yield json_text(entry_facts(entry))


def entry_facts(entry: LogEntry) -> dict[str, Any]:
    """Return what an entry holds, field to value, without what it lacks."""
    fields = fields_of(entry, _JSON_FIELDS)
    return {name: value for name, value in fields.items() if value is not False and value not in (None, "", {}, [])}


class PlainLines:
    """Entries as text. In a terminal the day stands on a line of its own when it changes, in a pipe on every line.

    Args:
        run: the run; where it has several writers each entry names its own.
        output: where the lines go.
    """

    def __init__(self, run: RunReader, output: Output) -> None:
        self._output = output
        self._names_writers = len(run.writers) > 1
        self._day = ""

    def __call__(self, entry: LogEntry) -> Iterator[str]:
        yield from self.new_day(entry)
        yield from self.of_entry(entry)

    def of_entry(self, entry: LogEntry) -> Iterator[str]:
        """Yield the lines of an entry; all but the first are indented by four columns."""
        first, *rest = escape_lines(entry.message)
        before = " ".join(part for part in self._before(entry) if part)
        yield "  ".join(part for part in (before, first, *self._after(entry)) if part)
        yield from (_INDENT + line for line in rest)
        exception = entry.exception
        for text in (exception.get("stacktrace") if exception else None, entry.stack):
            if text:
                yield from (_INDENT + line for line in escape_lines(str(text).rstrip("\n")))

    def new_day(self, entry: LogEntry) -> Iterator[str]:
        """Yield the line of an entry's day where a terminal needs one."""
        day = day_text(entry.time)
        if self._output.width is not None and day != self._day:
            self._day = day
            yield self._output.paint(f"-- {day} --", dim=True)

    def _before(self, entry: LogEntry) -> tuple[str, ...]:
        paint, clock = self._output.paint, clock_text(entry.time)
        if self._output.width is None:
            clock = f"{day_text(entry.time)} {clock}"
        number = entry.level_number
        colour = next((colour for least, colour in _LEVEL_COLOURS if number >= least), None)
        level = paint(escape(entry.level).ljust(8), colour, bold=number >= 50)
        writer = f"[{escape(entry.writer)}]" if self._names_writers else ""
        recorded = paint("~", dim=True) if entry.recorded else ""
        return paint(clock, dim=True), level, recorded, writer, paint(escape(entry.logger), "blue")

    def _after(self, entry: LogEntry) -> Iterator[str]:
        for name, value in entry.metrics.items():
            yield f"{self._output.paint(escape(name), 'cyan')}={short_number(value)}"
        if entry.step is not None:
            yield self._output.paint(f"step={entry.step}", dim=True)
