"""What decides whether a value of a run is as a condition wants it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from runlogging.reading.search._literals import number_of

Value = str | int | float | bool
"""What a field is compared with."""

Verdict = Callable[[Any], bool | None]
"""Tells whether a value that is there fits; None where it cannot be compared."""


def ordered(turned: Callable[[Any, Any], bool], wanted: Value) -> Verdict:
    """Return a comparison of texts, some of which say numbers, and of numbers."""
    wanted_number = number_of(wanted) if isinstance(wanted, str) else wanted

    def verdict(value: Any) -> bool | None:
        number = number_of(value) if isinstance(value, str) else value
        if _is_number(number) and wanted_number is not None:
            return turned(wanted_number, number)
        return turned(wanted, value) if isinstance(value, str) and isinstance(wanted, str) else None

    return verdict


def member(wanted: tuple[Value, ...]) -> Verdict:
    """Return whether a value is one of some: a text as it is, a number also as text, true and false in any case."""
    texts = frozenset(value for value in wanted if isinstance(value, str))
    bools = frozenset(str(value).lower() for value in wanted if isinstance(value, bool))
    bool_texts = bools | {text.lower() for text in texts}
    plain = [value for value in wanted if _is_number(value) and value == value]
    plain_numbers = frozenset(plain)
    # A set finds NaN by its identity; it equals nothing.
    numbers = plain_numbers.union(
        number for text in texts if (number := number_of(text)) is not None and number == number
    )

    def verdict(value: Any) -> bool:
        if isinstance(value, str):
            return (
                value in texts
                or (bool(plain_numbers) and number_of(value) in plain_numbers)
                or (bool(bools) and value.lower() in bools)
            )
        if isinstance(value, bool):
            return str(value).lower() in bool_texts
        return _is_number(value) and value in numbers

    return verdict


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def text_of(value: Any) -> str | None:
    """Return what LIKE looks at; None for what has no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return str(value) if isinstance(value, int | float) else None
    except ValueError:  # an int of more digits than str() takes
        return None


def like_pattern(pattern: str, flags: int) -> re.Pattern[str]:
    """Return the regular expression of a LIKE pattern."""
    first, *pieces = (re.escape(piece).replace("_", ".") for piece in pattern.split("%"))
    if not pieces:
        return re.compile(rf"{first}\Z", flags | re.DOTALL)
    # The first place where a piece fits leaves the most to the pieces behind it, so there is no need to ever go back,
    # and a pattern with many % takes no time beyond all bounds.
    middle = "".join(f"(?>.*?{piece})" for piece in pieces[:-1])
    return re.compile(rf"{first}{middle}.*{pieces[-1]}\Z", flags | re.DOTALL)
