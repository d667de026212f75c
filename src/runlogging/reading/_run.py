"""The reader of one run."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

import msgspec

from runlogging._errors import InvalidValueError, MetricNotFoundError, RootError, RunNotFoundError
from runlogging.folder import (
    STANDARD_LEVELS,
    STREAMS,
    TERMINAL,
    Dropped,
    ErrorInfo,
    Life,
    Manifest,
    MetricSummary,
    WriterInfo,
    WriterSummary,
    artifact_path,
    list_writers,
    merge_summaries,
    parse_time,
    read_manifest,
    summarise,
    summary_path,
    writer_life,
)
from runlogging.reading._gaps import find_gaps
from runlogging.reading._model import LogEntry, Problem, Record, Series, Value, level_number, numbers_of
from runlogging.reading._streams import StreamFile, last_time, merged, stream_files

_RECORD_STREAMS = ("logs", "metrics", "values")


class RunReader:
    """A run folder. Every look is a look at the files as they are now, so a running run can be watched.

    Args:
        path: the run folder.

    Raises:
        RunNotFoundError: it is no run folder (also a FileNotFoundError).
        FormatVersionError: it is of a newer format (also a ValueError).
        InvalidValueError: its manifest is broken (also a ValueError).
        RootError: it may not be read (also an OSError).
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path).expanduser().absolute()
        _ = self._manifest

    @property
    def _manifest(self) -> Manifest:
        try:
            return read_manifest(self.path)
        except PermissionError as error:
            raise RootError(f"{self.path} may not be read: {error.strerror}", self.path) from error

    @property
    def id(self) -> str:
        """The run's id."""
        return self._manifest.id or self.path.name

    @property
    def experiment(self) -> str:
        """The experiment's name."""
        return self._manifest.experiment or self.path.parent.name

    @property
    def name(self) -> str | None:
        """The run's name for people."""
        return self._manifest.name

    @property
    def parent(self) -> str | None:
        """The id of the parent run."""
        return self._manifest.parent

    @property
    def tags(self) -> dict[str, str | None]:
        """The run's tags."""
        return self._manifest.tags

    @property
    def properties(self) -> dict[str, str]:
        """The run's properties."""
        return self._manifest.properties

    @property
    def parameters(self) -> dict[str, Any]:
        """The run's parameters."""
        return self._manifest.parameters

    @property
    def created(self) -> datetime | None:
        """When the folder was made, UTC."""
        return _time(self._manifest.created)

    @property
    def started(self) -> datetime | None:
        """When the run started, UTC."""
        return _time(self._manifest.started)

    @property
    def ended(self) -> datetime | None:
        """When the run ended, UTC; None while it has no end."""
        manifest = self._manifest
        if manifest.status in TERMINAL:
            return _time(manifest.ended)
        owner = self._owner(manifest)
        return _time(owner.ended) if owner is not None else None

    @property
    def status(self) -> str:
        """Completed, Failed, Canceled, Running, NotResponding (the writer died), or Unknown (it cannot be told)."""
        manifest = self._manifest
        if manifest.status in TERMINAL:
            return manifest.status
        life = writer_life(self.path, manifest.owner)
        if life is Life.ALIVE:
            return manifest.status
        if life is Life.UNKNOWN:
            return "Unknown"
        owner = self._owner(manifest)
        is_ended = owner is not None and owner.status in TERMINAL
        return owner.status if is_ended and owner and owner.status else "NotResponding"

    def _owner(self, manifest: Manifest) -> WriterInfo | None:
        return next((writer for writer in self.writers if writer.name == manifest.owner), None)

    @property
    def error(self) -> ErrorInfo | None:
        """What ended a Failed or Canceled run."""
        return self._manifest.error

    @property
    def dropped(self) -> Dropped | None:
        """How many records could not be kept, and why."""
        return self._manifest.dropped

    @property
    def writers(self) -> list[WriterInfo]:
        """The writers, oldest first; one without an end has ``ended`` None."""
        return list_writers(self.path)

    @property
    def counts(self) -> dict[str, int]:
        """How many lines each stream has, of all writers."""
        counts = dict.fromkeys(STREAMS, 0)
        for file in self._files(STREAMS):
            with file.path.open("rb") as opened:
                counts[file.stream] += sum(text not in (b"\n", b"") for text in opened if text.endswith(b"\n"))
        return counts

    @property
    def last_record(self) -> datetime | None:
        """The time of the newest record, or None where there is none."""
        times = [last_time(file.path) for file in self._files(_RECORD_STREAMS)]
        return max((parse_time(text) for text in times if text), default=None)

    # ------------------------------------------------------------------ records

    def records(self, streams: Iterable[str] = _RECORD_STREAMS) -> list[Record]:
        """Return the lines of some streams, merged over all writers."""
        return merged(record for file in self._files(streams) for record in file.new_records())

    def _files(self, streams: Iterable[str]) -> list[StreamFile]:
        try:
            return stream_files(self.path, streams)
        except FileNotFoundError:
            raise RunNotFoundError(f"{self.path} is gone.") from None

    def metrics(self) -> dict[str, Series]:
        """Return all metrics, name to series, in the order in which they first appear."""
        found: dict[str, Series] = {}
        for record in self.records(("metrics", "values")):
            for name, value in numbers_of(record.line):
                series = found.get(name)
                if series is None:
                    series = found[name] = Series(name)
                series.add(record, value)
        return found

    def series(self, name: str) -> Series:
        """Return the values of one metric.

        Raises:
            MetricNotFoundError: the run has no such metric (also a KeyError).
        """
        metrics = self.metrics()
        if name not in metrics:
            raise MetricNotFoundError(name, tuple(difflib.get_close_matches(name, metrics)))
        return metrics[name]

    def summary(self) -> dict[str, MetricSummary]:
        """Return last, min, max, mean, count and step of each metric.

        A writer's summary file is taken where the writer ended with it; else its streams are read.
        """
        summaries = [self._kept_summary(writer) for writer in self.writers]
        if all(summaries):
            return merge_summaries(summary for summary in summaries if summary)
        return {name: _summarised(series) for name, series in self.metrics().items()}

    def _kept_summary(self, writer: WriterInfo) -> WriterSummary | None:
        try:
            data = summary_path(self.path, writer.name).read_bytes()
            summary = msgspec.json.decode(data, type=WriterSummary)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return summary if writer.ended and writer.counts == summary.counts else None

    def values(self, name: str | None = None) -> list[Value]:
        """Return what was logged under ``metrics`` and is no number; all of it, or what has one name."""
        return [
            Value(item, record, self._artifact)
            for record in self.records(("values",))
            for item in record.line.values or ()
            if name is None or item.get("name") == name
        ]

    def _artifact(self, name: str) -> bytes:
        try:
            return artifact_path(self.path, name).read_bytes()
        except FileNotFoundError:
            raise RunNotFoundError(f"the artifact {name!r} of {self.path} is missing.") from None

    def logs(self, level: str | int | None = None) -> list[LogEntry]:
        """Return the log records, those with metrics too.

        Args:
            level: a level's name or number; records below it are left out.

        Raises:
            InvalidValueError: no level has this name (also a ValueError).
        """
        lowest = lowest_level(level)
        return [LogEntry(record) for record in self.records() if is_entry(record, lowest)]

    @property
    def problems(self) -> list[Problem]:
        """Torn and bad lines with file and byte offset, and gaps in the numbers that nothing explains."""
        numbers: dict[str, list[int]] = {}
        writers = self.writers
        lives = {writer.name: writer_life(self.path, writer.name) for writer in writers}
        problems: list[Problem] = []
        for file in self._files(STREAMS):
            found = (record.line.seq for record in file.new_records())
            numbers.setdefault(file.writer, []).extend(seq for seq in found if seq is not None)
            if lives.get(file.writer) is not Life.ALIVE:
                file.note_torn()
            problems += file.problems
        manifest = self._manifest
        return [*problems, *find_gaps(self.path, numbers, writers, lives, manifest)]

    def __repr__(self) -> str:
        return f"<RunReader {self.path} ({self.status})>"


def open_run(path: str | PathLike[str]) -> RunReader:
    """Open a run folder for reading; see `RunReader` for what can go wrong."""
    return RunReader(path)


def lowest_level(level: str | int | None) -> int:
    """Return the number of a level given by name or number; 0 for None.

    Raises:
        InvalidValueError: no level has this name.
    """
    if level is None or isinstance(level, int):
        return level or 0
    if level.isdecimal():
        return int(level)
    known = {**logging.getLevelNamesMapping(), **STANDARD_LEVELS}
    if level.upper() not in known:
        raise InvalidValueError(f"{level!r} is no level; use one of {', '.join(STANDARD_LEVELS)}, or a number")
    return known[level.upper()]


def is_entry(record: Record, lowest: int) -> bool:
    """Tell whether a record belongs into the log view: it came from a logger, and its level is high enough."""
    line = record.line
    return (line.level is not None or line.message is not None) and level_number(line) >= lowest


def _time(text: str | None) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except ValueError:
        return None


def _summarised(series: Series) -> MetricSummary:
    return summarise(series.values, series.steps[-1])
