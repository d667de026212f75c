"""Numbers, times and text of runs as people read them, in the terminal, pictures and pages. No I/O."""

from __future__ import annotations

import math
import re
from datetime import datetime

from runlogging.folder import nonfinite_text

MAX_DECIMAL_BITS = 14_000
"""Integers of more bits are written hexadecimal: Python refuses to make more than 4,300 decimal digits."""

UNSAFE = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
"""What must not steer what shows a text, as it stands in a class of a regular expression.

C0 but tab and newline, DEL and C1 steer terminals, line separators and bidi overrides change what seems to stand where,
and lone surrogates cannot be encoded.
"""

_UNSAFE_OR_NEWLINE = re.compile(f"[{UNSAFE}\n]")


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


def size_text(size: int) -> str:
    """Return a number of bytes with three digits and a unit, a power of 1000: ``831 B``, ``4.10 kB``, ``312 MB``."""
    value, units = float(size), ["B", "kB", "MB", "GB", "TB", "PB"]
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    decimals = 0 if units[0] == "B" else 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{decimals}f} {units[0]}"


def as_escape(match: re.Match[str]) -> str:
    r"""Return the escape of one character that was found, such as ``\x1b``, ``\u202e`` or ``\n``."""
    number = ord(match[0])
    return "\\n" if number == 10 else f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def escape(text: str) -> str:
    r"""Return text on one line: each unsafe character as ``\x1b`` or ``\u202e``, a newline as ``\n``, tabs kept."""
    return _UNSAFE_OR_NEWLINE.sub(as_escape, text)


def escape_lines(text: str) -> list[str]:
    """Return the lines of a text, each escaped; a line ends at a newline, with or without a carriage return."""
    return [escape(line) for line in text.replace("\r\n", "\n").split("\n")]
