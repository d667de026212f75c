"""Levels, as the log view asks for them."""

from __future__ import annotations

import logging

from runlogging._errors import InvalidValueError
from runlogging.folder import STANDARD_LEVELS
from runlogging.reading._model import Record, level_number


def lowest_level(level: str | int | None) -> int:
    """Return the number of a level given by name or number; 0 for None.

    Raises:
        InvalidValueError: no level has this name.
    """
    if level is None or isinstance(level, int):
        return level or 0
    if level.isdecimal():
        return int(level)
    known = {**logging.getLevelNamesMapping(), **STANDARD_LEVELS}
    if level.upper() not in known:
        raise InvalidValueError(f"{level!r} is no level; use one of {', '.join(STANDARD_LEVELS)}, or a number")
    return known[level.upper()]


def is_entry(record: Record, lowest: int) -> bool:
    """Tell whether a record belongs into the log view: it came from a logger, and its level is high enough."""
    line = record.line
    return (line.level is not None or line.message is not None) and level_number(line) >= lowest
