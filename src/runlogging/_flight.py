"""The flight recorder: records below the run's level, kept in memory until something goes wrong.

They are written, marked ``recorded``, before the record that says so: an error, an uncaught exception, a metric that is
not finite or crosses a threshold. Only then their messages are formatted.
"""

from __future__ import annotations

import logging
import operator
import re
from collections import deque
from collections.abc import Callable
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging._values import number_of, safe_repr
from runlogging.folder import Line

_MAX_ARGUMENT = 1000
_PLAIN = frozenset({str, int, float, bool, type(None)})
_ERROR_LEVELS = frozenset({"ERROR", "CRITICAL"})
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}
_CONDITION = r"\s*(.+?)\s*(<=|>=|==|!=|<|>)\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*"

Write = Callable[[Line], None]
Build = Callable[[logging.LogRecord], Line]


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

    def keep(self, record: logging.LogRecord) -> None:
        """Keep a record as it is now, without formatting its message."""
        copy = logging.LogRecord.__new__(type(record))
        copy.__dict__.update(record.__dict__)
        args = record.args
        if type(args) is tuple:
            copy.args = tuple([arg if type(arg) in _PLAIN else _bounded(arg) for arg in args])
        elif isinstance(args, dict):
            copy.args = {key: arg if type(arg) in _PLAIN else _bounded(arg) for key, arg in args.items()}
        if record.exc_info and not record.exc_text:
            copy.exc_text = _trace(record)
            copy.exc_info = None
        if type(copy.msg) is not str:
            copy.msg = _bounded(copy.msg)
        self._ring.append(copy)

    def writing(self, write: Write, build: Build) -> Write:
        """Return a function that writes a line, and before it what the ring holds where the line is a trigger."""

        def write_watched(line: Line) -> None:
            if self.is_trigger(line):
                self.spill(write, build)
            write(line)

        return write_watched

    def is_trigger(self, line: Line) -> bool:
        """Tell whether a line says that something went wrong."""
        if line.level in _ERROR_LEVELS or line.nonfinite is not None or (line.level_number or 0) >= logging.ERROR:
            return True
        if self._condition is None or line.metrics is None:
            return False
        name, compare, bound = self._condition
        value = line.metrics.get(name)
        return value is not None and compare(value, bound)

    def spill(self, write: Write, build: Build) -> None:
        """Write what the ring holds, oldest first."""
        while True:
            try:
                record = self._ring.popleft()
            except IndexError:
                return
            line = build(record)
            line.recorded = True
            write(line)


def _condition(text: str) -> tuple[str, Callable[[Any, Any], bool], float]:
    found = re.fullmatch(_CONDITION, text) if isinstance(text, str) else None
    if found is None:
        raise InvalidValueError(f"{text!r:.80} is no condition; write a metric, a comparison and a number: 'loss > 10'")
    name, sign, number = found.groups()
    try:
        return name, _OPERATORS[sign], float(number)
    except ValueError:
        raise InvalidValueError(f"{number!r} in the condition {text!r:.80} is no number") from None


def _bounded(value: Any) -> Any:
    """Return an argument as a number where it is one, else as bounded text that later changes do not reach."""
    try:
        number = number_of(value)
    except Exception:
        number = None
    if number is not None:
        return number
    return _Text(safe_repr(value)[:_MAX_ARGUMENT], _text_of(value))


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
        return str(value)[:_MAX_ARGUMENT]
    except Exception as error:
        return f"<{type(value).__name__} whose str raised {type(error).__name__}>"


def _trace(record: logging.LogRecord) -> str:
    try:
        return logging.Formatter().formatException(record.exc_info)  # type: ignore[arg-type]
    except Exception as error:
        return f"<traceback that could not be formatted: {type(error).__name__}>"
