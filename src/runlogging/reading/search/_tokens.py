"""The text of a filter or an order: its tokens, and where it is wrong."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from runlogging._errors import InvalidValueError
from runlogging.reading.search._literals import number_of

_BLANK = re.compile(r"\s+")
# All that could be meant as a number, so that 30m or 2026-11-01 is one mistake and not two tokens.
_NUMBER_LIKE = re.compile(r"[+-]?\.?[0-9](?:[eE][+-]?(?=[0-9])|[\w.:]|-(?=\w))*")
_FIRST = re.compile(r"[^\W\d]\w*")
# There is no arithmetic, so behind the prefix a dash or slash can only be a part of the name.
_PART = re.compile(r"[\w/\-:@#]+")
_QUOTED = {quote: re.compile(f"{quote}((?:[^{quote}]++|{quote}{quote})*+){quote}") for quote in "'\"`"}
_OPERATOR = re.compile(r"<=|>=|<>|!=|==|[=<>(),+\-]")
_MEANT = {"&": "AND", "|": "OR", "!": "NOT", "~": "LIKE"}
_SHOWN = 60


class FilterError(InvalidValueError):
    """Say that a filter or an order cannot be read, and where.

    Args:
        message: what is wrong, or what was expected.
        text: the whole text.
        position: which character of it is meant, from 0; the length of the text means its end.
        candidates: names that come near, best first.
    """

    def __init__(self, message: str, text: str = "", position: int = 0, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message, text, position, candidates)
        self.message = message
        self.text = text
        self.position = position
        self.candidates = candidates

    def __str__(self) -> str:
        near = f"; did you mean {' or '.join(self.candidates)}?" if self.candidates else ""
        return f"{self.message}{near}\n{_pointed(self.text, self.position)}"


def _pointed(text: str, position: int) -> str:
    """Return the part of a text around a position on one line, and a caret under the position on the next."""
    plain = _on_one_line(text)
    start, end = max(position - _SHOWN, 0), position + _SHOWN
    head = ("..." if start else "") + plain[start:position]
    tail = plain[position:end] + ("..." if end < len(plain) else "")
    return f"  {head}{tail}\n  {' ' * sum(map(_width, head))}^"


def _on_one_line(text: str) -> str:
    """Return a text of as many characters in which the caret below stays under what it means."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _width(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def near(word: str, names: Iterable[str], count: int = 2) -> tuple[str, ...]:
    """Return the names that come nearest to a word, best first, whatever the case of its letters."""
    spelled = {name.lower(): name for name in names}
    # difflib takes time with the square of the length, and nobody misspells a name of a thousand letters.
    found = difflib.get_close_matches(word.lower()[:80], spelled, n=count, cutoff=0.65)
    return tuple(spelled[name] for name in found)


class Token(NamedTuple):
    """A token: its kind, where it starts, and what it says.

    Attributes:
        kind: ``name``, ``text``, ``number``, ``end``, or an operator as it is written.
        start: the position of its first character.
        source: the token as it is written.
        text: what a text or a name without quotes says; of a name, what stands behind its prefix.
        prefix: what stands before the first dot of a name; "" where there is no dot.
        word: a bare name in lower case, which may be a keyword; "" for everything else.
        number: what a number says.
    """

    kind: str
    start: int
    source: str = ""
    text: str = ""
    prefix: str = ""
    word: str = ""
    number: float | int = 0

    @property
    def shown(self) -> str:
        """The token as an error shows it."""
        return _shortened(self.source)


class Tokens:
    """The tokens of a text, read from left to right.

    Args:
        text: the text.

    Raises:
        FilterError: it holds something that is no token.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = _cut(text)
        self._index = 0

    @property
    def next(self) -> Token:
        """The token that comes next; at the end always one of the kind ``end``."""
        return self._tokens[self._index]

    @property
    def after(self) -> Token:
        """The token behind the next one."""
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Return the next token and go on to the one behind it."""
        token = self.next
        self._index += token.kind != "end"
        return token

    def took(self, *wanted: str) -> bool:
        """Tell whether the next tokens are these operators or keywords (in lower case), and go on behind them."""
        found = self._tokens[self._index : self._index + len(wanted)]
        if [token.word or token.kind for token in found] != [*wanted]:
            return False
        self._index += len(wanted)
        return True

    def error(self, message: str, token: Token, candidates: tuple[str, ...] = ()) -> FilterError:
        """Return an error that points at a token."""
        return FilterError(message, self.text, token.start, candidates)

    def expected(self, what: str, names: Iterable[str] = ()) -> FilterError:
        """Return an error that says what should stand where the next token stands.

        Args:
            what: what should stand there.
            names: words that could have been meant by the next token.
        """
        token = self.next
        if token.kind == "end":
            return self.error(f"expected {what} at the end", token)
        return self.error(f"expected {what}, not {token.shown}", token, near(token.text, names))


def _shortened(source: str) -> str:
    return _on_one_line(source if len(source) <= _SHOWN else f"{source[:_SHOWN]}...")


def _cut(text: str) -> list[Token]:
    tokens: list[Token] = []
    position = 0
    while True:
        if blank := _BLANK.match(text, position):
            position = blank.end()
        if position == len(text):
            return [*tokens, Token("end", position)]
        token = _token(text, position)
        tokens.append(token)
        position += len(token.source)


def _token(text: str, start: int) -> Token:
    if text[start] == "`" or _FIRST.match(text, start):
        return _name(text, start)
    if text[start] in _QUOTED:
        source, said = _quoted(text, start)
        return Token("text", start, source, said)
    if like := _NUMBER_LIKE.match(text, start):
        return _number(text, like)
    if operator := _OPERATOR.match(text, start):
        return Token(operator[0], start, operator[0])
    instead = f"; write {_MEANT[text[start]]}" if text[start] in _MEANT else ""
    raise FilterError(f"{text[start]!r} means nothing here{instead}", text, start)


def _number(text: str, like: re.Match[str]) -> Token:
    value = number_of(like[0])
    if value is None:
        what = f"{_shortened(like[0])} is no number"
        raise FilterError(f"{what}; put texts, times and durations in quotes", text, like.start())
    return Token("number", like.start(), like[0], number=value)


def _quoted(text: str, start: int) -> tuple[str, str]:
    """Return a quoted part as it is written, and what it says."""
    quote = text[start]
    found = _QUOTED[quote].match(text, start)
    if found is None:
        raise FilterError(f"the {quote} that opens here is never closed", text, start)
    return found[0], found[1].replace(quote * 2, quote)


def _name(text: str, start: int) -> Token:
    parts: list[str] = []
    position = start
    while True:
        source, said = _part(text, position, is_first=not parts)
        parts.append(said)
        position += len(source)
        if text[position : position + 1] != ".":
            break
        position += 1
    written, prefix = text[start:position], parts[0] if len(parts) > 1 else ""
    is_bare = not prefix and written == parts[0]
    return Token("name", start, written, ".".join(parts[1:] or parts), prefix, written.lower() if is_bare else "")


def _part(text: str, position: int, *, is_first: bool) -> tuple[str, str]:
    quotes = "`" if is_first else '`"'
    if text[position : position + 1] in tuple(quotes):
        return _quoted(text, position)
    found = (_FIRST if is_first else _PART).match(text, position)
    if found is None:
        raise FilterError("expected a name behind the dot; odd names stand in backticks", text, position)
    return found[0], found[0]
