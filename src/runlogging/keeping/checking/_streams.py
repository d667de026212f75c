"""Verifying the lines of a run: each of them, their numbers, how many there are, and the summaries made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from runlogging._errors import InvalidNameError, MissingExtraError
from runlogging.folder import (
    ARTIFACTS,
    LOGS,
    STREAMS,
    TERMINAL,
    ArtifactLine,
    Line,
    Manifest,
    WriterInfo,
    WriterSummary,
    check_artifact,
    stream_path,
    summary_path,
)
from runlogging.folder._summary import Summary
from runlogging.keeping.checking._findings import MOST_OF_A_KIND
from runlogging.keeping.checking._look import Look
from runlogging.reading._gaps import Numbers, find_gaps
from runlogging.reading._model import Problem, Record, value_of
from runlogging.reading._streams import StreamFile, stream_files

_LINES_A_LOOK = 4096
_FOLD_VALUES = 8192


def _read_texts(line: Line) -> None:
    """Read the numbers that stand as text beside a line's metrics.

    Raises:
        ValueError, TypeError: one says none.
    """
    for text in (line.exact or {}).values():
        int(text, 0)
    for text in (line.nonfinite or {}).values():
        float(text)


class _Problems(list[Problem]):
    """The problems of a file: how many of each kind, and the first of them."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: defaultdict[str, int] = defaultdict(int)

    def append(self, problem: Problem) -> None:
        self.counts[problem.kind] += 1
        if self.counts[problem.kind] <= MOST_OF_A_KIND:
            super().append(problem)


