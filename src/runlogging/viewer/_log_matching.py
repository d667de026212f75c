"""What a search is for: a text, or an expression of Python's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from runlogging._errors import InvalidValueError
from runlogging.viewer._log_expressions import LIMIT_S, TooSlowError, expressions

_LONGEST_QUERY = 1_000
_MOST_SPANS = 200
_ASCII = re.compile("[\x00-\x7f]+")
_EXPRESSION = re.compile("/(.+)/(i?)", re.DOTALL)
_SEPARATOR = "\x00"


class Text(Protocol):
    """A line of a log, or what was decoded of one."""

    level: str | None
    level_number: int | None
    logger: str | None
    message: str | None
    exception: dict[str, str] | None


def texts_of(text: Text) -> tuple[str, ...]:
    """Return what of a line is looked through: its message, its logger, and its exception."""
    if text.exception:
        return tuple(str(part) for part in (text.message, text.logger, *text.exception.values()) if part)
    return (text.message or "", text.logger or "")


class Matcher:
    """Tells what holds a text, in any case, or matches ``/an expression/`` (``/.../i``: in any case).

    Args:
        query: the text or the expression.

    Raises:
        InvalidValueError: it is very long (also a ValueError).
    """

    def __init__(self, query: str) -> None:
        if len(query) > _LONGEST_QUERY:
            raise InvalidValueError(f"a search has at most {_LONGEST_QUERY} characters, not {len(query)}")
        expression = _EXPRESSION.fullmatch(query)
        self._expression = expression[1] if expression else ""
        self._flags = int(re.IGNORECASE) if expression and expression[2] else 0
        self._text = query.lower()
        self._pattern = re.compile(re.escape(query), re.IGNORECASE)
        self._bytes = b"" if expression else _sought_bytes(self._text)

    def check(self) -> None:
        """Make sure that an expression is one.

        Raises:
            InvalidValueError: it is none, or too long in the making (also a ValueError).
        """
        try:
            self.hits([])
        except TooSlowError:
            raise InvalidValueError(slow_text()) from None

    def may_be_in(self, data: bytes) -> bool:
        """Tell whether lines of JSON may hold it; True where that cannot be told from the bytes."""
        # A text with escapes that our writers do not need may stand for anything.
        if not self._bytes or self._bytes in data.lower():
            return True
        return b"\\" in data and (b"\\u" in data or b"\\/" in data)

    def hits(self, texts: Sequence[Text]) -> list[int]:
        """Return the numbers of the lines that have it: in the message, the logger or the exception.

        Raises:
            InvalidValueError: it is no expression (also a ValueError).
            TooSlowError: the expression takes too long.
        """
        if self._expression:
            return expressions.ask("hits", self._expression, self._flags, [texts_of(text) for text in texts])
        sought = self._text
        if any(sought in name.lower() for name in {text.logger for text in texts} if name):
            return [at for at, text in enumerate(texts) if self._is_in(texts_of(text))]
        # One text in lower case for all of them takes a fraction of the time of as many.
        messages = _SEPARATOR.join([text.message or "" for text in texts]).lower().split(_SEPARATOR)
        if len(messages) != len(texts):
            return [at for at, text in enumerate(texts) if self._is_in(texts_of(text))]
        found = [at for at, message in enumerate(messages) if sought in message]
        raised = [at for at, text in enumerate(texts) if text.exception and self._is_in(texts_of(text))]
        return sorted({*found, *raised}) if raised else found

    def _is_in(self, texts: tuple[str, ...]) -> bool:
        return any(self._text in text.lower() for text in texts)

    def spans(self, texts: Sequence[str]) -> list[list[list[int]]]:
        """Return where it stands in each text, as pairs of places in UTF-16, which is what a browser counts in.

        Raises:
            InvalidValueError: it is no expression (also a ValueError).
            TooSlowError: the expression takes too long.
        """
        if self._expression:
            found = expressions.ask("spans", self._expression, self._flags, list(texts))
        else:
            found = [list(self._places(text)) for text in texts]
        return [_in_utf16(text, spans) for text, spans in zip(texts, found, strict=True)]

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        for number, match in enumerate(self._pattern.finditer(text)):
            if number >= _MOST_SPANS:
                return
            yield match.span()


def slow_text(where: str = "") -> str:
    """Return what is said of an expression that takes too long; ``where`` says where it was, as ", ..."."""
    return (
        f"This expression takes too long: it was stopped after {LIMIT_S:g} s{where}."
        " Make it simpler: repeats within repeats, such as (a+)+, are what takes long."
    )


def _sought_bytes(text: str) -> bytes:
    """Return bytes that stand in each line of JSON which holds a text in lower case."""
    escaped = msgspec.json.encode(text)[1:-1].decode()
    # Beyond ASCII, another case has other bytes.
    return max(_ASCII.findall(escaped), key=len, default="").encode()


def _in_utf16(text: str, spans: list[tuple[int, int]]) -> list[list[int]]:
    if text.isascii():
        return [list(span) for span in spans]
    return [[_length_16(text[:begin]), _length_16(text[:end])] for begin, end in spans]


def _length_16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
