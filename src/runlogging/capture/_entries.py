"""One entry of another program's log, and what levels are called there."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from runlogging.folder import STANDARD_LEVELS, Line


@dataclass(slots=True)
class Entry:
    """What a dialect understood of one line, or of several that belong together.

    Attributes:
        text: the line as text to which further lines may belong; None for an entry that is whole, such as JSON.
        message: the message.
        is_matched: whether a rule of the dialect fits the text, so that it begins an entry of its own.
        is_parsed: whether it counts as understood.
        stream: the output that the line was printed to; lines of different ones never belong together.
        us: microseconds since the epoch, or None.
        is_zoned: whether the time said its zone.
        time_text: a time as it stood there, where it said no zone.
        level, level_number: None where the line has none.
        line: a line of a run folder that is taken as it is; nothing else counts then.
    """

    text: str | None = None
    message: str = ""
    is_matched: bool = True
    is_parsed: bool = True
    stream: str | None = None
    us: int | None = None
    is_zoned: bool = True
    time_text: str | None = None
    is_guessed: bool = False
    level: str | None = None
    level_number: int | None = None
    logger: str | None = None
    template: str | None = None
    file: str | None = None
    line_number: int | None = None
    function: str | None = None
    thread: str | None = None
    task: str | None = None
    process: int | None = None
    step: Any = None
    metrics: Any = None
    exception: dict[str, str] | None = None
    stack: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    line: Line | None = None

    def put_level(self, value: object) -> bool:
        """Set the level from a name or number; return False where it is none."""
        found = level_of(value)
        if found is not None:
            self.level, self.level_number = found
        return found is not None


def plain_entry(text: str, *, is_parsed: bool = False) -> Entry:
    """Return the entry of a line that no rule fits."""
    return Entry(text=text, message=text, is_matched=False, is_parsed=is_parsed)


# NOTICE lies between INFO and WARNING in syslog; logging has no such level, many programs give it 25.
_OTHERS = {
    "WARN": "WARNING",
    "ERR": "ERROR",
    "INFORMATION": "INFO",
    "INFORMATIONAL": "INFO",
    **dict.fromkeys(("FATAL", "CRIT", "ALERT", "EMERG", "EMERGENCY", "PANIC"), "CRITICAL"),
    "D": "DEBUG",
    "I": "INFO",
    "W": "WARNING",
    "E": "ERROR",
    "C": "CRITICAL",
    "F": "CRITICAL",
}
_NUMBERS = {"TRACE": 5, **STANDARD_LEVELS, "NOTICE": 25, "SUCCESS": 25}
_NAMES = {number: name for name, number in STANDARD_LEVELS.items()}
KNOWN_LEVELS = frozenset(_NUMBERS) | frozenset(_OTHERS)
"""The names of levels that need no format to be known by, in capitals."""


def level_of(value: object) -> tuple[str, int] | None:
    """Return name and number of a level that is given as a name in any case, or as a number; None for no level."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    if text.lstrip("-").isdecimal() and len(text) < 10:
        return _NAMES.get(int(text), f"Level {int(text)}"), int(text)
    if text.startswith("Level ") and text[6:].isdecimal() and len(text) < 16:
        return text, int(text[6:])
    name = _OTHERS.get(text.upper(), text.upper())
    if name in _NUMBERS:
        return name, _NUMBERS[name]
    return (text, logging.getLevelNamesMapping().get(text, logging.INFO)) if text else None
