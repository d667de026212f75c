"""Numbers, times and lengths of time as text for people."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from runlogging.folder import nonfinite_text

MAX_DECIMAL_BITS = 14_000
"""Integers of more bits are written hexadecimal: Python refuses to make more than 4,300 decimal digits."""


def exact_number(value: float | int | None) -> str:
    """Return a number so that reading it back gives the same number; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return nonfinite_text(value)
    return integer_text(value) if isinstance(value, int) else repr(value)


def short_number(value: float | int | None, digits: int = 6) -> str:
    """Return a number with some significant digits; an integer whole up to 15 digits."""
    if value is None:
        return ""
    if isinstance(value, int) and abs(value) < 10**15:
        return str(int(value))
    try:
        number = float(value)
    except OverflowError:
        return f"{integer_text(value)[:8]}..."  # type: ignore[arg-type]  # only an int is too large for a float
    return f"{number:.{digits}g}" if math.isfinite(number) else nonfinite_text(number)


def integer_text(value: int) -> str:
    """Return an integer in decimal, or in hexadecimal where it is too long for Python to say in decimal."""
    return hex(value) if value.bit_length() > MAX_DECIMAL_BITS else str(int(value))


def utc_text(moment: datetime | None) -> str | None:
    """Return a time as the folder writes it, ``2026-11-23T23:05:02.123456Z``."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def day_text(moment: datetime) -> str:
    """Return the local day."""
    return local(moment).strftime("%Y-%m-%d")


def clock_text(moment: datetime) -> str:
    """Return the local time of day with milliseconds."""
    return local(moment).isoformat(sep=" ", timespec="milliseconds")[11:23]


def full_text(moment: datetime | None) -> str:
    """Return a local time to the second; nothing for None."""
    return "" if moment is None else local(moment).isoformat(sep=" ", timespec="seconds")[:19]


def short_text(moment: datetime | None, now: datetime) -> str:
    """Return a local time as short as it is clear: the clock today, day and clock this year, else the day."""
    if moment is None:
        return ""
    then, today = local(moment), local(now)
    if then.date() == today.date():
        return then.strftime("%H:%M:%S")
    return then.strftime("%m-%d %H:%M" if then.year == today.year else "%Y-%m-%d")


def local(moment: datetime) -> datetime:
    """Return a time in the zone of this machine; as it is where that zone cannot say it (the years 1 and 9999)."""
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):
        return moment


def duration_text(seconds: float | None) -> str:
    """Return a length of time in its two largest units: ``4.2s``, ``3m12s``, ``2h03m``, ``3d04h``."""
    if seconds is None:
        return ""
    seconds = max(seconds, 0.0)
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours < 24 else f"{hours // 24}d{hours % 24:02d}h"
