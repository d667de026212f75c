"""What a filter means: fields of a run and conditions on them, compiled into functions of a row.

The logic is that of SQL, with three values: a condition on a field that a run does not have is neither true nor false,
so neither it nor its negation fits. It is compiled without the third value: NOT is pushed down to the conditions, and
a negated condition asks for a field that is there and does not fit.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from runlogging.folder import MetricSummary
from runlogging.reading.search._literals import number_of, time_text
from runlogging.reading.search._verdicts import Value, Verdict, like_pattern, member, ordered, text_of


class Row(Protocol):
    """What a filter and an order read of a run. Times are UTC texts as the folder writes them."""

    @property
    def id(self) -> str: ...
    @property
    def experiment(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def number(self) -> int | None: ...
    @property
    def type(self) -> str | None: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def status(self) -> str: ...
    @property
    def created(self) -> str | None: ...
    @property
    def started(self) -> str | None: ...
    @property
    def ended(self) -> str | None: ...
    @property
    def duration(self) -> float | None: ...
    @property
    def attempt(self) -> int: ...
    @property
    def host(self) -> str | None: ...
    @property
    def tags(self) -> Mapping[str, str | None]: ...
    @property
    def properties(self) -> Mapping[str, str]: ...
    @property
    def parameters(self) -> Mapping[str, Any]: ...
    @property
    def metrics(self) -> Mapping[str, MetricSummary]: ...


Reader = Callable[[Row], Any]
"""Gives a field of a row; None where the row has none."""

Test = Callable[[Row], bool]
"""Tells whether a row fits."""

_NAN = float("nan")
# Turned round, so that a partial with the wanted value needs no Python call a row.
_TURNED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.gt,
    "<=": operator.ge,
    ">": operator.lt,
    ">=": operator.le,
}
_KINDS = {"status": "status", "number": "number", "attempt": "number", "duration": "duration"} | dict.fromkeys(
    ("created", "started", "ended"), "time"
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a run.

    Attributes:
        room: ``metrics``, ``parameters``, ``tags``, ``properties`` or ``attributes``.
        name: the metric, parameter, tag or property, or the attribute of the row.
        figure: which figure of a metric's summary.
    """

    room: str
    name: str
    figure: str = "last"

    @property
    def kind(self) -> str:
        """What it holds: number, duration, time, status, text, or any (text that may say a number, or JSON)."""
        if self.room == "metrics":
            return "number"
        return _KINDS.get(self.name, "text") if self.room == "attributes" else "any"

    @property
    def cost(self) -> int:
        """How dear a look is: a status may ask for a lock, a summary may have to be read."""
        return 9 if self.kind == "status" else 3 if self.room == "metrics" else 1

    def reader(self) -> Reader:
        """Return the function that reads it."""
        if self.room == "metrics":
            return _metric_reader(self.name, self.figure)
        if self.room == "parameters":
            return _parameter_reader(self.name)
        name, read = self.name, operator.attrgetter(self.name if self.room == "attributes" else self.room)
        if self.room != "attributes":
            return lambda row: read(row).get(name)
        return (lambda row: _time_of(read(row))) if self.kind == "time" else read


def _metric_reader(name: str, figure: str) -> Reader:
    def last(row: Row) -> float | int | None:
        summary = row.metrics.get(name)
        if summary is None or summary.last is not None:
            return None if summary is None else summary.last
        return _NAN if summary.count else None  # a summary does not say which one that is not finite it was

    def other(row: Row) -> float | int | None:
        summary = row.metrics.get(name)
        return None if summary is None else getattr(summary, figure)

    return last if figure == "last" else other


def _parameter_reader(name: str) -> Reader:
    if "." not in name:
        return lambda row: row.parameters.get(name)

    def read(row: Row) -> Any:
        parameters = row.parameters
        return parameters[name] if name in parameters else _nested(parameters, name)

    return read


def _nested(parameters: Mapping[str, Any], path: str) -> Any:
    """Return what lies at a dotted path; where several ways lead on, the one with the shortest first key."""
    waiting = [(parameters, path)]
    while waiting:
        level, rest = waiting.pop()
        if rest in level:
            return level[rest]
        dots = [index for index, letter in enumerate(rest) if letter == "."]
        steps = [(level.get(rest[:dot]), rest[dot + 1 :]) for dot in reversed(dots)]
        waiting += [(inner, behind) for inner, behind in steps if isinstance(inner, Mapping)]
    return None


