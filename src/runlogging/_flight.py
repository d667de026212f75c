"""The flight recorder: records below the run's level, kept in memory until something goes wrong.

They are written, marked ``recorded``, before the record that says so: an error, an uncaught exception, a metric that is
not finite or crosses a threshold. Only then their messages are formatted.
"""

from __future__ import annotations

import enum
import itertools
import logging
import math
import operator
import os
import re
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging._records import OWN_ATTRIBUTES, AlreadyKept
from runlogging._snapshots import copy_record, take_snapshot
from runlogging._values import ValueItem, number_of, safe_repr
from runlogging.folder import Line

_MAX_ARGUMENT = 1000
_MAX_TEXT = 10_000
_OWN_COUNT = len(logging.makeLogRecord({}).__dict__)
_NUMBERS = frozenset({int, float, bool})
_ERROR_LEVELS = frozenset({"ERROR", "CRITICAL"})
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}
_CONDITION = r"\s*(.*?[^\s<>=!])\s*(<=|>=|==|!=|<|>)\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*"

Write = Callable[[Line], None]
Build = Callable[[logging.LogRecord], Line]
Lose = Callable[[Exception], None]


class FlightRecorder:
    """A bounded ring of records.

    Args:
        size: how many records it holds; the oldest go.
        when: a further trigger, such as ``"loss > 10"``: a metric's name, a comparison, a number.

    Raises:
        InvalidValueError: the size is no whole number of at least 1, or the condition cannot be read.
    """

    def __init__(self, size: int, when: str | None = None) -> None:
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise InvalidValueError(f"flight_recorder is how many records are kept, 1 or more, not {size!r:.80}")
        self._ring: deque[logging.LogRecord] = deque(maxlen=size)
        self._condition = _condition(when) if when is not None else None
        _recorders.add(self)

    def take(self, record: logging.LogRecord) -> bool:
        """Keep a record as it is now, without formatting its message; return whether it is a trigger itself."""
        copy = copy_record(record)
        d = copy.__dict__
        args = record.args
        if type(args) is tuple:
            copy.args = tuple([arg if type(arg) in _NUMBERS else _bounded(arg) for arg in args])
        elif args:
            pairs = dict(args).items() if isinstance(args, Mapping) else ()
            copy.args = {key: arg if type(arg) in _NUMBERS else _bounded(arg) for key, arg in pairs}
        if len(d) > _OWN_COUNT or record.exc_info or type(record.msg) is not str:
            _freeze(copy)
        elif not args and len(record.msg) > _MAX_TEXT:
            copy.msg = _bounded(record.msg)
        self._ring.append(copy)
        metrics = d.get("metrics")
        return record.levelno >= logging.ERROR or (isinstance(metrics, Mapping) and self._has_odd(metrics))

    def _has_odd(self, metrics: Mapping[str, Any]) -> bool:
        if any(isinstance(value, float) and not math.isfinite(value) for value in metrics.values()):
            return True
        return self._crosses(metrics)

    def writing(self, write: Write, build: Build, lose: Lose) -> Write:
        """Return a function that writes a line, and before it what the ring holds where the line is a trigger."""

        def write_watched(line: Line) -> None:
            if self.is_trigger(line):
                self.spill(write, build, lose)
            write(line)

        return write_watched

    def is_trigger(self, line: Line) -> bool:
        """Tell whether a line says that something went wrong."""
        if line.level in _ERROR_LEVELS or line.nonfinite is not None or (line.level_number or 0) >= logging.ERROR:
            return True
        return line.metrics is not None and self._crosses(line.metrics)

    def _crosses(self, metrics: Mapping[str, Any]) -> bool:
        if self._condition is None:
            return False
        name, compare, bound = self._condition
        value = metrics.get(name)
        return type(value) in _NUMBERS and compare(value, bound)

    def spill(self, write: Write, build: Build, lose: Lose) -> None:
        """Write what the ring holds, oldest first; what cannot be written is lost and told of."""
        while True:
            try:
                record = self._ring.popleft()
            except IndexError:
                return
            try:
                line = build(record)
                line.recorded = True
                write(line)
            except AlreadyKept:
                pass
            except Exception as error:
                lose(error)

    def forget(self) -> None:
        """Empty the ring."""
        self._ring.clear()


