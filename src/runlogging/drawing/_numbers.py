"""Numbers, times and lengths of time as text in pictures and pages. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime


def time_text(moment: datetime | None) -> str:
    """Return a time to the second, in UTC and saying so; nothing for None."""
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def counted(count: int, one: str, several: str | None = None) -> str:
    """Return a count with its noun: ``1 point``, ``1,200 points``."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"
