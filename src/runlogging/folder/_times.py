"""Times as the folder writes them: UTC, fixed width, microseconds."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The years 1 to 9999 in microseconds since the epoch: what four digits of year can say.
_FIRST_US = -62_135_596_800_000_000
_LAST_US = 253_402_300_799_999_999


def to_microseconds(seconds: float) -> int:
    """Round seconds since the epoch to whole microseconds.

    Raises:
        ValueError: the number is not finite, or lies outside the years 1 to 9999.
    """
    if not math.isfinite(seconds):
        raise ValueError(f"{seconds!r} is no time")
    us = round(seconds * 1e6)
    if not _FIRST_US <= us <= _LAST_US:
        raise ValueError(f"{seconds!r} lies outside the years 1 to 9999")
    return us


def second_text(seconds: int) -> str:
    """Return the text of a whole second up to and with the decimal point: ``2026-11-23T23:05:02.``."""
    moment = _EPOCH + timedelta(seconds=seconds)
    return moment.strftime(f"{moment.year:04d}-%m-%dT%H:%M:%S.")


def format_time(seconds: float) -> str:
    """Return seconds since the epoch as ``2026-11-23T23:05:02.123456Z``.

    Raises:
        ValueError: the number is no time between the years 1 and 9999.
    """
    whole, fraction = divmod(to_microseconds(seconds), 1_000_000)
    return f"{second_text(whole)}{fraction:06d}Z"


def now_text() -> str:
    """Return the time of the clock as the folder writes it."""
    return format_time(time.time())


def parse_time(text: str) -> datetime:
    """Return the aware UTC datetime of a time in the folder.

    Raises:
        ValueError: the text is no ISO 8601 time.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
