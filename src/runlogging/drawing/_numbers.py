"""Numbers, times and lengths of time as text in pictures and pages. No I/O."""

from __future__ import annotations

import math
from datetime import UTC, datetime

_MAX_DECIMAL_BITS = 14_000  # Python refuses to make more than 4,300 decimal digits


def short_number(value: float | int | None, digits: int = 6) -> str:
    """Return a number with some significant digits; an integer whole up to 15 digits; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, int) and abs(value) < 10**15:
        return str(int(value))
    try:
        number = float(value)
    except OverflowError:
        return f"{_integer_text(value)[:8]}..."  # type: ignore[arg-type]  # only an int is too large for a float
    if math.isnan(number):
        return "NaN"
    return f"{number:.{digits}g}" if math.isfinite(number) else ("Infinity" if number > 0 else "-Infinity")


def _integer_text(value: int) -> str:
    return hex(value) if value.bit_length() > _MAX_DECIMAL_BITS else str(int(value))


def local(moment: datetime) -> datetime:
    """Return a time in the zone of this machine; as it is where that zone cannot say it (the years 1 and 9999)."""
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):
        return moment


def time_text(moment: datetime | None) -> str:
    """Return a time to the second, in UTC and saying so; nothing for None."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


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


def size_text(size: int) -> str:
    """Return a number of bytes: ``831 B``, ``1.2 MB``."""
    if size < 1000:
        return f"{size} B"
    unit = min(int(math.log10(size)) // 3, 5)
    return f"{size / 1000**unit:.1f} {' kMGTP'[unit]}B"


def counted(count: int, one: str, several: str | None = None) -> str:
    """Return a count with its noun: ``1 point``, ``1,200 points``."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"
