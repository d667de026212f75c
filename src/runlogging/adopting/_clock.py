"""The times of other programs' logs, as microseconds since the epoch."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from runlogging._patterns import LazyPattern

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_US = -62_135_596_800_000_000
_LAST_US = 253_402_300_799_999_999
# Smaller numbers are no dates but durations: 1e8 seconds are March 1973.
_LEAST = 100_000_000
# Seconds up to the year 5138, milliseconds, microseconds; beyond are nanoseconds.
_UNITS = ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1))
_NUMBER = LazyPattern(r"-?\d{9,19}(?:\.\d+)?")
_ISO = LazyPattern(
    r"(\d{4})([-/])(\d\d)\2(\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d+)?) ?(Z|UTC|GMT|[+-]\d\d:?\d\d(?::?\d\d)?)?", re.I
)
_NAMED = {
    "%b %d %H:%M:%S": LazyPattern(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"),  # syslog, RFC 3164
    "%d/%b/%Y:%H:%M:%S %z": LazyPattern(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"),  # web servers
}
# What strftime of common C libraries knows and strptime of Python does not.
_SHORT = {"%T": "%H:%M:%S", "%D": "%m/%d/%y", "%F": "%Y-%m-%d", "%R": "%H:%M", "%e": "%d", "%h": "%b", "%k": "%H"}


class Moment(NamedTuple):
    """A time: microseconds since the epoch, whether it said its zone, and whether its day had to be guessed."""

    us: int
    is_zoned: bool
    is_guessed: bool = False


class Clock:
    """Read times.

    Args:
        newest: seconds since the epoch that no time of the log is much later than: when its file was last changed.
            Where a format has no year or day, the latest that fits is taken.
        is_utc: whether times without a zone are UTC and not local time.
        year: the year of times without one; None goes by ``newest``.
    """

    def __init__(self, newest: float, *, is_utc: bool = False, year: int | None = None) -> None:
        self.newest_us = round(newest * 1e6)
        self._is_utc = is_utc
        self._year = year

    def read(self, value: object, datefmt: str | None = None) -> Moment | None:
        """Return the time that a text or a number of seconds, ms, us or ns says, or None."""
        try:
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                return None
            if not isinstance(value, str):
                return _of_number(value)
            return self._of_format(value, datefmt) if datefmt else self._of_text(value.strip())
        except (ValueError, OverflowError, OSError):
            return None

    def _of_text(self, text: str) -> Moment | None:
        iso = _ISO.re.fullmatch(text)
        if iso is not None:
            year, _, month, day, clock, zone = iso.groups()
            zone = "" if zone is None else "+00:00" if zone.upper() in ("Z", "UTC", "GMT") else zone
            return self._moment(datetime.fromisoformat(f"{year}-{month}-{day} {clock}{zone}"))
        if _NUMBER.re.fullmatch(text):
            return _of_number(Decimal(text))
        found = next((datefmt for datefmt, pattern in _NAMED.items() if pattern.re.fullmatch(text)), None)
        return self._of_format(text, found) if found else None

    def _of_format(self, text: str, datefmt: str) -> Moment | None:
        datefmt = expanded(datefmt)
        codes = set(re.findall("%(.)", datefmt))
        if codes & set("YyGcx"):
            return self._moment(datetime.strptime(text, datefmt))
        if codes & set("dj"):
            newest = datetime.fromtimestamp(self.newest_us / 1e6).year
            years = [newest, newest - 1] if self._year is None else [self._year]
            # 29 February: no year but a leap year has it.
            return self._latest(text, datefmt, [(f"{year:04d}", "%Y") for year in (*years, newest - 2, newest - 3)])
        today = datetime.fromtimestamp(self.newest_us / 1e6)
        days = [(f"{today - timedelta(days=back):%Y-%m-%d}", "%Y-%m-%d") for back in (0, 1)]
        found = self._latest(text, datefmt, days)
        return None if found is None else found._replace(is_guessed=True)

    def _latest(self, text: str, datefmt: str, befores: list[tuple[str, str]]) -> Moment | None:
        """Return the first time, with one of the texts put before it, that is not later than the log."""
        for before, code in befores:
            try:
                found = self._moment(datetime.strptime(f"{before} {text}", f"{code} {datefmt}"))
            except ValueError:
                continue
            # A clock of another machine may be ahead by a little.
            if self._year is not None or found.us <= self.newest_us + 3_600_000_000:
                return found
        return None

    def _moment(self, read: datetime) -> Moment:
        is_zoned = read.tzinfo is not None
        if not is_zoned:
            read = read.replace(tzinfo=UTC) if self._is_utc else read.astimezone()
        return Moment((read - _EPOCH) // timedelta(microseconds=1), is_zoned)


def expanded(datefmt: str) -> str:
    """Return a date format with its abbreviations written out."""
    return re.sub("%.", lambda code: _SHORT.get(code[0], code[0]), datefmt)


def _of_number(value: int | float | Decimal) -> Moment | None:
    size = float(value if value >= 0 else -value)
    if not _LEAST <= size < 1e20:
        return None
    factor = next((factor for limit, factor in _UNITS if size < limit), None)
    us = round(value * factor) if factor else round(value / 1000 if isinstance(value, float) else value // 1000)
    return Moment(us, True) if _FIRST_US <= us <= _LAST_US else None