class Streams:
    """The lines of a run, read once.

    Args:
        look: the look at the run.

    Attributes:
        artifacts: name to the last line of that name.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self.artifacts: dict[str, ArtifactLine] = {}
        self._numbers: defaultdict[str, Numbers] = defaultdict(Numbers)
        self._counts: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._summaries: defaultdict[str, Summary] = defaultdict(Summary)
        self._references: dict[tuple[str, str], str] = {}
        self._unread: set[str] = set()
        self._damaged: set[str] = set()

    def read(self) -> None:
        """Read all lines, those of artifacts first, and note the bad ones."""
        for file in sorted(stream_files(self._look.run, STREAMS), key=lambda file: file.stream != STREAMS[ARTIFACTS]):
            name = file.path.name
            if file.path.is_file():  # a pipe would keep its reader waiting
                self._look.check(name, lambda _, file=file: self._read_file(file))  # type: ignore[misc]
            else:
                self._look.findings.damage("unreadable", name, "is no regular file")

    def _read_file(self, file: StreamFile) -> None:
        problems = file.problems = _Problems()
        lines = self._artifact_lines(file) if file.stream == STREAMS[ARTIFACTS] else self._record_lines(file)
        try:
            self._numbers[file.writer].extend(self._seqs(file, lines))
        except MissingExtraError:
            self._unread.add(file.writer)
            raise
        self._counts[file.writer, file.stream] += problems.counts["bad"]
        if not self._look.is_alive(file.writer):
            file.note_torn()
        self._say(file, problems)

    def _seqs(self, file: StreamFile, lines: Iterator[int | None]) -> Iterator[int]:
        name, size = file.path.name, self._look.tree.files.get(file.path.name, 0)
        count = told = 0
        try:
            for count, seq in enumerate(lines, 1):
                if seq is not None:
                    yield seq
                if not count % _LINES_A_LOOK:
                    place = min(file._offset, size)
                    self._look.told.add(place - told)
                    told = place
        finally:
            self._look.mark_read(name, told=told)
        self._counts[file.writer, file.stream] += count

    def _say(self, file: StreamFile, problems: _Problems) -> None:
        findings = self._look.findings
        if problems:
            self._damaged.add(file.writer)
        for problem in problems:
            # Of a writer that was killed, a line without its end is the call that had not returned.
            is_loss = problem.kind != "torn" or self._has_ended(file.writer)
            add = findings.damage if is_loss else findings.note
            add(problem.kind, problem.file, problem.text, problem.offset)
        for kind, count in problems.counts.items():
            if count > MOST_OF_A_KIND:
                findings.count_more(kind, file.path.name, count - MOST_OF_A_KIND)

    def _has_ended(self, name: str) -> bool:
        return any(writer.ended for writer in self._look.writers if writer.name == name)

    # ------------------------------------------------------------------ what is in the lines

    def _artifact_lines(self, file: StreamFile) -> Iterator[int | None]:
        for line in file.new_artifacts():
            self._take_artifact(file, line)
            yield line.seq

    def _take_artifact(self, file: StreamFile, line: ArtifactLine) -> None:
        try:
            known = self.artifacts.get(check_artifact(line.name))
        except InvalidNameError as error:
            self._look.findings.damage("bad", file.path.name, f"the line {line.seq}: {error}")
            return
        if known is None or (known.time, known.seq or 0) <= (line.time, line.seq or 0):
            self.artifacts[line.name] = line

    def _record_lines(self, file: StreamFile) -> Iterator[int | None]:
        summary, left = self._summaries[file.writer], _FOLD_VALUES
        for record in file.new_records():
            line = record.line
            if line.nonfinite or line.exact or line.values:
                self._check_numbers(file, record)
            if line.metrics:
                for name, value in line.metrics.items():
                    summary.columns[name].append(value)
                left -= len(line.metrics)
                if left <= 0:
                    _fold(summary)
                    left = _FOLD_VALUES
            yield line.seq
        _fold(summary)

    def _check_numbers(self, file: StreamFile, record: Record) -> None:
        """See whether the numbers that JSON cannot write can be put back, and the artifacts of values are there."""
        line = record.line
        try:
            _read_texts(line)
            for item in line.values or ():
                if item.get("artifact") is None:
                    value_of(item, Path)
        except (ValueError, TypeError, LookupError, OverflowError, AttributeError) as error:
            self._look.findings.damage("bad", file.path.name, f"the numbers of line {line.seq} cannot be read: {error}")
        self._take_references(file, line)

    def _take_references(self, file: StreamFile, line: Line) -> None:
        for item in line.values or ():
            name, digest = item.get("artifact"), item.get("sha256")
            if isinstance(name, str):
                text = f"the value {item.get('name')!r} of line {line.seq} lies in the artifact {name!r}, which "
                self._check_reference(file.path.name, name, digest, text)

    def _check_reference(self, file: str, name: str, digest: Any, text: str) -> None:
        entry = self.artifacts.get(name)
        if entry is None and f"artifacts/{name}" not in self._look.tree.files:
            self._look.findings.damage("missing", file, f"{text}is missing")
        elif entry is not None and isinstance(digest, str) and digest != entry.sha256:
            self._look.findings.note("replaced", file, f"{text}was replaced since")

    # ------------------------------------------------------------------ what the lines are together

    def check_numbers(self) -> None:
        """Look for numbers that no line has and nothing explains, and for those that two lines have."""
        look = self._look
        manifest = look.manifest or Manifest()
        writers = [writer for writer in look.writers if writer.name not in self._unread]
        for gap in find_gaps(look.run, self._numbers, writers, look.lives, manifest):
            look.findings.damage(gap.kind, gap.file, gap.text)
        for name, numbers in self._numbers.items():
            if numbers.repeated:
                shown = ", ".join(map(str, numbers.first_repeated))
                text = f"of the writer {name} {numbers.repeated:,} numbers come more than once: {shown} ..."
                look.findings.damage("repeated", self._file_of(name), text)

    def check_counts(self) -> None:
        """Compare how many lines there are with what the writers said at their ends."""
        for writer in self._look.writers:
            if not self._look.is_alive(writer.name) and writer.name not in self._unread:
                for stream, count in self._promised(writer).items():
                    found = self._counts[writer.name, stream]
                    text = f"the writer {writer.name} ended with {count:,} lines of {stream}, and {found:,} are here"
                    add = self._look.findings.damage if found < count else self._look.findings.note
                    if found != count:
                        add("count", self._file_of(writer.name, stream), text)

    def _promised(self, writer: WriterInfo) -> dict[str, int]:
        if writer.ended:
            return writer.counts
        manifest = self._look.manifest
        # A copy without lock files: then the manifest says it, unless the run was resumed or ended from outside.
        if manifest is None or writer.started or manifest.attempt != 1 or manifest.status not in TERMINAL:
            return {}
        return manifest.counts if writer.name == manifest.owner else {}

    def _file_of(self, writer: str, stream: str = STREAMS[LOGS]) -> str:
        return stream_path(self._look.run, stream, writer).name

    def check_summaries(self) -> None:
        """Compare what the writers kept of their metrics at their ends with the lines."""
        for writer in self._look.writers:
            name = summary_path(self._look.run, writer.name).name
            data = self._look.content(name)
            # Of a writer that was killed it may be ten seconds old, and of one with bad lines it differs.
            if data is None or not writer.ended or writer.name in self._unread | self._damaged:
                continue
            problem = self._summary_problem(writer, data)
            if problem:
                self._look.findings.note("stale", name, f"{problem}; it is a cache, and the lines hold")

    def _summary_problem(self, writer: WriterInfo, data: bytes) -> str | None:
        try:
            kept = msgspec.json.decode(data, type=WriterSummary)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return f"cannot be read: {error}"
        if kept.counts != writer.counts:
            return "its counts are not those of the writer's end"
        found = self._summaries[writer.name].metrics
        differing = [name for name in kept.metrics.keys() | found.keys() if not _agree(kept, found, name)]
        return f"says something else of {', '.join(sorted(differing)[:3])} than the lines" if differing else None


def _fold(summary: Summary) -> None:
    summary.steps = dict.fromkeys(summary.columns)
    summary.fold()


def _agree(kept: WriterSummary, found: dict[str, Any], name: str) -> bool:
    # Not the last and the mean: they depend on the order of the lines, which threads change a little.
    one, other = kept.metrics.get(name), found.get(name)
    return one is not None and other is not None and _facts(one) == _facts(other)


def _facts(metric: Any) -> tuple[Any, ...]:
    return metric.count, metric.nonfinite, metric.min, metric.max