_recorders: weakref.WeakSet[FlightRecorder] = weakref.WeakSet()


def _forget_parents() -> None:
    """Leave to the parent of a forked child what it holds."""
    for recorder in tuple(_recorders):
        recorder.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parents)


def _condition(text: str) -> tuple[str, Callable[[Any, Any], bool], float]:
    found = re.fullmatch(_CONDITION, text) if isinstance(text, str) else None
    if found is None:
        raise InvalidValueError(f"{text!r:.80} is no condition; write a metric, a comparison and a number: 'loss > 10'")
    name, sign, number = found.groups()
    try:
        return name, _OPERATORS[sign], float(number)
    except ValueError:
        raise InvalidValueError(f"{number!r} in the condition {text!r:.80} is no number") from None


def _freeze(record: logging.LogRecord) -> None:
    """Make plain values of the message, the exception and the extras of a copy."""
    if not isinstance(record.msg, str | Mapping):
        record.msg = _bounded(record.msg)
    elif type(record.msg) is not str and not isinstance(record.msg, Mapping):
        record.msg = _text_of(record.msg)
    take_snapshot(record)
    record.exc_info = record.exc_text = None  # the text stands in runlogging_exception
    d = record.__dict__
    for key in [key for key in d if key not in OWN_ATTRIBUTES]:
        d[key] = _bounded_extra(d[key])
    metrics = d.get("metrics")
    if isinstance(metrics, dict):
        d["metrics"] = {name: _bounded_metric(value) for name, value in metrics.items()}


def _bounded_extra(value: Any) -> Any:
    if type(value) in _NUMBERS or (type(value) is str and len(value) <= _MAX_TEXT):
        return value
    text = value if type(value) is str else safe_repr(value)
    return value if len(text) < _MAX_TEXT and type(value) is not str else _cut(text)


def _bounded_metric(value: Any) -> Any:
    is_large = isinstance(value, ValueItem) and value.is_large
    return f"<a value of {len(repr(value))} characters>" if is_large else value


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}... <{len(text) - _MAX_TEXT} more characters>"


def _bounded(value: Any) -> Any:
    """Return an argument as a number where it is one, else as bounded text that later changes do not reach."""
    kind = type(value)
    if kind is str:
        return value if len(value) <= _MAX_TEXT else _cut(value)
    # What cannot change stays as it is: %d and %f need numbers, and a member of an Enum has a text of its own.
    if value is None or isinstance(value, enum.Enum) or kind.__module__ in ("decimal", "fractions"):
        return value
    try:
        number = number_of(value)
    except Exception:
        number = None
    if number is not None:
        return number
    value = _beginning(value)
    representation = safe_repr(value)[:_MAX_ARGUMENT]
    is_one = getattr(kind, "__str__", None) is object.__str__  # which is the repr
    return _Text(representation, representation if is_one else _text_of(value)[:_MAX_ARGUMENT])


def _beginning(value: Any) -> Any:
    """Return what of a long container the bounded text can show: each item takes a character at least."""
    kind = type(value)
    try:
        if kind in (list, tuple, bytes, bytearray):
            return value[:_MAX_ARGUMENT] if len(value) > _MAX_ARGUMENT else value
        if kind in (set, frozenset) and len(value) > _MAX_ARGUMENT:
            return kind(itertools.islice(value, _MAX_ARGUMENT))
        if kind is dict and len(value) > _MAX_ARGUMENT:
            return dict(itertools.islice(value.items(), _MAX_ARGUMENT))
    except RuntimeError:  # another thread changes it
        pass
    return value


class _Text:
    """The texts of an argument at the call: for ``%s`` and for ``%r``."""

    def __init__(self, representation: str, text: str) -> None:
        self._representation, self._text = representation, text

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return self._representation


def _text_of(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:
        return f"<{type(value).__name__} whose str raised {type(error).__name__}>"
