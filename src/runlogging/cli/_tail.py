"""``runlogging tail``: the log entries of several runs as they come."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from runlogging._errors import RunLoggingError
from runlogging.cli._escape import escape
from runlogging.cli._json import json_text
from runlogging.cli._labels import labels_of
from runlogging.cli._late import last_of, late_files
from runlogging.cli._logs import POLL_S, PlainLines, entry_facts
from runlogging.cli._output import Output
from runlogging.cli._running import RunningRuns
from runlogging.drawing._palette import RunColours
from runlogging.folder import TERMINAL
from runlogging.reading import LogEntry, RunReader
from runlogging.reading._levels import is_entry, lowest_level
from runlogging.reading._model import Record
from runlogging.reading._streams import StreamFile, merged

LOOK_S = 1.0  # between two looks for new runs
MOST_OF_A_NEW_RUN = 1_000
_ENDED = TERMINAL | {"NotResponding", "Unknown"}
_BAR = " | "


def tail_runs(runs: Sequence[RunReader], n: int, level: str | None, output: Output, *, as_json: bool) -> None:
    """Print the last entries of some runs and those that come, until all of them have ended.

    Args:
        runs: the runs.
        n: how many entries of each run come first.
        level: a level's name or number; entries below it are left out.
        output: where the entries go.
        as_json: whether they are JSON, an object a line.

    Raises:
        InvalidValueError: no level has this name (also a ValueError).
    """
    different = {run.path: run for run in runs}
    tail = _Tail(lowest_level(level), output, as_json=as_json, has_labels=len(different) > 1)
    tail.add(different.values(), n)
    while tail.follow():
        time.sleep(POLL_S)


def tail_running(watch: RunningRuns, n: int, level: str | None, output: Output, *, as_json: bool) -> None:
    """Print what comes of all running runs of a root, those that start meanwhile too; it has no end.

    Raises:
        InvalidValueError: no level has this name (also a ValueError).
        FilterError: the filter cannot be read (also a ValueError).
    """
    tail = _Tail(lowest_level(level), output, as_json=as_json, has_labels=True)
    found = watch.look()
    if not found:
        click.echo(f"No run is running in {escape(str(watch.root))}; waiting for one. Ctrl-C leaves.", err=True)
    tail.add(found, n)
    looked = time.monotonic()
    while True:
        tail.follow()
        time.sleep(POLL_S)
        if time.monotonic() - looked >= LOOK_S:
            tail.add(watch.look(), MOST_OF_A_NEW_RUN)
            looked = time.monotonic()


class _Source:
    """One run: its entries from near the end of its files, then those that come."""

    def __init__(self, run: RunReader, lowest: int) -> None:
        self.run, self.id, self.name, self.experiment = run, run.id, run.name, run.experiment
        self.first: list[LogEntry] = []
        self._lowest = lowest
        self._files: dict[Path, StreamFile] = {}

    def take_last(self, n: int) -> None:
        """Keep the last entries for the first look."""
        found: list[Record] = []
        for file in late_files(self.run.path):
            self._files[file.path] = file
            found += last_of(file, n, self._fits)
        self.first = [LogEntry(record) for record in merged(found)[-n:]] if n else []

    def poll(self) -> list[LogEntry]:
        """Return the entries since the last look."""
        for file in late_files(self.run.path):
            self._files.setdefault(file.path, file)
        new = merged(record for file in self._files.values() for record in file.new_records())
        first, self.first = self.first, []
        return first + [LogEntry(record) for record in new if self._fits(record)]

    def _fits(self, record: Record) -> bool:
        return is_entry(record, self._lowest)


class _Tail:
    """Several runs, and the lines that are made of their entries."""

    def __init__(self, lowest: int, output: Output, *, as_json: bool, has_labels: bool) -> None:
        self._lowest, self._output, self._as_json, self._has_labels = lowest, output, as_json, has_labels
        self._sources: dict[Path, _Source] = {}
        self._lines: dict[Path, PlainLines] = {}
        self._colours = RunColours()
        self._labels: dict[str, str] = {}

    def add(self, runs: Iterable[RunReader], n: int) -> None:
        """Take in runs that are not there yet, with the last entries of each."""
        for run in runs:
            if run.path not in self._sources:
                source = self._sources[run.path] = _Source(run, self._lowest)
                source.take_last(n)
                self._lines[run.path] = PlainLines(run, self._output)
        names = {source.id: source.name for source in self._sources.values()}
        self._colours.add(names)
        self._labels = labels_of(names)

    def follow(self) -> bool:
        """Print what is new, and say on stderr which runs have ended; tell whether any goes on."""
        new: list[tuple[LogEntry, _Source]] = []
        ended: list[tuple[_Source, str]] = []
        for source in self._sources.values():
            try:
                status = source.run.status  # before the look: what was written before the end is in the files by then
                new += [(entry, source) for entry in source.poll()]
            except RunLoggingError:
                status = "Deleted"
            if status in _ENDED or status == "Deleted":
                ended.append((source, status))
        new.sort(key=lambda item: item[0].time)
        for entry, source in new:
            self._output.write_all(self._json(entry, source) if self._as_json else self._text(entry, source))
        self._output.flush()
        for source, status in ended:
            label = escape(self._labels[source.id])
            click.echo(f"{label} has ended: {escape(status)}", err=True)
            del self._sources[source.run.path]
        return bool(self._sources)

    def _json(self, entry: LogEntry, source: _Source) -> Iterator[str]:
        yield json_text({"run": source.id, "experiment": source.experiment, **entry_facts(entry)})

    def _text(self, entry: LogEntry, source: _Source) -> Iterator[str]:
        first = next(iter(self._lines.values()))
        yield from first.new_day(entry)  # one of them keeps the day for all
        before = self._before(source)
        for line in self._lines[source.run.path].of_entry(entry):
            yield before + line

    def _before(self, source: _Source) -> str:
        if not self._has_labels:
            return ""
        text = self._labels[source.id].ljust(max(map(len, self._labels.values())))
        if self._output.has_colours:
            text = click.style(text, fg=self._colours[source.id].number)
        return text + _BAR
