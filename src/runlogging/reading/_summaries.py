"""The summary of a run: from what its writers kept, and where that may be too old from their streams."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from runlogging._errors import RunLoggingError
from runlogging.folder import (
    TERMINAL,
    Line,
    Manifest,
    MetricSummary,
    WriterInfo,
    WriterSummary,
    list_writers,
    merge_summaries,
    stream_name,
    summarise,
    summary_path,
)
from runlogging.reading._model import Series, numbers_of
from runlogging.reading._streams import StreamFile, stream_files

YOUNG_NS = 2_000_000_000
"""A file that changed so short a time ago may change again without another time of change."""

_NUMBERS = ("metrics", "values")
_FOLD_VALUES = 8192

Witness = tuple[str, int, int, int]
"""A file of a run that a summary was made of: its name ("" is the folder), inode, size in bytes, time in ns."""

_decode = msgspec.json.Decoder(WriterSummary).decode


class SummaryLook(NamedTuple):
    """The summary of a run, and how long it holds.

    Attributes:
        metrics: name to summary.
        witnesses: as long as these are as they were the summary holds; empty for a run that takes no more records,
            None where a file is so young that it may change without being seen to.
    """

    metrics: dict[str, MetricSummary]
    witnesses: tuple[Witness, ...] | None


def run_summary(run: Path) -> dict[str, MetricSummary]:
    """Return the summary of all metrics of a run.

    Where a writer ended, its summary file holds if its counts are those of the end. That of one that still writes, or
    was killed, is up to ten seconds behind, so such a writer's streams are read; memory stays bounded.
    """
    return _merged(run, list_writers(run))[0]


def look_at_summary(run: Path, manifest: Manifest | None = None) -> SummaryLook:
    """Return the summary of a run with what tells whether it still holds later; nothing raises.

    Args:
        run: the run folder.
        manifest: what its manifest said before this call. A final run whose manifest names all writers does not change
            once they all have ended: one that writes on, or comes, would have to change the manifest. A folder that
            is still being copied lacks some of them.
    """
    names = _final_writers(manifest)
    # Before anything is read: what comes meanwhile makes the witnesses differ the next time.
    before = None if names else witnesses_of(run)
    try:
        writers = list_writers(run)
        metrics, is_settled = _merged(run, writers)
    except (RunLoggingError, OSError):
        return SummaryLook({}, None)
    if not names:
        return SummaryLook(metrics, before)
    is_settled = is_settled and names == {writer.name for writer in writers}
    return SummaryLook(metrics, ()) if is_settled else look_at_summary(run)


def _final_writers(manifest: Manifest | None) -> set[str]:
    """Return the writers of a run that takes no more records; none where it does, or they are not all named."""
    if manifest is None or not manifest.final or manifest.status not in TERMINAL or manifest.writers_omitted:
        return set()
    return {writer.name for writer in manifest.writers}


def witnesses_of(run: str | Path) -> tuple[Witness, ...] | None:
    """Return the witnesses of a run's summary as they are now; None where one is young, or cannot be looked at.

    The folder changes with every file that comes, goes or is replaced in it, the streams with every line.
    """
    now = time.time_ns()
    try:
        names = sorted(name for name in os.listdir(run) if _holds_numbers(name))  # noqa: PTH208  (Path is slower)
        found = tuple(_witness(run, name) for name in ("", *names))
    except OSError:
        return None
    return found if all(now - changed >= YOUNG_NS for _, _, _, changed in found) else None


def hold(run: str, witnesses: Iterable[Witness]) -> bool:
    """Tell whether the witnesses of a run are as they were."""
    try:
        return all(_witness(run, name) == (name, *facts) for name, *facts in witnesses)
    except OSError:
        return False


def _witness(run: str | Path, name: str) -> Witness:
    facts = os.stat(f"{run}/{name}")  # noqa: PTH116  (Path is slower)
    return name, facts.st_ino & (1 << 63) - 1, facts.st_size, facts.st_mtime_ns


def _holds_numbers(name: str) -> bool:
    parsed = stream_name(name)
    return parsed is not None and parsed.stream in _NUMBERS


def _merged(run: Path, writers: list[WriterInfo]) -> tuple[dict[str, MetricSummary], bool]:
    """Return the summary, and whether every writer had ended with its own."""
    summaries = [kept_summary(run, writer) for writer in writers]
    kept = [summary for summary in summaries if summary is not None]
    if len(kept) == len(summaries):
        return merge_summaries(kept), True
    files: dict[str, list[StreamFile]] = {}
    for file in stream_files(run, _NUMBERS):
        files.setdefault(file.writer, []).append(file)
    found = [
        summary_of(writer.name, own) if summary is None else _in_time(summary, own)
        for writer, summary in zip(writers, summaries, strict=True)
        for own in [files.get(writer.name, [])]
    ]
    return merge_summaries(found), False


def kept_summary(run: Path, writer: WriterInfo) -> WriterSummary | None:
    """Return a writer's summary file where the writer ended with it, else None: it may be older than the streams."""
    if not writer.ended:
        return None
    try:
        with open(summary_path(run, writer.name), "rb", buffering=0) as file:
            summary = _decode(file.read())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return summary if writer.counts == summary.counts else None


def _in_time(summary: WriterSummary, files: Iterable[StreamFile]) -> WriterSummary:
    """Return a summary with the time of its last record for its own: beside one of streams, times must be of a kind."""
    return msgspec.structs.replace(summary, time=max((file.last_time() or "" for file in files), default=""))


def summary_of(writer: str, files: Iterable[StreamFile]) -> WriterSummary:
    """Return the summary of a writer as its streams tell it, with the time of its last number for its own."""
    metrics: dict[str, _Metric] = {}
    for record in (record for file in files for record in file.new_records()):
        for name, value in numbers_of(record.line):
            metric = metrics.get(name)
            if metric is None:
                metric = metrics[name] = _Metric()
            metric.add(record.line, value)
    last = max((metric.time for metric in metrics.values()), default="")
    return WriterSummary(writer=writer, time=last, metrics={name: metric.summary() for name, metric in metrics.items()})


class _Metric:
    """A metric of one writer, folded together some thousands of values at a time.

    The last value is that of the highest number, but by time for what was kept back and written later.
    """

    def __init__(self) -> None:
        self.time = ""
        self._folded: MetricSummary | None = None
        self._column: list[float | int] = []
        self._last: Line | None = None
        self._value: float | int = 0

    def add(self, line: Line, value: float | int) -> None:
        """Take a value with its line."""
        self._column.append(value)
        if len(self._column) >= _FOLD_VALUES:
            self._fold()
        self.time = max(self.time, line.time)
        if self._last is None or _is_later(line, self._last):
            self._last, self._value = line, value

    def _fold(self) -> None:
        if self._column:
            part, self._column = summarise(self._column, None), []
            parts = [part] if self._folded is None else [self._folded, part]
            self._folded = merge_summaries(WriterSummary(metrics={"": one}) for one in parts)[""]

    def summary(self) -> MetricSummary:
        """Return the summary of what was taken; something was."""
        self._fold()
        last = summarise([self._value], self._last.step if self._last else None)
        return msgspec.structs.replace(self._folded or last, last=last.last, step=last.step)


def _is_later(line: Line, other: Line) -> bool:
    if line.recorded or other.recorded:
        return (line.time, line.seq or 0) >= (other.time, other.seq or 0)
    return (line.seq or 0) >= (other.seq or 0)


def summarised(series: Series) -> MetricSummary:
    """Return the summary of a series."""
    return summarise(series.values, series.steps[-1])
