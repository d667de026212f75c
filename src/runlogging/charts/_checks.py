"""Checks of single values and lists. Each error names the place and says what is expected there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging._values import is_array, number_of, safe_repr

_MAX_SHOWN = 80
# Counts go through JSON readers and data frames that have 64 bits.
_MAX_COUNT = (1 << 63) - 1
_UNORDERED_OR_TEXT = (str, bytes, bytearray, Mapping, AbstractSet)


def at(place: str, *indices: int) -> str:
    """Return the name of an element, such as ``data.matrix[1][2]``."""
    return place + "".join(f"[{index}]" for index in indices)


def refusal(place: str, value: object, expected: str) -> InvalidValueError:
    """Return the error for a value that is not what its place expects."""
    shown = safe_repr(value)
    if len(shown) > _MAX_SHOWN:
        shown = f"{shown[:_MAX_SHOWN]}..."
    return InvalidValueError(f"{place} is {shown}; expected {expected}")


def items_of(value: Any, place: str, expected: str) -> list[Any]:
    """Return the elements of a list, array, data frame or other ordered iterable, as Python values where it has them.

    Args:
        value: what a caller handed over; a data frame gives its rows.
        place: its name in the error.
        expected: what the error says there should be.

    Raises:
        InvalidValueError: it is text, bytes, a mapping, a set, or cannot be iterated over.
    """
    if is_array(value):
        return list(value.tolist())
    if callable(getattr(type(value), "to_numpy", None)):
        # A data frame iterates over the names of its columns.
        return list(value.to_numpy().tolist())
    if isinstance(value, _UNORDERED_OR_TEXT) or not isinstance(value, Iterable):
        raise refusal(place, value, expected)
    try:
        return list(value)
    except TypeError as error:
        raise refusal(place, value, expected) from error


def text_of(value: Any, place: str, *indices: int) -> str:
    """Return a plain text that UTF-8 can hold."""
    if not isinstance(value, str):
        raise refusal(at(place, *indices), value, "text")
    text = str.__str__(value)  # a member of a str Enum has another str()
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise refusal(at(place, *indices), text, "text without lone surrogates, which UTF-8 cannot hold")
    return text


def number_at(value: Any, place: str, *indices: int, expected: str = "a finite number") -> float:
    """Return a finite number as a float. A bool is no number."""
    if type(value) is float and math.isfinite(value):
        return value
    number = number_of(value)
    try:
        result = math.nan if number is None else float(number)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise refusal(at(place, *indices), value, expected)
    return result


def count_at(value: Any, place: str, *indices: int) -> int:
    """Return a count; a float is taken where it is integral."""
    number = number_of(value)
    # The bound comes first: it is false for NaN and spares int() the infinities.
    if number is None or not 0 <= number <= _MAX_COUNT or number != int(number):
        raise refusal(at(place, *indices), value, "a count: an int from 0 to 2**63 - 1")
    return int(number)


def counts_of(value: Any, place: str) -> tuple[int, ...]:
    """Return a list of counts."""
    return tuple(count_at(item, place, n) for n, item in enumerate(items_of(value, place, "a list of counts")))


def numbers_of(value: Any, place: str) -> tuple[float, ...]:
    """Return a list of finite numbers."""
    return tuple(number_at(item, place, n) for n, item in enumerate(items_of(value, place, "a list of numbers")))


def ascending_of(value: Any, place: str) -> tuple[float, ...]:
    """Return a list of at least one finite number, none smaller than the one before it."""
    numbers = numbers_of(value, place)
    if not numbers:
        raise InvalidValueError(f"{place} is empty; expected at least one number")
    for n, (before, number) in enumerate(pairwise(numbers), start=1):
        if number < before:
            raise refusal(at(place, n), number, f"ascending numbers, so at least {before!r}")
    return numbers


def thresholds_of(value: Any, place: str) -> tuple[float, ...]:
    """Return a list of ascending numbers from 0 to 1."""
    thresholds = ascending_of(value, place)
    for n, threshold in enumerate(thresholds):
        if not 0 <= threshold <= 1:
            raise refusal(at(place, n), threshold, "a number from 0 to 1")
    return thresholds


def class_labels_of(value: Any, place: str) -> tuple[str, ...]:
    """Return a list of at least one text, each other than all before it."""
    labels = tuple(text_of(item, place, n) for n, item in enumerate(items_of(value, place, "a list of texts")))
    if not labels:
        raise InvalidValueError(f"{place} is empty; expected at least one label")
    seen: set[str] = set()
    for n, label in enumerate(labels):
        if label in seen:
            raise refusal(at(place, n), label, "a text that no label before it has")
        seen.add(label)
    return labels


def check_length(items: list[Any] | tuple[Any, ...], place: str, length: int, reason: str) -> None:
    """Refuse a list of another length.

    Args:
        items: the list.
        place: its name.
        length: how many elements it should have.
        reason: where that number comes from, as "one for each label".
    """
    if len(items) != length:
        raise InvalidValueError(f"{place} has {len(items)} elements; expected {length}, {reason}")
