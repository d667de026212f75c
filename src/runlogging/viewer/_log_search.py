"""Search in a log: which entries hold a text or match an expression.

Most of a log holds nothing of what is sought, and bytes are looked through many times faster than lines are decoded.
So a text is sought in the bytes of the files first, and only the pieces that have it are decoded.
"""

from __future__ import annotations

import operator
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from runlogging._errors import InvalidValueError
from runlogging.folder import STANDARD_LEVELS
from runlogging.reading import LogPages
from runlogging.reading._levels import lowest_level
from runlogging.reading._order import Slice
from runlogging.reading._spans import Span
from runlogging.reading._streams import StreamFile
from runlogging.viewer._log_expressions import TooSlowError
from runlogging.viewer._log_matching import Matcher, Text, slow_text, texts_of

_Part = tuple[Span, bytes]


class _Light(msgspec.Struct, gc=False):
    """What of a line can be sought in, and what its place hangs on."""

    seq: int = 0
    level: str | None = None
    level_number: int | None = None
    logger: str | None = None
    message: str | None = None
    exception: dict[str, str] | None = None


_decode_light = msgspec.json.Decoder(_Light).decode_lines
_seq_of = operator.attrgetter("seq")
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)


class Search:
    """The hits of one search among the entries of a level and a logger; it goes on when the log has grown.

    Args:
        query: see `Matcher`.
        level, logger: as of `LogPages.page`.

    Attributes:
        hits: the places of the hits among those entries, ascending.
        scanned: how many entries were looked at.

    Raises:
        InvalidValueError: the query is no expression, or very long (also a ValueError).
    """

    def __init__(self, query: str, level: str | None, logger: str) -> None:
        self.matcher = Matcher(query)
        self.matcher.check()
        self._problem = ""
        self.hits = array("Q")
        self.scanned = 0
        self._level, self._logger = level, logger

    def advance(self, pages: LogPages, within_s: float) -> bool:
        """Search on for a time; return whether all that is indexed was searched.

        Raises:
            InvalidValueError: the expression takes too long; it is not tried again (also a ValueError).
        """
        if self._problem:
            raise InvalidValueError(self._problem)
        until = time.monotonic() + within_s
        totals = pages.totals(self._level, self._logger)
        total = totals[-1] if totals else 0
        while self.scanned < total:
            number = bisect_right(totals, self.scanned)
            begin = totals[number - 1] if number else 0
            found = self._found(pages, number, begin)
            self.hits.extend(found[bisect_left(found, self.scanned) :])
            self.scanned = totals[number]
            if time.monotonic() > until:
                break
        return self.scanned >= total

    def _found(self, pages: LogPages, number: int, begin: int) -> list[int]:
        parts = parts_of(pages.slices[number])
        if parts is not None and not any(self.matcher.may_be_in(data) for _, data in parts):
            return []
        texts = list(self._texts(pages, number, parts))
        try:
            return [begin + row for row in self.matcher.hits(texts)]
        except TooSlowError as error:
            self._problem = slow_text() if error.at is None else self._slow_at(pages, begin, error.at, texts)
            raise InvalidValueError(self._problem) from None

    def _slow_at(self, pages: LogPages, begin: int, at: int, texts: Sequence[Text]) -> str:
        found = pages.records(begin + at, 1, self._level, self._logger)
        place = found[0].place if found else begin + at
        longest = max(map(len, texts_of(texts[at])), default=0) if at < len(texts) else 0
        return slow_text(f", at line {place + 1:,}, which has {longest:,} characters")

    def _texts(self, pages: LogPages, number: int, parts: list[_Part] | None) -> Iterable[Text]:
        light = _light_entries(pages.slices[number], parts) if parts is not None else None
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


def _number(text: Text) -> int:
    return text.level_number if text.level_number is not None else STANDARD_LEVELS.get(text.level or "", 0)


def parts_of(one: Slice) -> list[_Part] | None:
    """Return the spans of a slice that hold log entries with the bytes that they were decoded from.

    None where the file has other bytes, as a packed one. Most lines of a run may be numbers that its verbs logged; they
    are not read.
    """
    parts = []
    for piece in one.pieces:
        for span in piece.batch.spans:
            if span.file.stream not in one.streams:
                continue
            if type(span.file) is not StreamFile:
                return None
            try:
                with span.file.path.open("rb") as opened:
                    opened.seek(span.begin)
                    parts.append((span, opened.read(span.end - span.begin)))
            except OSError:
                return None
    return parts


def _light_entries(one: Slice, parts: list[_Part]) -> list[Any] | None:
    """Return the entries of a slice, decoded in part; None where that may differ from the reading of whole lines."""
    if len(one.pieces) != 1 or not one.pieces[0].is_whole:
        return None
    lines: list[Any] = []
    for span, data in parts:
        some = _light_lines(span, data)
        if some is None:
            return None
        lines += some
    if len(parts) > 1:
        lines.sort(key=_seq_of)
    entries = [line for line in lines if line.message is not None or line.level is not None]
    return entries if len(entries) == sum(one.kinds.values()) else None


def _light_lines(span: Span, data: bytes) -> list[Any] | None:
    try:
        lines = _decode_light(data)
    except _BAD:
        return None
    # A bad line, such as one of two objects, would have moved all behind it.
    if len(lines) != span.total:
        return None
    lines.sort(key=_seq_of)
    return lines[span.skip : span.skip + span.take] if span.take < len(lines) else lines
