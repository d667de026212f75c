"""What a log says around a point of a metric, and what the metrics said when something was logged."""

from __future__ import annotations

import difflib
import logging
import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal, NamedTuple, get_args

from runlogging._errors import InvalidValueError, MetricNotFoundError
from runlogging.folder import parse_time
from runlogging.reading._levels import is_entry, lowest_level
from runlogging.reading._model import LogEntry, Point, Record, Series, level_number, numbers_of

Which = Literal["last", "min", "max", "nonfinite"]
"""Which point of a metric is meant: the last, the first of the least or greatest, or the first that is not finite."""

Writers = Literal["own", "all"]
"""Whose entries stand around a point: those of its own writer, or those of all."""

_NEAREST_STEPS = 3


class Around(NamedTuple):
    """A point of a metric, and the log before and after it.

    Attributes:
        name: the metric's name.
        point: the point.
        entry: the whole record of the point; one from a verb of a run has no level, logger and message.
        before, after: the nearest diagnostics, oldest first, without the point's own record.
    """

    name: str
    point: Point
    entry: LogEntry
    before: list[LogEntry]
    after: list[LogEntry]


class Moment:
    """A log entry, and what the metrics of its writer were then.

    Attributes:
        entry: the log entry.
    """

    __slots__ = ("_history", "_names", "_place", "entry")

    def __init__(self, entry: LogEntry, place: int, history: _History, names: tuple[str, ...] | None) -> None:
        self.entry = entry
        self._place, self._history, self._names = place, history, names

    @property
    def metrics(self) -> dict[str, Point]:
        """The last point of each metric that the writer had logged by then, the entry's own numbers included.

        It is looked up when it is asked for: all of it for many moments would not fit a time that is linear in the
        number of records.
        """
        names = self._history.series if self._names is None else self._names
        found = ((name, self._history.last(name, self._place)) for name in names)
        return {name: point for name, point in found if point is not None}

    def __repr__(self) -> str:
        return f"<Moment {self.entry!r}>"


class _History:
    """The metrics of one writer, each with the places of its points in the run's order."""

    def __init__(self) -> None:
        self.series: dict[str, Series] = {}
        self._places: dict[str, list[int]] = {}

    def add(self, name: str, value: float | int, place: int, record: Record) -> None:
        if name not in self.series:
            self.series[name], self._places[name] = Series(name), []
        self.series[name].add(record, value)
        self._places[name].append(place)

    def last(self, name: str, place: int) -> Point | None:
        """Return the last point of a metric up to a place, or None where there is none."""
        count = bisect_right(self._places.get(name, ()), place)
        return self.series[name][count - 1] if count else None


class _Candidate(NamedTuple):
    place: int
    record: Record
    value: float | int


def find_around(
    records: Sequence[Record],
    name: str,
    step: int | None,
    *,
    which: Which,
    n: int,
    level: str | int | None,
    writer: str | None,
    writers: Writers,
) -> Around:
    """Return a point of a metric and the log around it, of all records of a run, merged; see `RunReader.around`."""
    _check_choice("which", which, get_args(Which))
    _check_choice("writers", writers, get_args(Writers))
    _check_whole("n, the number of entries on each side,", n, least=0)
    lowest = lowest_level(level)
    candidates = _candidates(records, name)
    if writer is not None:
        candidates = _of_writer(candidates, name, writer)
    if step is not None:
        _check_whole("step", step)
        candidates = _at_step(candidates, name, step)
    chosen = _chosen(candidates, name, which)

    def entries(places: Iterable[int]) -> list[LogEntry]:
        around = (records[place] for place in places)
        own = (record for record in around if writers == "all" or record.writer == chosen.record.writer)
        return [LogEntry(record) for record in islice((one for one in own if _is_diagnostic(one, lowest)), n)]

    before = entries(range(chosen.place - 1, -1, -1))[::-1]
    after = entries(range(chosen.place + 1, len(records)))
    return Around(name, _point(chosen), LogEntry(chosen.record), before, after)


