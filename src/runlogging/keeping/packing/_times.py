"""Numbers and times of lines as the columns hold them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runlogging.folder import parse_time, second_text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LENGTH = len("2026-11-23T23:05:02.123456Z")
_SECOND_LENGTH = len("2026-11-23T23:05:02.")


def fits_64_bits(value: int) -> bool:
    """Tell whether a column of integers can hold a number."""
    return -(1 << 63) <= value < 1 << 63


class Clock:
    """Read the times of lines. Most lines share their second with the one before."""

    def __init__(self) -> None:
        self._text, self._second = "", 0

    def read(self, text: str) -> tuple[int, bool]:
        """Return a time in microseconds since the epoch, and whether it is spelled as the format spells it.

        Raises:
            ValueError, OverflowError: it is no time.
        """
        fraction = text[_SECOND_LENGTH:-1]
        is_shaped = len(text) == _LENGTH and text[-1] == "Z" and fraction.isdecimal() and fraction.isascii()
        if is_shaped and text[:_SECOND_LENGTH] == self._text:
            return self._second * 1_000_000 + int(fraction), True
        us = (parse_time(text) - _EPOCH) // timedelta(microseconds=1)
        second = us // 1_000_000
        if not is_shaped or second_text(second) != text[:_SECOND_LENGTH]:
            return us, False
        self._text, self._second = text[:_SECOND_LENGTH], second
        return us, True
