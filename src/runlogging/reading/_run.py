"""The reader of one run."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

import msgspec

from runlogging._errors import ArtifactNotFoundError, MetricNotFoundError
from runlogging.folder import (
    STREAMS,
    MetricSummary,
    artifact_path,
    fault_path,
    parse_time,
)
from runlogging.reading._around import Around, Moment, Which, Writers, find_around, find_moments
from runlogging.reading._artifacts import ArtifactEntry, last_entries
from runlogging.reading._checking import Checked
from runlogging.reading._facts import RunFacts
from runlogging.reading._framed import Framed
from runlogging.reading._levels import is_entry, lowest_level
from runlogging.reading._model import LogEntry, Problem, Record, Series, Value, numbers_of
from runlogging.reading._order import ordered_records
from runlogging.reading._pages import LogPages
from runlogging.reading._streams import merged, stream_files
from runlogging.reading._summaries import run_summary

_RECORD_STREAMS = ("logs", "metrics", "values")
_ENVIRONMENT = "environment.json"


class RunReader(RunFacts, Framed):
    """A run folder. Every look is a look at the files as they are now, so a running run can be watched.

    Args:
        path: the run folder.

    Raises:
        RunNotFoundError: it is no run folder (also a FileNotFoundError).
        FormatVersionError: it is of a newer format (also a ValueError).
        InvalidValueError: its manifest is broken (also a ValueError).
        RootError: it may not be read (also an OSError).
    """

    @property
    def counts(self) -> dict[str, int]:
        """How many lines each stream has, of all writers."""
        counts = dict.fromkeys(STREAMS, 0)
        for file in stream_files(self.path, STREAMS):
            counts[file.stream] += file.line_count()
        return counts

    @property
    def stream_bytes(self) -> int:
        """How many bytes the streams have, of all writers."""
        sizes = 0
        for file in stream_files(self.path, STREAMS):
            with suppress(OSError):
                sizes += file.path.stat().st_size
        return sizes

    @property
    def last_record(self) -> datetime | None:
        """The time of the newest record, or None where there is none."""
        times = [file.last_time() for file in stream_files(self.path, _RECORD_STREAMS)]
        return max((parse_time(text) for text in times if text), default=None)

    # ------------------------------------------------------------------ records

    def records(self, streams: Iterable[str] = _RECORD_STREAMS) -> list[Record]:
        """Return the lines of some streams, merged over all writers."""
        return merged(record for file in stream_files(self.path, streams) for record in file.new_records())

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
        return run_summary(self.path)

    def values(self, name: str | None = None) -> list[Value]:
        """Return what was logged under ``metrics`` and is no number; all of it, or what has one name."""
        return [
            Value(item, record, self.artifact)
            for record in self.records(("values",))
            for item in record.line.values or ()
            if name is None or item.get("name") == name
        ]

    def logs(self, level: str | int | None = None) -> list[LogEntry]:
        """Return the log records, those with metrics too.

        Args:
            level: a level's name or number; records below it are left out.

        Raises:
            InvalidValueError: no level has this name (also a ValueError).
        """
        lowest = lowest_level(level)
        return [LogEntry(record) for record in self.records() if is_entry(record, lowest)]

    def log_pages(self) -> LogPages:
        """Return the log by places, so that a log of gigabytes is read a page at a time and never loaded."""
        return LogPages(self.path)

    def iter_logs(self, level: str | int | None = None) -> Iterator[LogEntry]:
        """Yield the entries of `logs` one by one, in little memory; one pass over the files.

        What the flight recorder wrote late (``recorded``) stands where it was written, and not at the time of its call.

        Raises:
            InvalidValueError: no level has this name (also a ValueError); at the call, not at the first entry.
        """
        lowest = lowest_level(level)
        return (LogEntry(record) for record in ordered_records(self.path) if is_entry(record, lowest))

    def around(
        self,
        name: str,
        step: int | None = None,
        *,
        which: Which = "last",
        n: int = 20,
        level: str | int | None = None,
        writer: str | None = None,
        writers: Writers = "own",
    ) -> Around:
        """Return a point of a metric with the diagnostics before and after it.

        A diagnostic is a log entry without metrics, or one with metrics from WARNING on.

        Args:
            name: the metric.
            step: only points of this step; None is any.
            which: of the points that fit, "last" is the one that was logged last, "min" and "max" the first with the
                least or greatest finite value, "nonfinite" the first NaN, or without one the first infinity.
            n: how many diagnostics on each side at most. The point's own record is not among them.
            level: a level's name or number; entries below it are left out.
            writer: only this writer's points.
            writers: whose entries: "own", those of the point's writer in its one order, or "all", those of the
                others by time, too.

        Raises:
            MetricNotFoundError: the run has no such metric (also a KeyError).
            InvalidValueError: the metric has no such point, and the error names the steps or writers that come near;
                or an argument is none of the above (also a ValueError).
        """
        records = self.records()
        return find_around(records, name, step, which=which, n=n, level=level, writer=writer, writers=writers)

    def when(self, level: str | int = "WARNING", metrics: str | Iterable[str] | None = None) -> list[Moment]:
        """Return the log entries from a level on, each with the last values that its writer's metrics had by then.

        Args:
            level: a level's name or number.
            metrics: only these metrics; None is all.

        Raises:
            InvalidValueError: no level has this name (also a ValueError).
            MetricNotFoundError: the run has no metric of one of the names (also a KeyError).
        """
        return find_moments(self.records(), level, metrics)

    # ------------------------------------------------------------------ files

    def artifacts(self) -> dict[str, ArtifactEntry]:
        """Return the files kept with the run, name to the last entry of that name, in the order of the first ones."""
        return last_entries(stream_files(self.path, ("artifacts",)))

    def artifact(self, name: str) -> Path:
        """Return where a file kept with the run lies; it is there.

        A file whose line is missing, because its writer died between the two, counts: it got its name when it was
        whole.

        Raises:
            ArtifactNotFoundError: there is no such file (also a FileNotFoundError).
            InvalidNameError: no artifact can have this name (also a ValueError).
        """
        path = artifact_path(self.path, name)
        if path.is_file():
            return path
        known = self.artifacts()
        if name in known:
            raise ArtifactNotFoundError(f"the file of the artifact {name!r} is missing in {self.path}.")
        near = tuple(difflib.get_close_matches(name, known))
        raise ArtifactNotFoundError(f"{self.path} has no artifact {name!r}.", near)

    @property
    def environment(self) -> dict[str, Any]:
        """What ``environment.json`` says of host, Python, packages and code; empty where it cannot be read."""
        try:
            return msgspec.json.decode((self.path / _ENVIRONMENT).read_bytes(), type=dict[str, Any])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {}

    @property
    def faults(self) -> dict[str, str]:
        """The stacks that a crash (SIGSEGV and the like) left, by writer; see ``start_run(capture=...)``."""
        texts = {}
        for writer in self.writers:
            with suppress(OSError):
                texts[writer.name] = fault_path(self.path, writer.name).read_text(encoding="utf-8", errors="replace")
        return {name: text for name, text in texts.items() if text.strip()}

    # ------------------------------------------------------------------ what is wrong

    @property
    def problems(self) -> list[Problem]:
        """Torn and bad lines with file and byte offset, and gaps in the numbers that nothing explains."""
        return Checked(self).problems()

    def __repr__(self) -> str:
        return f"<RunReader {self.path} ({self.status})>"


def open_run(path: str | PathLike[str]) -> RunReader:
    """Open a run folder for reading; see `RunReader` for what can go wrong."""
    return RunReader(path)