def find_moments(
    records: Sequence[Record], level: str | int | None, metrics: str | Iterable[str] | None
) -> list[Moment]:
    """Return the entries from a level on and their metrics, of all records of a run, merged; see `RunReader.when`."""
    lowest = lowest_level(level)
    names = (metrics,) if isinstance(metrics, str) else None if metrics is None else tuple(metrics)
    wanted = None if names is None else frozenset(names)
    histories: dict[str, _History] = {}
    moments: list[Moment] = []
    for place, record in enumerate(records):
        history = histories.setdefault(record.writer, _History())
        for name, value in numbers_of(record.line):
            if wanted is None or name in wanted:
                history.add(name, value, place, record)
        if is_entry(record, lowest):
            moments.append(Moment(LogEntry(record), place, history, names))
    for name in names or ():
        if not any(name in history.series for history in histories.values()):
            raise _not_found(name, records)
    return moments


def _is_diagnostic(record: Record, lowest: int) -> bool:
    """Tell whether a record is one to show around a point.

    One that carries metrics is a point of its own: a training that logs each step so would fill all places with its
    steps. A warning is worth a place whatever it carries.
    """
    is_point = record.stream != "logs" and level_number(record.line) < logging.WARNING
    return is_entry(record, lowest) and not is_point


def _candidates(records: Sequence[Record], name: str) -> list[_Candidate]:
    found = list(_named(records, name))
    if not found:
        raise _not_found(name, records)
    return found


def _named(records: Sequence[Record], name: str) -> Iterator[_Candidate]:
    for place, record in enumerate(records):
        if record.line.metrics and name in record.line.metrics:
            for known, value in numbers_of(record.line):
                if known == name:
                    yield _Candidate(place, record, value)


def _not_found(name: str, records: Sequence[Record]) -> MetricNotFoundError:
    known = dict.fromkeys(known for record in records for known, _ in numbers_of(record.line))
    return MetricNotFoundError(name, tuple(difflib.get_close_matches(str(name), known)))


def _of_writer(candidates: list[_Candidate], name: str, writer: str) -> list[_Candidate]:
    own = [candidate for candidate in candidates if candidate.record.writer == writer]
    if not own:
        others = dict.fromkeys(candidate.record.writer for candidate in candidates)
        raise InvalidValueError(f"the writer {writer!r} has no {name!r}; these have it: {', '.join(others)}")
    return own


def _at_step(candidates: list[_Candidate], name: str, step: int) -> list[_Candidate]:
    found = [candidate for candidate in candidates if candidate.record.line.step == step]
    if not found:
        steps = {known for candidate in candidates if (known := candidate.record.line.step) is not None}
        if not steps:
            raise InvalidValueError(f"{name!r} was logged without steps; leave the step out")
        near = sorted(sorted(steps, key=lambda known: (abs(known - step), known))[:_NEAREST_STEPS])
        raise InvalidValueError(f"{name!r} has no point at step {step}; the nearest: {', '.join(map(str, near))}")
    return found


def _chosen(candidates: list[_Candidate], name: str, which: Which) -> _Candidate:
    if which == "last":
        return candidates[-1]
    if which == "nonfinite":
        odd = [candidate for candidate in candidates if not _is_finite(candidate.value)]
        if not odd:
            raise InvalidValueError(f"all {len(candidates)} values of {name!r} are finite; ask for another point")
        return next((candidate for candidate in odd if math.isnan(candidate.value)), odd[0])
    # As in summaries, what is not finite is neither the least nor the greatest.
    finite = [candidate for candidate in candidates if _is_finite(candidate.value)]
    if not finite:
        raise InvalidValueError(f"{name!r} has no finite value here; which='nonfinite' finds what it has")
    return (min if which == "min" else max)(finite, key=lambda candidate: candidate.value)


def _is_finite(value: float | int) -> bool:
    return isinstance(value, int) or math.isfinite(value)  # an int may be too long for a float


def _point(candidate: _Candidate) -> Point:
    line = candidate.record.line
    return Point(line.seq, line.step, parse_time(line.time), candidate.value, candidate.record.writer)


def _check_choice(what: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidValueError(f"{what} is one of {', '.join(choices)}, not {value!r:.80}")


def _check_whole(what: str, value: Any, least: int | None = None) -> None:
    if not hasattr(value, "__index__") or isinstance(value, bool) or (least is not None and value < least):
        bound = "" if least is None else f" of at least {least}"
        raise InvalidValueError(f"{what} is a whole number{bound}, not {value!r:.80}")
