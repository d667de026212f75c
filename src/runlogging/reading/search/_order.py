"""Orders: runs sorted by fields of theirs."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from runlogging._errors import InvalidValueError
from runlogging.reading.search._expressions import Field, Row
from runlogging.reading.search._fields import read_field
from runlogging.reading.search._literals import number_of
from runlogging.reading.search._tokens import Tokens

_R = TypeVar("_R", bound=Row)

# What stands before what, in both directions.
_NUMBERS, _NANS, _BOOLS, _TEXTS, _OTHERS, _MISSING = range(6)


@dataclass(frozen=True, slots=True)
class Key:
    """A field to sort by, and its direction."""

    field: Field
    is_descending: bool = False

    def sorted(self, rows: Iterable[_R]) -> list[_R]:
        """Return rows in the order of the field; rows of which it is the same stay as they stand."""
        read, says_numbers = self.field.reader(), self.field.kind == "any"
        groups: tuple[list[tuple[Any, _R]], ...] = tuple([] for _ in range(_MISSING + 1))
        for row in rows:
            group, value = _place(read(row), says_numbers)
            groups[group].append((value, row))
        for found in groups:
            found.sort(key=operator.itemgetter(0), reverse=self.is_descending)
        return [row for found in groups for _, row in found]


# The order of list_runs: ids sort by time too, so of two runs of one moment the later id is the newer.
_NEWEST_FIRST = (Key(Field("attributes", "created"), True), Key(Field("attributes", "id"), True))


class Order:
    """Fields to sort runs by, the most important first.

    Attributes:
        keys: the fields.
        metrics: the names of the metrics whose summaries it looks at.
        needs_metrics: whether it looks at any.
        needs_status: whether it looks at the status.
    """

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = tuple(keys)
        self.metrics = frozenset(key.field.name for key in keys if key.field.room == "metrics")
        self.needs_metrics = bool(self.metrics)
        self.needs_status = any(key.field.kind == "status" for key in keys)

    def sorted(self, rows: Iterable[_R], limit: int | None = None) -> list[_R]:
        """Return rows in this order; rows that are the same to it stay as they stand.

        In both directions numbers come first, then NaN, true and false, texts, lists and objects, and rows without
        the value at the end. A parameter, tag or property whose text says a number counts as that number.

        Args:
            rows: the rows.
            limit: how many to return at most; None returns all.

        Raises:
            InvalidValueError: the limit is negative (also a ValueError).
        """
        if limit is not None and limit < 0:
            raise InvalidValueError(f"limit is how many runs to return at most; {limit} is less than none")
        found = list(rows)
        for key in reversed(self.keys):
            found = key.sorted(found)
        return found[:limit]


def parse_order(order_by: str | Sequence[str] | None) -> Order:
    """Read an order such as ``metrics.mse DESC, started`` or ``["-started", "min(metrics.mse) ASC"]``.

    Args:
        order_by: fields, the most important first, in one text with commas or in several. ``DESC`` behind a field or
            ``-`` before it sorts from the largest down. None or nothing sorts the newest first.

    Raises:
        FilterError: a text cannot be read; the error says where and what was expected (also a ValueError).
        InvalidValueError: it is no text, nor some texts (also a ValueError).
    """
    texts = [order_by] if isinstance(order_by, str) else () if order_by is None else order_by
    if not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
        raise InvalidValueError(f"an order is a text, or a list of texts, not {order_by!r}")
    return Order([key for text in texts if text.strip() for key in _keys(Tokens(text))] or _NEWEST_FIRST)


def _keys(tokens: Tokens) -> list[Key]:
    keys = [_key(tokens)]
    while tokens.took(","):
        keys.append(_key(tokens))
    if tokens.next.kind != "end":
        raise tokens.expected("ASC, DESC, a comma or the end", ("ASC", "DESC"))
    return keys


def _key(tokens: Tokens) -> Key:
    sign = tokens.next
    is_descending = tokens.took("-")
    has_sign = is_descending or tokens.took("+")
    field = read_field(tokens)
    word = tokens.next
    if tokens.took("desc") or tokens.took("asc"):
        if has_sign:
            raise tokens.error(f"{sign.source} and {word.source} both say a direction; leave one out", word)
        is_descending = word.word == "desc"
    return Key(field, is_descending)


def _place(value: Any, says_numbers: bool) -> tuple[int, Any]:
    """Return the group that a value belongs to, and what it is sorted by there."""
    if value is None:
        return _MISSING, 0
    if isinstance(value, bool):
        return _BOOLS, value
    if isinstance(value, str):
        number = number_of(value) if says_numbers else None
        if number is None:
            return _TEXTS, value
        value = number
    if not isinstance(value, int | float):
        return _OTHERS, 0
    return (_NUMBERS, value) if value == value else (_NANS, 0)
