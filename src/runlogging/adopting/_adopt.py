"""Existing logs become a run."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from runlogging._errors import InvalidValueError, RunEndedError
from runlogging._recorder import source_record
from runlogging._records import RecordBuilder
from runlogging._redaction import Redactor
from runlogging.adopting._clock import Clock
from runlogging.adopting._continuation import Joiner
from runlogging.adopting._dialects import SAMPLE_LINES, Dialect, checked_dialect, make_dialect, make_rules
from runlogging.adopting._input import Input, Progress, open_input
from runlogging.adopting._text_metrics import metrics_in
from runlogging.capture._entries import Entry
from runlogging.folder import RUN_VARIABLE, Line, check_experiment, second_text

if TYPE_CHECKING:
    from pathlib import Path

    from runlogging.run import Run

_logger = logging.getLogger("runlogging")


class Adopted(NamedTuple):
    """What became of a log.

    Attributes:
        run_id, path: the run and its folder.
        records: how many records it has.
        metrics: how many of them carry metrics.
        unparsed: how many of them are lines that no rule of the dialect fits.
        dialect: how the log was read.
    """

    run_id: str
    path: Path
    records: int
    metrics: int
    unparsed: int
    dialect: str


def adopt(
    source: str | os.PathLike[str] | BinaryIO,
    root: str | os.PathLike[str] = "runs",
    experiment: str = "adopted",
    dialect: str = "auto",
    *,
    fmt: str | None = None,
    datefmt: str | None = None,
    style: str = "%",
    pattern: str | None = None,
    name: str | None = None,
    tags: Mapping[str, object] | None = None,
    year: int | None = None,
    utc: bool = False,
    metrics: bool = False,
    redact: bool = True,
    progress: Progress | None = None,
) -> Adopted:
    """Turn an existing log into a run, which is Completed then. The log is read once and never held as a whole.

    Every line is kept: one that no rule fits is a record with the line as its message.

    Args:
        source: a path, "-" for stdin, or a binary stream, also compressed with gzip.
        root: the folder that holds experiments.
        experiment: the run's experiment.
        dialect: "json", "logging", "regex", "docker-json", "container" or "journal"; "auto" looks at the first lines.
        fmt: a format string of `logging`; None tries common ones.
        datefmt: the format of the times, as for `logging.Formatter`; for a pattern, that of its group ``time``.
        style: the style of the format: "%", "{" or "$".
        pattern: a regular expression with named groups: ``time``, ``level``, ``logger``, ``message``, ``step``,
            ``metric_NAME`` (numbers); others are attributes.
        name: the run's name; None takes that of the log.
        tags: text to text or None.
        year: of times that have none; None takes the latest that is not later than the file.
        utc: whether times without a zone are UTC, and not local time.
        metrics: whether ``name=number`` and ``name: number`` in messages become metrics.
        redact: whether secrets are taken out.
        progress: called with the bytes read, and the bytes in all or None.

    Raises:
        ArtifactNotFoundError: there is no such file (also a FileNotFoundError).
        SourceError: the log cannot be read (also an OSError); no run is left.
        InvalidValueError: the log is empty, or an argument is not valid (also a ValueError).
        InvalidNameError: the experiment is not allowed (also a ValueError).
        RootError: the root is a file, or cannot be written (also an OSError).
    """
    check_experiment(experiment)
    checked_dialect(dialect, fmt, datefmt, pattern)
    if os.environ.get(RUN_VARIABLE):
        raise InvalidValueError(f"{RUN_VARIABLE} names a run, but a log becomes a run of its own: unset the variable")
    if year is not None and (type(year) is not int or not 1 <= year <= 9999):
        raise InvalidValueError(f"a year is a whole number from 1 to 9999, not {year!r:.80}")
    with open_input(source, progress) as log:
        clock = Clock(log.changed, is_utc=utc, year=year)
        rules = make_rules(clock, fmt, datefmt, style, pattern)
        reader = make_dialect(dialect, log.sample(SAMPLE_LINES), clock, rules)
        run = _started(experiment, root, name or log.name, tags)
        try:
            keeper = _Keeper(run, clock.newest_us, finds_metrics=metrics, redact=redact)
            for entry in _joined(_entries(log, reader)):
                keeper.keep(entry)
            if not keeper.records:
                raise InvalidValueError(f"{log.name} has nothing but blank lines; there is nothing to adopt")
            run.add_properties(_properties(log, reader))
        except BaseException:
            _discard(run)
            raise
        run.complete()
    if log.problem:
        _logger.warning("%s: %s; what stands before is kept", log.name, log.problem)
    return Adopted(run.id, run.path, keeper.records, keeper.with_metrics, keeper.unparsed, reader.label)


def _entries(log: Input, reader: Dialect) -> Iterator[Entry]:
    for text in log.lines():
        yield from reader.feed(text)
    yield from reader.end()


def _joined(entries: Iterable[Entry]) -> Iterator[Entry]:
    joiner = Joiner()
    for entry in entries:
        done = joiner.feed(entry)
        if done is not None:
            yield done
    last = joiner.end()
    if last is not None:
        yield last


def _started(experiment: str, root: str | os.PathLike[str], name: str, tags: Mapping[str, object] | None) -> Run:
    from runlogging.run import start_run

    return start_run(experiment, root, name, tags, type="adopted", environment=False, capture=())


def _discard(run: Run) -> None:
    """Take away a run that is only half of a log."""
    try:
        run.cancel()
    finally:
        shutil.rmtree(run.path, ignore_errors=True)


def _properties(log: Input, reader: Dialect) -> dict[str, str]:
    found = {
        "adopted_from": log.name,
        "adopted_dialect": reader.label,
        "adopted_size": str(log.done),
        "adopted_sha256": log.sha256,
        "adopted_problem": log.problem,
    }
    return {key: text for key, text in found.items() if text is not None}


class _Keeper:
    """Write entries into a run, in their order.

    Args:
        run: the run.
        us: the time of entries before the first that has one.
        finds_metrics: whether metrics are looked for in messages.
        redact: whether secrets are taken out.

    Attributes:
        records, with_metrics, unparsed: how many there were.
    """

    def __init__(self, run: Run, us: int, *, finds_metrics: bool, redact: bool) -> None:
        self._redactor = Redactor() if redact else None
        self._writer = writer = run._session.writer
        # Not a Recorder, which looks after the run once a second of the records' clock: old records are seconds apart.
        self._builder = RecordBuilder(self._redactor, store=writer.store_value)
        self._next_tick = time.monotonic() + 1
        self._us = us
        self._finds_metrics = finds_metrics
        self.records = self.with_metrics = self.unparsed = 0

    def keep(self, entry: Entry) -> None:
        """Write an entry; a line that the disk does not take is counted as dropped.

        Raises:
            RunEndedError: somebody ended the run meanwhile.
        """
        line = self._built(entry) if entry.line is None else self._cleared(entry.line, entry.us)
        try:
            self._writer.write(line)
        except RunEndedError:
            raise
        except Exception as error:
            self._writer.dropped.add(error)
        if self.records % 64 == 0 and time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + 1
            self._writer.tick()
        self.records += 1
        self.with_metrics += line.metrics is not None or line.values is not None
        self.unparsed += not entry.is_parsed

    def _built(self, entry: Entry) -> Line:
        if entry.us is None or entry.is_guessed:
            entry.attributes["time_guessed"] = True
        self._us = us = self._us if entry.us is None else entry.us
        if self._finds_metrics:
            _find_metrics(entry)
        line = self._builder.build(_record(entry, us))
        fraction = f"{us % 1_000_000:06d}Z"
        if not line.time.endswith(fraction):  # a float is not exact enough for times after 2041
            line.time = second_text(us // 1_000_000) + fraction
        # A record has no task before Python 3.12, and the process of another machine may have the id of this one.
        line.task, line.process = entry.task, entry.process
        return line

    def _cleared(self, line: Line, us: int | None) -> Line:
        """Return a line of a run folder without its number, which is another run's, and without secrets."""
        line.seq = None
        self._us = self._us if us is None else us
        if self._redactor is None:
            return line
        clear = self._redactor.text
        line.message, line.template, line.stack = (
            None if text is None else clear(text) for text in (line.message, line.template, line.stack)
        )
        line.problems = line.problems and [clear(text) for text in line.problems]
        line.exception = line.exception and {key: clear(text) for key, text in line.exception.items()}
        line.attributes = line.attributes and {
            key: self._redactor.attribute(key, value) for key, value in line.attributes.items()
        }
        return line


def _find_metrics(entry: Entry) -> None:
    numbers, step = metrics_in(entry.message)
    if isinstance(entry.metrics, dict) or entry.metrics is None:
        entry.metrics = {**numbers, **(entry.metrics or {})} or None
    if entry.step is None:
        entry.step = step


def _record(entry: Entry, us: int) -> logging.LogRecord:
    extra: dict[str, Any] = {"extra": entry.attributes, "stack_info": entry.stack}
    extra |= {key: value for key, value in (("metrics", entry.metrics), ("step", entry.step)) if value is not None}
    if entry.exception is not None:
        extra["runlogging_exception"] = entry.exception
    # Also where it is the message: such a template is not remembered, so memory stays bounded.
    extra["runlogging_template"] = entry.message if entry.template is None else entry.template
    record = source_record(entry.logger or "", entry.level or "INFO", entry.message, us / 1e6, **extra)
    if entry.level_number is not None:
        record.levelno = entry.level_number
    fields = record.__dict__
    fields.update(name=entry.logger, pathname=entry.file, lineno=entry.line_number)
    fields.update(funcName=entry.function, threadName=entry.thread)
    fields.pop("taskName", None)
    return record
