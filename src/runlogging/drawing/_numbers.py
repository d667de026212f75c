"""Numbers, times and lengths of time as text in pictures and pages. No I/O."""

from __future__ import annotations

import math
from datetime import UTC, datetime


def time_text(moment: datetime | None) -> str:
    """Return a time to the second, in UTC and saying so; nothing for None."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def size_text(size: int) -> str:
    """Return a number of bytes: ``831 B``, ``1.2 MB``."""
    if size < 1000:
        return f"{size} B"
    unit = min(int(math.log10(size)) // 3, 5)
    return f"{size / 1000**unit:.1f} {' kMGTP'[unit]}B"


def counted(count: int, one: str, several: str | None = None) -> str:
    """Return a count with its noun: ``1 point``, ``1,200 points``."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"
