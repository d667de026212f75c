"""Lengths of time and sizes as people write them: ``30d``, ``10GB``."""

from __future__ import annotations

import math
import re
from datetime import timedelta

from runlogging._errors import InvalidValueError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_AGE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*\Z", re.IGNORECASE)
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*\Z", re.IGNORECASE)


def seconds_of(age: timedelta | float | str) -> float:
    """Return a length of time in seconds.

    Args:
        age: a timedelta, seconds, or a number and a unit: s, m (minutes), h, d or w.

    Raises:
        InvalidValueError: it is none of that, or negative.
    """
    seconds = _seconds(age)
    if seconds is None or not 0 <= seconds < math.inf:
        raise InvalidValueError(f"{age!r:.80} is no age: give a number and a unit, 90s, 45m, 12h, 30d or 4w")
    return seconds


def _seconds(age: object) -> float | None:
    if isinstance(age, timedelta):
        return age.total_seconds()
    if isinstance(age, int | float) and not isinstance(age, bool):
        return float(age)
    found = _AGE.match(age) if isinstance(age, str) else None
    return float(found[1]) * _SECONDS[found[2].lower()] if found else None


def bytes_of(size: int | str) -> int:
    """Return a size in bytes.

    Args:
        size: bytes, or a number and a unit: kB, MB, GB and TB are powers of 1000, KiB, MiB, GiB and TiB of 1024.

    Raises:
        InvalidValueError: it is none of that, or negative.
    """
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        return size
    found = _SIZE.match(size) if isinstance(size, str) else None
    if not found or (found[3] and not found[2]):
        raise InvalidValueError(f"{size!r:.80} is no size: give bytes, or a number and a unit, 500MB, 10GB or 1.5TiB")
    return int(float(found[1]) * (1024 if found[3] else 1000) ** _POWERS[found[2].lower()])


def age_text(seconds: float) -> str:
    """Return a length of time in its largest unit: ``45d``, ``3h``."""
    for unit in ("d", "h", "m"):
        if seconds >= _SECONDS[unit]:
            return f"{int(seconds // _SECONDS[unit])}{unit}"
    return f"{int(max(seconds, 0))}s"
