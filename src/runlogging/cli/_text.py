"""Numbers, times and lengths of time as text for people."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from runlogging._texts import integer_text, local
from runlogging.folder import nonfinite_text


def exact_number(value: float | int | None) -> str:
    """Return a number so that reading it back gives the same number; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return nonfinite_text(value)
    return integer_text(value) if isinstance(value, int) else repr(value)


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
