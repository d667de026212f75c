"""What a reader gives back: points and series, values, log entries, problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, overload

import msgspec

from runlogging._errors import InvalidValueError, RunLoggingError
from runlogging.folder import STANDARD_LEVELS, Line, parse_time, restored

_PLAIN = frozenset({float, int})


class Problem(NamedTuple):
    """Something in a run folder that is not as it should be.

    Attributes:
        file: the file's name in the run folder.
        offset: where in the file, in bytes from its start; None where the problem has no place.
        kind: "torn" (a line without its end), "bad" (no line of ours), "gap" (numbers that no line has and nothing
            explains) or "unreadable" (the file could not be opened).
        text: a sentence for people.
    """

    file: str
    offset: int | None
    kind: str
    text: str


class Record(NamedTuple):
    """A line, who wrote it, and to which stream."""

    line: Line
    writer: str
    stream: str


class Point(NamedTuple):
    """One value of a metric: its record's number in its writer, step, time (UTC) and value."""

    seq: int | None
    step: int | None
    time: datetime
    value: float | int
    writer: str


class Series(Sequence[Point]):
    """The values of one metric in the order in which they were logged.

    Attributes:
        name: the metric's name.
        seqs, steps, values, writers: the columns, one item a point. NaN, infinities and ints of any length are as they
            were logged.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.seqs: list[int | None] = []
        self.steps: list[int | None] = []
        self.values: list[float | int] = []
        self.writers: list[str] = []
        self._times: list[str] = []

    @property
    def times(self) -> list[datetime]:
        """The column of times, aware and in UTC."""
        return [parse_time(text) for text in self._times]

    @overload
    def __getitem__(self, place: int) -> Point: ...
    @overload
    def __getitem__(self, place: slice) -> list[Point]: ...
    def __getitem__(self, place: int | slice) -> Point | list[Point]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        time = parse_time(self._times[place])
        return Point(self.seqs[place], self.steps[place], time, self.values[place], self.writers[place])

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"<Series {self.name!r} of {len(self)} points>"

    def add(self, record: Record, value: float | int) -> None:
        """Append a record's value."""
        line = record.line
        self.seqs.append(line.seq)
        self.steps.append(line.step)
        self.values.append(value)
        self.writers.append(record.writer)
        self._times.append(line.time)


class Value:
    """A value that is no number: text, list, row, table, image and so on.

    Attributes:
        name, type: as in ``docs/format.md``.
        seq, step, time, writer: those of its record.
        description: what the caller said of it, or None.
        artifact: the name of the artifact that holds it, or None.
    """

    def __init__(self, item: dict[str, Any], record: Record, locate: Callable[[str], Path]) -> None:
        self.name = str(item.get("name", ""))
        self.type = str(item.get("type", "json"))
        self.seq, self.step = record.line.seq, record.line.step
        self.time, self.writer = parse_time(record.line.time), record.writer
        self.description: str | None = item.get("description")
        self.artifact: str | None = item.get("artifact")
        self.shape: list[int] | None = item.get("shape")
        self._item = item
        self._locate = locate

    @property
    def value(self) -> Any:
        """The value in plain Python; one that lies in an artifact is read from there.

        Raises:
            ArtifactNotFoundError: the artifact is missing (also a FileNotFoundError).
            InvalidValueError: the artifact is a file of another kind, such as an image (also a ValueError).
        """
        return value_of(self._item, self._locate)

    def __repr__(self) -> str:
        return f"<Value {self.name!r} ({self.type}) at step {self.step}>"


def value_of(item: dict[str, Any], locate: Callable[[str], Path]) -> Any:
    """Return the value of an item of a line's ``values``; see `Value.value`.

    Args:
        item: the item as it stands in the line; it stays as it is.
        locate: gives the path of an artifact.
    """
    artifact = item.get("artifact")
    if artifact is not None and "value" not in item:
        item = _content(artifact, locate)
    plain = item.get("value")
    if item.get("nonfinite") or item.get("exact"):
        # Decoded anew where numbers are put in, so that a second look finds the item as it was.
        anew = msgspec.json.decode(msgspec.json.encode(plain))
        try:
            return restored(anew, item.get("nonfinite"), item.get("exact"))
        except (ValueError, TypeError, LookupError, OverflowError, AttributeError) as error:
            raise InvalidValueError(f"the value {item.get('name')!r} is damaged: {error}") from error
    return plain


def _content(artifact: str, locate: Callable[[str], Path]) -> dict[str, Any]:
    try:
        return msgspec.json.decode(locate(artifact).read_bytes(), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValueError(f"the artifact {artifact!r} holds no value but is a file to open: {error}") from error
    except RunLoggingError:
        raise
    except OSError as error:
        raise InvalidValueError(f"the artifact {artifact!r} cannot be read: {error.strerror or error}") from error


class LogEntry:
    """A log record as it was kept. Its fields are those of ``docs/format.md``; what the line lacks is None.

    ``recorded`` is a bool: True where the record was kept back in memory at first and written later, with a later
    number. Its time is that of the call.
    """

    def __init__(self, record: Record) -> None:
        line = record.line
        self.seq, self.step, self.writer = line.seq, line.step, record.writer
        self.time = parse_time(line.time)
        self.level, self.level_number = line.level or "", level_number(line)
        self.logger, self.message, self.template = line.logger or "", line.message or "", line.template or ""
        self.file, self.line, self.function = line.file, line.line, line.function
        self.thread, self.task, self.process = line.thread, line.task, line.process
        self.attributes = line.attributes or {}
        self.exception, self.stack = line.exception, line.stack
        self.metrics = dict(numbers_of(line)) if line.metrics else {}
        self.problems = line.problems or []
        self.recorded = line.recorded is True

    def __repr__(self) -> str:
        return f"<LogEntry {self.seq} {self.level} {self.logger}: {self.message[:60]!r}>"


def level_number(line: Line) -> int:
    """Return the number of a line's level; 0 where it has none."""
    if line.level_number is not None:
        return line.level_number
    return STANDARD_LEVELS.get(line.level or "", 0)


def numbers_of(line: Line) -> Iterable[tuple[str, float | int]]:
    """Return names and values of a line's metrics, as they were logged; a number whose text is none is left out."""
    metrics = line.metrics
    if not metrics:
        return ()
    if line.nonfinite is None and line.exact is None and _PLAIN.issuperset(map(type, metrics.values())):
        return metrics.items()  # the usual line, as it stands
    nonfinite, exact = line.nonfinite or {}, line.exact or {}
    numbers: list[tuple[str, float | int]] = []
    for name, value in metrics.items():
        if isinstance(value, int | float) and name not in exact:
            numbers.append((name, value))
        elif name in exact or name in nonfinite:
            with suppress(ValueError):  # a damaged text
                numbers.append((name, int(exact[name], 0) if name in exact else float(nonfinite[name])))
    return numbers
