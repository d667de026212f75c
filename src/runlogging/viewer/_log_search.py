"""Search in a log: which entries hold a text or match an expression.

Most of a log holds nothing of what is sought, and bytes are looked through many times faster than lines are decoded.
So a text is sought in the bytes of the files first, and only the pieces that have it are decoded.
"""

from __future__ import annotations

import re
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Protocol

import msgspec

from runlogging._errors import InvalidValueError
from runlogging.folder import STANDARD_LEVELS
from runlogging.reading import LogPages
from runlogging.reading._levels import lowest_level
from runlogging.reading._order import Slice
from runlogging.reading._streams import StreamFile, is_object_a_line

_LONGEST_QUERY = 1_000
_MOST_SPANS = 200
_ASCII = re.compile("[\x00-\x7f]+")
_EXPRESSION = re.compile("/(.+)/(i?)", re.DOTALL)


class _Text(Protocol):
    """A line, or what was decoded of one."""

    level: str | None
    level_number: int | None
    logger: str | None
    message: str | None
    exception: dict[str, str] | None


class _Light(msgspec.Struct, gc=False):
    """What of a line can be sought in, and what its place hangs on."""

    seq: int | None = None
    level: str | None = None
    level_number: int | None = None
    logger: str | None = None
    message: str | None = None
    exception: dict[str, str] | None = None


_decode_light = msgspec.json.Decoder(_Light).decode_lines
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)


class Matcher:
    """Tells what holds a text, in any case, or matches ``/an expression/`` (``/.../i``: in any case).

    Args:
        query: the text or the expression.

    Raises:
        InvalidValueError: it is no expression, or very long (also a ValueError).
    """

    def __init__(self, query: str) -> None:
        if len(query) > _LONGEST_QUERY:
            raise InvalidValueError(f"a search has at most {_LONGEST_QUERY} characters, not {len(query)}")
        expression = _EXPRESSION.fullmatch(query)
        self._text = None if expression else query.lower()
        flags = re.IGNORECASE if not expression or expression[2] else 0
        try:
            self._pattern = re.compile(expression[1] if expression else re.escape(query), flags)
        except (re.error, RecursionError, OverflowError) as error:
            raise InvalidValueError(f"{query!r:.80} is no expression: {error}") from None
        self._bytes = b"" if self._text is None else _sought_bytes(self._text)

    def may_be_in(self, data: bytes) -> bool:
        """Tell whether lines of JSON may hold it; True where that cannot be told from the bytes."""
        # A text with escapes that our writers do not need may stand for anything.
        if not self._bytes or self._bytes in data.lower():
            return True
        return b"\\" in data and (b"\\u" in data or b"\\/" in data)

    def holds(self, text: _Text) -> bool:
        """Tell whether the message, the logger or the exception of a line has it."""
        if self._has(text.message) or self._has(text.logger):
            return True
        return bool(text.exception) and any(self._has(part) for part in (text.exception or {}).values())

    def _has(self, text: str | None) -> bool:
        if not text:
            return False
        return self._pattern.search(text) is not None if self._text is None else self._text in text.lower()

    def spans(self, text: str) -> list[list[int]]:
        """Return where it stands in a text, as pairs of places in UTF-16, which is what a browser counts in."""
        found = [match.span() for match in self._matches(text)]
        if text.isascii():
            return [list(span) for span in found]
        return [[_length_16(text[:begin]), _length_16(text[:end])] for begin, end in found]

    def _matches(self, text: str) -> Iterator[re.Match[str]]:
        for number, match in enumerate(self._pattern.finditer(text)):
            if number >= _MOST_SPANS:
                return
            if match.end() > match.start():
                yield match


def _sought_bytes(text: str) -> bytes:
    """Return bytes that stand in each line of JSON which holds a text in lower case."""
    escaped = msgspec.json.encode(text)[1:-1].decode()
    # Beyond ASCII, another case has other bytes.
    return max(_ASCII.findall(escaped), key=len, default="").encode()


