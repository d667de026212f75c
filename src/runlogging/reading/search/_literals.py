"""What numbers, durations and times say in the text of a filter."""

from __future__ import annotations

import re

from runlogging.folder import format_time, parse_time

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NO_NUMBERS = {"nan": float("nan"), "inf": float("inf"), "infinity": float("inf")}
_LENGTH = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([a-z]+)\s*")
_UNITS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 604800),
}


def number_of(text: str) -> float | int | None:
    """Return the number that a text says, also NaN and infinities; None where it says none."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        try:
            return int(text)
        except ValueError:  # with a fraction or exponent, or beyond the digits that int() takes
            return float(text)
    sign = text[:1] if text[:1] in ("+", "-") else ""
    value = _NO_NUMBERS.get(text[len(sign) :].lower())
    return -value if value is not None and sign == "-" else value


def seconds_of(text: str) -> float | int | None:
    """Return the seconds that a duration says (``90``, ``30m``, ``1h 30m``, ``2 days``); None where it says none."""
    text = text.strip().lower()
    seconds, position = 0.0, 0
    while found := _LENGTH.match(text, position):
        if found[2] not in _UNITS:
            return None
        seconds += float(found[1]) * _UNITS[found[2]]
        position = found.end()
    if position == 0:
        return number_of(text)
    return seconds if position == len(text) else None


def moment_of(said: str | float | int, now: float) -> str | None:
    """Return the time that a text or a number says, as the folder writes times; None where it says none.

    Args:
        said: an ISO 8601 time, of UTC where it names no zone, a date for its first moment; ``now``, ``today``,
            ``yesterday``, ``2 days ago``, ``-2h``; or milliseconds since the epoch.
        now: the present time in seconds since the epoch.
    """
    try:
        if not isinstance(said, str):
            return format_time(said / 1000)
        text = said.strip().lower()
        if text.isdecimal() and len(text) >= 10:  # a shorter one is a year, or a date without dashes
            return format_time(int(text) / 1000)
        before = _seconds_before(text, now)
        return format_time(now - before) if before is not None else time_text(said.strip())
    except (ValueError, OverflowError):
        return None


def _seconds_before(text: str, now: float) -> float | int | None:
    """Return how long before the present time lies what is said relative to it."""
    if text in ("now", "today", "yesterday"):
        return 0 if text == "now" else now % 86400 + (86400 if text == "yesterday" else 0)
    if text.startswith("-"):
        return seconds_of(text[1:])
    return seconds_of(text.removesuffix("ago")) if text.endswith("ago") else None


def time_text(text: str) -> str | None:
    """Return an ISO 8601 time as UTC text of fixed width, so that times compare as texts; None for what is none."""
    try:
        moment = parse_time(text)
    except (ValueError, OverflowError):
        return None
    return moment.isoformat(timespec="microseconds")[:26] + "Z"
