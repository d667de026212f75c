"""What is known of a running run, kept up to date by its new lines alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from runlogging._errors import RunLoggingError
from runlogging.cli._late import LateFile, late_files
from runlogging.cli._list import elapsed
from runlogging.cli._running import RUNNING
from runlogging.folder import parse_time
from runlogging.reading import LogEntry, RunReader
from runlogging.reading._levels import is_entry
from runlogging.reading._model import Record, numbers_of
from runlogging.reading._sampling import Buckets, as_float
from runlogging.reading._streams import StreamFile

FIRST_BYTES = 1 << 20
"""How much of the end of each file is read at the first look."""
MOST_METRICS = 8

_FINE = 120  # buckets a curve is kept in
_WARNING, _ERROR = 30, 40


@dataclass
class WatchedMetric:
    """A metric as far as it was seen: its last value, and its curve."""

    last: float | int
    curve: Buckets = field(default_factory=lambda: Buckets(_FINE))


class WatchedRun:
    """A run that is looked at again and again.

    Args:
        run: the run.
        names: the metrics that are wanted; none: the first ones that come, eight at most.

    Attributes:
        id, experiment, name: the run's.
        status: its status at the last look; Deleted where its folder is gone.
        seconds: how long it has been running, or ran; None where that is not known.
        step: the step of the last metric record that has one.
        metrics: name to what was seen of it.
        warnings, errors: how many entries were seen from WARNING, and from ERROR on.
        last_entry: the last entry of the log that was seen.
        last_record: the time of the last line of any kind that was seen.
    """

    def __init__(self, run: RunReader, names: Collection[str] = ()) -> None:
        self.run, self.id, self.experiment, self.name = run, run.id, run.experiment, run.name
        self.started, self.status = run.started or run.created, run.status
        self.seconds: float | None = None
        self.step: int | None = None
        self.metrics: dict[str, WatchedMetric] = {}
        self.warnings = self.errors = 0
        self.last_entry: LogEntry | None = None
        self.last_record: datetime | None = None
        self._names = frozenset(names)
        self._files: dict[Path, StreamFile] = {}
        self._is_new = True

    @property
    def is_running(self) -> bool:
        """Whether it was running at the last look."""
        return self.status in RUNNING

    def look(self) -> None:
        """Take in what was written since the last look."""
        try:
            self.status = self.run.status  # before the lines: what was written before the end is there by then
            self.seconds = elapsed(self.run, self.status)
            self._read()
        except RunLoggingError:
            self.status = "Deleted"
        self._is_new = False

    def _read(self) -> None:
        for file in late_files(self.run.path):
            if file.path not in self._files:
                self._files[file.path] = file
                if self._is_new and isinstance(file, LateFile):
                    file.skip_to_last(FIRST_BYTES)
        for file in self._files.values():
            new: dict[str, list[float]] = {}
            for record in file.new_records():
                self._take(record, new)
            for name, values in new.items():
                self.metrics[name].curve.extend(values)

    def _take(self, record: Record, new: dict[str, list[float]]) -> None:
        line = record.line
        moment = parse_time(line.time)
        if self.last_record is None or moment > self.last_record:
            self.last_record = moment
        if is_entry(record, 0):
            self._take_entry(LogEntry(record))
        for name, value in numbers_of(line):
            self.step = line.step if line.step is not None else self.step
            if name not in self.metrics and not self._is_wanted(name):
                continue
            self.metrics.setdefault(name, WatchedMetric(value)).last = value
            new.setdefault(name, []).append(as_float(value))

    def _is_wanted(self, name: str) -> bool:
        return name in self._names if self._names else len(self.metrics) < MOST_METRICS

    def _take_entry(self, entry: LogEntry) -> None:
        self.errors += entry.level_number >= _ERROR
        self.warnings += _WARNING <= entry.level_number < _ERROR
        if self.last_entry is None or entry.time >= self.last_entry.time:
            self.last_entry = entry

    def facts(self) -> dict[str, Any]:
        """Return what is known, for other programs."""
        last = self.last_entry
        return {
            "id": self.id,
            "experiment": self.experiment,
            "name": self.name,
            "status": self.status,
            "started": self.started,
            "seconds": self.seconds,
            "step": self.step,
            "metrics": {name: metric.last for name, metric in self.metrics.items()},
            "warnings": self.warnings,
            "errors": self.errors,
            "last_record": self.last_record,
            "last_entry": last and {"time": last.time, "level": last.level, "message": last.message},
            "path": self.run.path,
        }
