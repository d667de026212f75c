"""Output lines that are JSON objects: how a program in any language logs levels and metrics by printing."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from runlogging._records import step_of

_MAX_TEXT = 1 << 20
_LEVELS = {
    "TRACE": "DEBUG",
    "VERBOSE": "DEBUG",
    "DEBUG": "DEBUG",
    "INFO": "INFO",
    "INFORMATION": "INFO",
    "NOTICE": "INFO",
    "WARN": "WARNING",
    "WARNING": "WARNING",
    "ERR": "ERROR",
    "ERROR": "ERROR",
    "CRIT": "CRITICAL",
    "CRITICAL": "CRITICAL",
    "FATAL": "CRITICAL",
    "PANIC": "CRITICAL",
    "ALERT": "CRITICAL",
    "EMERG": "CRITICAL",
}
# Names under which the usual JSON loggers of several languages write the same thing, the first that is there wins.
_LEVEL_KEYS = ("level", "levelname", "severity", "lvl")
_LOGGER_KEYS = ("logger", "name", "logger_name")
_MESSAGE_KEYS = ("message", "msg", "event")
_TIME_KEYS = ("time", "timestamp", "@timestamp", "ts", "created", "asctime")
# Seconds, milliseconds, microseconds and nanoseconds since 1970 do not overlap between 1973 and 5138.
_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
_MIN_TIME = 1e8


class StructuredLine(NamedTuple):
    """What a JSON object on an output line says.

    Attributes:
        level: a level's name as `logging` has it.
        logger: its logger, or None.
        message: its text; empty where it has none.
        step: its step, or None.
        metrics: name to value, or None.
        created: seconds since the epoch, or None where it says no time with an offset from UTC.
        exception: the text of a traceback, or None.
        attributes: everything else.
    """

    level: str
    logger: str | None
    message: str
    step: int | None
    metrics: dict[str, Any] | None
    created: float | None
    exception: str | None
    attributes: dict[str, Any]


def parse_structured(text: str) -> StructuredLine | None:
    """Return what a line says that is a JSON object with a known level or with ``metrics``, else None.

    NaN and infinities are taken as Python's json writes them. A time without an offset from UTC stays an attribute: it
    may be the local time of another machine or container.

    Args:
        text: the line; of any length, depth or content.
    """
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}")) or len(text) > _MAX_TEXT:
        return None
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _read(given) if isinstance(given, dict) else None


def _read(given: dict[str, Any]) -> StructuredLine | None:
    level_key, level = _find_level(given)
    found = given.get("metrics")
    metrics = found if isinstance(found, dict) and found else None
    if level is None and metrics is None:
        return None
    rest = dict(given)
    if level_key is not None:
        del rest[level_key]
    if metrics is not None:
        del rest["metrics"]
    logger, message = _taken_text(rest, _LOGGER_KEYS), _taken_text(rest, _MESSAGE_KEYS)
    step = given.get("step")
    step = None if isinstance(step, bool) else step_of(step)
    if step is not None:
        del rest["step"]
    created, exception = _taken_time(rest), _taken_text(rest, ("exc_info",))
    return StructuredLine(level or "INFO", logger or None, message or "", step, metrics, created, exception, rest)


def _find_level(given: Mapping[str, Any]) -> tuple[str | None, str | None]:
    for key in _LEVEL_KEYS:
        level = _level_of(given.get(key), given)
        if level is not None:
            return key, level
    return None, None


def _level_of(value: Any, given: Mapping[str, Any]) -> str | None:
    if isinstance(value, str):
        return _LEVELS.get(value.upper())
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 60:
        return None
    # The loggers of Node (pino, bunyan) count info as 30, where Python counts it as 20.
    number = value - 10 if "pid" in given and "hostname" in given else value
    names = ((logging.CRITICAL, "CRITICAL"), (logging.ERROR, "ERROR"), (logging.WARNING, "WARNING"))
    return next((name for least, name in (*names, (logging.INFO, "INFO")) if number >= least), "DEBUG")


def _taken_text(rest: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    key = next((key for key in keys if isinstance(rest.get(key), str)), None)
    return None if key is None else str(rest.pop(key))


def _taken_time(rest: dict[str, Any]) -> float | None:
    for key in _TIME_KEYS:
        created = _time_of(rest.get(key))
        if created is not None:
            del rest[key]
            return created
    return None


def _time_of(value: Any) -> float | None:
    try:
        if isinstance(value, str):
            time = datetime.fromisoformat(value)
            return time.timestamp() if time.tzinfo is not None else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return None
        if value < _MIN_TIME:
            return None
        return next((value / unit for least, unit in _UNITS if value < least), None)
    except (ValueError, OverflowError, OSError):
        return None