def _time_of(text: str | None) -> str | None:
    """Return a row's time as UTC text of fixed width, which it nearly always is."""
    if text is None or (len(text) == 27 and text[10] == "T" and text[26] == "Z"):
        return text
    return time_text(text)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field beside a value; the comparator is one of < <= > >=."""

    field: Field
    comparator: str
    value: Value

    def verdict(self) -> Verdict:
        """Return what decides on a value of the field."""
        turned = _TURNED[self.comparator]
        return ordered(turned, self.value) if self.field.kind in ("any", "text") else partial(turned, self.value)


@dataclass(frozen=True, slots=True)
class Member:
    """A field that has one of some values."""

    field: Field
    values: tuple[Value, ...]

    def verdict(self) -> Verdict:
        """Return what decides on a value of the field."""
        if self.field.kind in ("any", "text"):
            return member(self.values)
        wanted = frozenset(value for value in self.values if value == value)  # NaN equals nothing
        return wanted.__contains__


@dataclass(frozen=True, slots=True)
class Pattern:
    """A field whose text fits a pattern with % and _."""

    field: Field
    pattern: str
    ignores_case: bool = False

    def verdict(self) -> Verdict:
        """Return what decides on a value of the field."""
        fits = like_pattern(self.pattern, re.IGNORECASE if self.ignores_case else 0).match

        def verdict(value: Any) -> bool | None:
            text = text_of(value)
            return None if text is None else fits(text) is not None

        return verdict


@dataclass(frozen=True, slots=True)
class NotANumber:
    """A field that is NaN."""

    field: Field

    def verdict(self) -> Verdict:
        """Return what decides on a value of the field."""

        def verdict(value: Any) -> bool:
            number = number_of(value) if isinstance(value, str) else value
            return isinstance(number, float) and number != number

        return verdict


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that a run does not have."""

    field: Field


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Junction:
    """AND, or OR, of two or more."""

    is_and: bool
    operands: tuple[Expression, ...]


Condition = Comparison | Member | Pattern | NotANumber | Missing
Expression = Condition | Negation | Junction


def fields_of(expression: Expression) -> Iterator[Field]:
    """Yield the fields that an expression reads."""
    if isinstance(expression, Negation):
        yield from fields_of(expression.operand)
    elif isinstance(expression, Junction):
        for operand in expression.operands:
            yield from fields_of(operand)
    else:
        yield expression.field


def compiled(expression: Expression, *, is_negated: bool = False) -> Test:
    """Return the function that tells whether a row fits an expression, or surely does not fit it.

    Args:
        expression: the expression. Deep ones recurse as deep; the parser sets a limit.
        is_negated: whether to ask for what surely does not fit.
    """
    if isinstance(expression, Negation):
        return compiled(expression.operand, is_negated=not is_negated)
    if isinstance(expression, Junction):
        cheap_first = sorted(expression.operands, key=_cost)
        tests = [compiled(operand, is_negated=is_negated) for operand in cheap_first]
        return _all(tests) if expression.is_and is not is_negated else _any(tests)
    read = expression.field.reader()
    if isinstance(expression, Missing):
        return (lambda row: read(row) is not None) if is_negated else (lambda row: read(row) is None)
    verdict, wanted = expression.verdict(), not is_negated

    def test(row: Row) -> bool:
        value = read(row)
        return value is not None and verdict(value) is wanted

    return test


def _cost(expression: Expression) -> int:
    return max(field.cost for field in fields_of(expression))


def _all(tests: list[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda row: first(row) and second(row)

    def test(row: Row) -> bool:
        for fits in tests:  # noqa: SIM110  (a generator costs twice the time)
            if not fits(row):
                return False
        return True

    return test


def _any(tests: list[Test]) -> Test:
    def test(row: Row) -> bool:
        for fits in tests:  # noqa: SIM110  (a generator costs twice the time)
            if fits(row):
                return True
        return False

    return test