def _length_16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Search:
    """The hits of one search among the entries of a level and a logger; it goes on when the log has grown.

    Args:
        query: see `Matcher`.
        level, logger: as of `LogPages.page`.

    Attributes:
        hits: the places of the hits among those entries, ascending.
        scanned: how many entries were looked at.
    """

    def __init__(self, query: str, level: str | None, logger: str) -> None:
        self.matcher = Matcher(query)
        self.hits = array("Q")
        self.scanned = 0
        self._level, self._logger = level, logger

    def advance(self, pages: LogPages, within_s: float) -> bool:
        """Search on for a time; return whether all that is indexed was searched."""
        until = time.monotonic() + within_s
        totals = pages.totals(self._level, self._logger)
        total = totals[-1] if totals else 0
        while self.scanned < total:
            number = bisect_right(totals, self.scanned)
            begin = totals[number - 1] if number else 0
            self.hits.extend(row for row in self._found(pages, number, begin) if row >= self.scanned)
            self.scanned = totals[number]
            if time.monotonic() > until:
                break
        return self.scanned >= total

    def _found(self, pages: LogPages, number: int, begin: int) -> Iterator[int]:
        one = pages.slices[number]
        data = bytes_of(one)
        if data is not None and not self.matcher.may_be_in(data):
            return iter(())
        holds = self.matcher.holds
        return (begin + row for row, text in enumerate(self._texts(pages, number, data)) if holds(text))

    def _texts(self, pages: LogPages, number: int, data: bytes | None) -> Iterable[_Text]:
        light = _light_entries(pages.slices[number], data) if data is not None else None
        if light is None:
            return (record.line for _, record in pages.entries_of(number, self._level, self._logger))
        lowest, below = lowest_level(self._level), f"{self._logger}."
        if not lowest and not self._logger:
            return light
        return (
            text
            for text in light
            if _number(text) >= lowest
            and (not self._logger or text.logger == self._logger or (text.logger or "").startswith(below))
        )

    def next_hit(self, row: int) -> int | None:
        """Return the first hit behind a place, or None."""
        at = bisect_right(self.hits, row)
        return self.hits[at] if at < len(self.hits) else None

    def previous_hit(self, row: int) -> int | None:
        """Return the last hit before a place, or None."""
        at = bisect_left(self.hits, row)
        return self.hits[at - 1] if at else None

    def index_of(self, row: int) -> int | None:
        """Return the number of a hit among all, from 0; None where the place is no hit."""
        at = bisect_left(self.hits, row)
        return at if at < len(self.hits) and self.hits[at] == row else None

    def buckets(self, count: int, total: int) -> list[int]:
        """Return how many hits stand in each of some equal parts of the log."""
        ends = [bisect_left(self.hits, -(-total * number // count)) for number in range(count + 1)]
        return [end - begin for begin, end in pairwise(ends)]


def _number(text: _Text) -> int:
    return text.level_number if text.level_number is not None else STANDARD_LEVELS.get(text.level or "", 0)


def bytes_of(one: Slice) -> bytes | None:
    """Return the bytes that a slice was decoded from; None where a file has other bytes."""
    parts = []
    for piece in one.pieces:
        for span in piece.batch.spans:
            if type(span.file) is not StreamFile:
                return None
            try:
                with span.file.path.open("rb") as opened:
                    opened.seek(span.begin)
                    parts.append(opened.read(span.end - span.begin))
            except OSError:
                return None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _light_entries(one: Slice, data: bytes) -> list[Any] | None:
    """Return the entries of a slice, decoded in part; None where that may differ from the reading of whole lines."""
    if len(one.pieces) != 1 or len(one.pieces[0].batch.spans) != 1:
        return None
    (piece,) = one.pieces
    (span,) = piece.batch.spans
    try:
        lines = _decode_light(data)
    except _BAD:
        return None
    lines.sort(key=lambda line: line.seq or 0)
    chosen = lines[span.skip : span.skip + span.take][piece.begin : piece.begin + piece.size]
    entries = [line for line in chosen if line.level is not None or line.message is not None]
    # A bad line would have moved all behind it.
    return entries if is_object_a_line(data, len(lines)) and len(entries) == sum(one.kinds.values()) else None
